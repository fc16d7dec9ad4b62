/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_SCEP_RESOLVE_H
#define CLIENT_AGENT_SCEP_RESOLVE_H
#include "client/agent/pass.h"
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

#define RESOLVED_SANS_MAX 64

/** A scep profile turned into a job: variables expanded, words made OIDs, anchors read, urls
 *  put in this device's order (a new enrollment with challenge_url keeps to the servers on the page's host, if any:
 *  a challenge of a page belongs to its server). Owns what job borrows. */
struct scep_resolved {
	struct scep_job job;
	struct certificate_set anchors; /* of the trust profiles, then what was announced (rollover.h) */
	struct buf subject, salt, challenge, password, old_certificate, tls_ca;
	struct buf san_text[RESOLVED_SANS_MAX];
	struct san sans[RESOLVED_SANS_MAX];
	const char *ekus[CERTIFICATE_EKU_MAX];
	const char *urls[CONFIG_LIST_MAX]; /* in this device's order */
	char user[128];
};

/**
 * Fill *out for `intent`. Errors: what variables, trust profiles and key words say ("config.…", "waiting.trust").
 * Takes no challenge: scep_take_challenge() does, only for a new enrollment.
 */
enum err scep_resolve(const struct pass *pass, const struct scep_profile *profile, enum scep_intent intent,
                      struct scep_resolved *out, struct why *why) MUST_CHECK;
/**
 * Only what goes into the request itself, and the digest that signs it: no server, no trust profile, no challenge. Errors:
 * what variables and key words say ("config.…").
 */
enum err scep_resolve_request(const struct pass *pass, const struct scep_profile *profile, struct scep_resolved *out,
                              struct why *why) MUST_CHECK;
/**
 * A profile's server without urls. `anchors`, of which the last announced_count were announced, are borrowed, and so is
 * `tls_ca`, empty and with room for TRUST_PEM_MAX, to which the PEM of tls_trust is added. ERR_NOT_FOUND "waiting.trust".
 */
enum err scep_resolve_server(const struct pass *pass, const struct scep_profile *profile,
                             const struct certificate_set *anchors, size_t announced_count, struct buf *tls_ca,
                             struct scep_server *out, struct why *why) MUST_CHECK;
/**
 * Is there a challenge for a new enrollment? Writes nothing, asks no page and runs no command. ERR_NOT_FOUND
 * "challenge.missing", "challenge.used"; ERR_DENIED and others of challenge_file; "challenge.command" for one that cannot run.
 * A profile that names no source needs none.
 */
enum err scep_look_for_challenge(const struct pass *pass, const struct scep_profile *profile, struct why *why) MUST_CHECK;
/**
 * Get the challenge: handed in, from challenge_file, or from challenge_command; with challenge_url only the
 * account is read. ERR_NOT_FOUND "challenge.missing" or "challenge.used" with the next step for a technician.
 */
enum err scep_take_challenge(const struct pass *pass, const struct scep_profile *profile,
                             struct scep_resolved *resolved, struct why *why) MUST_CHECK;
/**
 * Overwrite and remove challenge_file if what stands in it is a one-time challenge that went out, in this pass or in one
 * that was cut off. A newer one stays. What fails is logged: a read-only folder is no fault.
 */
void scep_wipe_challenge(const struct pass *pass, const struct scep_profile *profile);
void scep_resolved_clear(struct scep_resolved *resolved);

#ifdef __cplusplus
}
#endif
#endif
