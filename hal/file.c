/* SPDX-License-Identifier: MIT */
#include "hal/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "hal/clock.h"

#define NAMES_MAX 10000 /* entries of one folder that we list */
#define LOCK_TRY_MS 50  /* between two tries for a lock */

static enum err fail(const char *what, const char *path, struct why *why)
{
	int number = errno;
	enum err e = number == ENOENT || number == ENOTDIR                           ? ERR_NOT_FOUND
	             : number == EACCES || number == EPERM || number == EROFS        ? ERR_DENIED
	             : number == ENAMETOOLONG || number == EFBIG || number == ELOOP ? ERR_TOO_BIG
	                                                                            : ERR_IO;
	char code[32];
	snprintf(code, sizeof code, "file.%s", what);
	return why_set(why, e, code, "%s: cannot %s: %s", path, what, strerror(number));
}

enum err path_join(char out[FILE_PATH_MAX], const char *folder, const char *name)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s/%s", folder, name);
	if (n >= 0 && n < FILE_PATH_MAX)
		return ERR_OK;
	out[0] = '\0';
	return ERR_TOO_BIG;
}

static void folder_of(const char *path, char out[FILE_PATH_MAX])
{
	snprintf(out, FILE_PATH_MAX, "%s", path);
	char *slash = strrchr(out, '/');
	if (slash == NULL)
		snprintf(out, FILE_PATH_MAX, ".");
	else if (slash == out)
		slash[1] = '\0';
	else
		*slash = '\0';
}

static enum err sync_folder_of(const char *path, struct why *why)
{
	char folder[FILE_PATH_MAX];
	folder_of(path, folder);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open", folder, why);
	enum err e = fsync(fd) == 0 || errno == EINVAL ? ERR_OK : fail("sync", folder, why);
	close(fd);
	return e;
}

enum err file_read(const char *path, struct buf *out, struct why *why)
{
	uint8_t part[4096];
	struct stat info;
	size_t len_before = out->len;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail("open", path, why);
	enum err e = ERR_OK;
	if (fstat(fd, &info) != 0)
		e = fail("look at", path, why);
	else if (!S_ISREG(info.st_mode))
		e = why_set(why, ERR_IO, "file.read", "%s: not a regular file", path);
	while (e == ERR_OK) {
		ssize_t n = read(fd, part, sizeof part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			e = fail("read", path, why);
		if (n <= 0)
			break;
		e = buf_add(out, part, (size_t)n);
		if (e != ERR_OK)
			why_set(why, e, "file.read", "%s: more than %zu bytes", path, out->max);
	}
	explicit_bzero(part, sizeof part);
	close(fd);
	if (e != ERR_OK)
		buf_cut(out, len_before);
	return e;
}

static enum err write_all(int fd, struct bytes content, const char *path, struct why *why)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.data, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("write", path, why);
		content = (struct bytes){ content.data + n, content.len - (size_t)n };
	}
	return fsync(fd) == 0 ? ERR_OK : fail("sync", path, why);
}

/* A target that is a symlink keeps being one: what it points at is replaced. */
static enum err write_target(const char *path, char out[FILE_PATH_MAX], struct why *why)
{
	struct stat info;
	if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode)) {
		snprintf(out, FILE_PATH_MAX, "%s", path);
		return ERR_OK;
	}
	char *real = realpath(path, NULL);
	if (real == NULL)
		return fail("follow", path, why);
	int n = snprintf(out, FILE_PATH_MAX, "%s", real);
	free(real);
	return n < FILE_PATH_MAX ? ERR_OK : why_set(why, ERR_TOO_BIG, "file.write", "%s: points too far", path);
}

enum err file_write_atomic(const char *path, struct bytes content, unsigned mode, struct why *why)
{
	char target[FILE_PATH_MAX];
	char temporary[FILE_PATH_MAX + 16];
	struct stat old;
	if (strlen(path) >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "file.write", "a path of %zu bytes", strlen(path));
	enum err e = write_target(path, target, why);
	if (e != ERR_OK)
		return e;
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", target);
	int fd = mkostemp(temporary, O_CLOEXEC); /* made 0600: wider only once the content is there */
	if (fd < 0)
		return fail("write", path, why);
	if (fchmod(fd, (mode_t)mode) != 0 ||
	    (stat(target, &old) == 0 && fchown(fd, old.st_uid, old.st_gid) != 0 && geteuid() == 0))
		e = fail("write", path, why);
	if (e == ERR_OK)
		e = write_all(fd, content, path, why);
	close(fd);
	if (e == ERR_OK && rename(temporary, target) != 0)
		e = fail("rename", path, why);
	if (e != ERR_OK) {
		unlink(temporary);
		return e;
	}
	return sync_folder_of(target, why);
}

enum err file_append(const char *path, struct bytes content, unsigned mode, struct why *why)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	if (fd < 0)
		return fail("write", path, why);
	enum err e = write_all(fd, content, path, why);
	close(fd);
	return e;
}

enum err file_make_folder(const char *path, unsigned mode, struct why *why)
{
	char part[FILE_PATH_MAX];
	struct stat info;
	if (strlen(path) >= sizeof part)
		return why_set(why, ERR_TOO_BIG, "file.make", "a path of %zu bytes", strlen(path));
	snprintf(part, sizeof part, "%s", path);
	for (char *p = part + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char kept = *p;
		*p = '\0';
		if (mkdir(part, (mode_t)mode) == 0) {
			enum err e = sync_folder_of(part, why);
			if (e != ERR_OK)
				return e;
		} else if (errno != EEXIST && (stat(part, &info) != 0 || !S_ISDIR(info.st_mode))) {
			return fail("make", part, why);
		}
		*p = kept;
		if (kept == '\0')
			break;
	}
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return ERR_OK;
	errno = ENOTDIR;
	return why_set(why, ERR_IO, "file.make", "%s: is there and is no folder", path);
}

enum err file_switch_link(const char *path, const char *target, struct why *why)
{
	char temporary[FILE_PATH_MAX + 8];
	snprintf(temporary, sizeof temporary, "%s.new", path);
	if (unlink(temporary) != 0 && errno != ENOENT)
		return fail("unlink", temporary, why);
	if (symlink(target, temporary) != 0)
		return fail("link", path, why);
	if (rename(temporary, path) != 0) {
		enum err e = fail("rename", path, why);
		unlink(temporary);
		return e;
	}
	return sync_folder_of(path, why);
}

enum err file_read_link(const char *path, char out[], size_t cap, struct why *why)
{
	ssize_t n = readlink(path, out, cap);
	if (n < 0 && errno == EINVAL)
		errno = ENOENT;
	if (n < 0)
		return fail("read", path, why);
	if ((size_t)n >= cap)
		return why_set(why, ERR_TOO_BIG, "file.read", "%s: points too far", path);
	out[n] = '\0';
	return ERR_OK;
}

enum err file_remove(const char *path, struct why *why)
{
	if (unlink(path) != 0)
		return errno == ENOENT ? ERR_OK : fail("remove", path, why);
	return sync_folder_of(path, why);
}

static enum err overwrite(const char *path, struct why *why)
{
	static const uint8_t zeros[4096];
	struct stat info;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : fail("wipe", path, why);
	enum err e = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? ERR_OK : ERR_IO;
	for (off_t left = e == ERR_OK ? info.st_size : 0; left > 0 && e == ERR_OK;) {
		size_t now = left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros;
		e = write_all(fd, (struct bytes){ zeros, now }, path, why);
		left -= (off_t)now;
	}
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
	if (r->err == ERR_OK)
		r->err = strncmp(name, "key.", 4) == 0 ? file_wipe(path, r->why) : file_remove(path, r->why);
}

enum err file_remove_folder(const char *path, struct why *why)
{
	struct removal removal = { path, ERR_OK, why };
	enum err e = file_list(path, remove_entry, &removal, why);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = removal.err;
	if (e != ERR_OK)
		return e;
	if (rmdir(path) != 0 && errno != ENOENT)
		return fail("remove", path, why);
	return sync_folder_of(path, why);
}

bool file_exists(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum err file_list(const char *folder, void (*each)(void *ctx, const char *name), void *ctx, struct why *why)
{
	char **names = NULL;
	size_t count = 0;
	struct dirent *entry;
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return fail("list", folder, why);
	enum err e = ERR_OK;
	while (e == ERR_OK && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char **grown = count < NAMES_MAX ? realloc(names, (count + 1) * sizeof *names) : NULL;
		if (grown == NULL) {
			e = why_set(why, count < NAMES_MAX ? ERR_NO_MEMORY : ERR_TOO_BIG, "file.list", "%s: %zu entries", folder,
			            count);
			break;
		}
		names = grown;
		names[count] = strdup(entry->d_name);
		if (names[count] == NULL)
			e = ERR_NO_MEMORY;
		else
			count++;
	}
	closedir(dir);
	if (count > 0)
		qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 0; i < count; i++) {
		if (e == ERR_OK)
			each(ctx, names[i]);
		free(names[i]);
	}
	free(names);
	return e;
}

enum err file_lock(const char *path, unsigned wait_s, int *out_fd, struct why *why)
{
	int64_t until = clock_boot_ms() + (int64_t)wait_s * 1000;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail("lock", path, why);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			enum err e = fail("lock", path, why);
			close(fd);
			return e;
		}
		if (clock_boot_ms() >= until) {
			close(fd);
			enum err e = why_set(why, ERR_BUSY, "file.lock", "another run of signet holds %s", path);
			why_next(why, "wait for it to end, then try again");
			return e;
		}
		struct timespec pause = { 0, LOCK_TRY_MS * 1000000L };
		nanosleep(&pause, NULL);
	}
	*out_fd = fd;
	return ERR_OK;
}

void file_unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
