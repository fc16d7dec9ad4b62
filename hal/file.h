/* SPDX-License-Identifier: MIT */
#ifndef HAL_FILE_H
#define HAL_FILE_H
#include <stdbool.h>
#include <stdint.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define FILE_PATH_MAX 1024 /* bytes of a path with its NUL; longer is ERR_TOO_BIG */

/*
 * Files as signet writes them. Every failure fills *why with the path and the system's words
 * (code "file.…"). ERR_NOT_FOUND: no such file; ERR_DENIED: EACCES, EPERM or EROFS; ERR_TOO_BIG:
 * larger than the caller's limit; ERR_IO: anything else.
 */

/** Append the whole regular file to *out, bounded by out->max. Refuses FIFOs and devices. */
enum err file_read(const char *path, struct buf *out, struct why *why) MUST_CHECK;
/**
 * Replace `path` atomically: temporary file beside it with `mode` set at creation, fsync, rename, fsync
 * of the folder. An existing regular file's owner is kept. After a power cut the old or the new
 * content is there, never half. A cut may leave ".NAME.new" beside it (a NAME above 250 bytes is cut there): the
 * next write removes it first, file_sweep_leftovers() too. A symlink stays one: the file it
 * points at is replaced; give a path of path_in_root() where a root is in play. Anything else than a
 * regular file, a folder or a FIFO for instance, is ERR_IO.
 * One writer at a time: of two at once one fails, with ERR_BUSY if it saw the other.
 */
enum err file_write_atomic(const char *path, struct bytes content, unsigned mode, struct why *why) MUST_CHECK;
/**
 * The same without the fsync of the folder, which wears flash: after a power cut the old file may be back, whole. For
 * one of several files of a folder (the last one by file_write_atomic() secures all), or where the old one does no harm.
 */
enum err file_write_part(const char *path, struct bytes content, unsigned mode, struct why *why) MUST_CHECK;
/**
 * Append one record and fsync. The file is made with `mode`, whatever the umask. A write that fails is
 * taken back, so that the next record starts on a line of its own. No symlink is followed.
 */
enum err file_append(const char *path, struct bytes content, unsigned mode, struct why *why) MUST_CHECK;
/** Make the folder and its missing parents with `mode`; a folder that is there is
 *  success and keeps its own. The umask does not count. */
enum err file_make_folder(const char *path, unsigned mode, struct why *why) MUST_CHECK;
/** Point the symlink `path` at `target` by one rename, and fsync the folder. A cut leaves ".NAME.new", as above. */
enum err file_switch_link(const char *path, const char *target, struct why *why) MUST_CHECK;
/** Text of a symlink. ERR_NOT_FOUND also when it is no symlink. */
enum err file_read_link(const char *path, char out[], size_t cap, struct why *why) MUST_CHECK;
/** Unlink and fsync the folder; not there is success. */
enum err file_remove(const char *path, struct why *why) MUST_CHECK;
/** Unlink without fsync: after a power cut it may be back. Not there is success. */
enum err file_drop(const char *path, struct why *why) MUST_CHECK;
/** Overwrite the content once with zeros, fsync, unlink, fsync the folder. Not there is success. */
enum err file_wipe(const char *path, struct why *why) MUST_CHECK;
/** Remove a folder and the plain files in it (one level; a subfolder is ERR_IO, a symlink
 *  to a folder too); key.* files and leftovers of them are wiped. Not there is success. */
enum err file_remove_folder(const char *path, struct why *why) MUST_CHECK;
/** Remove what power cuts left in `folder`: every file and symlink ".*.new"; leftovers of key.* are wiped. A folder
 *  that is not there is success. Nobody may be writing in it. */
enum err file_sweep_leftovers(const char *folder, struct why *why) MUST_CHECK;
/** The same without fsync of what the folder lies in: after a power cut it may be back, with some of its files. What was
 *  a key is zeros then. */
enum err file_drop_folder(const char *path, struct why *why) MUST_CHECK;
bool file_exists(const char *path);
/** True for a folder, or a link to one. */
bool file_is_folder(const char *path);
/** Call `each` with the name of every entry but "." and "..", sorted. ERR_NOT_FOUND when no such folder. */
enum err file_list(const char *folder, void (*each)(void *ctx, const char *name), void *ctx, struct why *why)
	MUST_CHECK;

/** Exclusive flock() on `path` (made 0600), waiting at most `wait_s`. ERR_BUSY. *out_fd is the caller's. */
enum err file_lock(const char *path, unsigned wait_s, int *out_fd, struct why *why) MUST_CHECK;
void file_unlock(int *fd);

/** "a/b" of folder and name. ERR_TOO_BIG when it does not fit, out is "" then. */
enum err path_join(char out[FILE_PATH_MAX], const char *folder, const char *name) MUST_CHECK;
/**
 * Resolve `path` below `root` ("" for none): absolute symlinks on the way are followed inside root.
 * The last component need not exist. ERR_TOO_BIG, ERR_INVALID (too many links).
 */
enum err path_in_root(char out[FILE_PATH_MAX], const char *root, const char *path) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
