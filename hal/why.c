/* SPDX-License-Identifier: MIT */
#include "hal/why.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A terminal or a journal must not be driven by a server's text. */
static void clean(char *text, size_t cap, int wanted)
{
	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
		bool is_c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080..U+009F in UTF-8 */
		if (*p < 0x20 || *p == 0x7f || is_c1)
			*p = '?';
	}
	if (wanted >= 0 && (size_t)wanted >= cap)
		memcpy(text + cap - 4, "...", 4);
}

enum err why_set(struct why *why, enum err e, const char *code, const char *format, ...)
{
	if (why == NULL)
		return e;
	*why = (struct why){ .code = "" };
	snprintf(why->code, sizeof why->code, "%s", code);
	va_list args;
	va_start(args, format);
	int wanted = vsnprintf(why->text, sizeof why->text, format, args);
	va_end(args);
	clean(why->text, sizeof why->text, wanted);
	return e;
}

void why_next(struct why *why, const char *format, ...)
{
	if (why == NULL)
		return;
	va_list args;
	va_start(args, format);
	int wanted = vsnprintf(why->next_step, sizeof why->next_step, format, args);
	va_end(args);
	clean(why->next_step, sizeof why->next_step, wanted);
}
