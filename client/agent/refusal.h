/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_REFUSAL_H
#define CLIENT_AGENT_REFUSAL_H
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Why a complete generation is not in use: NNNN/refused. */
struct refusal {
	int64_t at;     /* unix s, of the last try */
	unsigned count; /* tries that failed */
	char by[PROFILE_NAME_CAP];
	struct why why;
};
/** ERR_NOT_FOUND: never refused. */
enum err refusal_read(const struct store *store, const char *profile, unsigned number, struct refusal *out) MUST_CHECK;
enum err refusal_write(const struct store *store, const char *profile, unsigned number, const struct refusal *refusal,
                       struct why *why) MUST_CHECK;
/** When it may be tried again, unix s: each try cuts the link, so the pause starts at `pause_s` and doubles up to a day. */
int64_t refusal_retry_at(const struct refusal *refusal, unsigned pause_s);

#ifdef __cplusplus
}
#endif
#endif
