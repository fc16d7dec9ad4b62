/* SPDX-License-Identifier: MIT */
#ifndef HAL_WAKE_H
#define HAL_WAKE_H
#include <stdbool.h>
#include <stdint.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * wake: what the idle agent sleeps on. One process, no threads. The clock, signals, files and the network are
 * descriptors of the kernel, so that nothing is missed between two sleeps and a suspended device wakes in time.
 */
struct wake;

enum {
	WAKE_TIME = 1,     /* the moment has come */
	WAKE_RELOAD = 2,   /* SIGHUP */
	WAKE_STOP = 4,     /* SIGTERM, SIGINT */
	WAKE_CLOCK = 8,    /* the wall clock was set, or the device was suspended */
	WAKE_NETWORK = 16, /* an interface got its link or an address */
	WAKE_FILE = 32     /* something watched was made, written, replaced or removed */
};

/**
 * Block SIGHUP, SIGTERM and SIGINT and begin to collect everything but files. A child that is forked from here on
 * has to unblock them. Goes on, with a warning, without the kernel's inotify (wake_watch() refuses then) or rtnetlink
 * (an interface that comes up is then seen at the next WAKE_TIME). ERR_NO_MEMORY; ERR_IO: no signalfd or timerfd.
 */
enum err wake_open(struct wake **out, struct why *why) MUST_CHECK;
/**
 * Watch a file, or a folder and what is directly in it. What is not there yet is watched for by its nearest existing
 * parent; what is replaced or comes back is found again. Through a symlink at its end both are watched, the link and
 * what it points at; a dangling one only as a link.
 * is_own  this program writes it too: wake_forget() drops its events.
 * ERR_TOO_BIG: more than 256 watches, or a path too long; ERR_UNSUPPORTED: no inotify; ERR_IO: the kernel refused
 * (the watch is kept and tried again at each sleep). The caller may go on without.
 */
enum err wake_watch(struct wake *wake, const char *path, bool is_own, struct why *why) MUST_CHECK;
/** End all watches. What they saw and wake_wait() has not returned yet is dropped: look at everything afterwards. */
void wake_unwatch(struct wake *wake);
/**
 * Sleep until the CLOCK_BOOTTIME millisecond `until_ms` (see clock_boot_ms()) or until something happened; returns
 * its WAKE_ flags, and forgets them. Signals that came since the last call are returned at once. Files and network
 * come in bursts (a file is written in several steps, an interface gets several addresses): after the first such
 * event it waits until 200 ms were quiet, at most 2 s; WAKE_STOP ends that at once.
 */
unsigned wake_wait(struct wake *wake, int64_t until_ms);
/**
 * Drop what own watches saw up to now: to be called after a pass that wrote. A foreign change of the same file
 * during that pass goes with it. Everything else stays for the next wait.
 */
void wake_forget(struct wake *wake);
/** SIGTERM or SIGINT has come and was not returned yet: for the middle of a pass. Never blocks. */
bool wake_is_stopping(struct wake *wake);
/** Give the signals back to who had them; those that have come and were not returned are dropped. */
void wake_close(struct wake **wake);

#ifdef __cplusplus
}
#endif
#endif
