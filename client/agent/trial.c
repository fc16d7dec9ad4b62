/* SPDX-License-Identifier: MIT */
#include "client/agent/trial.h"
#include <string.h>
#include "client/agent/refusal.h"
#include "client/agent/revocation.h"
#include "hal/log.h"

#define PUT_BACK_S 1 /* seconds: the server did not answer two tries, so nobody waits for a third */

/* One run of a trial. */
struct trial {
	const struct store *store;
	const char *profile;
	const struct trial_host *host;
	struct consumer_outcome *outcomes;
	size_t count;
	struct generations g;
	bool goes_back;
};

static void work(struct trial *t, size_t i, const struct move *move, struct consumer_outcome *out)
{
	*out = (struct consumer_outcome){ .result = CONSUMER_OPEN };
	out->err = t->host->work(t->host->ctx, i, move, &out->result, &out->why);
}

/* Is there a way back, and was it not just found to lead nowhere? A newer certificate that waits comes first. One that was
 * revoked is not left for the older: that would undo what an administrator did. */
static bool may_go_back(const struct trial *t)
{
	struct refusal r;
	struct revocation revocation;
	if (revocation_is_known(t->store, t->profile, t->g.current, &revocation))
		return false;
	bool is_soon = refusal_read(t->store, t->profile, t->g.current, UNDECIDED, &r) == ERR_OK &&
	               !refusal_is_due(&r, t->host->pause_s, t->host->pause_max_s, t->host->now);
	return !is_soon && t->g.complete == 0 && t->host->may_go_back(t->host->ctx, t->g.previous);
}

/* Index of the first that failed; the others after it are left as they are when there is a way back. */
static size_t work_all(struct trial *t, const struct move *move, bool is_in_trial)
{
	size_t failed = t->count;
	for (size_t i = 0; i < t->count; i++) {
		work(t, i, move, &t->outcomes[i]);
		if (t->outcomes[i].result != CONSUMER_FAILED || failed != t->count)
			continue;
		failed = i;
		t->goes_back = is_in_trial && may_go_back(t);
		if (t->goes_back)
			break;
	}
	return failed;
}

static bool is_all_proven(const struct trial *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->outcomes[i].result != CONSUMER_PROVEN)
			return false;
	return true;
}

/* What stands in `refused` is what the consumer said of the new certificate. */
static enum err refused(const struct refusal *r, const char *profile, unsigned generation, struct why *why)
{
	why_set(why, ERR_DENIED, "trial.refused",
	        "%s: the new certificate (generation %u) is not in use, the old one is: \"%s\" failed with it: %s", profile,
	        generation, r->by, r->why.text);
	why_next(why, "have the CA's template or the server's trust mended, then: signet renew %s --force", profile);
	return ERR_DENIED;
}

/* Old and new both failed: it is the server, not the certificate. */
static enum err go_on(struct trial *t, const struct refusal *refusal, size_t failed, struct why *why)
{
	struct move move = { .to = t->g.complete, .from = t->g.current };
	enum err e = generation_again(t->store, t->profile, why);
	log_info("scep: %s: the old certificate fails too; the new one stays in use, on trial", t->profile);
	for (size_t i = 0; i < t->count && e == ERR_OK; i++) {
		struct consumer_outcome again;
		move.timeout_s = i == failed ? PUT_BACK_S : 0;
		work(t, i, &move, &again);
		if (i != failed)
			t->outcomes[i] = again;
		else if (again.result == CONSUMER_PROVEN)
			t->outcomes[i] = again; /* it came back this moment */
		else
			t->outcomes[i].why = refusal->why; /* with the new one: that is what matters */
	}
	return e;
}

/* `current` names the old generation again: is the failure the new certificate's? */
static enum err try_old(struct trial *t, struct why *why)
{
	const struct move move = { .to = t->g.current, .from = t->g.complete };
	struct refusal refusal = { .by = "" };
	unsigned generation = t->g.complete;
	size_t failed = t->count;
	bool is_there = false;
	bool has_proven = false;
	if (refusal_read(t->store, t->profile, t->g.complete, REFUSED, &refusal) != ERR_OK)
		refusal = (struct refusal){ .by = "" }; /* damaged: nobody to ask, the new one is tried again */
	for (size_t i = 0; i < t->count; i++) {
		work(t, i, &move, &t->outcomes[i]);
		if (strcmp(t->host->name_of(t->host->ctx, i), refusal.by) != 0)
			continue; /* others say nothing of why this one failed */
		is_there = true;
		failed = t->outcomes[i].result == CONSUMER_FAILED ? i : t->count;
		has_proven = t->outcomes[i].result == CONSUMER_PROVEN && t->outcomes[i].err == ERR_OK;
	}
	if (failed != t->count || !is_there)
		return go_on(t, &refusal, failed, why);
	if (!has_proven)
		return ERR_OK; /* nobody there to ask: the next pass does */
	enum err e = generation_refuse(t->store, t->profile, why);
	return e == ERR_OK ? refused(&refusal, t->profile, generation, why) : e;
}

static enum err look(struct trial *t, struct why *why)
{
	return generations_look(t->store, t->profile, &t->g, why);
}

static enum err go_back(struct trial *t, size_t failed, const char *by, struct why *why)
{
	log_warn("scep: %s: %s; trying the old certificate", t->profile, t->outcomes[failed].why.text);
	enum err e = generation_back(t->store, t->profile, by, &t->outcomes[failed].why, t->host->now, why);
	if (e == ERR_OK)
		e = look(t, why);
	return e == ERR_OK ? try_old(t, why) : e;
}

enum err trial_run(const struct store *store, const char *profile, const struct trial_host *host,
                   struct consumer_outcome *out, size_t count, struct why *why)
{
	struct trial t = { store, profile, host, out, count, { .current = 0 }, false };
	enum err e = look(&t, why);
	if (e != ERR_OK)
		return e;
	enum trial_state state = trial_state_of(&t.g);
	if (state == TRIAL_BACK)
		return try_old(&t, why);
	/* rolled back before: whoever missed it still has the newer key */
	unsigned other = state == TRIAL_OPEN ? t.g.previous : t.g.is_refused ? t.g.complete : 0;
	const struct move move = { .to = t.g.current, .from = other };
	size_t failed = work_all(&t, &move, state == TRIAL_OPEN);
	if (state != TRIAL_OPEN)
		return ERR_OK;
	if (t.goes_back)
		return go_back(&t, failed, host->name_of(host->ctx, failed), why);
	bool is_ended = is_all_proven(&t) || host->is_over(host->ctx, t.g.previous);
	return is_ended ? generation_accept(store, profile, why) : ERR_OK;
}

enum err trial_refused(const struct store *store, const char *profile, const struct generations *g,
                       struct why *why)
{
	struct refusal refusal;
	if (!g->is_refused || trial_state_of(g) == TRIAL_BACK ||
	    refusal_read(store, profile, g->complete, REFUSED, &refusal) != ERR_OK)
		return ERR_OK;
	return refused(&refusal, profile, g->complete, why);
}
