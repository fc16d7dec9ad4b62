/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_ROLLOVER_H
#define CLIENT_AGENT_ROLLOVER_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

#define ROLLOVER_MAX SCEP_NEXT_CA_MAX /* certificates kept for one profile: half of what one set of anchors holds */

/**
 * rollover: the CA certificates that a profile's issuing CA announced under its signature (RFC 8894 section 4.7), in
 * STATE/scep/PROFILE/rollover.pem, the oldest first. They are anchors and issuing CAs of this scep profile alone; nothing
 * that Wi-Fi or VPN trust is read from there. The file belongs to the trust profiles and the ca_sha256 under which it was
 * written: after a change of those it counts for nothing, and the next announcement replaces it.
 */

/**
 * Add to *anchors, which hold the trust profiles of `profile`, what was announced: no root unless ca_rollover = root,
 * nothing that has expired by a trusted clock, the newest when there is no room for all. *out_count: how many were added.
 * No file, one of other trust profiles, or a damaged one (with a warning) add none. ERR_NO_MEMORY.
 */
enum err rollover_add(const struct pass *pass, const struct scep_profile *profile, struct certificate_set *anchors,
                      size_t *out_count, struct why *why) MUST_CHECK;
/**
 * Keep what a verified announcement holds: CA certificates that lead to the trust profiles, and new roots with
 * ca_rollover = root. Others are passed over with a warning. One that is valid only later is kept: announcements are for
 * that. More than ROLLOVER_MAX: the oldest go. The file is written, and "rollover" told in the history before,
 * only when something new is in it. Errors are those of the files.
 */
enum err rollover_take(const struct pass *pass, const struct scep_profile *profile,
                       const struct certificate_set *next_ca, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
