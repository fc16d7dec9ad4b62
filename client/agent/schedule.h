/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_SCHEDULE_H
#define CLIENT_AGENT_SCHEDULE_H
#include <stddef.h>
#include <stdint.h>
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * When a device goes to its CA, and to which server first (design, "Fleets"): pure functions of who it is, what it holds
 * and how often it failed, so that a fleet can be simulated (tests/bench/fleet.c). None fails, blocks or allocates.
 */

/**
 * A number that differs from device to device and is the same for one device always: the hash of a name (DER or text).
 * The numbers of several names add up, so that devices that share a subject and differ in the SAN differ here too.
 */
uint32_t schedule_identity(struct bytes name);

/**
 * When a certificate is to be renewed. The window opens when `threshold_percent` (0 to 100) of the lifetime is left; the
 * moment lies in the first `spread_percent` (0 to 100) of the window, where `identity` puts it. unix s.
 */
int64_t schedule_renew_at(int64_t not_before, int64_t not_after, unsigned threshold_percent, unsigned spread_percent,
                          uint32_t identity);

/**
 * Pause in ms before the next try, after `failures` in a row (0 counts as 1). `delay_s` doubles with each failure up to
 * `max_s`, and `random` (any 32 bits, new ones each time) picks from the upper half of that. A Retry-After of the server
 * (http.h; 0 when absent, a day at most is believed) is never undercut: then the pause lies between it and its
 * double, unless the back-off is longer anyway. At least a second; at most the larger of `max_s` and two days.
 */
int64_t schedule_retry_ms(unsigned failures, unsigned delay_s, unsigned max_s, int64_t retry_after_s, uint32_t random);

/**
 * The earliest moment of this boot, in ms of CLOCK_BOOTTIME, for a request to the CA, when each of the last `boots`
 * boots ended before an answer came: 0 up to two of them (an ordinary power cut heals at once), then the pause of
 * schedule_retry_ms() after boots - 2 failures. So a device that boots in a loop does not knock at each boot.
 */
int64_t schedule_first_ms(unsigned boots, unsigned delay_s, unsigned max_s, uint32_t random);

/**
 * The order in which a device tries its `count` urls: out[] is a permutation of 0 to count - 1 (count 0: untouched). Over a
 * fleet every url is first for an equal share, and so is every other one next when the first is down; independent of where
 * `identity` puts the renewal, so that the servers share each day's load.
 */
void schedule_url_order(uint32_t identity, size_t count, size_t out[]);

#ifdef __cplusplus
}
#endif
#endif
