/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_CLOCK_WATCH_H
#define CLIENT_AGENT_CLOCK_WATCH_H
#include "client/config/config.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Remembers in RUN, for the agent (clock_remember() in hal/clock.h), that the kernel is synchronised, until SIGTERM.
 * For an agent in a cage that may not ask the kernel itself: adjtimex(2) reads and sets, and a sandbox that keeps the
 * clock from being set takes both. Asks no network and no TPM, and takes no lock. ERR_OK after SIGTERM; ERR_NO_MEMORY,
 * ERR_IO: wake_open().
 */
enum err clock_watch_run(const struct config *config, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
