/* SPDX-License-Identifier: MIT */
#include "client/agent/record.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hal/clock.h"

#define RECORD_MAX (2 * FILE_PATH_MAX + AUTHORITIES_TEXT_MAX + 1024) /* bytes: two paths and a dozen short lines */
#define DOUBTS "moving" /* folder below RUN: a file for each daemon that is being moved */

/* The value behind "NAME = " at the start of a line; "" when there is none. No INI reader: a path may be longer than
 * its lines. */
static void value_of(const char *text, const char *name, char *out, size_t cap)
{
	size_t name_len = strlen(name);
	out[0] = '\0';
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, name_len) != 0 || strncmp(line + name_len, " = ", 3) != 0)
			continue;
		const char *value = line + name_len + 3;
		size_t len = strcspn(value, "\n");
		if (len < cap) {
			memcpy(out, value, len);
			out[len] = '\0';
		}
		return;
	}
}

static int64_t number_of(const char *text, const char *name)
{
	char value[32];
	value_of(text, name, value, sizeof value);
	return strtoll(value, NULL, 10);
}

/* unix s; 0 for what is no moment */
static int64_t moment_of(const char *text, const char *name)
{
	int64_t moment = number_of(text, name);
	return clock_is_moment(moment) ? moment : 0;
}

/* Keys that are not there are "": a version before did not write them. */
static void read_placement(const char *text, struct placement *out)
{
	char wired[8];
	value_of(text, "path", out->path, sizeof out->path);
	value_of(text, "control", out->control, sizeof out->control);
	value_of(text, "interface", out->interface, sizeof out->interface);
	value_of(text, "certificate", out->certificate, sizeof out->certificate);
	value_of(text, "authorities", out->authorities, sizeof out->authorities);
	value_of(text, "wired", wired, sizeof wired);
	out->is_wired = strcmp(wired, "yes") == 0;
}

static enum err path_of(const struct store *store, const char *folder, const char *profile, char out[FILE_PATH_MAX],
                        struct why *why)
{
	enum err e = store_path(store, folder, profile, NULL, out);
	return e == ERR_OK ? e : why_set(why, e, "state.path", "no path for the record of %s", profile);
}

/* Names are unique over all kinds. */
static enum err doubt_path(const struct store *store, const char *profile, char out[FILE_PATH_MAX])
{
	char folder[FILE_PATH_MAX];
	enum err e = path_join(folder, store->run, DOUBTS);
	return e == ERR_OK ? path_join(out, folder, profile) : e;
}

enum err record_doubt(const struct store *store, const char *profile, struct why *why)
{
	char folder[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	enum err e = path_join(folder, store->run, DOUBTS);
	if (e == ERR_OK)
		e = doubt_path(store, profile, path);
	if (e != ERR_OK)
		return why_set(why, e, "state.path", "no path for the move of %s", profile);
	e = file_make_folder(folder, 0700, why);
	return e == ERR_OK && !file_exists(path) ? file_write_atomic(path, (struct bytes){ NULL, 0 }, 0600, why) : e;
}

static bool is_in_doubt(const struct store *store, const char *profile)
{
	char path[FILE_PATH_MAX];
	return doubt_path(store, profile, path) == ERR_OK && file_exists(path);
}

static enum err end_doubt(const struct store *store, const char *profile, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = doubt_path(store, profile, path);
	return e == ERR_OK ? file_drop(path, why) : why_set(why, e, "state.path", "no path for the move of %s", profile);
}

void record_read(const struct store *store, const char *folder, const char *profile, struct record *out)
{
	char path[FILE_PATH_MAX];
	struct buf file;
	*out = (struct record){ .at = { .path = "" } };
	buf_init(&file, RECORD_MAX);
	if (path_of(store, folder, profile, path, NULL) == ERR_OK && file_read(path, &file, NULL) == ERR_OK) {
		const char *text = buf_text(&file);
		if (text != NULL && number_of(text, "schema") == 1) {
			read_placement(text, &out->at);
			value_of(text, "sha256", out->sha256, sizeof out->sha256);
			value_of(text, "session", out->session, sizeof out->session);
			out->told = (unsigned)number_of(text, "told");
			out->proven = (unsigned)number_of(text, "proven");
			out->told_at = moment_of(text, "told_at");
			out->first_proven_at = moment_of(text, "first_proven_at");
		}
	}
	if (is_in_doubt(store, profile))
		out->told = out->proven = 0;
	buf_clear(&file);
}

enum err record_write(const struct store *store, const char *folder, const char *profile, const struct record *record,
                      struct why *why)
{
	char path[FILE_PATH_MAX];
	struct buf text;
	struct buf present;
	const struct placement *at = &record->at;
	buf_init(&text, RECORD_MAX);
	buf_init(&present, RECORD_MAX);
	enum err e = path_of(store, folder, profile, path, why);
	if (e == ERR_OK)
		e = buf_add_format(&text,
		                   "[settings]\nschema = 1\npath = %s\ncontrol = %s\ninterface = %s\nwired = %s\n"
		                   "certificate = %s\nauthorities = %s\nsha256 = %s\ntold = %u\ntold_at = %" PRId64
		                   "\nsession = %s\nproven = %u\nfirst_proven_at = %" PRId64 "\n",
		                   at->path, at->control, at->interface, at->is_wired ? "yes" : "no", at->certificate,
		                   at->authorities, record->sha256, record->told, record->told_at, record->session,
		                   record->proven, record->first_proven_at);
	bool is_same = e == ERR_OK && file_read(path, &present, NULL) == ERR_OK && present.len == text.len &&
	               memcmp(present.data, text.data, text.len) == 0;
	if (e == ERR_OK && !is_same)
		e = file_write_part(path, buf_bytes(&text), 0600, why);
	if (e == ERR_OK)
		e = end_doubt(store, profile, why);
	buf_clear(&present);
	buf_clear(&text);
	return e;
}

enum err record_remove(const struct store *store, const char *folder, const char *profile, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = path_of(store, folder, profile, path, why);
	if (e == ERR_OK && file_exists(path))
		e = file_remove(path, why);
	return e == ERR_OK ? end_doubt(store, profile, why) : e;
}
