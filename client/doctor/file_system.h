/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DOCTOR_FILE_SYSTEM_H
#define CLIENT_DOCTOR_FILE_SYSTEM_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/file.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What a file system can do, by its magic number of statfs(2). Pure. */

/** Is everything gone after a reboot? */
bool file_system_is_volatile(uint64_t magic);
/** Upper layer over something that is read only: what counts is where its upper folder is. */
bool file_system_is_overlay(uint64_t magic);
/** False: knows no symbolic links (FAT and what descends from it). */
bool file_system_has_links(uint64_t magic);

/**
 * The upper folder of the overlay that `path` (absolute, without links) is on, out of the text of
 * /proc/self/mountinfo (proc_pid_mountinfo(5)): the mount with the longest mount point before
 * `path`, the last of several. ERR_NOT_FOUND: no such mount, or it has none and is read only.
 * ERR_TOO_BIG.
 */
enum err file_system_upper(struct bytes mountinfo, const char *path,
			   char out[FILE_PATH_MAX]) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
