/* SPDX-License-Identifier: MIT */
/*
 * Lets the n-th allocation of a program fail, whoever makes it: ours, the libraries', glibc's own (strdup, getline,
 * opendir). For LD_PRELOAD, without sanitizers. The program and the process that it forks are counted apart, since they
 * run side by side and one count for both would be another one each time.
 *
 * FAIL_ALLOC names a file of one struct plan, which is shared with the test: it says what fails, and is told what was.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { PROGRAM, FORKED, PROCESSES };

struct plan { /* as alloc_plan.py packs it */
	uint64_t nth[PROCESSES];    /* this one fails, from 1; 0: none */
	uint64_t count[PROCESSES];  /* how many were asked for */
	uint64_t signal[PROCESSES]; /* that ended it, if it was a crash; 0: none */
	uint64_t bytes[PROCESSES];  /* were asked for */
};

/* glibc's own, which need no look-up that might allocate */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct plan none;
static struct plan *plan = &none;
static int process = PROGRAM;

/* Several processes may have been forked, and one may have threads. */
static int fails(size_t size)
{
	__atomic_add_fetch(&plan->bytes[process], size, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&plan->count[process], 1, __ATOMIC_RELAXED) != plan->nth[process])
		return 0;
	errno = ENOMEM;
	return 1;
}

static void note_crash(int number)
{
	plan->signal[process] = (uint64_t)number;
	raise(number); /* SA_RESETHAND: ends it */
}

static void after_fork(void)
{
	process = FORKED;
}

__attribute__((constructor)) static void start(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	const char *path = getenv("FAIL_ALLOC");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *shared = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared == MAP_FAILED)
		return;
	action.sa_handler = note_crash;
	for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
		sigaction(crashes[i], &action, NULL);
	if (pthread_atfork(NULL, NULL, after_fork) == 0)
		plan = shared;
}

EXPORT void *malloc(size_t size)
{
	return fails(size) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	return fails(count * size) ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *block, size_t size)
{
	return fails(size) ? NULL : __libc_realloc(block, size);
}

EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
	size_t whole;
	if (__builtin_mul_overflow(count, size, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, whole);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	return fails(size) ? NULL : __libc_memalign(alignment, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
	int before = errno;
	void *block = memalign(alignment, size);
	errno = before;
	if (block == NULL)
		return ENOMEM;
	*out = block;
	return 0;
}
