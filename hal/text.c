/* SPDX-License-Identifier: MIT */
#include "hal/text.h"
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the UTF-8 character at p, 0 when there is none; the table of RFC 3629 section 4. */
static size_t utf8_length(const unsigned char *p)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t length;
	} forms[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	if (*p < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (*p < forms[i].first_low || *p > forms[i].first_high)
			continue;
		if (p[1] < forms[i].second_low || p[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* Of a character of two or three bytes. */
static unsigned code_of(const unsigned char *p, size_t length)
{
	unsigned code = length == 2 ? *p & 0x1fu : *p & 0x0fu;
	for (size_t i = 1; i < length; i++)
		code = code << 6 | (p[i] & 0x3fu);
	return code;
}

/* Controls of a terminal; ends of lines (U+2028, 2029); what turns the direction of writing, or is not seen: it makes one text
 * look like another. The same as name_to_text() escapes. */
static bool is_bad(const unsigned char *p, size_t length)
{
	if (length < 2)
		return length == 0 || *p < 0x20 || *p == 0x7f;
	if (length > 3)
		return false;
	unsigned code = code_of(p, length);
	return code < 0xa0 || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

void text_clean(char *text)
{
	unsigned char *p = (unsigned char *)text;
	while (*p != '\0') {
		size_t length = utf8_length(p);
		bool is_replaced = is_bad(p, length);
		for (size_t i = 0; i < (length == 0 ? 1 : length); i++, p++)
			if (is_replaced)
				*p = '?';
	}
}
