/* SPDX-License-Identifier: MIT */
/* The half of the lab's clock that waits: timers, polls, sleeps and condition variables. See clock_shim.c. */
#include "clock_shim.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SLICE_NS (20 * 1000000LL) /* real time between two looks whether the clock was set */
#define TIMERS_MAX 16		  /* timerfds of one process that a set cancels */

/* A function of the C library; `version` where it has an older one by the same name. */
static void *library(void *_Atomic *known, const char *name, const char *version)
{
	void *f = atomic_load(known);
	if (f == NULL) {
		f = version != NULL ? dlvsym(RTLD_NEXT, name, version) : NULL;
		f = f != NULL ? f : dlsym(RTLD_NEXT, name);
		atomic_store(known, f);
	}
	return f;
}
#define REAL(name) \
	static void *_Atomic known_##name; \
	__typeof__(&name) real = (__typeof__(&name))library(&known_##name, #name, NULL)

/* ---- timerfd ---- */

static struct timer {
	_Atomic int fd; /* and 1: 0 is a free place */
	_Atomic int64_t sets;
	_Atomic int is_cancelled;
} timers[TIMERS_MAX];

static struct timer *timer_of(int fd)
{
	for (int i = 0; i < TIMERS_MAX; i++)
		if (atomic_load(&timers[i].fd) == fd + 1)
			return &timers[i];
	return NULL;
}

static void watch(int fd)
{
	struct timer *t = timer_of(fd);
	for (int i = 0; i < TIMERS_MAX && t == NULL; i++) {
		int nobody = 0;
		if (atomic_compare_exchange_strong(&timers[i].fd, &nobody, fd + 1))
			t = &timers[i];
	}
	if (t == NULL)
		abort(); /* raise TIMERS_MAX */
	atomic_store(&t->sets, atomic_load(&lab->sets));
	atomic_store(&t->is_cancelled, 0);
}

static clockid_t clock_of(int fd)
{
	char path[64] = "/proc/self/fdinfo/";
	char text[512] = "";
	int len = (int)strlen(path);
	for (int d = 1000000; d > 0; d /= 10)
		if (fd >= d || d == 1)
			path[len++] = (char)('0' + fd / d % 10);
	path[len] = '\0';
	int info = open(path, O_RDONLY | O_CLOEXEC);
	if (info >= 0) {
		(void)!syscall(SYS_read, info, text, sizeof text - 1);
		syscall(SYS_close, info);
	}
	const char *id = strstr(text, "clockid: ");
	return id != NULL ? atoi(id + 9) : CLOCK_MONOTONIC;
}

EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	REAL(timerfd_settime);
	struct itimerspec at = *new;
	if (lab == NULL)
		return real(fd, flags, new, old);
	int64_t first = ns_of(&new->it_value);
	if (first != 0 && (flags & TFD_TIMER_ABSTIME) != 0)
		at.it_value = moment(clock_of(fd), &new->it_value);
	else if (first != 0 && (flags & TFD_TIMER_ABSTIME) == 0)
		at.it_value = timespec_of(shorter(first));
	if (first != 0 && ns_of(&at.it_value) == 0)
		at.it_value.tv_nsec = 1;
	at.it_interval = timespec_of(shorter(ns_of(&new->it_interval)));
	if ((flags & TFD_TIMER_CANCEL_ON_SET) != 0)
		watch(fd);
	else if (timer_of(fd) != NULL)
		atomic_store(&timer_of(fd)->fd, 0);
	return real(fd, flags & ~TFD_TIMER_CANCEL_ON_SET, &at, old);
}

/* Timers whose clock was set become readable; read() then tells why. */
static int cancel(void)
{
	int watched = 0;
	for (int i = 0; i < TIMERS_MAX; i++) {
		int fd = atomic_load(&timers[i].fd) - 1;
		int64_t sets = atomic_load(&lab->sets);
		watched |= fd >= 0;
		if (fd < 0 || atomic_exchange(&timers[i].sets, sets) == sets)
			continue;
		static const struct itimerspec now = {.it_value = {.tv_nsec = 1}};
		atomic_store(&timers[i].is_cancelled, 1);
		syscall(SYS_timerfd_settime, fd, 0, &now, NULL);
	}
	return watched;
}

EXPORT ssize_t read(int fd, void *to, size_t len)
{
	REAL(read);
	struct timer *t = lab != NULL ? timer_of(fd) : NULL;
	if (t != NULL)
		cancel();
	if (t == NULL || !atomic_exchange(&t->is_cancelled, 0))
		return real(fd, to, len);
	uint64_t ticks;
	(void)!syscall(SYS_read, fd, &ticks, sizeof ticks);
	errno = ECANCELED;
	return -1;
}

EXPORT int close(int fd)
{
	REAL(close);
	struct timer *t = timer_of(fd);
	if (t != NULL)
		atomic_store(&t->fd, 0);
	return real(fd);
}

/* ---- waiting ---- */

typedef int (*wait_fn)(void *ctx, const struct timespec *timeout);

/* Wait by `wait` at most lab_ns of the lab (-1: for ever), in slices where a timer is to be cancelled. */
static int wait_for(wait_fn wait, void *ctx, int64_t lab_ns)
{
	int64_t end = lab_ns < 0 ? INT64_MAX : machine(CLOCK_MONOTONIC) + shorter(lab_ns);
	for (;;) {
		int is_watched = cancel();
		int64_t left = lab_ns < 0 ? INT64_MAX : end - machine(CLOCK_MONOTONIC);
		left = left < 0 ? 0 : left;
		int64_t slice = is_watched && left > SLICE_NS ? SLICE_NS : left;
		struct timespec t = timespec_of(slice);
		int got = wait(ctx, slice == INT64_MAX ? NULL : &t);
		if (got != 0 || slice == left)
			return got;
	}
}

static int64_t of_ms(int ms) { return ms < 0 ? -1 : (int64_t)ms * 1000000; }
static int64_t of_timespec(const struct timespec *t) { return t == NULL ? -1 : ns_of(t); }

struct poll_call {
	struct pollfd *fds;
	nfds_t count;
	const sigset_t *mask;
};

static int real_ppoll(void *ctx, const struct timespec *t)
{
	REAL(ppoll);
	struct poll_call *c = ctx;
	return real(c->fds, c->count, t, c->mask);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *t, const sigset_t *mask)
{
	struct poll_call c = {fds, count, mask};
	return lab == NULL ? real_ppoll(&c, t) : wait_for(real_ppoll, &c, of_timespec(t));
}

EXPORT int poll(struct pollfd *fds, nfds_t count, int ms)
{
	struct timespec t = timespec_of(of_ms(ms));
	return ppoll(fds, count, ms < 0 ? NULL : &t, NULL);
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size)
{
	(void)size;
	return poll(fds, count, ms);
}

struct epoll_call {
	int fd;
	struct epoll_event *events;
	int max;
	const sigset_t *mask;
};

/* Rounded up: a wait of 0 ms in a loop would burn the processor. */
static int real_epoll(void *ctx, const struct timespec *t)
{
	REAL(epoll_pwait);
	struct epoll_call *c = ctx;
	int ms = t == NULL ? -1 : (int)((ns_of(t) + 999999) / 1000000);
	return real(c->fd, c->events, c->max, ms, c->mask);
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int max, int ms, const sigset_t *mask)
{
	struct epoll_call c = {fd, events, max, mask};
	struct timespec t = timespec_of(of_ms(ms));
	return lab == NULL ? real_epoll(&c, ms < 0 ? NULL : &t) : wait_for(real_epoll, &c, of_ms(ms));
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int max, int ms)
{
	return epoll_pwait(fd, events, max, ms, NULL);
}

EXPORT int pselect(int count, fd_set *r, fd_set *w, fd_set *x, const struct timespec *t, const sigset_t *mask)
{
	REAL(pselect);
	struct timespec less = t != NULL && lab != NULL ? timespec_of(shorter(ns_of(t))) : (struct timespec){0, 0};
	return real(count, r, w, x, t == NULL || lab == NULL ? t : &less, mask);
}

/* Linux writes back what is left of the time. */
EXPORT int select(int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *t)
{
	REAL(select);
	if (t == NULL || lab == NULL)
		return real(count, r, w, x, t);
	struct timespec less = timespec_of(shorter((int64_t)t->tv_sec * SECOND + (int64_t)t->tv_usec * 1000));
	struct timeval left = {.tv_sec = less.tv_sec, .tv_usec = (less.tv_nsec + 999) / 1000};
	int got = real(count, r, w, x, &left);
	struct timespec rest = timespec_of(longer((int64_t)left.tv_sec * SECOND + (int64_t)left.tv_usec * 1000));
	*t = (struct timeval){.tv_sec = rest.tv_sec, .tv_usec = rest.tv_nsec / 1000};
	return got;
}

EXPORT int clock_nanosleep(clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
	REAL(clock_nanosleep);
	if (lab == NULL || !is_ours(id))
		return real(id, flags, t, left);
	if ((flags & TIMER_ABSTIME) != 0) {
		struct timespec at = moment(id, t);
		return real(id, flags, &at, left);
	}
	struct timespec less = timespec_of(shorter(ns_of(t)));
	int error = real(id, flags, &less, left);
	if (error == EINTR && left != NULL)
		*left = timespec_of(longer(ns_of(left)));
	return error;
}

EXPORT int nanosleep(const struct timespec *t, struct timespec *left)
{
	int error = clock_nanosleep(CLOCK_MONOTONIC, 0, t, left);
	errno = error != 0 ? error : errno;
	return error == 0 ? 0 : -1;
}

EXPORT int usleep(useconds_t us)
{
	struct timespec t = timespec_of((int64_t)us * 1000);
	return nanosleep(&t, NULL);
}

EXPORT unsigned sleep(unsigned s)
{
	struct timespec left = {.tv_sec = s};
	return nanosleep(&left, &left) == 0 ? 0 : (unsigned)left.tv_sec;
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t id, const struct timespec *t)
{
	REAL(pthread_cond_clockwait);
	struct timespec at = lab != NULL ? moment(id, t) : *t;
	return real(cond, mutex, id, &at);
}

EXPORT int sem_clockwait(sem_t *sem, clockid_t id, const struct timespec *t)
{
	REAL(sem_clockwait);
	struct timespec at = lab != NULL ? moment(id, t) : *t;
	return real(sem, id, &at);
}

EXPORT int sem_timedwait(sem_t *sem, const struct timespec *t) { return sem_clockwait(sem, CLOCK_REALTIME, t); }

/* glibc keeps the condition's clock in bit 1 of __wrefs (nptl/pthread_cond_common.c). */
EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *t)
{
	static void *_Atomic known;
	__typeof__(&pthread_cond_timedwait) real =
	    (__typeof__(&pthread_cond_timedwait))library(&known, "pthread_cond_timedwait", "GLIBC_2.3.2");
	clockid_t id = (cond->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	struct timespec at = lab != NULL ? moment(id, t) : *t;
	return real(cond, mutex, &at);
}
