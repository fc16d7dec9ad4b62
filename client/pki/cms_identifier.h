/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_IDENTIFIER_H
#define CLIENT_PKI_CMS_IDENTIFIER_H
#include <stdbool.h>
#include "client/pki/certificate.h"
#include "hal/der.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CMS_IDENTIFIER_TEXT_MAX 320 /* characters with NUL: half of a why sentence */

/**
 * Does a SignerIdentifier or RecipientIdentifier (RFC 5652 sections 5.3, 6.2.1) mean this
 * certificate? issuerAndSerialNumber: both equal byte for byte. [0] subjectKeyIdentifier: that of
 * the certificate, or of its key by RFC 5280 section 4.2.1.2 method 1 when it has none.
 */
bool cms_identifier_means(const struct der_tlv *identifier, const struct certificate *cert);
/** For a sentence: `serial 47… of "CN=…"` or `key identifier …`, cut to the field. */
void cms_identifier_text(const struct der_tlv *identifier, char out[CMS_IDENTIFIER_TEXT_MAX]);
/** Take an IssuerAndSerialNumber apart; borrowed. ERR_INVALID. */
enum err cms_issuer_and_serial(const struct der_tlv *sequence, struct bytes *out_issuer,
			       struct bytes *out_serial) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
