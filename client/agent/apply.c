/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/agent/last.h"
#include "client/agent/pass.h"
#include "client/agent/trial.h"
#include "hal/log.h"

#define LOCK_WAIT_S 10 /* a pass of another run is over by then, or it waits for a slow TPM: say so */
#define POLL_EVERY_S 5 /* --wait: a technician stands beside it */

/* How the pass went, for the exit code: the first profile that is not in place decides. */
struct tally {
	struct pass *pass;
	enum signet_exit exit;
	struct why why;
	bool is_pending;
	struct consumer consumers[CONFIG_PROFILES_MAX];
	struct consumer_outcome outcomes[CONFIG_PROFILES_MAX]; /* of the same index */
	bool is_worked[CONFIG_PROFILES_MAX];
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

static void count(struct tally *t, const char *name, enum err e, const struct why *why)
{
	enum signet_exit code = outcome_exit(e, why);
	struct last before;
	bool has_before = last_read(&t->pass->store, name, &before) == ERR_OK;
	t->is_pending = t->is_pending || code == SIGNET_PENDING;
	if (code != SIGNET_DONE && t->exit == SIGNET_DONE) {
		t->exit = code;
		t->why = *why;
	}
	if (code != SIGNET_DONE && code != SIGNET_WAITING && code != SIGNET_PENDING)
		log_warn("agent: %s: %s", name, why->text);
	if (code == SIGNET_DONE && (!has_before || before.exit == SIGNET_DONE))
		return; /* nothing to correct: an idle pass writes nothing */
	struct last last = { .exit = code, .at = (int64_t)time(NULL), .contact = has_before ? before.contact : 0 };
	if (code != SIGNET_DONE)
		last.why = *why;
	if (has_before && before.exit == last.exit && strcmp(before.why.text, last.why.text) == 0 &&
	    (code == SIGNET_WAITING || code == SIGNET_CONFIG))
		return;
	last_write(&t->pass->store, name, &last);
}

static void work_trusts(struct tally *t)
{
	const struct config *c = t->pass->config;
	size_t *order = calloc(c->trust_count + 1, sizeof *order);
	if (order == NULL)
		return;
	trust_order(t->pass, order);
	/* an intermediate may stand before its issuer: go round while something moves */
	bool *is_done = calloc(c->trust_count + 1, sizeof *is_done);
	bool has_moved = is_done != NULL;
	while (has_moved) {
		has_moved = false;
		for (size_t i = 0; i < c->trust_count; i++) {
			const struct trust_profile *p = &c->trusts[order[i]];
			if (is_done[order[i]])
				continue;
			is_done[order[i]] = trust_look(t->pass, p, NULL) == ERR_OK || trust_install(t->pass, p, NULL) == ERR_OK;
			has_moved = has_moved || is_done[order[i]];
		}
	}
	for (size_t i = 0; i < c->trust_count && is_done != NULL; i++) {
		const struct trust_profile *p = &c->trusts[order[i]];
		struct why why = { .code = "" };
		enum err e = is_done[order[i]] ? ERR_OK : trust_install(t->pass, p, &why);
		if (is_asked(t->pass, p->name, NULL) || e != ERR_OK)
			count(t, p->name, e, &why);
	}
	free(is_done);
	free(order);
}

static void remember_contact(const struct tally *t, const char *name, enum err e)
{
	struct last last = { .exit = SIGNET_DONE, .at = (int64_t)time(NULL) };
	if (e == ERR_UNREACHABLE)
		return;
	if (last_read(&t->pass->store, name, &last) != ERR_OK)
		last = (struct last){ .exit = SIGNET_DONE };
	last.at = last.contact = (int64_t)time(NULL);
	last_write(&t->pass->store, name, &last);
}

static bool is_wanted(const struct pass *pass, enum scep_next next)
{
	return !pass->options->only_renewal || next != SCEP_NEXT_ENROLL;
}

static enum err expired(const struct scep_profile *p, struct why *why)
{
	enum err e = why_set(why, ERR_DENIED, "expired.wait", "%s: the certificate has expired", p->name);
	why_next(why, "signet enroll %s --challenge-file FILE, or set after_expiry = reenroll", p->name);
	return e;
}

/* ---- the consumers of one certificate, and its trial ---- */

struct certificate_use {
	struct tally *tally;
	const struct scep_profile *profile;
	size_t index[CONFIG_PROFILES_MAX]; /* of its consumers, in the tally */
	size_t count;
};

static enum err use_work(void *ctx, size_t i, const struct move *move, enum consumer_result *out, struct why *why)
{
	struct certificate_use *u = ctx;
	return consumer_work(u->tally->pass, &u->tally->consumers[u->index[i]], move, out, why);
}

static const char *use_name(void *ctx, size_t i)
{
	const struct certificate_use *u = ctx;
	return u->tally->consumers[u->index[i]].name;
}

/* ERR_NOT_FOUND: its certificate is gone; other errors may pass. */
static enum err end_of(const struct certificate_use *u, unsigned generation, int64_t *out_not_after)
{
	struct buf der;
	struct certificate cert;
	buf_init(&der, CERTIFICATE_MAX);
	enum err e = generation_certificate(&u->tally->pass->store, u->profile->name, generation, &der, NULL);
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
	const struct clock_view *clock = &u->tally->pass->clock;
	int64_t not_after = 0;
	enum err e = end_of(u, generation, &not_after);
	return e == ERR_NOT_FOUND || (e == ERR_OK && clock->is_trusted && clock->now > not_after);
}

/* Never back to a certificate that is expired, or whose key does not load. */
static bool use_may_go_back(void *ctx, unsigned generation)
{
	struct certificate_use *u = ctx;
	struct device_key key = { .ops = NULL };
	struct why why = { .code = "" };
	int64_t not_after = 0;
	if (end_of(u, generation, &not_after) != ERR_OK || use_is_over(ctx, generation))
		return false;
	enum err e = scep_load_key(u->tally->pass, u->profile->name, generation, &key, &why);
	device_key_close(&key);
	/* the consumers need the TPM next, and a software one serves one client at a time */
	pass_release_tpm(u->tally->pass);
	if (e != ERR_OK)
		log_warn("scep: %s: no way back to generation %u: %s", u->profile->name, generation, why.text);
	return e == ERR_OK;
}

static enum err work_consumers(struct tally *t, const struct scep_profile *p, struct why *why)
{
	struct certificate_use u = { .tally = t, .profile = p };
	const struct trial_host host = { use_work, use_may_go_back, use_is_over, use_name, (int64_t)time(NULL),
	                                 p->retry_delay_s, p->retry_delay_max_s, &u };
	for (size_t i = 0; i < t->consumer_count; i++)
		if (strcmp(t->consumers[i].certificate, p->name) == 0 && !consumer_is_over(t->pass, &t->consumers[i]))
			u.index[u.count++] = i;
	struct consumer_outcome *outcomes = calloc(u.count + 1, sizeof *outcomes);
	if (outcomes == NULL)
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for %zu consumers", u.count);
	pass_release_tpm(t->pass);
	enum err e = trial_run(&t->pass->store, p->name, &host, outcomes, u.count, why);
	for (size_t i = 0; i < u.count; i++) {
		t->outcomes[u.index[i]] = outcomes[i];
		t->is_worked[u.index[i]] = true;
	}
	free(outcomes);
	return e;
}

static enum err step_scep(struct tally *t, const struct scep_profile *p, struct why *why)
{
	struct scep_view view;
	struct certificate_set anchors = { .count = 0 };
	enum err e = trust_anchors(t->pass, &p->trust, &anchors, why);
	certificate_set_clear(&anchors);
	if (e == ERR_OK)
		e = scep_look(t->pass, p, &view, why);
	if (e != ERR_OK)
		return e;
	if (view.next == SCEP_NEXT_NOTHING || !is_wanted(t->pass, view.next))
		return view.is_expired && view.next == SCEP_NEXT_NOTHING ? expired(p, why)
		                                                         : trial_refused(&t->pass->store, p->name, &view.generations, why);
	log_debug("scep: %s: %s", p->name, view.reason);
	e = scep_step(t->pass, p, &view, why);
	bool has_talked = view.next != SCEP_NEXT_SWITCH && (e == ERR_OK || strncmp(why->code, "scep.", 5) == 0);
	if (has_talked)
		remember_contact(t, p->name, e);
	return e;
}

static bool is_consumer_asked(const struct tally *t, const char *certificate)
{
	for (size_t i = 0; i < t->consumer_count; i++)
		if (strcmp(t->consumers[i].certificate, certificate) == 0 && is_named(t->pass->options, t->consumers[i].name))
			return true;
	return false;
}

/* The certificate's own trouble is told before that of its trial. */
static void work_scep(struct tally *t, const struct scep_profile *p)
{
	struct why why = { .code = "" };
	struct why trial = { .code = "" };
	bool is_step = is_asked(t->pass, p->name, NULL);
	if (!is_step && !is_consumer_asked(t, p->name))
		return;
	enum err e = is_step ? step_scep(t, p, &why) : ERR_OK;
	enum err tried = work_consumers(t, p, &trial);
	if (e == ERR_OK && tried != ERR_OK)
		why = trial;
	if (is_step || tried != ERR_OK)
		count(t, p->name, e != ERR_OK ? e : tried, &why);
}

/* ---- what needs no certificate server ---- */

/* Settings that a cut left behind `current`, before anything waits for a network: they may be what opens it. */
static void repair_settings(struct tally *t)
{
	struct consumer_settings settings;
	for (size_t i = 0; i < t->consumer_count; i++) {
		const struct consumer *c = &t->consumers[i];
		struct why why = { .code = "" };
		if (c->certificate[0] != '\0' && !consumer_is_over(t->pass, c) && c->ops->install(t->pass, c, &settings, &why) != ERR_OK)
			log_debug("%s: %s: %s", c->ops->folder, c->name, why.text);
	}
}

/* Networks with a pass phrase, among them the one to reach the CA by before the first certificate. */
static void work_open_networks(struct tally *t)
{
	const struct move move = { .to = 1 };
	for (size_t i = 0; i < t->consumer_count; i++) {
		const struct consumer *c = &t->consumers[i];
		struct consumer_outcome *o = &t->outcomes[i];
		if (c->certificate[0] != '\0' || !is_asked(t->pass, c->name, NULL) || consumer_is_over(t->pass, c))
			continue;
		t->is_worked[i] = true;
		o->err = consumer_work(t->pass, c, &move, &o->result, &o->why);
	}
}

static void remove_what_is_over(struct tally *t)
{
	for (size_t i = 0; i < t->consumer_count; i++) {
		const struct consumer *c = &t->consumers[i];
		if (!is_asked(t->pass, c->name, c->certificate) || !consumer_is_over(t->pass, c))
			continue;
		t->is_worked[i] = true;
		t->outcomes[i].why = (struct why){ .code = "" };
		t->outcomes[i].err = consumer_remove(t->pass, c, &t->outcomes[i].why);
	}
}

static void count_consumers(struct tally *t)
{
	for (size_t i = 0; i < t->consumer_count; i++)
		if (t->is_worked[i] && is_asked(t->pass, t->consumers[i].name, t->consumers[i].certificate))
			count(t, t->consumers[i].name, t->outcomes[i].err, &t->outcomes[i].why);
}

static void work(struct tally *t, const struct config *config)
{
	t->consumer_count = consumers_list(config, t->consumers);
	work_trusts(t);
	repair_settings(t);
	work_open_networks(t);
	for (size_t i = 0; i < config->scep_count; i++)
		work_scep(t, &config->sceps[i]);
	remove_what_is_over(t);
	count_consumers(t);
}

static enum err one_pass(const struct config *config, const struct apply_options *options, struct tally *t,
                         struct why *why)
{
	struct pass pass;
	char lock[FILE_PATH_MAX];
	int fd = -1;
	enum err e = pass_open(config, options, &pass, why);
	if (e != ERR_OK)
		return e;
	memset(t, 0, sizeof *t);
	t->pass = &pass;
	e = store_prepare(&pass.store, why);
	if (e == ERR_OK)
		e = path_join(lock, pass.store.run, "lock");
	if (e == ERR_OK)
		e = file_lock(lock, LOCK_WAIT_S, &fd, why);
	if (e != ERR_OK)
		goto out;
	work(t, config);
	file_unlock(&fd);
out:
	pass_close(&pass);
	t->pass = NULL;
	return e;
}

static bool is_profile(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->wifi_count; i++)
		if (strcmp(c->wifis[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < c->vpn_count; i++)
		if (strcmp(c->vpns[i].name, name) == 0)
			return true;
	return config_find_trust(c, name) != NULL || config_find_scep(c, name) != NULL;
}

enum err agent_apply(const struct config *config, const struct apply_options *options, enum signet_exit *out_exit,
                     struct why *why)
{
	struct apply_options again = *options;
	int64_t until = clock_boot_ms() + (int64_t)options->wait_s * 1000;
	for (size_t i = 0; i < options->profile_count; i++) {
		if (is_profile(config, options->profiles[i]))
			continue;
		enum err e = why_set(why, ERR_NOT_FOUND, "usage.profile", "there is no profile \"%s\"", options->profiles[i]);
		why_next(why, "signet status lists the profiles");
		return e;
	}
	struct tally *t = calloc(1, sizeof *t);
	if (t == NULL)
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for a pass");
	enum err e = one_pass(config, options, t, why);
	while (e == ERR_OK && t->is_pending && clock_boot_ms() < until) {
		sleep(POLL_EVERY_S);
		again.challenge = NULL; /* it went out with the first pass */
		again.force_renewal = false;
		again.is_repeat = true;
		e = one_pass(config, &again, t, why);
	}
	if (e == ERR_OK) {
		*out_exit = t->exit;
		if (t->exit != SIGNET_DONE && why != NULL)
			*why = t->why;
	}
	free(t);
	return e;
}
