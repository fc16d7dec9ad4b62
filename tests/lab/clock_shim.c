/* SPDX-License-Identifier: MIT */
/*
 * A clock of the lab: LD_PRELOAD this, LAB_CLOCK=FILE (labclock.py makes it), and the program lives by the clock of that
 * file. Every process with the same file shares it; the machine's own clock is never touched.
 *
 *   CLOCK_REALTIME   any time; clock_settime(2), settimeofday(2) and adjtimex(2) change the file, with a kernel's manners:
 *                    setting clears "synchronised"
 *   all clocks       may run `rate` times as fast; what waits (poll, select, epoll, sleeps, timerfd, condition variables,
 *                    semaphores) waits so much shorter
 *   timerfd          with TFD_TIMER_CANCEL_ON_SET is cancelled when the lab's clock is set, within SLICE_NS, for who waits by
 *                    poll, ppoll or epoll
 *
 * Not done: time stamps of files, alarm(2), setitimer(2) and SO_RCVTIMEO go by the real clocks; a timer
 * that is armed keeps the rate, and one on CLOCK_REALTIME the wall time, that it was armed under; system calls made
 * without the C library are not seen. Clocks are read by syscall(2), since the sanitizers read them before dlsym(3) works;
 * what blocks goes through the C library, since it is a cancellation point.
 */
#include "clock_shim.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>

#define FAR_S (INT64_MAX / SECOND - 1)

_Static_assert(sizeof(time_t) == 8 && sizeof(long) == 8, "64 bit only");

struct lab *lab;

__attribute__((constructor(101))) static void open_lab(void)
{
	const char *path = getenv("LAB_CLOCK");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd >= 0 ? mmap(NULL, sizeof *lab, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (fd >= 0)
		syscall(SYS_close, fd);
	if (at == MAP_FAILED || memcmp(at, "LABCLOCK", 8) != 0) {
		static const char words[] = "clock_shim: LAB_CLOCK is no clock of the lab\n";
		(void)!write(2, words, sizeof words - 1);
		_exit(70); /* never on the machine's clock by mistake */
	}
	lab = at;
}

/* ---- clocks ---- */

int64_t ns_of(const struct timespec *t)
{
	return (t->tv_sec < FAR_S ? t->tv_sec : FAR_S) * SECOND + t->tv_nsec;
}

struct timespec timespec_of(int64_t ns)
{
	int64_t rest = ns % SECOND;
	struct timespec t = {.tv_sec = ns / SECOND - (rest < 0), .tv_nsec = rest < 0 ? rest + SECOND : rest};
	return t;
}

int64_t machine(clockid_t id)
{
	struct timespec t = {0, 0};
	syscall(SYS_clock_gettime, id, &t);
	return ns_of(&t);
}

struct pace {
	int64_t real_start, lab_start, rate;
};

static struct pace pace(void)
{
	struct pace p;
	uint64_t before;
	do {
		before = atomic_load(&lab->changes);
		p.real_start = atomic_load(&lab->real_start);
		p.lab_start = atomic_load(&lab->lab_start);
		p.rate = atomic_load(&lab->rate);
	} while (before % 2 != 0 || before != atomic_load(&lab->changes));
	return p;
}

static int64_t lab_boot(void)
{
	struct pace p = pace();
	return p.lab_start + (machine(CLOCK_BOOTTIME) - p.real_start) * p.rate;
}

static int is_wall(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI;
}

int is_ours(clockid_t id)
{
	return is_wall(id) || id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_MONOTONIC_RAW ||
	       id == CLOCK_BOOTTIME || id == CLOCK_BOOTTIME_ALARM;
}

/* The others are as far from CLOCK_BOOTTIME as on the machine. */
static int64_t lab_time(clockid_t id)
{
	if (is_wall(id))
		return lab_boot() + atomic_load(&lab->wall);
	return lab_boot() + machine(id) - machine(CLOCK_BOOTTIME);
}

int64_t shorter(int64_t ns)
{
	int64_t rate = pace().rate;
	return ns <= 0 ? ns : (ns + rate - 1) / rate;
}

int64_t longer(int64_t ns) { return ns * pace().rate; }

struct timespec moment(clockid_t id, const struct timespec *at)
{
	int64_t left = ns_of(at) - lab_time(id);
	int64_t real = machine(id);
	real += left < INT64_MAX / 2 ? shorter(left) : INT64_MAX / 2; /* never, and it must not overflow */
	return timespec_of(real > 0 ? real : 0);
}

EXPORT int clock_gettime(clockid_t id, struct timespec *out)
{
	if (lab == NULL || !is_ours(id))
		return (int)syscall(SYS_clock_gettime, id, out);
	*out = timespec_of(lab_time(id));
	return 0;
}

EXPORT time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

EXPORT int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (zone != NULL)
		memset(zone, 0, sizeof(struct timezone));
	*out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}

EXPORT int timespec_get(struct timespec *out, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

/* ---- setting ---- */

static int refused(int error)
{
	errno = error;
	return -1;
}

static int set_wall(int64_t ns)
{
	if (lab == NULL || atomic_load(&lab->is_denied) != 0)
		return refused(EPERM);
	if (ns < 0)
		return refused(EINVAL);
	atomic_store(&lab->wall, ns - lab_boot());
	atomic_store(&lab->is_synchronised, 0); /* kernel/time/ntp.c: ntp_clear() */
	atomic_fetch_add(&lab->sets, 1);
	return 0;
}

EXPORT int clock_settime(clockid_t id, const struct timespec *t)
{
	return id == CLOCK_REALTIME ? set_wall(ns_of(t)) : refused(EINVAL);
}

EXPORT int settimeofday(const struct timeval *t, const struct timezone *zone)
{
	(void)zone;
	return t == NULL ? 0 : set_wall((int64_t)t->tv_sec * SECOND + (int64_t)t->tv_usec * 1000);
}

EXPORT int clock_adjtime(clockid_t id, struct timex *t)
{
	unsigned modes = t->modes;
	if (id != CLOCK_REALTIME || lab == NULL)
		return refused(EINVAL);
	if (modes != 0 && atomic_load(&lab->is_denied) != 0)
		return refused(EPERM);
	if ((modes & ADJ_SETOFFSET) != 0) {
		int64_t part = (modes & ADJ_NANO) != 0 ? 1 : 1000;
		if (set_wall(lab_time(CLOCK_REALTIME) + (int64_t)t->time.tv_sec * SECOND + t->time.tv_usec * part) != 0)
			return -1;
	}
	if ((modes & ADJ_STATUS) != 0)
		atomic_store(&lab->is_synchronised, (t->status & STA_UNSYNC) == 0);
	int is_synchronised = atomic_load(&lab->is_synchronised) != 0;
	struct timespec now = timespec_of(lab_time(CLOCK_REALTIME));
	*t = (struct timex){.status = is_synchronised ? STA_PLL : STA_UNSYNC,
			    .tick = 10000,
			    .time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000}};
	return is_synchronised ? TIME_OK : TIME_ERROR;
}

EXPORT int adjtimex(struct timex *t) { return clock_adjtime(CLOCK_REALTIME, t); }
EXPORT int ntp_adjtime(struct timex *t) { return clock_adjtime(CLOCK_REALTIME, t); }
