/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_GENERATION_H
#define CLIENT_AGENT_GENERATION_H
#include "client/agent/store.h"
#include "client/pki/certificate_key_id.h"
#include "client/scep/issued.h"
#ifdef __cplusplus
extern "C" {
#endif

/* How a generation changes what it is. Each function may be cut off anywhere and called again. */

/** Take message.der and what belongs to it away; the key stays. The transaction is over. */
enum err generation_forget_request(const struct store *store, const char *profile, unsigned number,
                                   struct why *why) MUST_CHECK;
/** PEM of the self-signed ones among `anchors`: what ca.pem holds. */
enum err generation_ca_pem(const struct certificate_set *anchors, struct buf *out) MUST_CHECK;
/** Write ca.pem (self-signed anchors), chain.pem (leaf first, root left out) and, last, cert.pem. */
enum err generation_complete(const struct store *store, const char *profile, unsigned number,
                             const struct issued *issued, const struct certificate_set *anchors,
                             struct why *why) MUST_CHECK;
/** What belonged to the request of a certificate that is there goes, and every generation that nothing names any more, keys wiped.
 *  Writes nothing where all is tidy, so that each pass may mend what a cut left of the one before. */
enum err generation_tidy(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/**
 * How a trial stands (design, "Trial"); derived, never stored:
 *   TRIAL_NONE  no `previous`, or the move to the new one was cut off before it happened
 *   TRIAL_OPEN  `current` is new, `previous` the one before: the consumers have not all proven the new one
 *   TRIAL_BACK  both name the old one, and the new one stands complete and refused: the old one is tried
 */
enum trial_state { TRIAL_NONE, TRIAL_OPEN, TRIAL_BACK };
enum trial_state trial_state_of(const struct generations *g);

/**
 * Let the newest complete generation become `current`, which moves by one rename. A trial begins when there was one
 * before: `previous` stands first. In a trial already the older `previous` stays: the one in between was never proven.
 */
enum err generation_start(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/** In an open trial: remember who refused the new one and why, then `current` back to `previous`. */
enum err generation_back(const struct store *store, const char *profile, const char *by, const struct why *reason,
                         int64_t now, struct why *why) MUST_CHECK;
/** On the way back, and the old one fails too: `current` to the new one again; the trial is open as before, and the
 *  refusal becomes "undecided", which puts the next way back off. */
enum err generation_again(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/** The trial has ended well: it is told (event.h), then `previous` goes; what nothing names is swept, keys overwritten. */
enum err generation_accept(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/** On the way back, and the old one works: it is told (event.h), then `previous` goes; the new one stays, complete and refused. */
enum err generation_refuse(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/**
 * The profile is retired: it is told (event.h), then the links go, then all that stands in its folder but `used` (a challenge
 * never goes out twice, whatever comes later); keys are overwritten. Until that is done generation_is_retired() is false.
 */
enum err generation_retire(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/** Is there nothing of the profile but `used`? */
bool generation_is_retired(const struct store *store, const char *profile);

/** Name of a generation's key in charon, by its certificate. ERR_NOT_FOUND: no certificate. */
enum err generation_key_id(const struct store *store, const char *profile, unsigned number, char out[KEY_ID_CAP],
                           struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
