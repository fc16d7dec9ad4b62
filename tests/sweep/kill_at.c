/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program: it and its children stop for ever at the n-th call that changes the disk or sends something, and at
 * any later one; killed.py sees that by the count, and kills them all. They cannot do it: a worker's cage has no kill(2).
 * $KILL_COUNT is a file of four zero bytes that parent and children count in; $KILL_AT is n, 0 for never.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_uint *count;
static unsigned kill_at;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("KILL_COUNT");
	const char *at = getenv("KILL_AT");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (map == MAP_FAILED)
		abort();
	kill_at = at != NULL ? (unsigned)strtoul(at, NULL, 10) : 0;
	count = map;
	close(fd);
}

static void step(void)
{
	while (count != NULL && kill_at != 0 && atomic_load(count) >= kill_at)
		pause();
	if (count != NULL && atomic_fetch_add(count, 1) + 1 == kill_at)
		for (;;)
			pause();
}

#define COUNTED(type, name, parameters, arguments)                                                         \
	type name parameters                                                                               \
	{                                                                                                  \
		type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);                      \
		step();                                                                                    \
		return real arguments;                                                                     \
	}

COUNTED(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len))
COUNTED(ssize_t, writev, (int fd, const struct iovec *parts, int n), (fd, parts, n))
COUNTED(ssize_t, send, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags))
COUNTED(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
COUNTED(int, fsync, (int fd), (fd))
COUNTED(int, fdatasync, (int fd), (fd))
COUNTED(int, rename, (const char *from, const char *to), (from, to))
COUNTED(int, unlink, (const char *path), (path))
COUNTED(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
COUNTED(int, rmdir, (const char *path), (path))
COUNTED(int, symlink, (const char *target, const char *path), (target, path))
COUNTED(int, mkdir, (const char *path, mode_t mode), (path, mode))
COUNTED(int, fchmod, (int fd, mode_t mode), (fd, mode))
COUNTED(int, ftruncate, (int fd, off_t len), (fd, len))
