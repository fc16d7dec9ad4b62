/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_SIGNATURE_H
#define CLIENT_PKI_CMS_SIGNATURE_H
#include "client/pki/certificate.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * As certificate_verify_message(), and an RSA signature whose DigestInfo leaves out the NULL
 * parameters counts as well (RFC 8017 appendix A.2.4: both forms are to be accepted).
 * ERR_UNTRUSTED.
 *
 * signature_oid  one of cms_signature_oid(), over `hash`.
 */
enum err cms_signature_verify(const struct certificate *signer, const char *signature_oid,
			      enum key_hash hash, struct bytes message,
			      struct bytes signature) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
