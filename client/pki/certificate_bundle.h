/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CERTIFICATE_BUNDLE_H
#define CLIENT_PKI_CERTIFICATE_BUNDLE_H
#include "client/pki/certificate.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CERTIFICATE_BUNDLE_MAX (CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX) /* bytes of a file: every certificate in base64 */

/**
 * Every certificate of a file that a CA's officer hands over: one in DER, PEM blocks (RFC 7468 sections 5 and 8:
 * CERTIFICATE, PKCS7, CMS), or a certs-only SignedData (.p7b, DER). Added to *out, which is untouched on failure. Nothing is
 * judged. ERR_INVALID "certificate.…" or "cms.format": none of these; ERR_TOO_BIG.
 */
enum err certificate_bundle_read(struct bytes file, struct certificate_set *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
