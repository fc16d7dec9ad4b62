/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "client/agent/pass.h"
#include "client/agent/redact.h"
#include "hal/tar.h"

#define FILE_MAX (256 * 1024) /* bytes: what is longer is no file of ours */
#define DEPTH_MAX 4           /* STATE/scep/PROFILE/0007/meta.ini */
#define LISTING_MAX (128 * 1024)

struct bundle {
	struct redact redact;
	struct buf listing; /* a line for every entry, also for what stays here */
	struct buf *tar;
	int64_t now;
	struct why *why;
	enum err err;
};

static void put(struct bundle *b, const char *name, struct bytes content, int64_t modified)
{
	struct buf clean;
	buf_init(&clean, 2 * FILE_MAX);
	enum err e = redact_copy(&b->redact, content, &clean);
	if (e == ERR_OK)
		e = tar_add(b->tar, name, buf_bytes(&clean), modified);
	if (e == ERR_TOO_BIG || e == ERR_INVALID)
		e = buf_add_format(&b->listing, "%.200s: left out, too big\n", name);
	buf_clear(&clean);
	if (e != ERR_OK && e != ERR_TOO_BIG)
		b->err = e;
}

/* ---- what of the state folder may go out: by name, whatever else a later version puts there ---- */

static bool ends_with(const char *name, const char *tail)
{
	size_t len = strlen(name);
	size_t tail_len = strlen(tail);
	return len >= tail_len && strcmp(name + len - tail_len, tail) == 0;
}

static bool may_go_out(const char *path)
{
	static const char *const names[] = { "/history", "/meta.ini", "/refused", "/undecided", "/request.csr" };
	static const char *const folders[] = { "state/wifi/", "state/vpn/", "state/retired/", "run/" };
	const char *name = strrchr(path, '/');
	if (name == NULL || strncmp(name, "/key.", 5) == 0 || name[1] == '.')
		return false;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return ends_with(name, ".pem"); /* certificates; keys are above */
}

struct place {
	struct bundle *bundle;
	const char *name; /* in the archive */
	const char *path; /* here */
	unsigned depth;
};

static void walk(const struct place *place);

static void list(struct bundle *b, const char *name, const char *path, const struct stat *info)
{
	char when[32];
	char target[64] = "";
	clock_text(info->st_mtime, when, sizeof when);
	if (S_ISLNK(info->st_mode) && file_read_link(path, target, sizeof target, NULL) != ERR_OK)
		snprintf(target, sizeof target, "?");
	if (buf_add_format(&b->listing, "%s %06o %8lld %s%s%s\n", when, (unsigned)info->st_mode, (long long)info->st_size, name,
	                   target[0] != '\0' ? " -> " : "", target) == ERR_NO_MEMORY)
		b->err = ERR_NO_MEMORY;
}

static void take_file(struct bundle *b, const char *name, const char *path, int64_t modified)
{
	struct buf content;
	struct why own = { .code = "" };
	buf_init(&content, FILE_MAX);
	enum err e = file_read(path, &content, &own);
	if (e == ERR_OK)
		put(b, name, buf_bytes(&content), modified);
	else if (buf_add_format(&b->listing, "%s: left out, %s\n", name, own.text) == ERR_NO_MEMORY)
		b->err = ERR_NO_MEMORY;
	buf_clear(&content);
}

static void take_entry(void *ctx, const char *entry)
{
	const struct place *place = ctx;
	struct bundle *b = place->bundle;
	char name[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	struct stat info;
	if (b->err != ERR_OK || path_join(name, place->name, entry) != ERR_OK || path_join(path, place->path, entry) != ERR_OK ||
	    lstat(path, &info) != 0)
		return;
	list(b, name, path, &info);
	const struct place below = { b, name, path, place->depth + 1 };
	if (S_ISDIR(info.st_mode) && below.depth < DEPTH_MAX)
		walk(&below);
	else if (S_ISREG(info.st_mode) && may_go_out(name))
		take_file(b, name, path, info.st_mtime);
}

static void walk(const struct place *place)
{
	struct bundle *b = place->bundle;
	enum err e = file_list(place->path, take_entry, (void *)place, b->why);
	if (e != ERR_OK && e != ERR_NOT_FOUND && b->err == ERR_OK)
		b->err = e;
}

enum err agent_bundle(const struct config *config, const struct bundle_text *texts, size_t count, struct buf *out_tar,
                      struct why *why)
{
	struct bundle b = { .tar = out_tar, .now = (int64_t)time(NULL), .why = why, .err = ERR_OK };
	struct store store;
	size_t before = out_tar->len;
	buf_init(&b.listing, LISTING_MAX);
	b.err = redact_open(config, &b.redact, why);
	if (b.err == ERR_OK)
		b.err = store_open(config, &store, why);
	for (size_t i = 0; i < count && b.err == ERR_OK; i++)
		put(&b, texts[i].name, texts[i].content, b.now);
	if (b.err == ERR_OK)
		walk(&(struct place){ &b, "state", store.state, 0 });
	if (b.err == ERR_OK)
		walk(&(struct place){ &b, "run", store.run, 0 });
	if (b.err == ERR_OK)
		put(&b, "listing", buf_bytes(&b.listing), b.now);
	if (b.err == ERR_OK)
		b.err = tar_end(out_tar);
	if (b.err != ERR_OK)
		buf_cut(out_tar, before);
	buf_clear(&b.listing);
	redact_close(&b.redact);
	return b.err;
}
