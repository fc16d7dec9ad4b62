/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_AGENT_H
#define CLIENT_AGENT_AGENT_H
#include "client/agent/view.h"
#include "client/config/config.h"
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Called once a step; for progress on a terminal. `kind`/`name` of the profile, text of the step. */
typedef void (*agent_progress_fn)(void *ctx, const char *profile, const char *step, const char *result);

/** Who runs the passes, where it is a daemon. */
struct agent_host {
	/* What follows may block for so many seconds; 0: it is over. */
	void (*busy)(void *ctx, unsigned seconds);
	/* Is it to end? What can wait for the next start is left. */
	bool (*is_stopping)(void *ctx);
	void *ctx;
};

struct apply_options {
	const char *const *profiles; /* only these (and what they depend on is not touched); NULL: all */
	size_t profile_count;
	bool force_renewal;          /* renew PROFILE --force: due or not */
	bool only_renewal;           /* renew PROFILE: do nothing that is not a renewal */
	bool is_repeat;              /* a later pass of --wait: naming a profile asked for one try, and it had it */
	const struct buf *challenge; /* enroll PROFILE --challenge-file: used instead of the profile's source; NULL */
	const struct buf *imported;  /* import PROFILE FILE: its certificates, instead of asking a server; NULL */
	unsigned wait_s;             /* --wait: poll until nothing is pending, at most so long; 0: one pass */
	bool is_local;               /* apply --local: mend what is on the disk; no network, no daemon, at most one TPM command */
	bool is_scheduled;           /* by the agent: a profile that failed rests until its pause is over */
	bool is_network_new;         /* the agent saw an interface come up since the pass before */
	const struct agent_host *host; /* NULL: nobody who watches over the pass */
	agent_progress_fn progress;  /* NULL: none */
	void *progress_ctx;
};

/**
 * Look: the state of every profile, from disk, and with `with_tpm` the TPM's facts (at most two TPM
 * commands). Takes no lock, writes nothing. *out released by device_view_clear().
 */
enum err agent_look(const struct config *config, bool with_tpm, struct device_view *out, struct why *why) MUST_CHECK;
/** What apply would do, in order. Takes no lock, writes nothing, asks no TPM. */
enum err agent_plan(const struct config *config, struct plan *out, struct why *why) MUST_CHECK;
/**
 * Work the plan off once, under the lock (waits 10 s for it, then ERR_BUSY). A profile that fails does not
 * stop the others; what depends on it waits. ERR_OK also when profiles failed: *out_exit is the code of the
 * first profile (in plan order, of those asked for) that is not in place, *why its sentence.
 * ERR_NOT_FOUND: a name in options->profiles is no profile. ERR_DENIED: state folder not writable.
 */
enum err agent_apply(const struct config *config, const struct apply_options *options, enum signet_exit *out_exit,
                     struct why *why) MUST_CHECK;

/**
 * PEM of a PKCS #10 request (RFC 2986) for a scep profile's names, on a new key; on the same key until its certificate has
 * been imported (struct apply_options) or a newer one has come. On disk before it is handed out, under the lock; no network,
 * and no trust profile needed. Appended to out_pem. ERR_NOT_FOUND "usage.profile", "waiting.retired".
 */
enum err agent_csr(const struct config *config, const char *name, struct buf *out_pem, struct why *why) MUST_CHECK;
/** A text for a bundle, as `signet status` or `signet doctor` prints it. Borrowed. */
struct bundle_text {
	const char *name;
	struct bytes content;
};
#define BUNDLE_MAX (8u << 20) /* bytes: sent by mail, and held in memory */
/**
 * What somebody needs who looks for a cause elsewhere, as a tar archive: `texts`, then what the state folder and the run folder
 * hold (bundle.c has the list), with the messages of the last dialogue that failed. No keys, no challenges, no passwords:
 * redact.h. Takes no lock, writes nothing. Appended to out_tar. What does not fit is left out and named in its listing.
 * ERR_DENIED: a file of secrets, or the state folder, is not readable.
 */
enum err agent_bundle(const struct config *config, const struct bundle_text *texts, size_t count, struct buf *out_tar,
                      struct why *why) MUST_CHECK;
/**
 * A live, harmless try of the wifi and wired profiles, or of the vpn profiles: each daemon authenticates once more with
 * what it uses now. Under the lock, at most 25 s a profile. ERR_OK also when profiles failed; their results say so.
 * name  only this profile; NULL: all of the kind. *out is released by test_view_clear().
 */
enum err agent_test(const struct config *config, enum test_subject subject, const char *name, struct test_view *out,
                    struct why *why) MUST_CHECK;

/**
 * What agent_retire() takes off the device, in the order it goes; also what is to go without it. Takes no lock, writes
 * nothing. name: NULL for everything. *out is released by retire_view_clear(). Errors as agent_retire().
 */
enum err agent_retire_look(const struct config *config, const char *name, struct retire_view *out,
                           struct why *why) MUST_CHECK;
/**
 * Retire a profile, what uses its certificate with it, or everything (name NULL), under the lock: settings out, daemons
 * told, certificate and key gone, and marked so that it stays off until somebody names it (retirement.h). Done before is
 * success. options: for its progress alone, profiles must be none.
 *
 * A daemon that is not running needs no telling: its settings are gone at its next start. One that runs and does not
 * answer, or refuses, is an error of its area ("wifi.", "vpn."), when everything else is done; later passes try it again.
 * ERR_NOT_FOUND "usage.profile": neither configured nor on the device. ERR_INVALID "usage.in_use": a trust profile that
 * others use; the sentence has their names. Of both nothing was done. ERR_DENIED: state folder or settings not writable.
 */
enum err agent_retire(const struct config *config, const char *name, const struct apply_options *options,
                      struct retire_view *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
