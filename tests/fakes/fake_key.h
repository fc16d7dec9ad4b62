/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAKES_FAKE_KEY_H
#define TESTS_FAKES_FAKE_KEY_H
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define FAKE_KEY_LEN 256 /* bytes of its modulus */
#define FAKE_DIGEST_MAX 64

/**
 * fake_key: a device_key without a TPM. A real RSA-2048 key, always the same, so that openssl and
 * wolfSSL accept what it does; it records, answers, and fails where a test says so. Never checks.
 */
struct fake_key {
	enum err failure;	  /* not ERR_OK: sign and decrypt answer this ... */
	const char *failure_code; /* ... with this code and sentence; NULL: "fake.failure" */
	const char *failure_text;
	unsigned sign_count, decrypt_count, close_count; /* failed ones count too */
	enum key_hash hash;				 /* of the last sign */
	size_t digest_len;
	uint8_t digest[FAKE_DIGEST_MAX];
};

/** Forget all records and failures. */
void fake_key_init(struct fake_key *fake);
/** A key that borrows *fake. Closing it counts and releases nothing. */
struct device_key fake_key_open(struct fake_key *fake);

#ifdef __cplusplus
}
#endif
#endif
