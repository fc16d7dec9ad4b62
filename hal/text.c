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

void text_clean(char *text)
{
	unsigned char *p = (unsigned char *)text;
	while (*p != '\0') {
		size_t len = utf8_length(p);
		bool is_c1 = len == 2 && *p == 0xc2 && p[1] < 0xa0; /* U+0080..U+009F */
		bool is_bad = len == 0 || is_c1 || *p < 0x20 || *p == 0x7f;
		for (size_t i = 0; i < (len == 0 ? 1 : len); i++, p++)
			if (is_bad)
				*p = '?';
	}
}
