/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_text.h"
#include <string.h>
#include "client/pki/utf8.h"

#define NO_CHARACTER 0xffffffffu
#define UTF8_MAX 4 /* bytes of one character, RFC 3629 section 3 */

/* Each takes one character off the front, at least one byte; NO_CHARACTER when the bytes are none.
 */
static uint32_t next_utf8(struct bytes *in)
{
	uint32_t code;
	if (utf8_take(in, &code))
		return code;
	in->data++;
	in->len--;
	return NO_CHARACTER;
}

static uint32_t next_bmp(struct bytes *in)
{
	uint32_t code = NO_CHARACTER;
	size_t used = in->len < 2 ? in->len : 2;
	if (used == 2)
		code = (uint32_t)in->data[0] << 8 | in->data[1];
	in->data += used;
	in->len -= used;
	return code >= 0xd800 && code <= 0xdfff ? NO_CHARACTER
						: code; /* BMPString has no surrogates */
}

static uint32_t next_ascii(struct bytes *in)
{
	uint8_t byte = in->data[0];
	in->data++;
	in->len--;
	return byte < 0x80 ? byte : NO_CHARACTER;
}

/* Characters that steer a terminal or make a line read as another one. */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff || code == NO_CHARACTER;
}

void cms_text_clean(const struct der_tlv *tlv, char *out, size_t cap)
{
	uint32_t (*next)(struct bytes * in) = NULL;
	size_t used = 0;
	switch (tlv->tag) {
	case DER_UTF8_STRING:
		next = next_utf8;
		break;
	case DER_BMP_STRING:
		next = next_bmp;
		break;
	case DER_PRINTABLE_STRING:
	case DER_IA5_STRING:
	case DER_TELETEX_STRING:
		next = next_ascii;
		break;
	default:
		break;
	}
	struct bytes rest = tlv->content;
	while (next != NULL && rest.len > 0) {
		uint32_t code = next(&rest);
		uint8_t character[UTF8_MAX];
		size_t len = utf8_form(is_harmful(code) ? '?' : code, character);
		if (used + len >= cap)
			break;
		memcpy(out + used, character, len);
		used += len;
	}
	out[used] = '\0';
}
