/* SPDX-License-Identifier: MIT */
#include "client/agent/history.h"
#include <string.h>
#include <time.h>

/* Keep the newer half, from a line's start. */
static void halve(struct buf *text)
{
	size_t from = text->len / 2;
	while (from < text->len && text->data[from - 1] != '\n')
		from++;
	memmove(text->data, text->data + from, text->len - from);
	buf_cut(text, text->len - from);
}

enum err history_add(const struct store *store, const char *event, const char *profile, const char *detail,
                     struct why *why)
{
	char path[FILE_PATH_MAX];
	char when[32];
	struct buf old;
	struct buf line;
	buf_init(&old, 2 * HISTORY_MAX);
	buf_init(&line, 4096);
	clock_text((int64_t)time(NULL), when, sizeof when);
	enum err e = store_path(store, NULL, NULL, "history", path);
	if (e == ERR_OK)
		e = buf_add_format(&line, "%s %s %s %s\n", when, event, profile, detail);
	if (e == ERR_OK)
		e = file_read(path, &old, why);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (e == ERR_OK && old.len + line.len > HISTORY_MAX) {
		halve(&old);
		e = file_write_atomic(path, buf_bytes(&old), 0600, why);
	}
	if (e == ERR_OK)
		e = file_append(path, buf_bytes(&line), 0600, why);
	buf_clear(&line);
	buf_clear(&old);
	return e;
}
