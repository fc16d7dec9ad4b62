/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_SIGNER_H
#define CLIENT_PKI_CMS_SIGNER_H
#include "client/pki/cms.h"
#include "client/pki/cms_attributes.h"
#include "client/pki/cms_parse.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Is the content of a SignedData what one of `accepted` signed (RFC 5652 section 5.4)? The rules and errors
 * about signer, signature, algorithms, floor, contentType and messageDigest are those of
 * cms_verify_reply(), which is built on this.
 *
 * out  the signed attributes, borrowed from `data`; untouched on failure.
 */
enum err cms_signer_check(const struct cms_signed_data *data, const struct certificate_set *accepted,
			  const struct certificate_set *others, struct cms_floor floor,
			  struct cms_attributes *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
