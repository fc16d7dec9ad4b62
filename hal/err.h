/* SPDX-License-Identifier: MIT */
#ifndef HAL_ERR_H
#define HAL_ERR_H
#ifdef __cplusplus
extern "C" {
#endif

/* One code = one thing the caller does next. The human sentence is in struct why. */
enum err {
	ERR_OK = 0,
	ERR_AGAIN,       /* not ready yet (CA: pending): same call later */
	ERR_UNREACHABLE, /* network, daemon or TPM absent: retry with back-off */
	ERR_DENIED,      /* peer or TPM refused: do not retry unchanged */
	ERR_LOCKED_OUT,  /* TPM in dictionary-attack lockout: wait for it to heal, do not try */
	ERR_CHANGED,     /* the TPM is another one, or was cleared: its keys are gone */
	ERR_UNTRUSTED,   /* signature, chain or fingerprint check failed: stop */
	ERR_INVALID,     /* bytes break their format: our file: refuse; peer: back off */
	ERR_UNSUPPORTED, /* right, but this TPM, server or version cannot: change the configuration */
	ERR_NOT_FOUND,   /* the thing asked for does not exist; often not an error */
	ERR_BUSY,        /* another run holds the lock */
	ERR_TOO_BIG,     /* one of our own limits was reached */
	ERR_NO_MEMORY,
	ERR_IO,          /* a local system call failed */
	ERR_BUG          /* broken promise between our own functions */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/** Fixed English word for `e`, never NULL, never to be released. */
const char *err_text(enum err e);

#ifdef __cplusplus
}
#endif
#endif
