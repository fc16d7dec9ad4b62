/* SPDX-License-Identifier: MIT */
#ifndef HAL_BUF_H
#define HAL_BUF_H
#include <stddef.h>
#include <stdint.h>
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Growable bytes with a hard ceiling, wiped on release. Set up by buf_init(). */
struct buf {
	uint8_t *data; /* owned; NULL while cap is 0 */
	size_t len;    /* bytes in use */
	size_t cap;    /* bytes allocated */
	size_t max;    /* bytes never exceeded: ERR_TOO_BIG instead */
};

/** Borrowed bytes; lives no longer than what it points into. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

void buf_init(struct buf *b, size_t max);
/** Append a copy of p[0..len). On failure *b is unchanged. ERR_TOO_BIG, ERR_NO_MEMORY. */
enum err buf_add(struct buf *b, const void *p, size_t len) MUST_CHECK;
/** Append the characters of `text` without its NUL. */
enum err buf_add_text(struct buf *b, const char *text) MUST_CHECK;
/** Append formatted text without a NUL. ERR_TOO_BIG, ERR_NO_MEMORY; *b unchanged then. */
enum err buf_add_format(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3))) MUST_CHECK;
/** Insert p[0..len) before offset `at` (at <= len, else ERR_BUG). */
enum err buf_insert(struct buf *b, size_t at, const void *p, size_t len) MUST_CHECK;
/**
 * The content as text: a NUL is kept behind it (not counted in len; needs one byte below max).
 * The pointer is borrowed until the next change. NULL when there is no room or memory.
 */
const char *buf_text(struct buf *b);
/** Forget the content from `len` on, wiping it. */
void buf_cut(struct buf *b, size_t len);
/** Wipe, release, and leave *b empty with the same max. NULL is allowed. */
void buf_clear(struct buf *b);
struct bytes buf_bytes(const struct buf *b);

#ifdef __cplusplus
}
#endif
#endif
