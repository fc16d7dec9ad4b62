/* SPDX-License-Identifier: MIT */
#include "client/cli/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "client/pki/utf8.h"
#include "hal/clock.h"

#define PUT_MAX 4096   /* bytes of one text_put: two paths and a sentence */
#define WRAP_MAX 2048  /* bytes of one wrapped text: the longest field of a view is 1024 */
#define NEAREST_MAX 40 /* bytes: longer names are compared by their front only */

void text_init(struct text_out *out)
{
	buf_init(&out->bytes, TEXT_MAX);
	out->err = ERR_OK;
}

void text_put_raw(struct text_out *out, const void *p, size_t len)
{
	if (out->err == ERR_OK)
		out->err = buf_add(&out->bytes, p, len);
}

void text_put(struct text_out *out, const char *format, ...)
{
	char line[PUT_MAX];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof line)
		out->err = out->err != ERR_OK ? out->err : ERR_TOO_BIG;
	else
		text_put_raw(out, line, (size_t)n);
}

/* Plain ASCII of `text`, cut at cap. */
static size_t to_ascii(const char *text, char *out, size_t cap)
{
	struct bytes rest = {.data = (const uint8_t *)text, .len = strlen(text)};
	size_t len = 0;
	while (rest.len > 0 && len + 1 < cap) {
		uint32_t c = 0;
		if (!utf8_take(&rest, &c)) {
			rest.data++;
			rest.len--;
		}
		out[len++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	out[len] = '\0';
	return len;
}

void text_put_ascii(struct text_out *out, const char *text)
{
	char plain[WRAP_MAX];
	text_put_raw(out, plain, to_ascii(text, plain, sizeof plain));
}

/* How much of text[0..len) goes on a line of `room` columns: up to the last space that fits. */
static size_t line_len(const char *text, size_t len, size_t room)
{
	if (len <= room)
		return len;
	for (size_t i = room; i > 0; i--)
		if (text[i] == ' ')
			return i;
	return room;
}

void text_put_wrapped(struct text_out *out, const char *text, unsigned column, unsigned indent,
		      unsigned max_lines)
{
	char plain[WRAP_MAX];
	size_t len = to_ascii(text, plain, sizeof plain);
	const char *p = plain;
	for (unsigned line = 1;; line++) {
		unsigned start = line == 1 ? column : indent;
		size_t room = start + 20 < TEXT_WIDTH ? TEXT_WIDTH - start : 20;
		size_t take = line_len(p, len, room);
		if (line > 1)
			text_put(out, "%*s", (int)indent, "");
		if (line == max_lines && take < len) {
			take = line_len(p, len, room - 3);
			text_put(out, "%.*s...\n", (int)take, p);
			return;
		}
		text_put(out, "%.*s\n", (int)take, p);
		while (take < len && p[take] == ' ')
			take++;
		p += take;
		len -= take;
		if (len == 0)
			return;
	}
}

void text_clear(struct text_out *out)
{
	if (out == NULL)
		return;
	buf_clear(&out->bytes);
	out->err = ERR_OK;
}

void text_date(int64_t unix_s, char out[TEXT_DATE_CAP])
{
	char full[32];
	clock_text(unix_s, full, sizeof full);
	snprintf(out, TEXT_DATE_CAP, "%.10s", full);
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Levenshtein distance of the first NEAREST_MAX bytes. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NEAREST_MAX + 1];
	size_t b_len = strnlen(b, NEAREST_MAX);
	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= NEAREST_MAX && a[i - 1] != '\0'; i++) {
		unsigned corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned changed = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

const char *text_nearest(const char *name, const char *const names[], size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 3; /* two slips at most: more is another word */
	size_t len = strnlen(name, NEAREST_MAX);
	for (size_t i = 0; i < count; i++) {
		unsigned d = distance(name, names[i]);
		if (d < best_distance && d < len) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
