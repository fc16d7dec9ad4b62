/* SPDX-License-Identifier: MIT */
#include "hal/cage.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hal/cage_parts.h"
#include "hal/log.h"

#define FD_COUNT_MAX 65536 /* descriptors closed one by one on a kernel without close_range(2) */

static void close_range_of(unsigned first, unsigned last)
{
	if (first > last)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	for (unsigned fd = first; fd <= last && fd < FD_COUNT_MAX; fd++)
		close((int)fd);
}

/* Locks, the TPM, watched folders: nothing of the parent is left but the way to it and stderr, where log lines go. */
static enum err keep_descriptors(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return ERR_IO;
	close_range_of(STDERR_FILENO + 1, (unsigned)fd - 1);
	close_range_of((unsigned)fd + 1, ~0U);
	return ERR_OK;
}

/* struct rlimit64 of the kernel: the C libraries do not agree about the type of RLIMIT_CORE. */
struct pair {
	uint64_t soft, hard;
};

static enum err lower(int what, uint64_t most)
{
	struct pair now;
	if (syscall(SYS_prlimit64, 0, what, NULL, &now) != 0)
		return ERR_IO;
	most = most < now.hard ? most : now.hard;
	struct pair next = { most, most };
	if (syscall(SYS_prlimit64, 0, what, &next, NULL) == 0)
		return ERR_OK;
	next.hard = now.hard; /* valgrind refuses this one; who is in the cage cannot raise the other */
	return errno == EPERM && syscall(SYS_prlimit64, 0, what, &next, NULL) == 0 ? ERR_OK : ERR_IO;
}

/* proc(5): pages of address space, 0 where /proc is not there. A sanitizer's shadow and valgrind take a lot of it. */
static uint64_t size_now(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file != NULL && fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static enum err limit(void)
{
	const struct {
		int what;
		uint64_t most;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_NOFILE, CAGE_OPEN_FILES },
		{ RLIMIT_NPROC, CAGE_TASKS },
		{ RLIMIT_AS, size_now() + CAGE_MEMORY },
	};
	enum err e = ERR_OK;
	for (size_t i = 0; i < sizeof limits / sizeof limits[0] && e == ERR_OK; i++)
		e = lower(limits[i].what, limits[i].most);
	return e;
}

static void say_missing(enum err e, enum log_level level, const char *what)
{
	if (e == ERR_UNSUPPORTED)
		log_line(level, "cage: this kernel has no %s: the worker runs without", what);
}

enum err cage_enter(int fd, pid_t parent)
{
	int rules = -1;
	enum err e = keep_descriptors(fd);
	if (e != ERR_OK)
		return e;
	enum err files = cage_files_open(&rules);
	if (files != ERR_OK && files != ERR_UNSUPPORTED)
		return files;
	e = limit();
	if (e == ERR_OK)
		e = cage_user_enter();
	if (e == ERR_DENIED) {
		log_debug("cage: not permitted to change the user: the worker keeps this one");
		e = ERR_OK;
	}
	/* after the user: a change of it takes the first two back */
	if (e == ERR_OK && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
			    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
		e = ERR_IO;
	if (e == ERR_OK && getppid() != parent) { /* it went before */
		errno = ESRCH;
		e = ERR_IO;
	}
	if (e == ERR_OK && files == ERR_OK)
		e = cage_files_enter(&rules);
	say_missing(files, LOG_DEBUG, "Landlock");
	if (e != ERR_OK)
		return e;
	e = cage_calls_enter();
	say_missing(e, LOG_WARN, "system call filter");
	return e == ERR_UNSUPPORTED ? ERR_OK : e;
}
