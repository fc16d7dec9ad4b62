/* SPDX-License-Identifier: MIT */
#include "client/agent/retirement.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/consumer.h"
#include "client/agent/generation.h"
#include "client/agent/last.h"
#include "hal/log.h"

#define REMOVE_BUSY_S 120 /* told to the host: a daemon that does not answer takes 30 s a question */

/* ---- who is out ---- */

static bool is_marked(const struct retirement_question *q, const char *name)
{
	char path[FILE_PATH_MAX];
	return q->everything || (q->name != NULL && strcmp(q->name, name) == 0) ||
	       (store_path(&q->pass->store, "retired", name, NULL, path) == ERR_OK && file_exists(path));
}

static bool is_consumer_out(const struct retirement_question *q, const char *name, const char *certificate)
{
	return is_marked(q, name) || (certificate[0] != '\0' && is_marked(q, certificate));
}

static bool is_listed(const struct text_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

/* Names of the profiles that are in and use it: text for a sentence, as far as it fits. */
static size_t list_users(const struct retirement_question *q, const char *name, char *out, size_t cap)
{
	const struct config *c = q->pass->written;
	const char *users[CONFIG_PROFILES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < c->scep_count && count < CONFIG_PROFILES_MAX; i++)
		if ((is_listed(&c->sceps[i].trust, name) || strcmp(c->sceps[i].tls_trust, name) == 0) &&
		    !is_marked(q, c->sceps[i].name))
			users[count++] = c->sceps[i].name;
	for (size_t i = 0; i < c->wifi_count && count < CONFIG_PROFILES_MAX; i++)
		if (strcmp(c->wifis[i].trust, name) == 0 && !is_consumer_out(q, c->wifis[i].name, c->wifis[i].certificate))
			users[count++] = c->wifis[i].name;
	for (size_t i = 0; i < c->vpn_count && count < CONFIG_PROFILES_MAX; i++)
		if (strcmp(c->vpns[i].trust, name) == 0 && !is_consumer_out(q, c->vpns[i].name, c->vpns[i].certificate))
			users[count++] = c->vpns[i].name;
	size_t len = 0;
	for (size_t i = 0; i < count && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s", i > 0 ? ", " : "", users[i]);
	return count;
}

static bool is_trust_used(const struct retirement_question *q, const char *name)
{
	char none[1];
	return list_users(q, name, none, 0) > 0;
}

static bool is_trust_out(const struct retirement_question *q, const char *name)
{
	return is_marked(q, name) && !is_trust_used(q, name);
}

enum err retirement_mark(const struct store *store, const char *name, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = store_path(store, "retired", NULL, NULL, path);
	if (e == ERR_OK)
		e = file_make_folder(path, 0700, why);
	if (e == ERR_OK)
		e = store_path(store, "retired", name, NULL, path);
	return e == ERR_OK && !file_exists(path) ? file_write_atomic(path, (struct bytes){ NULL, 0 }, 0600, why) : e;
}

static enum err unmark(const struct store *store, const char *name, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = store_path(store, "retired", name, NULL, path);
	return e == ERR_OK && file_exists(path) ? file_remove(path, why) : e;
}

/* ---- the configuration without them ---- */

static bool copy_profiles(const struct config *from, struct config *to)
{
	to->trusts = calloc(from->trust_count + 1, sizeof *to->trusts);
	to->sceps = calloc(from->scep_count + 1, sizeof *to->sceps);
	to->wifis = calloc(from->wifi_count + 1, sizeof *to->wifis);
	to->vpns = calloc(from->vpn_count + 1, sizeof *to->vpns);
	to->trust_count = to->scep_count = to->wifi_count = to->vpn_count = 0;
	return to->trusts != NULL && to->sceps != NULL && to->wifis != NULL && to->vpns != NULL;
}

static void keep_profiles(const struct retirement_question *q, struct config *to)
{
	const struct config *c = q->pass->written;
	for (size_t i = 0; i < c->trust_count; i++)
		if (!is_trust_out(q, c->trusts[i].name))
			to->trusts[to->trust_count++] = c->trusts[i];
	for (size_t i = 0; i < c->scep_count; i++)
		if (!is_marked(q, c->sceps[i].name))
			to->sceps[to->scep_count++] = c->sceps[i];
	for (size_t i = 0; i < c->wifi_count; i++)
		if (!is_consumer_out(q, c->wifis[i].name, c->wifis[i].certificate))
			to->wifis[to->wifi_count++] = c->wifis[i];
	for (size_t i = 0; i < c->vpn_count; i++)
		if (!is_consumer_out(q, c->vpns[i].name, c->vpns[i].certificate))
			to->vpns[to->vpn_count++] = c->vpns[i];
}

enum err retirement_filter(struct pass *pass, struct why *why)
{
	const struct retirement_question q = { .pass = pass };
	char folder[FILE_PATH_MAX];
	retirement_unfilter(pass);
	if (store_path(&pass->store, "retired", NULL, NULL, folder) != ERR_OK || !file_exists(folder))
		return ERR_OK; /* nothing was ever retired here */
	struct config *filtered = malloc(sizeof *filtered);
	if (filtered == NULL)
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for the configuration");
	*filtered = *pass->written; /* its texts are borrowed */
	pass->filtered = filtered;
	if (!copy_profiles(pass->written, filtered)) {
		retirement_unfilter(pass);
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for the configuration");
	}
	keep_profiles(&q, filtered);
	pass->config = filtered;
	return ERR_OK;
}

void retirement_unfilter(struct pass *pass)
{
	struct config *c = pass->filtered;
	pass->config = pass->written;
	pass->filtered = NULL;
	if (c == NULL)
		return;
	free(c->trusts);
	free(c->sceps);
	free(c->wifis);
	free(c->vpns);
	free(c);
}

/* ---- traces ---- */

static bool has_profiles(const struct config *c)
{
	return c->trust_count + c->scep_count + c->wifi_count + c->vpn_count > 0;
}

struct walk {
	const struct retirement_question *q;
	const struct consumer_ops *ops; /* of the folder that is listed; NULL: none */
	bool may_vanish;                /* the configuration has profiles */
	size_t kept;                    /* not in the configuration, and kept because that has none at all */
};

/* Others are what a cut left of a write. */
static bool is_profile_name(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	return len > 0 && len < PROFILE_NAME_CAP && name[len] == '\0' && name[0] != '_' && name[0] != '-';
}

static void judge(struct walk *w, enum profile_kind kind, const char *name, bool is_configured, bool is_out)
{
	if (!is_configured && !is_out && !w->may_vanish)
		w->kept++;
	if (is_out || (!is_configured && w->may_vanish))
		w->q->each(w->q->ctx, kind, name);
}

static void walk_consumer(void *ctx, const char *name)
{
	struct walk *w = ctx;
	const struct config *c = w->q->pass->written;
	const char *certificate = NULL;
	struct record r;
	if (!is_profile_name(name))
		return;
	record_read(&w->q->pass->store, w->ops->folder, name, &r);
	enum profile_kind kind = w->ops == &vpn_consumer ? KIND_VPN : r.at.is_wired ? KIND_WIRED : KIND_WIFI;
	for (size_t i = 0; kind != KIND_VPN && i < c->wifi_count; i++)
		if (strcmp(c->wifis[i].name, name) == 0)
			certificate = c->wifis[i].certificate;
	for (size_t i = 0; kind == KIND_VPN && i < c->vpn_count; i++)
		if (strcmp(c->vpns[i].name, name) == 0)
			certificate = c->vpns[i].certificate;
	judge(w, kind, name, certificate != NULL,
	      is_consumer_out(w->q, name, certificate != NULL ? certificate : r.at.certificate));
}

static void walk_scep(void *ctx, const char *name)
{
	struct walk *w = ctx;
	if (is_profile_name(name) && !generation_is_retired(&w->q->pass->store, name))
		judge(w, KIND_SCEP, name, config_find_scep(w->q->pass->written, name) != NULL, is_marked(w->q, name));
}

static void walk_trust(void *ctx, const char *file)
{
	struct walk *w = ctx;
	char name[PROFILE_NAME_CAP];
	size_t len = strlen(file);
	if (len < 5 || len - 4 >= sizeof name || strcmp(file + len - 4, ".pem") != 0)
		return;
	memcpy(name, file, len - 4);
	name[len - 4] = '\0';
	if (is_profile_name(name))
		judge(w, KIND_TRUST, name, config_find_trust(w->q->pass->written, name) != NULL, is_trust_out(w->q, name));
}

static enum err walk_folder(struct walk *w, const char *folder, void (*each)(void *ctx, const char *name),
                            struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = store_path(&w->q->pass->store, folder, NULL, NULL, path);
	if (e == ERR_OK)
		e = file_list(path, each, w, why);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err walk_all(struct walk *w, struct why *why)
{
	w->may_vanish = has_profiles(w->q->pass->written);
	w->ops = &wifi_consumer;
	enum err e = walk_folder(w, "wifi", walk_consumer, why);
	w->ops = &vpn_consumer;
	if (e == ERR_OK)
		e = walk_folder(w, "vpn", walk_consumer, why);
	if (e == ERR_OK)
		e = walk_folder(w, "scep", walk_scep, why);
	return e == ERR_OK ? walk_folder(w, "trust", walk_trust, why) : e;
}

enum err retirement_look(const struct retirement_question *question, struct why *why)
{
	struct walk w = { .q = question };
	return walk_all(&w, why);
}

/* ---- off with them ---- */

struct removal {
	const struct retirement_question *q;
	struct retire_item failed; /* the first that did */
	enum err err;
	struct why why;
};

static bool is_key_gone(const struct retirement_question *q, const char *folder, const char *name)
{
	const struct config *c = q->pass->written;
	struct record r;
	record_read(&q->pass->store, folder, name, &r);
	return r.at.certificate[0] != '\0' &&
	       (is_marked(q, r.at.certificate) || (has_profiles(c) && config_find_scep(c, r.at.certificate) == NULL));
}

static void take_off(void *ctx, enum profile_kind kind, const char *name)
{
	struct removal *r = ctx;
	const struct pass *pass = r->q->pass;
	const struct consumer_ops *ops = kind == KIND_VPN ? &vpn_consumer : &wifi_consumer;
	struct why why = { .code = "" };
	pass_busy(pass, REMOVE_BUSY_S);
	enum err e = kind == KIND_SCEP    ? generation_retire(&pass->store, name, &why)
	             : kind == KIND_TRUST ? trust_remove(pass, name, &why)
	                                  : consumer_remove(pass, ops, name, is_key_gone(r->q, ops->folder, name), &why);
	pass_progress(pass, name, "retire", e == ERR_OK ? "ok" : "failed");
	if (e == ERR_OK) {
		last_forget(&pass->store, name);
	} else if (r->err == ERR_OK) {
		r->err = e;
		r->why = why;
		r->failed.kind = kind;
		snprintf(r->failed.name, sizeof r->failed.name, "%s", name);
	} else {
		log_warn("retire: %s: %s", name, why.text);
	}
}

/* Once the old is gone whole: half of it, taken up again, would be its key again. */
static enum err take_up(const struct retirement_question *q, struct why *why)
{
	const struct pass *pass = q->pass;
	const struct apply_options *o = pass->options;
	enum err e = ERR_OK;
	for (size_t i = 0; o != NULL && !o->only_renewal && i < o->profile_count && e == ERR_OK; i++)
		if (config_find_scep(pass->written, o->profiles[i]) == NULL ||
		    generation_is_retired(&pass->store, o->profiles[i]))
			e = unmark(&pass->store, o->profiles[i], why);
	for (size_t i = 0; i < pass->written->trust_count && e == ERR_OK; i++) {
		const char *name = pass->written->trusts[i].name;
		if (is_marked(q, name) && is_trust_used(q, name))
			e = unmark(&pass->store, name, why);
	}
	return e;
}

enum err retirement_work(struct pass *pass, struct retire_item *out_failed, struct why *why)
{
	struct removal removal = { .err = ERR_OK };
	const struct retirement_question q = { .pass = pass, .each = take_off, .ctx = &removal };
	struct walk w = { .q = &q };
	removal.q = &q;
	enum err e = walk_all(&w, why);
	if (e == ERR_OK && w.kept > 0)
		log_warn("retire: the configuration has no profile at all, so that the %zu on this device stay; "
		         "\"signet retire --all\" takes them off",
		         w.kept);
	if (e == ERR_OK)
		e = take_up(&q, why);
	if (e == ERR_OK)
		e = retirement_filter(pass, why);
	if (e != ERR_OK || removal.err == ERR_OK)
		return e;
	*out_failed = removal.failed;
	if (why != NULL)
		*why = removal.why;
	return removal.err;
}

enum err retirement_say(const struct pass *pass, const char *name, struct why *why)
{
	const struct retirement_question q = { .pass = pass };
	const char *certificate = "";
	const struct config *c = pass->written;
	for (size_t i = 0; i < c->wifi_count; i++)
		if (strcmp(c->wifis[i].name, name) == 0)
			certificate = c->wifis[i].certificate;
	for (size_t i = 0; i < c->vpn_count; i++)
		if (strcmp(c->vpns[i].name, name) == 0)
			certificate = c->vpns[i].certificate;
	bool is_by_certificate = certificate[0] != '\0' && is_marked(&q, certificate);
	if (is_by_certificate && !is_marked(&q, name)) {
		why_set(why, ERR_NOT_FOUND, "waiting.retired", "retired with its certificate \"%s\"; signet enroll %s takes it up again",
		        certificate, certificate);
		why_next(why, "signet enroll %s", certificate);
		return ERR_NOT_FOUND;
	}
	bool is_out = config_find_trust(c, name) != NULL ? is_trust_out(&q, name) : is_marked(&q, name);
	if (!is_out)
		return ERR_OK;
	const char *verb = config_find_scep(c, name) != NULL ? "enroll" : "apply";
	why_set(why, ERR_NOT_FOUND, "waiting.retired", "retired; signet %s %s takes it up again", verb, name);
	why_next(why, "signet %s %s", verb, name);
	return ERR_NOT_FOUND;
}

enum err retirement_refuse(const struct pass *pass, const char *name, struct why *why)
{
	const struct retirement_question q = { .pass = pass };
	char users[256];
	if (config_find_trust(pass->written, name) == NULL || list_users(&q, name, users, sizeof users) == 0)
		return ERR_OK;
	why_set(why, ERR_INVALID, "usage.in_use", "the trust profile \"%s\" is used by %s", name, users);
	why_next(why, "retire those first, or everything with --all");
	return ERR_INVALID;
}
