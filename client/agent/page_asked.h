/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_PAGE_ASKED_H
#define CLIENT_AGENT_PAGE_ASKED_H
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

#define PAGE_INTERVAL_S 3600 /* a challenge page has five slots that live an hour */

/**
 * May the challenge page of a profile be asked now? Then it is noted durably that it was, in STATE/scep/PROFILE/page_asked,
 * before it is: once an hour, across reboots, on both sides of the last time (a device without a clock starts each boot
 * at the same moment). ERR_AGAIN "challenge.page_wait": not yet. Any other error: what is noted could not be read, or the
 * note not be written; no page is asked then.
 */
enum err page_asked_now(const struct store *store, const char *profile, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
