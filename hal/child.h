/* SPDX-License-Identifier: MIT */
#ifndef HAL_CHILD_H
#define HAL_CHILD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/** A forked worker of ours and the parent's end of the socket to it. */
struct child {
	pid_t pid;
	int fd; /* send() fails with EAGAIN when the worker has read nothing for five seconds */
};

/**
 * Fork and run `main` in the child with its end of a socket pair; what it returns is its exit status. The child dies
 * with its parent, and is shut in before (hal/cage.h): it reads what a server says, and keys of the parent were in its memory.
 * `ctx` is borrowed; the child has its own copy of the memory. ERR_IO: errno says why; *out is untouched.
 */
enum err child_start(int (*main)(void *ctx, int fd), void *ctx, struct child *out) MUST_CHECK;
/**
 * Wait until something is to be read from the child's socket (or it is gone), at most until `until_ms` of CLOCK_BOOTTIME.
 * `is_stopping` is asked twice a second; when it says so the wait is over, and the result false. NULL: nobody to ask.
 */
bool child_wait(int fd, int64_t until_ms, bool (*is_stopping)(void *ctx), void *ctx) MUST_CHECK;
/** End it, whatever it does, wait for it and close the socket. True: it did what its cage forbids, and the kernel had ended it. */
bool child_end(struct child *child);
/** The sentence for that: ERR_UNREACHABLE with `code`, for the try is repeated as after a server's fault. */
enum err child_was_caged(const char *code, struct why *why);

#ifdef __cplusplus
}
#endif
#endif
