/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_TRIAL_H
#define CLIENT_AGENT_TRIAL_H
#include "client/agent/consumer.h"
#include "client/agent/generation.h"
#ifdef __cplusplus
extern "C" {
#endif

/** How it went for one consumer; the certificate's are counted with its profile. */
struct consumer_outcome {
	enum consumer_result result;
	enum err err;
	struct why why;
};

/** What a trial asks of the world; apply.c gives the real one, unit tests their own. */
struct trial_host {
	/* As consumer_work() for consumer number i. */
	enum err (*work)(void *ctx, size_t i, const struct move *move, enum consumer_result *out, struct why *why);
	/* May the consumers go back to this generation: its certificate not expired by a trusted clock, its key loads? */
	bool (*may_go_back)(void *ctx, unsigned generation);
	/* Is this generation's certificate over, by a trusted clock? */
	bool (*is_over)(void *ctx, unsigned generation);
	const char *(*name_of)(void *ctx, size_t i); /* for messages */
	int64_t now;                 /* unix s, the system's clock */
	unsigned pause_s, pause_max_s; /* between two ways back that led nowhere */
	void *ctx;
};

/**
 * Let the consumers of a profile use its current certificate, one after the other, and bring a trial to its end
 * (design, "Trial"): all proven, the old one goes; one failed, the old one is tried; that works, it stays, and the new
 * one waits; that fails too, the new one stays in use and the trial open.
 *
 * out  one for each of the `count` consumers, filled in.
 * ERR_DENIED "trial.refused": rolled back just now. Other errors: of the state folder.
 * May be cut off anywhere: the next call finds where it was, and decides the same.
 */
enum err trial_run(const struct store *store, const char *profile, const struct trial_host *host,
                   struct consumer_outcome *out, size_t count, struct why *why) MUST_CHECK;

/** ERR_DENIED "trial.refused" for a profile whose newest certificate was refused; ERR_OK when none was. */
enum err trial_refused(const struct store *store, const char *profile, const struct generations *g,
                       struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
