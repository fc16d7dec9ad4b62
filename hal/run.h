/* SPDX-License-Identifier: MIT */
#ifndef HAL_RUN_H
#define HAL_RUN_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Run a program without a shell and wait for it.
 *
 * argv       argv[0] is an absolute path; NULL-terminated; never a secret.
 * env        NULL-terminated "NAME=value", or NULL for PATH=/usr/sbin:/usr/bin:/sbin:/bin only.
 * timeout_s  then TERM, and KILL after 2 s more: ERR_UNREACHABLE.
 * out        stdout is appended here, bounded by its max (more: KILL, ERR_TOO_BIG); NULL: dropped.
 *            stdin is /dev/null, stderr is ours.
 * ERR_OK     it ran and ended by itself: *out_status is its exit status (128+n for signal n).
 * ERR_NOT_FOUND, ERR_DENIED: it could not be started.
 */
enum err run_program(const char *const argv[], const char *const env[], unsigned timeout_s, struct buf *out,
                     int *out_status, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
