/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_NAME_H
#define CLIENT_PKI_NAME_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * RFC 4514 text -> DER Name. As RFC 4514 section 2.1 says, the first RDN of the text is the last of the
 * DER sequence: "CN=gw,O=Contoso" is what `openssl req -nameopt RFC2253` prints back.
 * Multi-valued RDNs ("CN=a+OU=b"), escapes (\, \+ \" \\ \; \< \> \# \= and \HH), UTF-8. Types: CN, O, OU,
 * C, ST, L, STREET, DC, UID, serialNumber, E/emailAddress, SN, GN, title, or a dotted OID.
 * C and serialNumber are PrintableString, DC and E IA5String, others PrintableString when the characters
 * allow, else UTF8String. "" gives an empty SEQUENCE.
 * ERR_INVALID names the place in the text.
 */
enum err name_from_text(const char *text, struct buf *out_der, struct why *why) MUST_CHECK;
/** DER Name -> RFC 4514 text, bounded by out->max. Control characters are escaped. */
enum err name_to_text(struct bytes name_der, struct buf *out) MUST_CHECK;
/** Equal by RFC 5280 section 7.1: string type ignored, case and inner white space folded, order kept. */
bool name_equal(struct bytes a_der, struct bytes b_der);

#ifdef __cplusplus
}
#endif
#endif
