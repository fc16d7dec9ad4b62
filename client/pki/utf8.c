/* SPDX-License-Identifier: MIT */
#include "client/pki/utf8.h"
#include <string.h>

static bool is_character(uint32_t c)
{
	return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff); /* the surrogates of UTF-16 are none */
}

bool utf8_take(struct bytes *in, uint32_t *out)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; /* a shorter form exists below */
	if (in->len == 0)
		return false;
	uint8_t first = in->data[0];
	size_t more = first < 0x80	 ? 0
		      : first >> 5 == 6	 ? 1
		      : first >> 4 == 14 ? 2
		      : first >> 3 == 30 ? 3
					 : 4;
	if (more > 3 || more >= in->len)
		return false;
	uint32_t c = more == 0 ? first : first & (0x3fu >> more);
	for (size_t i = 1; i <= more; i++) {
		if (in->data[i] >> 6 != 2)
			return false;
		c = c << 6 | (in->data[i] & 0x3fu);
	}
	if (c < least[more] || !is_character(c))
		return false;
	in->data += more + 1;
	in->len -= more + 1;
	*out = c;
	return true;
}

size_t utf8_form(uint32_t c, uint8_t out[4])
{
	if (!is_character(c))
		return 0;
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	for (size_t i = more; i > 0; i--) {
		out[i] = (uint8_t)(0x80u | (c & 0x3fu));
		c >>= 6;
	}
	static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
	out[0] = (uint8_t)(lead[more] | c);
	return more + 1;
}

bool utf8_is_valid(struct bytes text)
{
	uint32_t c;
	while (text.len > 0)
		if (!utf8_take(&text, &c))
			return false;
	return true;
}

bool text_is_printable_string(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		bool is_alnum =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!is_alnum && (c == 0 || strchr(" '()+,-./:=?", c) == NULL))
			return false;
	}
	return true;
}

bool text_is_ia5(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	return true;
}
