/* SPDX-License-Identifier: MIT */
#include "client/agent/note.h"
#include <stdarg.h>
#include <stdio.h>
#include "hal/log.h"

static enum err path_of(const struct store *store, const char *folder, const char *name, char out_folder[FILE_PATH_MAX],
                        char out[FILE_PATH_MAX])
{
	enum err e = path_join(out_folder, store->run, folder);
	return e == ERR_OK ? path_join(out, out_folder, name) : e;
}

const char *note_read(const struct store *store, const char *folder, const char *name, struct buf *out)
{
	char where[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	if (path_of(store, folder, name, where, path) != ERR_OK || file_read(path, out, NULL) != ERR_OK)
		return NULL;
	return buf_text(out);
}

void note_write(const struct store *store, const char *folder, const char *name, const char *format, ...)
{
	char where[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	char text[NOTE_MAX];
	struct why why = { .code = "" };
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	enum err e = len >= 0 && (size_t)len < sizeof text ? path_of(store, folder, name, where, path) : ERR_TOO_BIG;
	if (e == ERR_OK)
		e = file_make_folder(where, 0755, &why);
	if (e == ERR_OK)
		e = file_write_atomic(path, (struct bytes){ (const uint8_t *)text, (size_t)len }, 0644, &why);
	if (e != ERR_OK)
		log_debug("agent: %s/%s is not remembered: %s", folder, name, why.text);
}

void note_forget(const struct store *store, const char *folder, const char *name)
{
	char where[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	if (path_of(store, folder, name, where, path) == ERR_OK && file_exists(path) && file_remove(path, NULL) != ERR_OK)
		log_debug("agent: %s/%s is not forgotten", folder, name);
}
