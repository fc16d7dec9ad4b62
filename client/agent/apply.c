/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/agent/last.h"
#include "client/agent/pass.h"
#include "hal/log.h"

#define LOCK_WAIT_S 10 /* a pass of another run is over by then, or it waits for a slow TPM: say so */
#define POLL_EVERY_S 5 /* --wait: a technician stands beside it */

/* How the pass went, for the exit code: the first profile that is not in place decides. */
struct tally {
	struct pass *pass;
	enum signet_exit exit;
	struct why why;
	bool is_pending;
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

static void work_scep(struct tally *t, const struct scep_profile *p)
{
	struct why why = { .code = "" };
	struct scep_view view;
	struct certificate_set anchors = { .count = 0 };
	enum err e = trust_anchors(t->pass, &p->trust, &anchors, &why);
	certificate_set_clear(&anchors);
	if (e == ERR_OK)
		e = scep_look(t->pass, p, &view, &why);
	if (e == ERR_OK && view.next != SCEP_NEXT_NOTHING && is_wanted(t->pass, view.next)) {
		log_debug("scep: %s: %s", p->name, view.reason);
		e = scep_step(t->pass, p, &view, &why);
		bool has_talked = view.next != SCEP_NEXT_SWITCH && (e == ERR_OK || strncmp(why.code, "scep.", 5) == 0);
		if (has_talked)
			remember_contact(t, p->name, e);
	} else if (e == ERR_OK && view.is_expired && view.next == SCEP_NEXT_NOTHING) {
		e = expired(p, &why);
	}
	count(t, p->name, e, &why);
}

static void work_settings(struct tally *t)
{
	const struct config *c = t->pass->config;
	for (size_t i = 0; i < c->wifi_count; i++) {
		struct why why = { .code = "" };
		if (!is_asked(t->pass, c->wifis[i].name, c->wifis[i].certificate))
			continue;
		enum err e = wifi_install(t->pass, &c->wifis[i], &why);
		count(t, c->wifis[i].name, e, &why);
	}
	for (size_t i = 0; i < c->vpn_count; i++) {
		struct why why = { .code = "" };
		if (!is_asked(t->pass, c->vpns[i].name, c->vpns[i].certificate))
			continue;
		enum err e = vpn_install(t->pass, &c->vpns[i], &why);
		count(t, c->vpns[i].name, e, &why);
	}
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
	*t = (struct tally){ .pass = &pass };
	e = store_prepare(&pass.store, why);
	if (e == ERR_OK)
		e = path_join(lock, pass.store.run, "lock");
	if (e == ERR_OK)
		e = file_lock(lock, LOCK_WAIT_S, &fd, why);
	if (e != ERR_OK)
		goto out;
	work_trusts(t);
	for (size_t i = 0; i < config->scep_count; i++)
		if (is_asked(&pass, config->sceps[i].name, NULL))
			work_scep(t, &config->sceps[i]);
	work_settings(t);
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
	struct tally t;
	int64_t until = clock_boot_ms() + (int64_t)options->wait_s * 1000;
	struct apply_options again = *options;
	for (size_t i = 0; i < options->profile_count; i++) {
		if (is_profile(config, options->profiles[i]))
			continue;
		enum err e = why_set(why, ERR_NOT_FOUND, "usage.profile", "there is no profile \"%s\"", options->profiles[i]);
		why_next(why, "signet status lists the profiles");
		return e;
	}
	enum err e = one_pass(config, options, &t, why);
	while (e == ERR_OK && t.is_pending && clock_boot_ms() < until) {
		sleep(POLL_EVERY_S);
		again.challenge = NULL; /* it went out with the first pass */
		again.force_renewal = false;
		e = one_pass(config, &again, &t, why);
	}
	if (e != ERR_OK)
		return e;
	*out_exit = t.exit;
	if (t.exit != SIGNET_DONE && why != NULL)
		*why = t.why;
	return ERR_OK;
}
