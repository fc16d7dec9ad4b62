/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hal/file.h"
#include "hal/file_parts.h"

/*
 * The name beside `path` that a new content has until it is complete: ".NAME.new", always the same, so that what a
 * power cut leaves behind goes with the next write. A long NAME is cut, to be a name still.
 */
static void new_name(const char *path, char out[FILE_NEW_CAP])
{
	const char *slash = strrchr(path, '/');
	int folder_len = slash != NULL ? (int)(slash + 1 - path) : 0;
	snprintf(out, FILE_NEW_CAP, "%.*s.%.*s.new", folder_len, path, NAME_MAX - (int)strlen("..new"), path + folder_len);
}

/* A target that is a symlink keeps being one: what it points at is replaced. */
static enum err write_target(const char *path, char out[FILE_PATH_MAX], struct why *why)
{
	struct stat info;
	if (strlen(path) >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "file.write", "a path of %zu bytes", strlen(path));
	snprintf(out, FILE_PATH_MAX, "%s", path);
	if (lstat(path, &info) != 0)
		return errno == ENOENT ? ERR_OK : file_fail("write", path, why);
	if (S_ISREG(info.st_mode))
		return ERR_OK;
	if (!S_ISLNK(info.st_mode))
		return file_no_regular(path, why);
	char *real = realpath(path, NULL);
	if (real == NULL)
		return file_fail("follow", path, why);
	int n = snprintf(out, FILE_PATH_MAX, "%s", real);
	free(real);
	if (n >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "file.write", "%s: points too far", path);
	return stat(out, &info) != 0 || S_ISREG(info.st_mode) ? ERR_OK : file_no_regular(out, why);
}

/* Owner first: the mode must not open the file to a group that is not yet the right one. */
static enum err set_rights(int fd, const char *target, unsigned mode, struct why *why)
{
	struct stat old;
	struct stat ours;
	/* not asked for without need: the agent's sandbox refuses the call itself */
	bool is_given = stat(target, &old) == 0 && fstat(fd, &ours) == 0 &&
	                (old.st_uid != ours.st_uid || old.st_gid != ours.st_gid);
	if (is_given && fchown(fd, old.st_uid, old.st_gid) != 0 && geteuid() == 0) {
		enum err e = file_fail("give to its owner", target, why);
		why_next(why, "chown it to root, or let the service have CAP_CHOWN");
		return e;
	}
	return fchmod(fd, (mode_t)mode) == 0 ? ERR_OK : file_fail("write", target, why);
}

/* Another writer of the same file takes the name away from us: what stands there may be half of its content. */
static enum err check_ours(int fd, const char *temporary, const char *path, struct why *why)
{
	struct stat ours;
	struct stat there;
	if (fstat(fd, &ours) == 0 && lstat(temporary, &there) == 0 && ours.st_ino == there.st_ino &&
	    ours.st_dev == there.st_dev)
		return ERR_OK;
	why_set(why, ERR_BUSY, "file.write", "%s: another program is writing it", path);
	why_next(why, "wait for it to end, then try again");
	return ERR_BUSY;
}

/* target: where it went, behind a symlink. */
static enum err replace(const char *path, struct bytes content, unsigned mode, char target[FILE_PATH_MAX],
                        struct why *why)
{
	char temporary[FILE_NEW_CAP];
	enum err e = write_target(path, target, why);
	if (e != ERR_OK)
		return e;
	new_name(target, temporary);
	e = file_remove_leftover(temporary, why);
	if (e != ERR_OK)
		return e;
	/* 0600: wider only once it has its owner */
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_fail("write", path, why);
	e = set_rights(fd, target, mode, why);
	if (e == ERR_OK)
		e = file_write_and_sync(fd, content, path, why);
	if (e == ERR_OK)
		e = check_ours(fd, temporary, path, why);
	close(fd);
	if (e == ERR_BUSY)
		return e;
	if (e == ERR_OK && rename(temporary, target) != 0)
		e = file_fail("rename", path, why);
	if (e != ERR_OK && file_remove_leftover(temporary, NULL) != ERR_OK) {
		/* it stays for the next write; the error that is told is the first one */
	}
	return e;
}

enum err file_write_part(const char *path, struct bytes content, unsigned mode, struct why *why)
{
	char target[FILE_PATH_MAX];
	return replace(path, content, mode, target, why);
}

enum err file_write_atomic(const char *path, struct bytes content, unsigned mode, struct why *why)
{
	char target[FILE_PATH_MAX];
	enum err e = replace(path, content, mode, target, why);
	return e == ERR_OK ? file_sync_folder_of(target, why) : e;
}

enum err file_switch_link(const char *path, const char *target, struct why *why)
{
	char temporary[FILE_NEW_CAP];
	if (strlen(path) >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "file.link", "a path of %zu bytes", strlen(path));
	new_name(path, temporary);
	enum err e = file_remove_leftover(temporary, why);
	if (e != ERR_OK)
		return e;
	if (symlink(target, temporary) != 0)
		return file_fail("link", path, why);
	if (rename(temporary, path) != 0) {
		e = file_fail("rename", path, why);
		unlink(temporary);
		return e;
	}
	return file_sync_folder_of(path, why);
}
