/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_LAST_H
#define CLIENT_AGENT_LAST_H
#include "client/agent/outcome.h"
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

/** How the last try of a profile ended: RUN/last/PROFILE, for `status`. Not needed after a reboot. */
struct last {
	enum signet_exit exit;
	struct why why;
	int64_t at, contact; /* unix s; contact: when the server last gave an answer, 0 for never */
	unsigned failures;   /* in a row; 0 after a success */
	int64_t retry_ms;    /* CLOCK_BOOTTIME: the agent leaves the profile alone until then; 0: no pause, or one of another boot */
};

/** ERR_NOT_FOUND: no try since boot. Anything unreadable counts as that. */
enum err last_read(const struct store *store, const char *profile, struct last *out) MUST_CHECK;
/** Best effort: a failure is logged at debug, the run folder is a comfort. */
void last_write(const struct store *store, const char *profile, const struct last *last);
/** Best effort, as last_write(). */
void last_forget(const struct store *store, const char *profile);

#ifdef __cplusplus
}
#endif
#endif
