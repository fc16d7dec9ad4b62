/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_TALLY_H
#define CLIENT_AGENT_TALLY_H
#include "client/agent/last.h"
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/** How a pass goes: the first profile that is not in place decides its exit code. */
struct tally {
	const struct pass *pass;
	enum signet_exit exit;
	struct why why;
	bool is_pending;
	int64_t retry_after_s; /* what a server asked for while this profile was worked; 0: nothing */
};

/**
 * Count how a profile's try ended, and remember it in RUN/last: for `status`, and with the pause before the agent tries
 * again. A success after a success writes nothing.
 */
void tally_count(struct tally *tally, enum profile_kind kind, const char *name, enum err e, const struct why *why);
/** Count trouble that is no profile's. */
void tally_note(struct tally *tally, enum signet_exit code, const struct why *why);
/** The server of a profile gave an answer, whatever it said. */
void tally_contact(const struct tally *tally, const char *name, int64_t now);
/**
 * In a pass of the agent: does the profile still wait for the end of its pause? Then its last result counts again, and
 * *why is its sentence. Somebody who runs `signet apply` does not wait.
 */
bool tally_rests(struct tally *tally, const char *name, struct why *why);

#ifdef __cplusplus
}
#endif
#endif
