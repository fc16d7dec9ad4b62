/* SPDX-License-Identifier: MIT */
#include "client/agent/consumer.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "hal/log.h"

#define NEXT_REAUTH_S (24 * 3600) /* apply = next-reauth: networks ask anew at least once a day, else we do */

size_t consumers_list(const struct config *config, struct consumer out[CONFIG_PROFILES_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < config->wifi_count && count < CONFIG_PROFILES_MAX; i++) {
		const struct wifi_profile *p = &config->wifis[i];
		out[count++] = (struct consumer){ .kind = p->is_wired ? KIND_WIRED : KIND_WIFI,
			                          .name = p->name,
			                          .certificate = p->certificate,
			                          .ops = &wifi_consumer,
			                          .wifi = p };
	}
	for (size_t i = 0; i < config->vpn_count && count < CONFIG_PROFILES_MAX; i++) {
		const struct vpn_profile *p = &config->vpns[i];
		out[count++] = (struct consumer){ .kind = KIND_VPN,
			                          .name = p->name,
			                          .certificate = p->certificate,
			                          .ops = &vpn_consumer,
			                          .vpn = p };
	}
	return count;
}

static bool is_open_network(const struct consumer *c)
{
	return c->certificate[0] == '\0';
}

/* Failures that a certificate may be the reason of, or a server that is down: the trial finds out which. */
static bool is_verdict(enum err e)
{
	return e == ERR_DENIED || e == ERR_UNTRUSTED || e == ERR_INVALID || e == ERR_UNREACHABLE;
}

static bool is_absent(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_AGAIN;
}

static void proven(const struct pass *pass, const struct consumer *c, const struct move *move, struct record *r)
{
	r->proven = r->told = move->to;
	if (r->first_proven_at == 0)
		r->first_proven_at = (int64_t)time(NULL);
	log_info("%s: \"%s\" %s", c->ops->folder, c->name,
	         is_open_network(c) ? "is connected" : "works with its certificate");
	pass_progress(pass, c->name, is_open_network(c) ? "connect" : "authenticate", "ok");
}

static void told(struct record *r, const struct move *move, const struct daemon_state *before)
{
	r->told = move->to;
	r->proven = 0; /* whatever it was: the daemon has left it */
	r->told_at = (int64_t)time(NULL);
	snprintf(r->session, sizeof r->session, "%s", before->session);
}

/* An authentication since the daemon was told can only have used what it was told. */
static bool has_proven_itself(const struct consumer *c, const struct record *r, const struct move *move,
                              const struct daemon_state *now)
{
	return r->told == move->to && now->is_authenticated &&
	       (is_open_network(c) || strcmp(r->session, now->session) != 0);
}

/* apply = next-reauth: only what works now can wait, and not for ever. */
static bool may_wait(const struct consumer *c, const struct record *r, const struct move *move,
                     const struct daemon_state *now)
{
	int64_t age = (int64_t)time(NULL) - r->told_at;
	if (c->ops->arm == NULL || c->wifi == NULL || c->wifi->apply != APPLY_NEXT_REAUTH || move->from == 0)
		return false;
	return now->is_authenticated && (r->told != move->to || (age >= 0 && age < NEXT_REAUTH_S));
}

static enum err wait_for_reauth(const struct pass *pass, const struct consumer *c, const struct move *move,
                                struct record *r, const struct daemon_state *now, struct why *why)
{
	if (r->told == move->to)
		return ERR_OK;
	enum err e = c->ops->arm(pass, c, move, why);
	if (e != ERR_OK)
		return is_absent(e) ? ERR_OK : e;
	told(r, move, now);
	log_info("%s: \"%s\" takes the new certificate at its next authentication", c->ops->folder, c->name);
	return ERR_OK;
}

static enum err use(const struct pass *pass, const struct consumer *c, const struct move *move, struct record *r,
                    const struct daemon_state *before, enum consumer_result *out, struct why *why)
{
	struct why own = { .code = "" };
	enum err e = record_doubt(&pass->store, c->name, why); /* until it has answered */
	if (e != ERR_OK)
		return e;
	r->told = r->proven = 0;
	e = c->ops->use(pass, c, move, &own);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK || e == ERR_AGAIN || is_verdict(e)) /* else it may go on with what it had */
		told(r, move, before);
	if (e == ERR_OK) {
		proven(pass, c, move, r);
		*out = CONSUMER_PROVEN;
		return ERR_OK;
	}
	bool is_open = is_open_network(c) && e != ERR_DENIED; /* it may be there later; a wrong pass phrase stays wrong */
	if (is_absent(e) || is_open) {
		log_debug("%s: %s: %s", c->ops->folder, c->name, own.text);
		return ERR_OK;
	}
	*out = is_verdict(e) ? CONSUMER_FAILED : CONSUMER_OPEN;
	pass_progress(pass, c->name, "authenticate", "failed");
	if (why != NULL)
		*why = own;
	return e;
}

static enum err prove(const struct pass *pass, const struct consumer *c, const struct move *move, struct record *r,
                      enum consumer_result *out, struct why *why)
{
	struct daemon_state now = { .session = "" };
	enum err e = c->ops->state(pass, c, &now, why);
	if (is_absent(e))
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	if (has_proven_itself(c, r, move, &now)) {
		proven(pass, c, move, r);
		*out = CONSUMER_PROVEN;
		return ERR_OK;
	}
	if (may_wait(c, r, move, &now))
		return wait_for_reauth(pass, c, move, r, &now, why);
	if (is_open_network(c) && r->told == move->to)
		return ERR_OK; /* told once; it is used when it is in reach and nothing better is */
	return use(pass, c, move, r, &now, out, why);
}

static enum err keep(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	struct why own = { .code = "" };
	enum err e = c->ops->keep != NULL ? c->ops->keep(pass, c, move, &own) : ERR_OK;
	if (e == ERR_OK || is_absent(e))
		return ERR_OK;
	if (why != NULL)
		*why = own;
	return e;
}

static bool is_same_placement(const struct placement *a, const struct placement *b)
{
	return strcmp(a->path, b->path) == 0 && strcmp(a->control, b->control) == 0 &&
	       strcmp(a->interface, b->interface) == 0 && strcmp(a->certificate, b->certificate) == 0 &&
	       strcmp(a->authorities, b->authorities) == 0 && a->is_wired == b->is_wired;
}

enum err consumer_install(const struct pass *pass, const struct consumer *c, struct record *out_record,
                          char out_sha256[65], struct why *why)
{
	struct record r;
	struct placement at = { .path = "" };
	record_read(&pass->store, c->ops->folder, c->name, &r);
	enum err e = c->ops->place(c, pass->config, &at, why);
	if (e != ERR_OK)
		return e;
	if (!is_same_placement(&r.at, &at)) {
		struct why own = { .code = "" };
		e = c->ops->look(pass, c, &own);
		if (e != ERR_OK && strcmp(own.code, "waiting.install") != 0) {
			if (why != NULL)
				*why = own; /* nothing will be written, so nothing is recorded */
			return e;
		}
		if (strcmp(r.at.path, at.path) != 0)
			r.told = r.proven = 0;
		r.at = at;
		e = record_write(&pass->store, c->ops->folder, c->name, &r, why);
		if (e != ERR_OK)
			return e;
	}
	e = c->ops->install(pass, c, out_sha256, why);
	if (e == ERR_OK)
		*out_record = r;
	return e;
}

enum err consumer_work(const struct pass *pass, const struct consumer *c, const struct move *move,
                       enum consumer_result *out, struct why *why)
{
	struct record r;
	char sha256[sizeof r.sha256];
	*out = CONSUMER_OPEN;
	enum err e = consumer_install(pass, c, &r, sha256, why);
	if (e != ERR_OK)
		return e;
	if (strcmp(r.sha256, sha256) != 0)
		r.told = r.proven = 0;
	memcpy(r.sha256, sha256, sizeof r.sha256);
	if (r.proven == move->to) {
		*out = CONSUMER_PROVEN;
		e = keep(pass, c, move, why);
	} else {
		e = prove(pass, c, move, &r, out, why);
	}
	enum err written = record_write(&pass->store, c->ops->folder, c->name, &r, e == ERR_OK ? why : NULL);
	return e != ERR_OK ? e : written;
}

bool consumer_is_over(const struct pass *pass, const struct consumer *c)
{
	struct record r;
	if (c->wifi == NULL || c->wifi->only_until[0] == '\0')
		return false;
	record_read(&pass->store, "wifi", c->wifi->only_until, &r);
	return r.first_proven_at != 0;
}

enum err consumer_remove(const struct pass *pass, const struct consumer_ops *ops, const char *name, bool is_key_gone,
                         struct why *why)
{
	struct record r;
	record_read(&pass->store, ops->folder, name, &r);
	enum err e = r.at.path[0] != '\0' ? ops->remove(pass, name, &r.at, is_key_gone, why) : ERR_OK;
	if (e == ERR_OK && r.at.path[0] != '\0')
		log_info("%s: took \"%s\" off", ops->folder, name);
	if (e == ERR_OK)
		return record_remove(&pass->store, ops->folder, name, why);
	r.told = r.proven = 0; /* a certificate that comes later may have the same number */
	if (record_write(&pass->store, ops->folder, name, &r, NULL) != ERR_OK)
		log_debug("%s: the record of \"%s\" is not written", ops->folder, name);
	return e;
}
