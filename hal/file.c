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
#include "hal/file_parts.h"

#define NAMES_MAX 10000 /* entries of one folder that we list */
#define LOCK_TRY_MS 50	/* between two tries for a lock */

enum err file_fail(const char *what, const char *path, struct why *why)
{
	int number = errno;
	enum err e = number == ENOENT || number == ENOTDIR		      ? ERR_NOT_FOUND
		     : number == EACCES || number == EPERM || number == EROFS ? ERR_DENIED
		     : number == ENAMETOOLONG || number == EFBIG	      ? ERR_TOO_BIG
									      : ERR_IO;
	char code[32];
	snprintf(code, sizeof code, "file.%s", what);
	return why_set(why, e, code, "%s: cannot %s: %s", path, what, strerror(number));
}

enum err file_no_regular(const char *path, struct why *why)
{
	return why_set(why, ERR_IO, "file.kind", "%s: not a regular file", path);
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

enum err file_sync_folder_of(const char *path, struct why *why)
{
	char folder[FILE_PATH_MAX];
	folder_of(path, folder);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_fail("open", folder, why);
	enum err e = fsync(fd) == 0 || errno == EINVAL ? ERR_OK : file_fail("sync", folder, why);
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
		return file_fail("open", path, why);
	enum err e = ERR_OK;
	if (fstat(fd, &info) != 0)
		e = file_fail("read", path, why);
	else if (!S_ISREG(info.st_mode))
		e = file_no_regular(path, why);
	while (e == ERR_OK) {
		ssize_t n = read(fd, part, sizeof part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			e = file_fail("read", path, why);
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

enum err file_write_all(int fd, struct bytes content, const char *path, struct why *why)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.data, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_fail("write", path, why);
		content = (struct bytes){content.data + n, content.len - (size_t)n};
	}
	return ERR_OK;
}

enum err file_write_and_sync(int fd, struct bytes content, const char *path, struct why *why)
{
	enum err e = file_write_all(fd, content, path, why);
	return e != ERR_OK || fsync(fd) == 0 ? e : file_fail("sync", path, why);
}

/* Open for appending; a file that is made here gets `mode` whatever the umask is. */
static enum err open_append(const char *path, unsigned mode, int *out_fd, bool *out_is_new,
			    struct why *why)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	struct stat info;
	int fd = open(path, flags | O_CREAT | O_EXCL, 0600);
	bool is_new = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags);
	if (fd < 0)
		return file_fail("write", path, why);
	enum err e = ERR_OK;
	if ((is_new && fchmod(fd, (mode_t)mode) != 0) || fstat(fd, &info) != 0)
		e = file_fail("write", path, why);
	else if (!S_ISREG(info.st_mode))
		e = file_no_regular(path, why);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	*out_fd = fd;
	*out_is_new = is_new;
	return ERR_OK;
}

enum err file_append(const char *path, struct bytes content, unsigned mode, struct why *why)
{
	int fd = -1;
	bool is_new = false;
	enum err e = open_append(path, mode, &fd, &is_new, why);
	if (e != ERR_OK)
		return e;
	off_t len_before = lseek(fd, 0, SEEK_END);
	e = file_write_and_sync(fd, content, path, why);
	if (e != ERR_OK && len_before >= 0 && ftruncate(fd, len_before) != 0) {
		/* half a record stays: the disk is full or gone, and the error says so already */
	}
	close(fd);
	return e == ERR_OK && is_new ? file_sync_folder_of(path, why) : e;
}

bool file_is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* One folder whose parent is there. `mode` holds whatever the umask is. */
static enum err make_one(const char *path, unsigned mode, struct why *why)
{
	struct stat info;
	if (mkdir(path, (mode_t)mode & 0700) != 0) {
		int number = errno;
		if (stat(path, &info) == 0)
			return S_ISDIR(info.st_mode)
				   ? ERR_OK
				   : why_set(why, ERR_IO, "file.make",
					     "%s: is there and is no folder", path);
		errno = number;
		if (number != EEXIST)
			return file_fail("make", path, why);
		why_set(why, ERR_IO, "file.make", "%s: is a link that leads nowhere", path);
		why_next(why, "mount what it leads to, or make that folder");
		return ERR_IO;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum err e = fd >= 0 && fchmod(fd, (mode_t)mode) == 0 ? ERR_OK : file_fail("make", path, why);
	if (fd >= 0)
		close(fd);
	return e == ERR_OK ? file_sync_folder_of(path, why) : e;
}

enum err file_make_folder(const char *path, unsigned mode, struct why *why)
{
	char part[FILE_PATH_MAX];
	size_t len = strlen(path);
	if (len >= sizeof part)
		return why_set(why, ERR_TOO_BIG, "file.make", "a path of %zu bytes", len);
	memcpy(part, path, len + 1);
	while (len > 1 && part[len - 1] == '/')
		part[--len] = '\0';
	if (file_is_folder(part)) /* as nearly always */
		return ERR_OK;
	for (char *p = part + 1; p < part + len; p++) {
		if (*p != '/' || p[-1] == '/')
			continue;
		*p = '\0';
		enum err e = make_one(part, mode, why);
		*p = '/';
		if (e != ERR_OK)
			return e;
	}
	return make_one(part, mode, why);
}

enum err file_read_link(const char *path, char out[], size_t cap, struct why *why)
{
	char target[FILE_PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target);
	if (n < 0 && errno == EINVAL)
		errno = ENOENT;
	if (n < 0)
		return file_fail("read", path, why);
	if ((size_t)n >= cap || (size_t)n >= sizeof target)
		return why_set(why, ERR_TOO_BIG, "file.read", "%s: points too far", path);
	memcpy(out, target, (size_t)n);
	out[n] = '\0';
	return ERR_OK;
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

enum err file_list(const char *folder, void (*each)(void *ctx, const char *name), void *ctx,
		   struct why *why)
{
	char **names = NULL;
	size_t count = 0;
	struct dirent *entry;
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return file_fail("list", folder, why);
	enum err e = ERR_OK;
	while (e == ERR_OK && (errno = 0, entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char **grown =
		    count < NAMES_MAX ? realloc(names, (count + 1) * sizeof *names) : NULL;
		if (grown == NULL) {
			e = why_set(why, count < NAMES_MAX ? ERR_NO_MEMORY : ERR_TOO_BIG,
				    "file.list", "%s: %zu entries", folder, count);
			break;
		}
		names = grown;
		names[count] = strdup(entry->d_name);
		if (names[count] == NULL)
			e = why_set(why, ERR_NO_MEMORY, "file.list", "%s: %zu entries", folder,
				    count);
		else
			count++;
	}
	if (e == ERR_OK && errno != 0)
		e = file_fail("list", folder, why);
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
		return file_fail("lock", path, why);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			enum err e = file_fail("lock", path, why);
			close(fd);
			return e;
		}
		if (clock_boot_ms() >= until) {
			close(fd);
			enum err e = why_set(why, ERR_BUSY, "file.lock",
					     "another run of signet holds %s", path);
			why_next(why, "wait for it to end, then try again");
			return e;
		}
		struct timespec pause = {0, LOCK_TRY_MS * 1000000L};
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
