/* SPDX-License-Identifier: MIT */
#include "hal/why.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "hal/text.h"

/* A terminal or a journal must not be driven by a server's text. */
static void clean(char *text, size_t cap, int wanted)
{
	if (wanted >= 0 && (size_t)wanted >= cap)
		memcpy(text + cap - 4, "...", 4);
	text_clean(text); /* last: the cut may have halved a character */
}

enum err why_set(struct why *why, enum err e, const char *code, const char *format, ...)
{
	if (why == NULL)
		return e;
	struct why made = {.code = ""}; /* apart: an argument may be the old text */
	snprintf(made.code, sizeof made.code, "%s", code);
	text_clean(made.code); /* it is a line of files, and a value of JSON */
	va_list args;
	va_start(args, format);
	int wanted = vsnprintf(made.text, sizeof made.text, format, args);
	va_end(args);
	clean(made.text, sizeof made.text, wanted);
	*why = made;
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
