/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_TEXT_H
#define CLIENT_CLI_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

#define TEXT_WIDTH 79	    /* columns: a serial console of 80 may wrap a full line by itself */
#define TEXT_DATE_CAP 11    /* "2026-11-22" and NUL */
#define TEXT_MAX (4u << 20) /* bytes of one result: 256 profiles stay far below */

/** Writer of a result with a sticky error: write everything, ask once at the end. Released by
 * text_clear(). */
struct text_out {
	struct buf bytes;
	enum err err;
};

void text_init(struct text_out *out);
/** Append formatted text of at most 4095 bytes (more: ERR_TOO_BIG sticks). */
void text_put(struct text_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Append bytes as they are. */
void text_put_raw(struct text_out *out, const void *p, size_t len);
/** Append `text` for a terminal: what is not printable ASCII becomes '?', one for each UTF-8
 * character. */
void text_put_ascii(struct text_out *out, const char *text);
/**
 * Append `text` as text_put_ascii does, broken between words at TEXT_WIDTH, and a newline. The
 * first line starts at `column` (something stands before it), the others are indented by `indent`.
 * What needs more than `max_lines` lines ends in "..."; 0: no limit.
 */
void text_put_wrapped(struct text_out *out, const char *text, unsigned column, unsigned indent,
		      unsigned max_lines);
/** Release. NULL-safe, safe twice. */
void text_clear(struct text_out *out);

/** Day of a unix time, UTC. */
void text_date(int64_t unix_s, char out[TEXT_DATE_CAP]);
/** Nearest of names[0..count) to `name` when it is near enough for a slip of the hand; else NULL.
 * Borrowed. */
const char *text_nearest(const char *name, const char *const names[], size_t count);

#ifdef __cplusplus
}
#endif
#endif
