/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_OCSP_H
#define CLIENT_PKI_OCSP_H
#include "client/pki/revocation_answer.h"
#ifdef __cplusplus
extern "C" {
#endif

#define OCSP_REQUEST_TYPE "application/ocsp-request" /* RFC 6960 appendix A.1 */
#define OCSP_REQUEST_MAX 256                         /* bytes: two SHA-1 and a serial */

/**
 * Append an OCSPRequest for the one certificate: CertID of SHA-1, as RFC 5019 section 2.1.1 asks, unsigned and without
 * a nonce, for responders that sign in advance, Microsoft's among them, refuse one.
 */
enum err ocsp_request_build(const struct revocation_question *question, struct buf *out_der, struct why *why) MUST_CHECK;
/**
 * What does this OCSPResponse (RFC 6960 section 4.2) say of the certificate? Believed is only an answer signed by its
 * issuer, or by a certificate of the extended key usage OCSPSigning that the issuer itself gave out and that is valid now
 * (section 4.2.2.2; whether that one is revoked is not asked), of now and with a nextUpdate (RFC 5019 section 4), and
 * without a nonce: we sent none, so one with it answers somebody else.
 *
 * ERR_OK: *out is filled. Else it is untouched, and *why says what is wrong: ERR_INVALID "revocation.malformed",
 * ERR_UNREACHABLE "revocation.responder" (the responder says that it cannot), ERR_UNTRUSTED "revocation.…".
 */
enum err ocsp_check(struct bytes der, const struct revocation_question *question, struct revocation_answer *out,
                    struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
