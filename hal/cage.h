/* SPDX-License-Identifier: MIT */
#ifndef HAL_CAGE_H
#define HAL_CAGE_H
#include <sys/types.h>
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CAGE_USER "signet-worker" /* of /etc/passwd; where there is none, uid and gid 65534 */
#define CAGE_OPEN_FILES 64        /* a transfer and a resolver have about ten */
#define CAGE_TASKS 64             /* threads of that user: libcurl's resolver is one for each name that it asks for */
#define CAGE_MEMORY (512UL << 20) /* bytes of address space more than at the start: a list of 16 MiB while it grows, for
				   * each of two threads a stack of 8 MiB and an arena of 128 MiB that glibc reserves */

/**
 * Shut the calling process in, for ever: what it may do afterwards is talk to servers over TCP and UDP, read what a resolver
 * and a TLS library read, and use the descriptors `fd` and stderr. For a process just forked that reads foreign bytes.
 *
 * - stdin and stdout are /dev/null, every other descriptor is closed.
 * - Where the process has CAP_SETUID and CAP_SETGID it becomes CAGE_USER; it has no capability any more.
 * - The limits above; no core file, nobody may trace it; it dies with `parent`, which is getppid()'s.
 * - Landlock (kernel 5.13 and newer): files are read below a short list, and none are written.
 * - seccomp: a list of system calls (hal/cage_calls.c). Another one ends the process with SIGSYS.
 *
 * What the kernel has not is passed over, and said at debug; no seccomp is a warning. Without Landlock the user decides what
 * can be read, without another user Landlock does: where neither is there, every file that the process could read before.
 * ERR_IO: a part that the kernel has cannot be set up; errno says why, and the process is to end. Never blocks. Once.
 */
enum err cage_enter(int fd, pid_t parent) MUST_CHECK;
/**
 * SIGKILL for a child that is in the cage, or on its way: also from a process that has CAP_SETUID but not CAP_KILL, which
 * takes the child's user for a moment (kill(2): the effective user of the one is the real user of the other).
 */
void cage_kill(pid_t child);

#ifdef __cplusplus
}
#endif
#endif
