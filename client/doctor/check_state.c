/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "client/doctor/checks.h"
#include "client/doctor/file_system.h"

#define MOUNTINFO_MAX (256 * 1024) /* bytes: a host of containers has some hundred mounts */
#define ROOM_LEAST                                                                                 \
	(1024 * 1024) /* bytes: two generations of each of ten profiles, history, and a file       \
			 system's slack */
#define NEXT_MOUNT "mount a persistent folder there, or set [agent] state_dir to one"

/* What stands in the way of a folder there: a link into nowhere (its disk is not mounted), or a file. */
static bool is_blocked(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return lstat(path, &st) == 0;
	errno = ENOTDIR;
	return !S_ISDIR(st.st_mode);
}

/* The state folder, or the nearest folder above it that is there. Without links. */
static bool find_folder(const struct examination *x, char out[FILE_PATH_MAX], bool *out_is_there)
{
	char path[FILE_PATH_MAX];
	char *real = NULL;
	memcpy(path, x->pass.store.state, sizeof path);
	*out_is_there = true;
	while (!is_blocked(path) && (real = realpath(path, NULL)) == NULL && errno == ENOENT) {
		char *slash = strrchr(path, '/');
		if (slash == NULL)
			return false;
		slash[slash == path] = '\0';
		*out_is_there = false;
	}
	bool fits = real != NULL && strlen(real) < FILE_PATH_MAX;
	if (fits)
		strcpy(out, real);
	free(real);
	return fits;
}

static bool look(struct examination *x, char folder[FILE_PATH_MAX], bool *out_is_there,
		 struct statfs *out)
{
	if (find_folder(x, folder, out_is_there) && statfs(folder, out) == 0)
		return true;
	if (errno == EACCES || x->check->run != check_state_writable)
		find_unseen(x, "", "%s: %s", x->pass.store.state, strerror(errno));
	else
		find_trouble(x, "", NEXT_MOUNT,
			     "%s can be no folder: it, or what stands above it, is a file or a link "
			     "that leads nowhere (%s)",
			     x->pass.store.state, strerror(errno));
	return false;
}

static void judge_overlay(struct examination *x, const char *folder)
{
	char upper[FILE_PATH_MAX];
	struct statfs fs;
	struct buf text;
	buf_init(&text, MOUNTINFO_MAX);
	enum err e = file_read("/proc/self/mountinfo", &text, NULL);
	if (e == ERR_OK)
		e = file_system_upper(buf_bytes(&text), folder, upper);
	buf_clear(&text);
	if (e != ERR_OK)
		find_warning(x, "", NEXT_MOUNT,
			     "%s is on an overlay whose upper folder is not known", folder);
	else if (statfs(upper, &fs) != 0)
		find_warning(
		    x, "", NEXT_MOUNT,
		    "%s is on an overlay; whether %s outlives a reboot cannot be seen from here",
		    folder, upper);
	else if (file_system_is_volatile((uint64_t)fs.f_type))
		find_trouble(x, "", NEXT_MOUNT,
			     "%s is on an overlay whose upper folder %s is in memory: keys and "
			     "certificates are gone "
			     "after a reboot",
			     folder, upper);
	else
		find_ok(x, "", "%s is on an overlay, kept in %s", folder, upper);
}

void check_state_persistent(struct examination *x)
{
	char folder[FILE_PATH_MAX];
	bool is_there;
	struct statfs fs;
	if (!look(x, folder, &is_there, &fs))
		return;
	uint64_t magic = (uint64_t)fs.f_type;
	if (file_system_is_volatile(magic))
		find_trouble(
		    x, "", NEXT_MOUNT,
		    "%s is in memory (tmpfs): keys and certificates are gone after a reboot",
		    folder);
	else if (file_system_is_overlay(magic))
		judge_overlay(x, folder);
	else
		find_ok(x, "", "%s%s is on a disk", folder,
			is_there ? "" : " (where the state folder will be)");
}

void check_state_links(struct examination *x)
{
	char folder[FILE_PATH_MAX];
	bool is_there;
	struct statfs fs;
	if (!look(x, folder, &is_there, &fs))
		return;
	if (file_system_has_links((uint64_t)fs.f_type))
		find_ok(x, "", "%s can hold symbolic links", folder);
	else
		find_trouble(x, "",
			     "use a file system with symbolic links (ext4, f2fs, ubifs) for "
			     "[agent] state_dir",
			     "%s is on a FAT file system, which has no symbolic links: no "
			     "certificate can be put into use",
			     folder);
}

static void judge_room(struct examination *x, const char *folder, const struct statvfs *fs)
{
	unsigned long long bytes = (unsigned long long)fs->f_bavail * fs->f_frsize;
	if (bytes < ROOM_LEAST)
		find_trouble(x, "", "free space there",
			     "%s has %llu KiB left, a renewal may not fit", folder, bytes / 1024);
	else if (fs->f_files != 0 && fs->f_favail == 0)
		find_trouble(x, "", "remove files there",
			     "%s has no inodes left, no file can be made", folder);
	else
		find_ok(x, "", "%s can be written, %llu MiB left", folder, bytes >> 20);
}

void check_state_writable(struct examination *x)
{
	char folder[FILE_PATH_MAX];
	bool is_there;
	struct statfs fs;
	struct statvfs room;
	if (!look(x, folder, &is_there, &fs))
		return;
	if (statvfs(folder, &room) != 0)
		find_unseen(x, "", "%s: %s", folder, strerror(errno));
	else if ((room.f_flag & ST_RDONLY) != 0)
		find_trouble(x, "",
			     "mount it for writing, or set [agent] state_dir to a folder that is",
			     "%s is mounted read only", folder);
	else if (access(folder, W_OK | X_OK) == 0)
		judge_room(x, folder, &room);
	else if (geteuid() != 0)
		find_unseen(x, "", "%s: only its owner may write there, so this cannot be judged",
			    folder);
	else
		find_trouble(x, "", "make it writable for root", "%s cannot be written: %s", folder,
			     strerror(errno));
}
