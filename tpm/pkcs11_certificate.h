/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_CERTIFICATE_H
#define TPM_PKCS11_CERTIFICATE_H
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Append the DER of the first CERTIFICATE block of a PEM text (RFC 7468). ERR_INVALID: no such
 * block, or its base64 is damaged; ERR_TOO_BIG. Untouched on failure. */
enum err pkcs11_certificate_decode(struct bytes pem, struct buf *out_der) MUST_CHECK;
/** Whole TLVs of serialNumber, issuer and subject (RFC 5280 section 4.1); borrow from `der`.
 * ERR_INVALID. */
enum err pkcs11_certificate_parts(struct bytes der, struct bytes *out_serial,
				  struct bytes *out_issuer, struct bytes *out_subject) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
