/* SPDX-License-Identifier: MIT */
#ifndef HAL_FILE_PARTS_H
#define HAL_FILE_PARTS_H
#include "hal/file.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Between the sources of hal/file.h. */

#define FILE_NEW_CAP (FILE_PATH_MAX + 8) /* a path, ".", ".new" and the NUL */

/** Translate errno: "PATH: cannot WHAT: ..." with the code "file.WHAT". */
enum err file_fail(const char *what, const char *path, struct why *why);
/** ERR_IO: it is a folder, a FIFO or the like. */
enum err file_no_regular(const char *path, struct why *why);
enum err file_write_all(int fd, struct bytes content, const char *path, struct why *why) MUST_CHECK;
enum err file_write_and_sync(int fd, struct bytes content, const char *path, struct why *why) MUST_CHECK;
enum err file_sync_folder_of(const char *path, struct why *why) MUST_CHECK;
/** Unlink a file or symlink that a cut left behind, a key's after overwriting it. Not there, or of another kind, is
 *  success. The folder is not synchronised: a leftover that comes back is removed the next time. */
enum err file_remove_leftover(const char *path, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
