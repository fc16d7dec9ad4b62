/* SPDX-License-Identifier: MIT */
#ifndef HAL_NOTIFY_H
#define HAL_NOTIFY_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/*
 * The service manager, by the protocol of sd_notify(3), without libsystemd. Where none asked to be told (BusyBox
 * init, a shell) everything here does nothing.
 */

/**
 * Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that hooks and workers do not
 * inherit them, and remember them. Once, at start; a second call forgets what the first one found.
 */
void notify_open(void);
/**
 * One datagram of assignments, one a line: "READY=1\nSTATUS=%s". Lines are made by `format` alone: control characters
 * and bytes that are no UTF-8 in the arguments become '?', so that a server's words assign nothing. Cut at 2047 bytes:
 * put what may be long last. Best effort: never blocks, a manager whose queue is full or that is gone misses it.
 */
void notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Milliseconds within which the manager wants to see WATCHDOG=1; 0: it asked for none, or asked another process. */
int64_t notify_watchdog_ms(void);

#ifdef __cplusplus
}
#endif
#endif
