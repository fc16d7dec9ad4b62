/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_EXPIRY_H
#define CLIENT_AGENT_EXPIRY_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Is less than `percent` of the lifetime left? Also when it is over; unix s. Pure. */
bool expiry_is_near(int64_t not_before, int64_t not_after, unsigned percent, int64_t now);
/**
 * Tell once a boot that the certificate in use is about to end ([agent] expiry_warning_percent), by a trusted clock.
 * RUN/expiring/PROFILE holds the serial that was told.
 */
void expiry_watch(const struct pass *pass, const char *profile);

#ifdef __cplusplus
}
#endif
#endif
