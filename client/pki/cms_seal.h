/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_SEAL_H
#define CLIENT_PKI_CMS_SEAL_H
#include "client/pki/cms.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * ContentInfo of EnvelopedData (RFC 5652 section 6) for one RSA recipient, PKCS#1 v1.5, named by
 * the issuer and serial of its certificate byte for byte.
 *
 * Written by our own DER writer: wolfSSL's maker copies the padded content, challenge included, to
 * memory that it does not wipe. out  appended to; untouched on failure. ERR_UNSUPPORTED: the
 * recipient has no RSA key.
 */
enum err cms_seal(struct bytes content, const struct certificate *recipient, enum cms_cipher cipher,
		  struct buf *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
