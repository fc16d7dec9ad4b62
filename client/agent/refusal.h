/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_REFUSAL_H
#define CLIENT_AGENT_REFUSAL_H
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

/* A generation that a consumer failed with; NNNN/refused or NNNN/undecided. */
#define REFUSED "refused"     /* the old one worked then, or is being tried */
#define UNDECIDED "undecided" /* the old one failed too: the server is down, and the new one stays in use */

struct refusal {
	int64_t at;     /* unix s, of the last try */
	unsigned count; /* tries that failed */
	char by[PROFILE_NAME_CAP];
	struct why why;
};
/** `name` is REFUSED or UNDECIDED. ERR_NOT_FOUND: there is none, or it is damaged. */
enum err refusal_read(const struct store *store, const char *profile, unsigned number, const char *name,
                       struct refusal *out) MUST_CHECK;
enum err refusal_write(const struct store *store, const char *profile, unsigned number, const char *name,
                       const struct refusal *refusal, struct why *why) MUST_CHECK;
/**
 * Is it time to try again? Each try cuts the link, so the pause starts at `pause_s` and doubles up to `max_s`. unix s, by
 * the system's clock on both sides; a time of refusal that lies ahead is a clock that was wrong, and counts as due.
 */
bool refusal_is_due(const struct refusal *refusal, unsigned pause_s, unsigned max_s, int64_t now);
/** The moment, for a listing. */
int64_t refusal_retry_at(const struct refusal *refusal, unsigned pause_s, unsigned max_s);
#define REFUSED_MAX_S (24 * 3600) /* a refused certificate is tried once a day at least */

#ifdef __cplusplus
}
#endif
#endif
