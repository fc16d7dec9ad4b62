/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_DUE_H
#define CLIENT_AGENT_DUE_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DUE_MAX_MS (3600 * 1000LL) /* an agent looks once an hour, whatever it knows: what nobody told it of is mended */

/**
 * When the agent has to look again: the CLOCK_BOOTTIME ms of the next moment that a pass may find something to do, derived
 * from disk and from RUN/last. At least a second and at most DUE_MAX_MS from now, a minute while the clock is not trusted.
 */
int64_t due_ms(const struct pass *pass);

#ifdef __cplusplus
}
#endif
#endif
