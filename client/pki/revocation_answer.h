/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_REVOCATION_ANSWER_H
#define CLIENT_PKI_REVOCATION_ANSWER_H
#include "client/pki/certificate.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What a CRL (crl.h) and OCSP (ocsp.h) have in common: a question, an answer and the rules for believing it. */

#define REVOCATION_CLOCK_SLACK_S 300 /* the CA's clock may be a little ahead of ours */

/* CRLReason, RFC 5280 section 5.3.1 */
#define REVOCATION_UNSPECIFIED 0
#define REVOCATION_HOLD 6
#define REVOCATION_REMOVED 8

/** Is this certificate revoked? All borrowed. */
struct revocation_question {
	const struct certificate *cert;
	const struct certificate *issuer; /* whose key verifies cert's signature */
	int64_t now;                      /* unix s, by a trusted clock: without one there is nothing to ask */
	bool allow_sha1;                  /* SHA-1 signatures are believed */
};

enum revocation_verdict {
	REVOCATION_UNKNOWN, /* a right answer that says nothing of this certificate */
	REVOCATION_GOOD,
	REVOCATION_REVOKED /* held counts, while it is */
};

struct revocation_answer {
	enum revocation_verdict verdict;
	unsigned reason;                  /* REVOKED: CRLReason */
	int64_t revoked_at;               /* REVOKED: unix s */
	int64_t this_update, next_update; /* unix s */
};

/** ERR_UNTRUSTED "revocation.dates": the answer's time has not come yet, is over, or has no end. next_update 0: none. */
enum err revocation_check_dates(const struct revocation_question *question, int64_t this_update, int64_t next_update,
                                struct why *why) MUST_CHECK;
/** ERR_UNTRUSTED "revocation.weak": SHA-1 that is not allowed; "revocation.signature": does not verify. */
enum err revocation_check_signature(const struct revocation_question *question, const struct certificate *signer,
                                    const char *signature_oid, struct bytes message, struct bytes signature,
                                    struct why *why) MUST_CHECK;
/** CRLReason out of the ENUMERATED at the front of `der`, with nothing behind it. ERR_INVALID. */
enum err revocation_reason_read(struct bytes der, unsigned *out) MUST_CHECK;
/** "key compromise", ...; "reason given as a number" for one that RFC 5280 does not know. */
const char *revocation_reason_text(unsigned reason);

#ifdef __cplusplus
}
#endif
#endif
