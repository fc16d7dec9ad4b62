/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/agent/last.h"
#include "client/agent/pass.h"
#include "client/agent/retirement.h"
#include "client/agent/revocation.h"
#include "client/agent/trial.h"
#include "client/config/variables.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"

const char *profile_kind_text(enum profile_kind kind)
{
	switch (kind) {
	case KIND_TRUST:
		return "trust";
	case KIND_SCEP:
		return "scep";
	case KIND_WIFI:
		return "wifi";
	case KIND_WIRED:
		return "wired";
	case KIND_VPN:
		return "vpn";
	}
	return "?";
}

const char *profile_state_text(enum profile_state state)
{
	switch (state) {
	case STATE_INSTALLED:
		return "installed";
	case STATE_TRIAL:
		return "trial";
	case STATE_PENDING:
		return "pending";
	case STATE_WAITING:
		return "waiting";
	case STATE_ERROR:
		return "error";
	case STATE_ABSENT:
		return "absent";
	}
	return "?";
}

void device_view_clear(struct device_view *view)
{
	free(view->profiles);
	*view = (struct device_view){ .profiles = NULL };
}

static void text_of(struct bytes name, char out[512])
{
	struct buf text;
	buf_init(&text, 512);
	const char *s = name_to_text(name, &text) == ERR_OK ? buf_text(&text) : NULL;
	snprintf(out, 512, "%s", s != NULL ? s : "(too long to show)");
	buf_clear(&text);
}

static struct profile_view *next_profile(struct device_view *view, enum profile_kind kind, const char *name)
{
	struct profile_view *p = &view->profiles[view->profile_count++];
	*p = (struct profile_view){ .kind = kind, .state = STATE_INSTALLED };
	snprintf(p->name, sizeof p->name, "%s", name);
	return p;
}

static void say(struct profile_view *p, const struct why *why)
{
	snprintf(p->code, sizeof p->code, "%s", why->code);
	snprintf(p->detail, sizeof p->detail, "%s", why->text);
	snprintf(p->next_step, sizeof p->next_step, "%s", why->next_step);
}

/* State and code of what is not in place, from what the look said. */
static void not_in_place(struct profile_view *p, enum err e, const struct why *why)
{
	bool is_waiting = strncmp(why->code, "waiting.", 8) == 0;
	p->state = strcmp(why->code, "waiting.install") == 0 ? STATE_ABSENT : is_waiting ? STATE_WAITING : STATE_ERROR;
	p->exit = outcome_exit(e, why);
	say(p, why);
	if (p->state == STATE_ABSENT && p->next_step[0] == '\0')
		snprintf(p->next_step, sizeof p->next_step, "signet apply");
}

static void look_certificate(const struct pass *pass, const struct scep_profile *s, const struct scep_view *v,
                             struct profile_view *p)
{
	struct buf der;
	struct certificate cert;
	struct certificate_view *c = &p->certificate;
	buf_init(&der, CERTIFICATE_MAX);
	if (v->has_certificate &&
	    generation_certificate(&pass->store, s->name, v->generations.current, &der, NULL) == ERR_OK &&
	    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK && cert.serial.len < sizeof c->serial / 2) {
		p->has_certificate = true;
		snprintf(c->path, sizeof c->path, "%s/scep/%s/current/cert.pem", pass->config->agent.state_dir, s->name);
		snprintf(c->chain_path, sizeof c->chain_path, "%s/scep/%s/current/chain.pem", pass->config->agent.state_dir,
		         s->name);
		text_of(cert.subject, c->subject);
		text_of(cert.issuer, c->issuer);
		hex_text(cert.serial, c->serial);
		sha256_hex(cert.der, c->sha256);
		c->not_before = cert.not_before;
		c->not_after = cert.not_after;
		c->renew_at = v->renew_at;
		c->generation = v->generations.current;
		struct public_key pub;
		struct generation_meta meta;
		bool has_meta = generation_meta_read(&pass->store, s->name, c->generation, &meta, NULL) == ERR_OK;
		if (has_meta)
			c->asked_at = meta.sent_at;
		if (has_meta && certificate_rsa_key(cert.spki, &pub) == ERR_OK) {
			p->has_key = true;
			snprintf(p->key.type, sizeof p->key.type, "rsa%zu", pub.modulus_len * 8);
			snprintf(p->key.storage, sizeof p->key.storage, "%s", meta.is_software ? "software" : "tpm");
			snprintf(p->key.path, sizeof p->key.path, "%s/scep/%s/current/%s", pass->config->agent.state_dir, s->name,
			         meta.is_software ? "key.pem" : "key.der");
			if (!meta.is_software)
				snprintf(p->key.uri, sizeof p->key.uri, "pkcs11:token=signet;object=%s;type=private", s->name);
		}
	}
	buf_clear(&der);
}

static void look_server(const struct scep_profile *s, const struct scep_view *v, const struct last *last,
                        bool has_last, struct profile_view *p)
{
	p->has_server = true;
	snprintf(p->server.url, sizeof p->server.url, "%s",
	         v->generations.request != 0 && v->request.url[0] != '\0' ? v->request.url : s->url.items[0]);
	p->server.state = "unknown";
	if (!has_last)
		return;
	p->server.last_contact = last->contact;
	bool is_server = last->exit == SIGNET_UNREACHABLE || last->exit == SIGNET_REFUSED || last->exit == SIGNET_UNTRUSTED;
	p->server.state = is_server ? "error" : last->contact != 0 ? "active" : "unknown";
	if (is_server)
		snprintf(p->server.last_error, sizeof p->server.last_error, "%s", last->why.text);
}

static void judge_scep(const struct scep_profile *s, const struct scep_view *v, const struct last *last,
                       bool has_last, struct profile_view *p)
{
	bool has_trouble = has_last && last->exit != SIGNET_DONE;
	if (v->generations.request != 0 && v->request.is_pending && !v->has_certificate) {
		p->state = STATE_PENDING;
		p->exit = SIGNET_PENDING;
	} else if (v->is_key_lost) {
		p->state = STATE_ERROR;
		p->exit = SIGNET_TPM;
		snprintf(p->code, sizeof p->code, "tpm.key_lost");
		snprintf(p->detail, sizeof p->detail, "the TPM was cleared or replaced, and the key is gone with it");
		snprintf(p->next_step, sizeof p->next_step, "signet enroll %s --challenge-file FILE", s->name);
	} else if (v->is_expired) {
		p->state = STATE_ERROR;
		p->exit = SIGNET_EXPIRED;
		snprintf(p->detail, sizeof p->detail, "the certificate has expired");
		snprintf(p->next_step, sizeof p->next_step, "signet enroll %s --challenge-file FILE", s->name);
	} else if (v->retry_at == 0 &&
	           (v->generations.complete != 0 || trial_state_of(&v->generations) != TRIAL_NONE)) {
		p->state = STATE_TRIAL;
	} else if (!v->has_certificate) {
		p->state = STATE_ABSENT;
		p->exit = SIGNET_WAITING;
		snprintf(p->detail, sizeof p->detail, "not enrolled yet");
		snprintf(p->next_step, sizeof p->next_step, "signet apply");
	}
	if (!has_trouble)
		return;
	say(p, &last->why);
	if (!v->has_certificate || v->is_expired) {
		p->exit = v->is_expired ? SIGNET_EXPIRED : last->exit;
		p->state = last->exit == SIGNET_WAITING   ? STATE_WAITING
		           : last->exit == SIGNET_PENDING ? STATE_PENDING
		                                          : STATE_ERROR;
	}
}

/* From a CA whose clock is ahead, or taken while ours was not trusted: the daemons refuse it until then. */
static void look_start(const struct pass *pass, struct profile_view *p)
{
	char from[32];
	const struct certificate_view *c = &p->certificate;
	if (!p->has_certificate || !pass->clock.is_trusted || c->not_before <= pass->clock.now + CLOCK_STEP_S ||
	    p->detail[0] != '\0')
		return;
	clock_text(c->not_before, from, sizeof from);
	snprintf(p->detail, sizeof p->detail, "the certificate is valid only from %s", from);
	snprintf(p->next_step, sizeof p->next_step, "compare the clocks of the CA and of this device");
}

/* A trial that is open names who has not authenticated yet; one that was lost says why. */
static void look_trial(const struct pass *pass, const struct scep_profile *s, const struct scep_view *v,
                       struct profile_view *p)
{
	const struct config *c = pass->config;
	struct consumer *consumers = calloc(CONFIG_PROFILES_MAX, sizeof *consumers);
	size_t count = consumers != NULL ? consumers_list(c, consumers) : 0;
	struct why why = { .code = "" };
	if (v->retry_at != 0 && trial_refused(&pass->store, s->name, &v->generations, &why) != ERR_OK) {
		p->state = STATE_ERROR;
		p->exit = SIGNET_NOT_IN_USE;
		p->next_at = v->retry_at;
		say(p, &why);
	}
	if (p->state == STATE_TRIAL && p->detail[0] == '\0' && trial_state_of(&v->generations) == TRIAL_BACK) {
		snprintf(p->detail, sizeof p->detail, "generation %u failed, generation %u is tried again",
		         v->generations.complete, v->generations.current);
	} else if (p->state == STATE_TRIAL && p->detail[0] == '\0') {
		size_t len = (size_t)snprintf(p->detail, sizeof p->detail, "generation %u on trial, waits for:",
		                              v->generations.current);
		for (size_t i = 0; i < count; i++) {
			struct record r;
			if (strcmp(consumers[i].certificate, s->name) != 0)
				continue;
			record_read(&pass->store, consumers[i].ops->folder, consumers[i].name, &r);
			if (r.proven != v->generations.current && len < sizeof p->detail)
				len += (size_t)snprintf(p->detail + len, sizeof p->detail - len, " %s", consumers[i].name);
		}
	}
	free(consumers);
}

/* Whatever else is the matter; the words of the last try go further, when they are about it. */
static void look_revocation(const struct pass *pass, const struct scep_profile *s, const struct scep_view *v,
                            struct profile_view *p)
{
	struct why why = { .code = "" };
	if (!v->is_revoked || revocation_refused(&pass->store, s, v->in_use, NULL, &why) == ERR_OK)
		return;
	if (strcmp(p->code, why.code) != 0)
		say(p, &why);
	p->state = STATE_ERROR;
	p->exit = SIGNET_REFUSED;
}

static void look_scep(const struct pass *pass, const struct scep_profile *s, struct device_view *view)
{
	struct profile_view *p = next_profile(view, KIND_SCEP, s->name);
	struct certificate_set anchors = { .count = 0 };
	struct scep_view v;
	struct last last = { .exit = SIGNET_DONE };
	struct why why = { .code = "" };
	enum err e = scep_look(pass, s, &v, &why);
	if (e != ERR_OK) {
		not_in_place(p, e, &why);
		return;
	}
	bool has_last = last_read(&pass->store, s->name, &last) == ERR_OK;
	look_certificate(pass, s, &v, p);
	look_server(s, &v, &last, has_last, p);
	judge_scep(s, &v, &last, has_last, p);
	p->next_at = v.renew_at;
	look_start(pass, p);
	look_trial(pass, s, &v, p);
	look_revocation(pass, s, &v, p);
	if (!v.has_certificate && trust_anchors(pass, &s->trust, &anchors, &why) != ERR_OK)
		not_in_place(p, ERR_NOT_FOUND, &why);
	certificate_set_clear(&anchors);
	if (v.generations.offline != 0 && (!v.has_certificate || v.is_expired))
		snprintf(p->next_step, sizeof p->next_step, "signet import %s FILE: the certificate for the request of signet csr",
		         s->name);
}

static void look_tpm(struct pass *pass, struct tpm_view *out)
{
	struct tpm *tpm;
	struct tpm_facts facts;
	struct why why = { .code = "" };
	enum err e = pass_tpm(pass, &tpm, &why);
	if (e == ERR_OK)
		e = tpm_look(tpm, &facts, &why);
	snprintf(out->detail, sizeof out->detail, "%s", why.text);
	if (e != ERR_OK) {
		out->state = e == ERR_UNREACHABLE && strcmp(why.code, "tpm.absent") == 0 ? "absent"
		             : e == ERR_LOCKED_OUT                                       ? "locked-out"
		             : e == ERR_CHANGED                                          ? "changed"
		                                                                         : "failing";
		pass->is_tpm_changed = e == ERR_CHANGED; /* its profiles say so too */
		return;
	}
	out->state = facts.is_locked_out ? "locked-out" : "ok";
	out->has_lockout_counter = true;
	out->lockout_counter = facts.lockout_counter;
	memcpy(out->manufacturer, facts.manufacturer, sizeof out->manufacturer);
	memcpy(out->firmware, facts.firmware, sizeof out->firmware);
}

static void look_name(const struct config *config, char out[256])
{
	struct buf text;
	buf_init(&text, 256);
	const char *s = variables_expand(config, "{{DeviceName}}", PLACE_TEXT, &text, NULL) == ERR_OK ? buf_text(&text) : NULL;
	snprintf(out, 256, "%s", s != NULL ? s : "");
	buf_clear(&text);
}

/* Settings in place: has the daemon authenticated with them? */
static void look_daemon(const struct pass *pass, const struct consumer *c, struct profile_view *p)
{
	struct generations g = { .current = 1 };
	struct record r;
	struct last last;
	record_read(&pass->store, c->ops->folder, c->name, &r);
	if (c->certificate[0] != '\0' && generations_look(&pass->store, c->certificate, &g, NULL) != ERR_OK)
		return;
	if (last_read(&pass->store, c->name, &last) == ERR_OK && last.exit != SIGNET_DONE) {
		p->state = STATE_ERROR;
		p->exit = last.exit;
		say(p, &last.why);
	} else if (!c->ops->is_present(pass, c)) {
		snprintf(p->detail, sizeof p->detail, "its daemon is not running");
	} else if (r.proven != g.current && r.told == g.current) {
		p->state = STATE_TRIAL;
		snprintf(p->detail, sizeof p->detail, "not authenticated since it was told");
	} else if (r.proven != g.current) {
		p->state = STATE_TRIAL;
		snprintf(p->detail, sizeof p->detail, "not authenticated with these settings yet");
	}
	if (c->kind == KIND_VPN && p->detail[0] != '\0' && pass_ignores_dates(pass))
		snprintf(p->next_step, sizeof p->next_step,
		         "strongSwan checks dates all the same: let the device get the time, or set untrusted_clock = set-floor");
}

static bool look_retired(const struct pass *pass, enum profile_kind kind, const char *name, struct device_view *view)
{
	struct why why = { .code = "" };
	if (retirement_say(pass, name, &why) == ERR_OK)
		return false;
	struct profile_view *p = next_profile(view, kind, name);
	p->state = STATE_ABSENT;
	snprintf(p->detail, sizeof p->detail, "%s", why.text);
	return true;
}

static void look_consumer(const struct pass *pass, const struct consumer *c, struct device_view *view)
{
	struct why why = { .code = "" };
	if (look_retired(pass, c->kind, c->name, view))
		return;
	struct profile_view *p = next_profile(view, c->kind, c->name);
	if (consumer_is_over(pass, c)) {
		p->state = STATE_ABSENT;
		snprintf(p->detail, sizeof p->detail, "not needed any more: \"%s\" has authenticated", c->wifi->only_until);
		return;
	}
	enum err e = c->ops->look(pass, c, &why);
	if (e == ERR_OK)
		look_daemon(pass, c, p);
	else
		not_in_place(p, e, &why);
}

static void look_rest(const struct pass *pass, struct device_view *view)
{
	struct consumer *consumers = calloc(CONFIG_PROFILES_MAX, sizeof *consumers);
	size_t count = consumers != NULL ? consumers_list(pass->written, consumers) : 0;
	for (size_t i = 0; i < count; i++)
		look_consumer(pass, &consumers[i], view);
	free(consumers);
}

enum err agent_look(const struct config *config, bool with_tpm, struct device_view *out, struct why *why)
{
	struct pass pass;
	size_t most = config->trust_count + config->scep_count + config->wifi_count + config->vpn_count;
	struct device_view view = { .time = (int64_t)time(NULL), .tpm = { .state = "ok" } };
	enum err e = pass_open(config, NULL, &pass, why);
	if (e != ERR_OK)
		return e;
	view.profiles = calloc(most + 1, sizeof *view.profiles);
	if (view.profiles == NULL) {
		pass_close(&pass);
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for %zu profiles", most);
	}
	view.is_clock_trusted = pass.clock.is_trusted;
	look_name(config, view.name);
	if (with_tpm)
		look_tpm(&pass, &view.tpm);
	for (size_t i = 0; i < config->trust_count; i++) {
		struct why own = { .code = "" };
		if (look_retired(&pass, KIND_TRUST, config->trusts[i].name, &view))
			continue;
		struct profile_view *p = next_profile(&view, KIND_TRUST, config->trusts[i].name);
		e = trust_look(&pass, &config->trusts[i], &own);
		if (e != ERR_OK)
			not_in_place(p, e, &own);
	}
	for (size_t i = 0; i < config->scep_count; i++)
		if (!look_retired(&pass, KIND_SCEP, config->sceps[i].name, &view))
			look_scep(&pass, &config->sceps[i], &view);
	look_rest(&pass, &view);
	pass_close(&pass);
	*out = view;
	return ERR_OK;
}
