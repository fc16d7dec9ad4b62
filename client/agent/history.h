/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_HISTORY_H
#define CLIENT_AGENT_HISTORY_H
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

#define HISTORY_MAX (64 * 1024) /* bytes: some 400 events; the older half goes when it is full */

/** Append "TIME EVENT PROFILE DETAIL" to STATE/history. One line per certificate change or refusal. */
enum err history_add(const struct store *store, const char *event, const char *profile, const char *detail,
                     struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
