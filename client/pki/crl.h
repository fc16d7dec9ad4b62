/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CRL_H
#define CLIENT_PKI_CRL_H
#include "client/pki/revocation_answer.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CRL_MAX (16 * 1024 * 1024) /* bytes: some 400,000 entries */

/**
 * What does this revocation list (DER, RFC 5280 section 5) say of the certificate? Believed is only a complete list of
 * the certificate's own issuer, signed by the very key that signed the certificate, of now, in whose scope the
 * certificate is. No delta list, no indirect one, none for some reasons only, none with a critical extension that nobody
 * here evaluates, in the list or in any of its entries.
 *
 * ERR_OK: *out is filled, GOOD or REVOKED. Else it is untouched, and *why says what is wrong with the list:
 * ERR_INVALID "revocation.malformed", ERR_UNTRUSTED "revocation.…". Blocks for a hash over the list.
 */
enum err crl_check(struct bytes der, const struct revocation_question *question, struct revocation_answer *out,
                   struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
