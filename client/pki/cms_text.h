/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_TEXT_H
#define CLIENT_PKI_CMS_TEXT_H
#include <stddef.h>
#include "hal/der.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * A server's words as UTF-8 that a terminal and a log can take.
 *
 * tlv  UTF8String, BMPString, or one of the 8-bit string types (PrintableString, IA5String,
 * T61String). out  always ends in NUL. Control characters (C0, DEL, C1), line and paragraph
 * separators, marks that turn the writing direction, and bytes that are no character become '?'.
 * What does not fit is cut between characters. Another type gives "".
 */
void cms_text_clean(const struct der_tlv *tlv, char *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
