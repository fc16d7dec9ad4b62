/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hal/file.h"
#include "hal/file_parts.h"

enum err file_drop(const char *path, struct why *why)
{
	return unlink(path) == 0 || errno == ENOENT ? ERR_OK : file_fail("remove", path, why);
}

enum err file_remove(const char *path, struct why *why)
{
	if (unlink(path) != 0)
		return errno == ENOENT ? ERR_OK : file_fail("remove", path, why);
	return file_sync_folder_of(path, why);
}

static enum err overwrite(const char *path, struct why *why)
{
	static const uint8_t zeros[4096];
	struct stat info;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : file_fail("wipe", path, why);
	enum err e = ERR_OK;
	if (fstat(fd, &info) != 0)
		e = file_fail("wipe", path, why);
	else if (!S_ISREG(info.st_mode))
		e = file_no_regular(path, why);
	for (off_t left = e == ERR_OK ? info.st_size : 0; left > 0 && e == ERR_OK;) {
		size_t now = left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros;
		e = file_write_all(fd, (struct bytes){zeros, now}, path, why);
		left -= (off_t)now;
	}
	if (e == ERR_OK && fsync(fd) != 0)
		e = file_fail("sync", path, why);
	close(fd);
	return e;
}

enum err file_wipe(const char *path, struct why *why)
{
	enum err e = overwrite(path, why);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e == ERR_OK ? file_remove(path, why) : e;
}

/* A key, or what a power cut left of one. */
static bool is_key(const char *name)
{
	return strncmp(name + (name[0] == '.'), "key.", 4) == 0;
}

enum err file_remove_leftover(const char *path, struct why *why)
{
	const char *slash = strrchr(path, '/');
	struct stat info;
	if (lstat(path, &info) != 0)
		return errno == ENOENT ? ERR_OK : file_fail("remove", path, why);
	if (S_ISREG(info.st_mode) && is_key(slash != NULL ? slash + 1 : path))
		return file_wipe(path, why);
	if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode))
		return ERR_OK; /* nothing of ours */
	return unlink(path) == 0 || errno == ENOENT ? ERR_OK : file_fail("remove", path, why);
}

struct removal {
	const char *folder;
	enum err err;
	struct why *why;
};

static void remove_entry(void *ctx, const char *name)
{
	struct removal *r = ctx;
	char path[FILE_PATH_MAX];
	if (r->err != ERR_OK)
		return;
	r->err = path_join(path, r->folder, name);
	if (r->err != ERR_OK)
		why_set(r->why, r->err, "file.remove", "%s: a name too long in it", r->folder);
	else if (is_key(name))
		r->err = overwrite(path, r->why);
	if (r->err == ERR_OK) /* the folder goes: no fsync of it */
		r->err = file_drop(path, r->why);
}

enum err file_drop_folder(const char *path, struct why *why)
{
	struct removal removal = {path, ERR_OK, why};
	struct stat info;
	if (lstat(path, &info) != 0)
		return errno == ENOENT || errno == ENOTDIR ? ERR_OK : file_fail("remove", path, why);
	if (!S_ISDIR(info.st_mode)) /* a symlink to a folder neither: nobody empties what lies
				       elsewhere */
		return why_set(why, ERR_IO, "file.remove", "%s: not a folder", path);
	enum err e = file_list(path, remove_entry, &removal, why);
	if (e == ERR_OK)
		e = removal.err;
	if (e != ERR_OK)
		return e;
	return rmdir(path) == 0 || errno == ENOENT ? ERR_OK : file_fail("remove", path, why);
}

enum err file_remove_folder(const char *path, struct why *why)
{
	bool was_there = file_exists(path);
	enum err e = file_drop_folder(path, why);
	return e == ERR_OK && was_there ? file_sync_folder_of(path, why) : e;
}

static void sweep_entry(void *ctx, const char *name)
{
	static const char tail[] = ".new";
	struct removal *r = ctx;
	char path[FILE_PATH_MAX];
	size_t len = strlen(name);
	if (r->err != ERR_OK || name[0] != '.' || len <= sizeof tail || strcmp(name + len - strlen(tail), tail) != 0)
		return;
	r->err = path_join(path, r->folder, name);
	if (r->err != ERR_OK)
		why_set(r->why, r->err, "file.remove", "%s: a name too long in it", r->folder);
	else
		r->err = file_remove_leftover(path, r->why);
}

enum err file_sweep_leftovers(const char *folder, struct why *why)
{
	struct removal sweep = { folder, ERR_OK, why };
	if (!file_exists(folder))
		return ERR_OK;
	enum err e = file_list(folder, sweep_entry, &sweep, why);
	return e == ERR_OK ? sweep.err : e;
}
