/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_PASS_H
#define CLIENT_AGENT_PASS_H
#include "client/agent/agent.h"
#include "client/agent/store.h"
#include "tpm/tpm.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CLOCK_MEMORY "clock" /* of the run folder: that the kernel was synchronised in this boot */

/** One pass of the converge loop: what every step borrows. */
struct pass {
	const struct config *config;  /* what is to be true: without the profiles that are retired (retirement.h) */
	const struct config *written; /* with them, as the user wrote it */
	struct config *filtered;      /* owned; NULL when nothing is retired */
	const struct apply_options *options; /* NULL when only looking */
	struct store store;
	struct clock_view clock;
	struct tpm *tpm; /* NULL until a step needs it */
	unsigned tpm_total_s; /* for all that is asked of it; 0: no limit but that of each command */
	bool is_tpm_changed; /* its storage key is not the pinned one (binding.h) */
};

/** Facts and paths; opens nothing, writes nothing. */
enum err pass_open(const struct config *config, const struct apply_options *options, struct pass *out,
                   struct why *why) MUST_CHECK;
/**
 * At the start of a pass that works, under the lock: remember in RUN that the kernel is synchronised, correct a saved time
 * that lies ahead of a confirmed clock, and with untrusted_clock = set-floor move the system's clock up to the
 * floor. Never back, never with --root; without the right to it nothing happens. pass->clock is judged anew.
 */
void pass_mend_clock(struct pass *pass);
/** Are written settings to ignore dates? untrusted_clock = disable-time-checks, and the clock is not trusted. */
bool pass_ignores_dates(const struct pass *pass);
void pass_close(struct pass *pass);
/**
 * Make the folders and take the lock: at most one pass, test or retirement at a time. Waits 10 s, for a pass of another run
 * is over by then, or it waits for a slow TPM: ERR_BUSY. *out_fd is released by file_unlock().
 */
enum err pass_lock(const struct pass *pass, int *out_fd, struct why *why) MUST_CHECK;
/** The TPM of this pass, opened at first use; owned by the pass. */
enum err pass_tpm(struct pass *pass, struct tpm **out, struct why *why) MUST_CHECK;
/** Close the TPM until the next pass_tpm(): a software TPM serves one client, and the consumers want it now. */
void pass_release_tpm(struct pass *pass);
#define DIALOGUE_BUSY_S 90 /* beyond a profile's timeout: TPM operations and parsing */
/** Tell the host that the pass may block for so many seconds now; 0: it no longer does. */
void pass_busy(const struct pass *pass, unsigned seconds);
/** Does the host want the pass to end soon? */
bool pass_is_stopping(const struct pass *pass);
void pass_progress(const struct pass *pass, const char *profile, const char *step, const char *result);

#define TRUST_PEM_MAX (32 * 1024) /* bytes of STATE/trust/NAME.pem: CERTIFICATE_MAX in base64 */
/** Is the certificate of a trust profile installed as the file says? ERR_NOT_FOUND: not yet, or the file differs now. */
enum err trust_look(const struct pass *pass, const struct trust_profile *profile, struct why *why) MUST_CHECK;
/** Append the DER of the profile's own file, which has the SHA-256 that the profile may ask for. "trust.missing",
 *  "trust.sha256"; ERR_INVALID: no certificate. */
enum err trust_source(const struct pass *pass, const struct trust_profile *profile, struct buf *out_der,
                      struct why *why) MUST_CHECK;
/** Check the profile's file and write STATE/trust/NAME.pem (and hand it to the system's store). */
enum err trust_install(const struct pass *pass, const struct trust_profile *profile, struct why *why) MUST_CHECK;
/** Take STATE/trust/NAME.pem away, and our copy in the system's store. Not there is success. */
enum err trust_remove(const struct pass *pass, const char *name, struct why *why) MUST_CHECK;
/** DER of every installed certificate of these trust profiles. ERR_NOT_FOUND "waiting.trust" names one that is missing. */
enum err trust_anchors(const struct pass *pass, const struct text_list *names, struct certificate_set *out,
                       struct why *why) MUST_CHECK;
/** Append the PEM of the trust profile that tls_trust names; nothing for "system". ERR_NOT_FOUND
 *  "waiting.trust": not installed. */
enum err trust_tls(const struct pass *pass, const char *tls_trust, struct buf *out_pem, struct why *why) MUST_CHECK;
/** Indices of the trust profiles in the order they can be installed: self-signed ones first. out has trust_count places. */
void trust_order(const struct pass *pass, size_t out[]);
/** Append the DER of the installed certificate of a trust profile. ERR_NOT_FOUND: not installed. */
enum err trust_read(const struct pass *pass, const char *name, struct buf *out_der, struct why *why) MUST_CHECK;
/** Path of STATE/trust/NAME.pem. */
enum err trust_path(const struct pass *pass, const char *name, char out[FILE_PATH_MAX]) MUST_CHECK;

/** What the next step of a scep profile is: derived from disk, never stored. */
enum scep_next {
	SCEP_NEXT_NOTHING,
	SCEP_NEXT_ENROLL,
	SCEP_NEXT_RENEW,
	SCEP_NEXT_RESEND,
	SCEP_NEXT_POLL,
	SCEP_NEXT_SWITCH /* a complete generation waits to become current */
};

struct scep_view {
	struct generations generations;
	int64_t retry_at;     /* unix s: when a refused generation is tried again; 0: none waits */
	enum scep_next next;
	char reason[256];
	bool has_certificate; /* of `current` */
	bool is_expired;      /* by a trusted clock */
	bool is_revoked;      /* as far as is known (revocation.h) */
	unsigned in_use;      /* what the link `current` names, even where its files are damaged: the one that was revoked */
	bool is_key_lost;     /* of `current`, or of the request for the first one: the TPM was cleared or replaced */
	unsigned boots;       /* boots before this one that ended without an answer to the request under way */
	int64_t renew_at, not_after; /* unix s; 0 without a certificate */
	struct generation_meta request; /* when a request is under way */
};

enum err scep_look(const struct pass *pass, const struct scep_profile *profile, struct scep_view *out,
                   struct why *why) MUST_CHECK;
/** The last that the server's HTTP headers said; 0: nothing. Not authenticated. */
struct scep_hints {
	int64_t date;          /* Date, unix s */
	int64_t retry_after_s; /* Retry-After */
};

/** Do the next step of a profile whose dependencies are in place. ERR_AGAIN "scep.pending": the CA has not decided.
 *  *out_hints is written in any case, also when the step fails: it is for what comes after the failure. */
enum err scep_step(struct pass *pass, const struct scep_profile *profile, const struct scep_view *view,
                   struct scep_hints *out_hints, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
