/* SPDX-License-Identifier: MIT */
#ifndef HAL_CHILD_H
#define HAL_CHILD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

/** A forked worker of ours and the parent's end of the socket to it. */
struct child {
	pid_t pid;
	int fd;
};

/**
 * Fork and run `main` in the child with its end of a socket pair; what it returns is its exit status. The child dies
 * with its parent, leaves no core file and cannot be traced, for keys of the parent were in its memory.
 * `ctx` is borrowed; the child has its own copy of the memory. ERR_IO: errno says why; *out is untouched.
 */
enum err child_start(int (*main)(void *ctx, int fd), void *ctx, struct child *out) MUST_CHECK;
/**
 * Wait until something is to be read from the child's socket (or it is gone), at most until `until_ms` of CLOCK_BOOTTIME.
 * `is_stopping` is asked twice a second; when it says so the wait is over, and the result false. NULL: nobody to ask.
 */
bool child_wait(int fd, int64_t until_ms, bool (*is_stopping)(void *ctx), void *ctx) MUST_CHECK;
/** End it, whatever it does, wait for it and close the socket. */
void child_end(struct child *child);

#ifdef __cplusplus
}
#endif
#endif
