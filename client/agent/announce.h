/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_ANNOUNCE_H
#define CLIENT_AGENT_ANNOUNCE_H
#include "client/agent/last.h"
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What a pass tells the world outside. */

/** Tell that a profile failed when its last result (NULL: none since boot) was no failure, or another one. */
void announce_failure(const struct pass *pass, enum profile_kind kind, const char *profile, enum signet_exit exit,
                      const struct why *reason, const struct last *before);
/**
 * At the end of a pass: certificates that are about to end, hooks, metrics.
 * ask_tpm  for its lockout counter.
 * As hooks_run(): ERR_DENIED "hook.…".
 */
enum err announce_pass(struct pass *pass, bool ask_tpm, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
