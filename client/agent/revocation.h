/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_REVOCATION_H
#define CLIENT_AGENT_REVOCATION_H
#include "client/agent/pass.h"
#include "client/pki/revocation_answer.h"
#include "client/pki/revocation_places.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Whether the own certificate was revoked. Asked once a day; what was learned stands in STATE/scep/PROFILE/NNNN/revoked
 * and is written only when it changes. An administrator's revocation is never undone by the device: a certificate on
 * hold works again when a later list says so, any other revocation is for good.
 */

/** What a generation's file `revoked` says. */
struct revocation {
	char serial[64];     /* lower-case hex */
	unsigned reason;     /* CRLReason */
	int64_t revoked_at;  /* unix s, as the CA says */
	int64_t this_update; /* of the answer it was learned from: an older one takes nothing back */
	unsigned request;    /* request that was under way then, and is not followed up; 0: none */
};

/** False: not revoked as far as anybody knows. A damaged file counts as none: it is written anew with the next answer. */
bool revocation_is_known(const struct store *store, const char *profile, unsigned generation, struct revocation *out);
/**
 * Ask now, and write what changed: NNNN/revoked, a line of history, and RUN/revocation/PROFILE about the try. Nothing is
 * asked, and nothing remembered, where revocation_next_ms() is INT64_MAX. Blocks up to the profile's timeout and ten
 * seconds; takes no lock, and is to be called under that of the pass.
 * ERR_OK also when nothing could be learned. Else the state folder's errors.
 */
enum err revocation_check(struct pass *pass, const struct scep_profile *profile, struct why *why) MUST_CHECK;
/**
 * Where the certificate in use can be asked about: count 0 for none, or no certificate. ERR_AGAIN: the clock is not
 * trusted, and *out is empty: no answer could be judged.
 */
enum err revocation_places_of(const struct pass *pass, const char *profile, struct revocation_places *out) MUST_CHECK;
/**
 * Ask these places now, and write nothing, not even about the try. Blocks as revocation_ask(), whose errors it has;
 * ERR_NOT_FOUND "revocation.none" where revocation_next_ms() is INT64_MAX. Releases the pass's TPM.
 */
enum err revocation_look(struct pass *pass, const struct scep_profile *profile, const struct revocation_places *places,
                         int64_t timeout_ms, struct revocation_answer *out, struct why *why) MUST_CHECK;
/**
 * CLOCK_BOOTTIME ms of the next try. The first of a boot: within ten minutes, at a time that differs from device to
 * device, 0 for who runs `signet apply`; then once a day, as different, or some hours after a try that brought no answer. INT64_MAX: nothing to be learned, because there is
 * no certificate, it names no place to ask, has expired or is revoked for good, or the clock is not trusted.
 */
int64_t revocation_next_ms(const struct pass *pass, const struct scep_profile *profile);
/**
 * ERR_DENIED "revoked.stop" and its sentence for a generation that is revoked, with `reason` at its end (NULL: none);
 * ERR_OK for any other.
 */
enum err revocation_refused(const struct store *store, const struct scep_profile *profile, unsigned generation,
                            const struct why *reason, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
