/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_UTF8_H
#define CLIENT_PKI_UTF8_H
#include <stdbool.h>
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Take one character off the front of *in (RFC 3629: no overlong forms, no surrogates). False at
 * the end or when the bytes are no UTF-8; *in and *out untouched then. */
bool utf8_take(struct bytes *in, uint32_t *out);
/** Bytes of `character` as UTF-8 into out; 0 for what is no character. */
size_t utf8_form(uint32_t character, uint8_t out[4]);
/** All of it is UTF-8. Empty is. */
bool utf8_is_valid(struct bytes text);
/** All characters may stand in a PrintableString (X.680 section 41.4). Empty is. */
bool text_is_printable_string(struct bytes text);
/** All characters may stand in an IA5String and none is a control character. Empty is. */
bool text_is_ia5(struct bytes text);

#ifdef __cplusplus
}
#endif
#endif
