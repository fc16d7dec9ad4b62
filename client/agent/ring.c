/* SPDX-License-Identifier: MIT */
#include "client/agent/ring.h"
#include <string.h>

/* Keep the newer half, from a line's start. */
static void halve(struct buf *text)
{
	size_t from = text->len / 2;
	while (from < text->len && text->data[from - 1] != '\n')
		from++;
	memmove(text->data, text->data + from, text->len - from);
	buf_cut(text, text->len - from);
}

enum err ring_add(const char *path, struct bytes line, unsigned mode, struct why *why)
{
	struct buf old;
	buf_init(&old, RING_MAX);
	enum err e = file_read(path, &old, why);
	if (e == ERR_TOO_BIG) {
		e = file_write_atomic(path, line, mode, why);
		goto out;
	}
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (e == ERR_OK && old.len > 0 && old.len + line.len > RING_MAX) {
		halve(&old);
		e = file_write_atomic(path, buf_bytes(&old), mode, why);
	}
	bool is_cut = old.len > 0 && old.data[old.len - 1] != '\n'; /* a line that the power cut off */
	if (e == ERR_OK && is_cut)
		e = file_append(path, (struct bytes){ (const uint8_t *)"\n", 1 }, mode, why);
	if (e == ERR_OK)
		e = file_append(path, line, mode, why);
out:
	buf_clear(&old);
	return e;
}
