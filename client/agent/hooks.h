/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_HOOKS_H
#define CLIENT_AGENT_HOOKS_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

#define HOOKS_MAX 16      /* each may take 32 s of a pass, which holds the lock */
#define HOOK_TIMEOUT_S 30 /* interface, section 4; then TERM and KILL (hal/run.h) */

/** Is there anything in hooks_dir? Never below --root. */
bool hooks_are_there(const struct store *store);
/**
 * Run every hook for every event that waits (hook_event.h), in name order. An event goes when all hooks have ended with
 * 0, and stays for the next pass otherwise. A file that somebody else than root could have written is not run.
 * ERR_DENIED "hook.failed", "hook.refused", "hook.count": the first trouble; the others are logged. Blocks up to 32 s a
 * hook and event.
 */
enum err hooks_run(const struct pass *pass, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
