/* SPDX-License-Identifier: MIT */
#include "hal/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_FIRST 64 /* bytes: a first allocation smaller than this only costs time */

void buf_init(struct buf *b, size_t max) { *b = (struct buf){.max = max}; }

static enum err reserve(struct buf *b, size_t more)
{
	if (more > b->max - b->len)
		return ERR_TOO_BIG;
	if (more <= b->cap - b->len)
		return ERR_OK;
	size_t cap = b->cap < b->max / 2 ? b->cap * 2 : b->max;
	if (cap < CAP_FIRST)
		cap = CAP_FIRST < b->max ? CAP_FIRST : b->max;
	if (cap < b->len + more)
		cap = b->len + more;
	uint8_t *grown = malloc(cap); /* not realloc: old bytes may be secret */
	if (grown == NULL)
		return ERR_NO_MEMORY;
	if (b->len > 0)
		memcpy(grown, b->data, b->len);
	size_t len = b->len;
	size_t max = b->max;
	buf_clear(b);
	*b = (struct buf){.data = grown, .len = len, .cap = cap, .max = max};
	return ERR_OK;
}

enum err buf_add(struct buf *b, const void *p, size_t len)
{
	enum err e = reserve(b, len);
	if (e != ERR_OK)
		return e;
	if (len > 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	return ERR_OK;
}

enum err buf_add_text(struct buf *b, const char *text) { return buf_add(b, text, strlen(text)); }

enum err buf_add_format(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int wanted = vsnprintf(NULL, 0, format, args);
	va_end(args);
	enum err e = wanted < 0 ? ERR_BUG : reserve(b, (size_t)wanted + 1);
	if (e == ERR_OK) {
		vsnprintf((char *)b->data + b->len, (size_t)wanted + 1, format, again);
		b->len += (size_t)wanted;
	}
	va_end(again);
	return e;
}

enum err buf_insert(struct buf *b, size_t at, const void *p, size_t len)
{
	if (at > b->len)
		return ERR_BUG;
	enum err e = reserve(b, len);
	if (e != ERR_OK || len == 0)
		return e;
	memmove(b->data + at + len, b->data + at, b->len - at);
	memcpy(b->data + at, p, len);
	b->len += len;
	return ERR_OK;
}

const char *buf_text(struct buf *b)
{
	if (reserve(b, 1) != ERR_OK)
		return NULL;
	b->data[b->len] = '\0';
	return (const char *)b->data;
}

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	explicit_bzero(b->data + len, b->len - len);
	b->len = len;
}

void buf_clear(struct buf *b)
{
	if (b == NULL)
		return;
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	*b = (struct buf){.max = b->max};
}

struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){.data = b->data, .len = b->len};
}
