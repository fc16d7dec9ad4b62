/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LAB_CLOCK_SHIM_H
#define TESTS_LAB_CLOCK_SHIM_H
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

/* Between the two halves of the lab's clock; clock_shim.c says what it is. */

#define SECOND 1000000000LL
#define EXPORT __attribute__((visibility("default")))

/* The file, as labclock.py packs it. All numbers are 8 bytes, all times ns. */
struct lab {
	char magic[8];
	_Atomic uint64_t changes;	/* odd while real_start, lab_start and rate are being written */
	_Atomic int64_t real_start;	/* CLOCK_BOOTTIME of the machine */
	_Atomic int64_t lab_start;	/* CLOCK_BOOTTIME of the lab at real_start */
	_Atomic int64_t rate;		/* lab seconds in a real one */
	_Atomic int64_t wall;		/* CLOCK_REALTIME less CLOCK_BOOTTIME of the lab */
	_Atomic int64_t is_synchronised; /* as adjtimex(2) tells */
	_Atomic int64_t is_denied;	/* setting it is refused with EPERM */
	_Atomic int64_t sets;		/* how often it was set */
};

/* NULL: a call before the library is ready, which gets the machine's clock. */
extern struct lab *lab;

int64_t ns_of(const struct timespec *t);
struct timespec timespec_of(int64_t ns);
/* The machine's own clock, ns. */
int64_t machine(clockid_t id);
/* Is it one of the clocks that the lab has? */
int is_ours(clockid_t id);
/* A time of the lab in real ns, rounded up; and what is left of a real time in ns of the lab. */
int64_t shorter(int64_t ns);
int64_t longer(int64_t ns);
/* A moment of the lab's clock on the machine's clock of that name. */
struct timespec moment(clockid_t id, const struct timespec *at);

#endif
