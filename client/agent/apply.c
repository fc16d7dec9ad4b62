/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/agent/announce.h"
#include "client/agent/binding.h"
#include "client/agent/date_hint.h"
#include "client/agent/metrics.h"
#include "client/agent/offline.h"
#include "client/agent/repair.h"
#include "client/agent/retirement.h"
#include "client/agent/revocation.h"
#include "client/agent/scep_key.h"
#include "client/agent/scep_resolve.h"
#include "client/agent/schedule.h"
#include "client/agent/tally.h"
#include "client/agent/trial.h"
#include "hal/device.h"
#include "hal/log.h"

#define POLL_EVERY_S 5 /* --wait: a technician stands beside it */
#define CONSUMER_BUSY_S 120 /* told to the host: settings, a try of 30 s, the way back and the old one's 30 s */

/* One pass: its tally, and the consumers with what their tries came to. */
struct work {
	struct pass *pass;
	struct tally tally;
	struct consumer consumers[CONFIG_PROFILES_MAX];
	struct consumer_outcome outcomes[CONFIG_PROFILES_MAX]; /* of the same index */
	enum { CONSUMER_LEFT, CONSUMER_RESTS, CONSUMER_WORKED } treatment[CONFIG_PROFILES_MAX];
	size_t consumer_count;
};

static bool is_named(const struct apply_options *o, const char *name)
{
	for (size_t i = 0; i < o->profile_count; i++)
		if (strcmp(o->profiles[i], name) == 0)
			return true;
	return false;
}

/* Asked for by name, or using a certificate that was. */
static bool is_asked(const struct pass *pass, const char *name, const char *certificate)
{
	const struct apply_options *o = pass->options;
	return o->profile_count == 0 || is_named(o, name) || (certificate != NULL && is_named(o, certificate));
}

static void work_trusts(struct work *w)
{
	const struct config *c = w->pass->config;
	size_t *order = calloc(c->trust_count + 1, sizeof *order);
	if (order == NULL)
		return;
	trust_order(w->pass, order);
	/* an intermediate may stand before its issuer: go round while something moves */
	bool *is_done = calloc(c->trust_count + 1, sizeof *is_done);
	bool has_moved = is_done != NULL;
	while (has_moved) {
		has_moved = false;
		for (size_t i = 0; i < c->trust_count; i++) {
			const struct trust_profile *p = &c->trusts[order[i]];
			if (is_done[order[i]])
				continue;
			is_done[order[i]] = trust_look(w->pass, p, NULL) == ERR_OK || trust_install(w->pass, p, NULL) == ERR_OK;
			has_moved = has_moved || is_done[order[i]];
		}
	}
	for (size_t i = 0; i < c->trust_count && is_done != NULL; i++) {
		const struct trust_profile *p = &c->trusts[order[i]];
		struct why why = { .code = "" };
		enum err e = is_done[order[i]] ? ERR_OK : trust_install(w->pass, p, &why);
		if (is_asked(w->pass, p->name, NULL) || e != ERR_OK)
			tally_count(&w->tally, KIND_TRUST, p->name, e, &why);
	}
	free(is_done);
	free(order);
}

static bool is_wanted(const struct pass *pass, enum scep_next next)
{
	return !pass->options->only_renewal || next != SCEP_NEXT_ENROLL;
}

static enum err expired(const struct scep_profile *p, const struct why *reason, struct why *why)
{
	enum err e = why_set(why, ERR_DENIED, "expired.wait", "%s: the certificate has expired%s%s", p->name,
	                     reason != NULL ? "; " : "", reason != NULL ? reason->text : "");
	why_next(why, "signet enroll %s --challenge-file FILE%s", p->name,
	         p->after_expiry == AFTER_EXPIRY_WAIT ? ", or set after_expiry = reenroll" : "");
	return e;
}

/* ---- the consumers of one certificate, and its trial ---- */

/* In the agent one that failed rests for a while, and says nothing of the certificate meanwhile. */
static enum err work_consumer(struct work *w, size_t i, const struct move *move, enum consumer_result *out,
                              struct why *why)
{
	const struct consumer *c = &w->consumers[i];
	*out = CONSUMER_OPEN;
	if (w->treatment[i] == CONSUMER_LEFT && tally_rests(&w->tally, c->name, why)) {
		w->treatment[i] = CONSUMER_RESTS;
		return ERR_AGAIN;
	}
	if (w->treatment[i] == CONSUMER_RESTS || pass_is_stopping(w->pass))
		return ERR_OK;
	w->treatment[i] = CONSUMER_WORKED;
	pass_busy(w->pass, CONSUMER_BUSY_S);
	return consumer_work(w->pass, c, move, out, why);
}

struct certificate_use {
	struct work *work;
	const struct scep_profile *profile;
	size_t index[CONFIG_PROFILES_MAX]; /* of its consumers, in the work */
	size_t count;
};

static enum err use_work(void *ctx, size_t i, const struct move *move, enum consumer_result *out, struct why *why)
{
	struct certificate_use *u = ctx;
	return work_consumer(u->work, u->index[i], move, out, why);
}

static const char *use_name(void *ctx, size_t i)
{
	const struct certificate_use *u = ctx;
	return u->work->consumers[u->index[i]].name;
}

/* ERR_NOT_FOUND: its certificate is gone; other errors may pass. */
static enum err end_of(const struct certificate_use *u, unsigned generation, int64_t *out_not_after)
{
	struct buf der;
	struct certificate cert;
	buf_init(&der, CERTIFICATE_MAX);
	enum err e = generation_certificate(&u->work->pass->store, u->profile->name, generation, &der, NULL);
	if (e == ERR_OK)
		e = certificate_parse(buf_bytes(&der), &cert, NULL);
	if (e == ERR_OK)
		*out_not_after = cert.not_after;
	buf_clear(&der);
	return e;
}

static bool use_is_over(void *ctx, unsigned generation)
{
	const struct certificate_use *u = ctx;
	const struct clock_view *clock = &u->work->pass->clock;
	int64_t not_after = 0;
	enum err e = end_of(u, generation, &not_after);
	return e == ERR_NOT_FOUND || (e == ERR_OK && clock->is_trusted && clock->now > not_after);
}

/* Never back to a certificate that is expired or revoked, or whose key does not load. */
static bool use_may_go_back(void *ctx, unsigned generation)
{
	struct certificate_use *u = ctx;
	struct device_key key = { .ops = NULL };
	struct why why = { .code = "" };
	struct revocation revocation;
	int64_t not_after = 0;
	if (end_of(u, generation, &not_after) != ERR_OK || use_is_over(ctx, generation) ||
	    revocation_is_known(&u->work->pass->store, u->profile->name, generation, &revocation))
		return false;
	enum err e = scep_load_key(u->work->pass, u->profile->name, generation, &key, &why);
	device_key_close(&key);
	/* the consumers need the TPM next, and a software one serves one client at a time */
	pass_release_tpm(u->work->pass);
	if (e != ERR_OK)
		log_warn("scep: %s: no way back to generation %u: %s", u->profile->name, generation, why.text);
	return e == ERR_OK;
}

static enum err work_consumers(struct work *w, const struct scep_profile *p, struct why *why)
{
	struct certificate_use u = { .work = w, .profile = p };
	const struct trial_host host = { use_work, use_may_go_back, use_is_over, use_name, (int64_t)time(NULL),
	                                 p->retry_delay_s, p->retry_delay_max_s, &u };
	for (size_t i = 0; i < w->consumer_count; i++)
		if (strcmp(w->consumers[i].certificate, p->name) == 0 && !consumer_is_over(w->pass, &w->consumers[i]))
			u.index[u.count++] = i;
	struct consumer_outcome *outcomes = calloc(u.count + 1, sizeof *outcomes);
	if (outcomes == NULL)
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for %zu consumers", u.count);
	pass_release_tpm(w->pass);
	enum err e = trial_run(&w->pass->store, p->name, &host, outcomes, u.count, why);
	for (size_t i = 0; i < u.count; i++)
		w->outcomes[u.index[i]] = outcomes[i];
	free(outcomes);
	return e;
}

static enum err key_lost(const struct scep_profile *p, const struct why *reason, struct why *why)
{
	enum err e = why_set(why, ERR_CHANGED, "tpm.key_lost",
	                     "%s: the TPM was cleared or replaced, and the key of this certificate is gone with it%s%s", p->name,
	                     reason != NULL ? "; " : "", reason != NULL ? reason->text : "");
	why_next(why, "signet enroll %s --challenge-file FILE", p->name);
	return e;
}

/* A device that boots in a loop does not knock at the CA at each boot; whoever names the profile stands beside it. */
static enum err wait_after_boots(const struct pass *pass, const struct scep_profile *p, const struct scep_view *view,
                                 struct why *why)
{
	char boot[BOOT_ID_CAP] = "";
	if (view->next == SCEP_NEXT_SWITCH || pass->options->profile_count > 0)
		return ERR_OK;
	uint32_t random = device_boot_id(boot, sizeof boot) == ERR_OK ? (uint32_t)strtoul(boot, NULL, 16) : 0;
	int64_t left = schedule_first_ms(view->boots, p->retry_delay_s, p->retry_delay_max_s, random) - clock_boot_ms();
	if (left <= 0)
		return ERR_OK;
	enum err e = why_set(why, ERR_UNREACHABLE, "scep.boots",
	                     "%s: the last %u starts of this device ended before the CA had answered; it is asked again in %lld s",
	                     p->name, view->boots, (long long)(left + 999) / 1000);
	why_next(why, "find out why the device restarts; signet apply %s asks at once", p->name);
	return e;
}

static enum err step_scep(struct work *w, const struct scep_profile *p, struct why *why)
{
	struct scep_hints hints = { .date = 0 };
	struct scep_view view;
	struct certificate_set anchors = { .count = 0 };
	enum err e = trust_anchors(w->pass, &p->trust, &anchors, why);
	certificate_set_clear(&anchors);
	if (e == ERR_OK && w->pass->options->imported != NULL)
		return offline_import(w->pass, p, buf_bytes(w->pass->options->imported), why);
	if (e == ERR_OK)
		e = scep_look(w->pass, p, &view, why);
	if (e == ERR_OK && view.has_certificate && view.next == SCEP_NEXT_NOTHING && !w->pass->clock.is_trusted) {
		date_hint_ask(w->pass, p);
		e = scep_look(w->pass, p, &view, why);
	}
	if (e != ERR_OK)
		return e;
	if (view.is_revoked && (view.next == SCEP_NEXT_NOTHING || !is_wanted(w->pass, view.next)))
		return revocation_refused(&w->pass->store, p, view.in_use, NULL, why);
	if (view.is_key_lost && (view.next == SCEP_NEXT_NOTHING || !is_wanted(w->pass, view.next)))
		return key_lost(p, NULL, why);
	if (view.next == SCEP_NEXT_NOTHING)
		scep_wipe_challenge(w->pass, p); /* what the pass that used it could not */
	if (view.next == SCEP_NEXT_NOTHING || !is_wanted(w->pass, view.next))
		return view.is_expired && view.next == SCEP_NEXT_NOTHING ? expired(p, NULL, why)
		                                                         : trial_refused(&w->pass->store, p->name, &view.generations, why);
	log_debug("scep: %s: %s", p->name, view.reason);
	e = wait_after_boots(w->pass, p, &view, why);
	if (e != ERR_OK)
		return e;
	if (view.has_certificate && !w->pass->clock.is_trusted)
		date_hint_spend(w->pass, p);
	e = scep_step(w->pass, p, &view, &hints, why);
	w->tally.retry_after_s = hints.retry_after_s;
	bool is_resumed = view.next == SCEP_NEXT_RESEND || view.next == SCEP_NEXT_POLL;
	if ((view.next == SCEP_NEXT_RENEW || (is_resumed && view.request.is_renewal)) && e != ERR_OK && e != ERR_AGAIN)
		metrics_count_renewal(&w->pass->store, p->name, false);
	if (e != ERR_OK && outcome_exit(e, why) == SIGNET_WAITING) {
		const struct why waits = *why;
		if (view.is_revoked)
			e = revocation_refused(&w->pass->store, p, view.in_use, &waits, why);
		else if (view.is_key_lost)
			e = key_lost(p, &waits, why);
		else if (view.is_expired)
			e = expired(p, &waits, why);
	}
	bool has_talked = view.next != SCEP_NEXT_SWITCH && e != ERR_UNREACHABLE &&
	                  (e == ERR_OK || strncmp(why->code, "scep.", 5) == 0);
	if (has_talked)
		tally_contact(&w->tally, p->name, (int64_t)time(NULL));
	return e;
}

static bool is_consumer_asked(const struct work *w, const char *certificate)
{
	for (size_t i = 0; i < w->consumer_count; i++)
		if (strcmp(w->consumers[i].certificate, certificate) == 0 && is_named(w->pass->options, w->consumers[i].name))
			return true;
	return false;
}

/* The certificate's own trouble is told before that of its trial. */
static void work_scep(struct work *w, const struct scep_profile *p)
{
	struct why why = { .code = "" };
	struct why trial = { .code = "" };
	bool is_step = is_asked(w->pass, p->name, NULL);
	if ((!is_step && !is_consumer_asked(w, p->name)) || pass_is_stopping(w->pass))
		return;
	bool is_resting = is_step && tally_rests(&w->tally, p->name, NULL);
	pass_busy(w->pass, p->timeout_s + DIALOGUE_BUSY_S);
	enum err e = is_step && !is_resting ? step_scep(w, p, &why) : ERR_OK;
	enum err tried = work_consumers(w, p, &trial);
	if (tried == ERR_OK)
		tried = generation_tidy(&w->pass->store, p->name, &trial); /* of a pass that was cut off */
	if (e == ERR_OK && tried != ERR_OK)
		why = trial;
	if ((is_step && !is_resting) || tried != ERR_OK)
		tally_count(&w->tally, KIND_SCEP, p->name, e != ERR_OK ? e : tried, &why);
}

/* After everything else, for nothing waits for a list, and what was learned is acted upon at once; but before it where the
 * certificate is known as revoked: then all depends on whether it still is. */
static void check_revocation(struct work *w, const struct scep_profile *p, bool is_before)
{
	const struct store *store = &w->pass->store;
	struct generations g;
	struct revocation known;
	struct why why = { .code = "" };
	if (!is_asked(w->pass, p->name, NULL) || pass_is_stopping(w->pass) ||
	    generations_look(store, p->name, &g, NULL) != ERR_OK ||
	    revocation_is_known(store, p->name, g.current, &known) != is_before ||
	    revocation_next_ms(w->pass, p) > clock_boot_ms())
		return;
	pass_busy(w->pass, p->timeout_s + DIALOGUE_BUSY_S);
	enum err e = revocation_check(w->pass, p, &why);
	if (e != ERR_OK)
		tally_count(&w->tally, KIND_SCEP, p->name, e, &why);
	else if (!is_before && revocation_is_known(store, p->name, g.current, &known))
		work_scep(w, p);
}

/* ---- what needs no certificate server ---- */

static void repair_profiles(struct work *w)
{
	const struct config *config = w->pass->config;
	for (size_t i = 0; i < config->scep_count; i++) {
		struct why why = { .code = "" };
		if (repair_profile(w->pass, &config->sceps[i], &why) != ERR_OK)
			log_warn("scep: %s: not looked through for damage: %s", config->sceps[i].name, why.text);
	}
}

/* Settings that a cut left behind `current`, before anything waits for a network: they may be what opens it. One that has
 * no certificate yet is no trouble of theirs. */
static void repair_settings(struct work *w)
{
	struct record record;
	char sha256[sizeof record.sha256];
	for (size_t i = 0; i < w->consumer_count; i++) {
		const struct consumer *c = &w->consumers[i];
		struct why why = { .code = "" };
		bool is_open = c->certificate[0] == '\0';
		if ((!is_open || w->pass->options->is_local) && !consumer_is_over(w->pass, c) &&
		    consumer_install(w->pass, c, &record, sha256, &why) != ERR_OK)
			log_debug("%s: %s: %s", c->ops->folder, c->name, why.text);
	}
}

/* Networks with a pass phrase, among them the one to reach the CA by before the first certificate. */
static void work_open_networks(struct work *w)
{
	const struct move move = { .to = 1 };
	for (size_t i = 0; i < w->consumer_count; i++) {
		const struct consumer *c = &w->consumers[i];
		struct consumer_outcome *o = &w->outcomes[i];
		if (c->certificate[0] != '\0' || !is_asked(w->pass, c->name, NULL) || consumer_is_over(w->pass, c))
			continue;
		o->err = work_consumer(w, i, &move, &o->result, &o->why);
	}
}

static void remove_what_is_over(struct work *w)
{
	for (size_t i = 0; i < w->consumer_count; i++) {
		const struct consumer *c = &w->consumers[i];
		if (!is_asked(w->pass, c->name, c->certificate) || !consumer_is_over(w->pass, c))
			continue;
		w->treatment[i] = CONSUMER_WORKED;
		w->outcomes[i].why = (struct why){ .code = "" };
		w->outcomes[i].err = consumer_remove(w->pass, c->ops, c->name, false, &w->outcomes[i].why);
	}
}

static void count_consumers(struct work *w)
{
	for (size_t i = 0; i < w->consumer_count; i++)
		if (w->treatment[i] == CONSUMER_WORKED && is_asked(w->pass, w->consumers[i].name, w->consumers[i].certificate))
			tally_count(&w->tally, w->consumers[i].kind, w->consumers[i].name, w->outcomes[i].err, &w->outcomes[i].why);
}

/* The trouble of a hook counts where the profiles have none. */
static void announce(struct work *w)
{
	struct why why = { .code = "" };
	enum err e = announce_pass(w->pass, strcmp(w->tally.why.code, "tpm.lockout") == 0, &why);
	if (e != ERR_OK)
		tally_note(&w->tally, outcome_exit(e, &why), &why);
}

/* Off with what should not be here; one that is asked for, and stays off, says so. */
static void work_retirement(struct work *w)
{
	const struct apply_options *o = w->pass->options;
	struct retire_item failed = { .name = "" };
	struct why why = { .code = "" };
	enum err e = retirement_work(w->pass, &failed, &why);
	if (e != ERR_OK)
		tally_count(&w->tally, failed.kind, failed.name, e, &why);
	for (size_t i = 0; i < o->profile_count; i++) {
		e = retirement_say(w->pass, o->profiles[i], &why);
		if (e != ERR_OK)
			tally_count(&w->tally, KIND_SCEP, o->profiles[i], e, &why);
	}
}

/* What the disk and the TPM alone say: enough to be done before any network or daemon is up. */
static void work_local(struct work *w)
{
	w->consumer_count = consumers_list(w->pass->config, w->consumers);
	binding_check(w->pass);
	work_trusts(w);
	repair_profiles(w);
	repair_settings(w);
}

static void work_all(struct work *w)
{
	work_retirement(w);
	const struct config *config = w->pass->config;
	work_local(w);
	work_open_networks(w);
	for (size_t i = 0; i < config->scep_count; i++) {
		check_revocation(w, &config->sceps[i], true);
		work_scep(w, &config->sceps[i]);
	}
	remove_what_is_over(w);
	count_consumers(w);
	for (size_t i = 0; i < config->scep_count; i++)
		check_revocation(w, &config->sceps[i], false);
	announce(w);
}

static enum err one_pass(const struct config *config, const struct apply_options *options, struct work *w,
                         struct why *why)
{
	struct pass pass;
	int fd = -1;
	enum err e = pass_open(config, options, &pass, why);
	if (e != ERR_OK)
		return e;
	memset(w, 0, sizeof *w);
	w->pass = &pass;
	w->tally.pass = &pass;
	e = pass_lock(&pass, &fd, why);
	if (e == ERR_OK) {
		pass_mend_clock(&pass);
		store_tidy(&pass.store);
		if (options->is_local)
			work_local(w);
		else
			work_all(w);
		file_unlock(&fd);
	}
	pass_close(&pass);
	w->pass = NULL;
	w->tally.pass = NULL;
	return e;
}

enum err agent_apply(const struct config *config, const struct apply_options *options, enum signet_exit *out_exit,
                     struct why *why)
{
	struct apply_options again = *options;
	int64_t until = clock_boot_ms() + (int64_t)options->wait_s * 1000;
	for (size_t i = 0; i < options->profile_count; i++) {
		if (config_has_profile(config, options->profiles[i]))
			continue;
		enum err e = why_set(why, ERR_NOT_FOUND, "usage.profile", "there is no profile \"%s\"", options->profiles[i]);
		why_next(why, "signet status lists the profiles");
		return e;
	}
	struct work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for a pass");
	enum err e = one_pass(config, options, w, why);
	while (e == ERR_OK && w->tally.is_pending && clock_boot_ms() < until) {
		sleep(POLL_EVERY_S);
		again.challenge = NULL; /* it went out with the first pass */
		again.force_renewal = false;
		again.is_repeat = true;
		e = one_pass(config, &again, w, why);
	}
	if (e == ERR_OK) {
		*out_exit = w->tally.exit;
		if (w->tally.exit != SIGNET_DONE && why != NULL)
			*why = w->tally.why;
	}
	free(w);
	return e;
}
