/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_DATE_HINT_H
#define CLIENT_AGENT_DATE_HINT_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * A device that never learns the time must renew all the same. While the clock is not trusted the CA's server is asked once
 * a day for the Date of its answer to GetCACaps, and that date may start a renewal, at most once a day (design, section
 * 7). Nothing is judged by it: the renewal is checked as any other. RUN/date/PROFILE holds it; not needed after a reboot.
 */

/** Ask, if a day has passed since the last time in this boot. Blocks up to 20 s; no answer is no trouble. */
void date_hint_ask(const struct pass *pass, const struct scep_profile *profile);
/** May a renewal that is due at `due_at` begin, by what the server said? Reads only. False with a trusted clock. */
bool date_hint_is_due(const struct pass *pass, const struct scep_profile *profile, int64_t due_at);
/** One was begun: not again for a day. */
void date_hint_spend(const struct pass *pass, const struct scep_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
