/* SPDX-License-Identifier: MIT */
#include "client/config/config_files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hal/file.h"

#define FILES_MAX 128 /* of one folder: nobody reads more drop-ins with understanding */

static const char *const main_files[] = {"/usr/lib/signet/signet.conf", "/etc/signet/signet.conf"};
/* A name in a later folder masks the same name in an earlier one. */
static const char *const drop_in_folders[] = {"/usr/lib/signet/conf.d", "/run/signet/conf.d",
					      "/etc/signet/conf.d"};
#define FOLDERS (sizeof drop_in_folders / sizeof drop_in_folders[0])

/* Names found in one or more folders, sorted, each with the folder that wins. */
struct names {
	struct {
		char *name; /* owned */
		const char *folder;
	} items[FILES_MAX];
	size_t count;
	const char *folder; /* being listed */
	enum err err;
};

static void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i].name);
	names->count = 0;
}

static bool is_conf(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static void note_name(void *ctx, const char *name)
{
	struct names *names = ctx;
	size_t at = 0;
	if (names->err != ERR_OK || !is_conf(name))
		return;
	while (at < names->count && strcmp(names->items[at].name, name) < 0)
		at++;
	if (at < names->count && strcmp(names->items[at].name, name) == 0) {
		names->items[at].folder = names->folder;
		return;
	}
	if (names->count == FILES_MAX) {
		names->err = ERR_TOO_BIG;
		return;
	}
	char *copy = strdup(name);
	if (copy == NULL) {
		names->err = ERR_NO_MEMORY;
		return;
	}
	memmove(&names->items[at + 1], &names->items[at],
		(names->count - at) * sizeof names->items[0]);
	names->items[at].name = copy;
	names->items[at].folder = names->folder;
	names->count++;
}

static enum err refuse_path(enum err e, const char *path, struct why *why)
{
	why_set(why, e, "config.path", "%s: %s", path,
		e == ERR_TOO_BIG ? "the path is too long" : "too many symbolic links");
	why_next(why, "correct --root, -c or factory_dir");
	return e;
}

static enum err note_folder(const char *root, const char *folder, struct names *names,
			    struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = path_in_root(path, root, folder);
	if (e != ERR_OK)
		return refuse_path(e, folder, why);
	struct why own = {.code = ""}; /* a folder that is not there is nothing to tell */
	names->folder = folder;
	e = file_list(path, note_name, names, &own);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		why_set(why, e, own.code, "%s", own.text);
		return e;
	}
	if (names->err != ERR_TOO_BIG)
		return names->err;
	why_set(why, ERR_TOO_BIG, "config.files", "%s: more than %d files", path, FILES_MAX);
	why_next(why, "join some of them");
	return ERR_TOO_BIG;
}

/* As systemd's: a link to /dev/null says "nothing, and not what lies below either". */
static bool is_masked(const char *root, const char *folder, const char *name)
{
	char path[FILE_PATH_MAX];
	char full[FILE_PATH_MAX];
	char target[FILE_PATH_MAX];
	return path_in_root(path, root, folder) == ERR_OK &&
	       path_join(full, path, name) == ERR_OK &&
	       file_read_link(full, target, sizeof target, NULL) == ERR_OK &&
	       strcmp(target, "/dev/null") == 0;
}

/* What the user calls the file: root and path as he knows them. */
static void label_of(const char *root, const char *path, char out[2 * FILE_PATH_MAX])
{
	size_t len = strlen(root);
	while (len > 0 && root[len - 1] == '/')
		len--;
	snprintf(out, 2 * FILE_PATH_MAX, "%.*s%s%s", (int)len, root,
		 root[0] != '\0' && path[0] != '/' ? "/" : "", path);
}

static enum err merge_file(const char *root, const char *path, bool is_factory,
			   struct config_shown *draft, struct why *why)
{
	char full[FILE_PATH_MAX];
	char label[2 * FILE_PATH_MAX];
	struct buf text;
	buf_init(&text, CONFIG_FILE_MAX);
	enum err e = path_in_root(full, root, path);
	if (e != ERR_OK)
		return refuse_path(e, path, why);
	label_of(root, path, label);
	e = file_read(full, &text, why);
	if (e == ERR_TOO_BIG) {
		why_set(why, e, "config.size", "%s: more than %d bytes", label, CONFIG_FILE_MAX);
		why_next(why, "spread it over files in conf.d");
	}
	if (e == ERR_OK)
		e = config_draft_merge(draft, label, buf_bytes(&text), is_factory, why);
	buf_clear(&text);
	return e;
}

static enum err merge_names(const char *root, const struct names *names, bool is_factory,
			    struct config_shown *draft, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = ERR_OK;
	for (size_t i = 0; i < names->count && e == ERR_OK; i++) {
		if (is_masked(root, names->items[i].folder, names->items[i].name))
			continue;
		e = path_join(path, names->items[i].folder, names->items[i].name);
		if (e != ERR_OK)
			return refuse_path(e, names->items[i].name, why);
		e = merge_file(root, path, is_factory, draft, why);
	}
	return e;
}

static enum err merge_main_files(const char *root, struct config_shown *draft, struct why *why)
{
	for (size_t i = 0; i < sizeof main_files / sizeof main_files[0]; i++) {
		char path[FILE_PATH_MAX];
		if (path_in_root(path, root, main_files[i]) != ERR_OK || !file_exists(path))
			continue;
		enum err e = merge_file(root, main_files[i], false, draft, why);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Everything but the factory's files, on top of what *draft holds. */
static enum err merge_system(const char *root, const struct names *drop_ins,
			     struct config_shown *draft, struct why *why)
{
	enum err e = merge_main_files(root, draft, why);
	return e == ERR_OK ? merge_names(root, drop_ins, false, draft, why) : e;
}

/* Copied, since the draft that says it is read again. Empty: the folder is not looked at. */
static enum err factory_folder(const struct config_shown *draft, char out[FILE_PATH_MAX],
			       struct why *why)
{
	const struct draft_section *agent = config_draft_section(draft, SECTION_AGENT, "");
	const struct setting *said = agent != NULL ? config_draft_find(agent, "factory_dir") : NULL;
	const char *folder = said != NULL ? said->items[0].text : "";
	if (folder[0] == '\0')
		folder = config_key_find(SECTION_AGENT, "factory_dir")->preset;
	if (folder[0] != '/') {
		why_set(why, ERR_INVALID, "config.value",
			"%s:%u: [agent]: factory_dir = %s: not an absolute path", said->origin.file,
			said->origin.line, folder);
		why_next(why, "begin it with /");
		return ERR_INVALID;
	}
	snprintf(out, FILE_PATH_MAX, "%s", folder); /* no line is that long */
	return ERR_OK;
}

/* factory_dir is only known when the files above it are read: they are read once more on top of it.
 */
static enum err read_in_order(const char *root, struct names *drop_ins, struct names *factory,
			      struct config_shown *draft, struct why *why)
{
	char folder[FILE_PATH_MAX];
	enum err e = ERR_OK;
	for (size_t i = 0; i < FOLDERS && e == ERR_OK; i++)
		e = note_folder(root, drop_in_folders[i], drop_ins, why);
	if (e == ERR_OK)
		e = merge_system(root, drop_ins, draft, why);
	if (e == ERR_OK)
		e = factory_folder(draft, folder, why);
	if (e == ERR_OK)
		e = note_folder(root, folder, factory, why);
	if (e != ERR_OK || factory->count == 0)
		return e;
	config_draft_clear(draft);
	e = merge_names(root, factory, true, draft, why);
	return e == ERR_OK ? merge_system(root, drop_ins, draft, why) : e;
}

enum err config_files_read(const char *file, const char *root, struct config_shown *draft,
			   struct why *why)
{
	if (file != NULL) {
		enum err e = merge_file(root, file, false, draft, why);
		if (e == ERR_NOT_FOUND)
			why_next(why, "correct the path after -c");
		return e;
	}
	struct names *names = calloc(2, sizeof *names); /* drop-ins, factory */
	if (names == NULL)
		return ERR_NO_MEMORY;
	enum err e = read_in_order(root, &names[0], &names[1], draft, why);
	if (e == ERR_OK && draft->file_count == 0) {
		e = why_set(why, ERR_NOT_FOUND, "config.none",
			    "no configuration: %s%s is not there", root, main_files[1]);
		why_next(why, "write it, or name another file with -c FILE");
	}
	names_clear(&names[1]);
	names_clear(&names[0]);
	free(names);
	return e;
}
