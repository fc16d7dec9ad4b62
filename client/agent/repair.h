/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_REPAIR_H
#define CLIENT_AGENT_REPAIR_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Mend the generation in use from what is there: cert.pem and chain.pem from each other, what a chain lacks and ca.pem
 * from the trust profiles, meta.ini from the kind of the key. Where key and certificate are no pair any more, another
 * generation that is one takes its place, and without one the profile enrolls anew; but a revoked one stays, for what is
 * known of its revocation is with it. What was mended is told
 * ("repaired"). Nothing wrong: reads only.
 * Errors of the state folder: nothing was concluded, and the next pass looks again.
 */
enum err repair_profile(const struct pass *pass, const struct scep_profile *profile, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
