/* SPDX-License-Identifier: MIT */
#include "client/agent/generation.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "client/agent/refusal.h"
#include "client/pki/name.h"
#include "hal/log.h"

#define CHAIN_PEM_MAX (CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX)

static enum err remove_part(const struct store *store, const char *profile, unsigned number, const char *name,
                            struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = generation_path(store, profile, number, name, path);
	return e == ERR_OK ? file_remove(path, why) : e;
}

enum err generation_forget_request(const struct store *store, const char *profile, unsigned number, struct why *why)
{
	static const char *const parts[] = { "message.der", "signer.der", "request.der", "challenge.mark" };
	enum err e = ERR_OK;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && e == ERR_OK; i++) {
		char path[FILE_PATH_MAX];
		e = generation_path(store, profile, number, parts[i], path);
		if (e == ERR_OK && file_exists(path))
			e = file_remove(path, why);
	}
	return e;
}

enum err generation_ca_pem(const struct certificate_set *anchors, struct buf *out)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < anchors->count && e == ERR_OK; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&anchors->der[i]), &cert, NULL) == ERR_OK &&
		    name_equal(cert.subject, cert.issuer))
			e = certificate_to_pem(cert.der, out);
	}
	return e;
}

enum err generation_complete(const struct store *store, const char *profile, unsigned number,
                             const struct issued *issued, const struct certificate_set *anchors, struct why *why)
{
	struct buf pem;
	buf_init(&pem, CHAIN_PEM_MAX);
	enum err e = generation_ca_pem(anchors, &pem);
	if (e == ERR_OK)
		e = generation_write_part(store, profile, number, "ca.pem", buf_bytes(&pem), why);
	buf_cut(&pem, 0);
	if (e == ERR_OK)
		e = certificate_to_pem(buf_bytes(&issued->leaf), &pem);
	size_t leaf_len = pem.len;
	for (size_t i = 0; i < issued->path.count && e == ERR_OK; i++)
		e = certificate_to_pem(buf_bytes(&issued->path.der[i]), &pem);
	if (e == ERR_OK)
		e = generation_write_part(store, profile, number, "chain.pem", buf_bytes(&pem), why);
	if (e == ERR_OK)
		e = generation_write(store, profile, number, "cert.pem", (struct bytes){ pem.data, leaf_len }, why);
	buf_clear(&pem);
	return e;
}

enum trial_state trial_state_of(const struct generations *g)
{
	if (g->previous == 0 || g->current == 0)
		return TRIAL_NONE;
	return g->previous != g->current ? TRIAL_OPEN : g->is_refused ? TRIAL_BACK : TRIAL_NONE;
}

static enum err tell(const struct store *store, const char *profile, enum event_kind kind, unsigned number, unsigned old,
                     const char *reason, struct why *why)
{
	struct event event = { .kind = kind, .profile_kind = KIND_SCEP, .profile = profile, .generation = number };
	struct event before = { .profile = profile };
	event_take_certificate(&event, store, number);
	event_take_certificate(&before, store, old);
	memcpy(event.old_serial, before.serial, sizeof event.old_serial);
	snprintf(event.reason, sizeof event.reason, "%s", reason);
	return event_tell(store, &event, why);
}

enum err generation_tidy(const struct store *store, const char *profile, struct why *why)
{
	static const char *const leftovers[] = { "message.der", "signer.der", "challenge.mark", "request.csr" };
	char path[FILE_PATH_MAX];
	struct generations g = { .current = 0 };
	enum err e = generations_look(store, profile, &g, why);
	const unsigned numbers[] = { g.current, g.complete };
	for (size_t i = 0; i < 2 * (sizeof leftovers / sizeof leftovers[0]) && e == ERR_OK; i++) {
		if (numbers[i % 2] == 0)
			continue;
		e = generation_path(store, profile, numbers[i % 2], leftovers[i / 2], path);
		if (e == ERR_OK)
			e = file_drop(path, why);
	}
	return e == ERR_OK ? generations_sweep(store, profile, &g, why) : e;
}

enum err generation_start(const struct store *store, const char *profile, struct why *why)
{
	struct generations g;
	enum err e = generations_look(store, profile, &g, why);
	if (e != ERR_OK || g.complete == 0)
		return e;
	if (g.current == 0)
		e = tell(store, profile, EVENT_INSTALLED, g.complete, 0, "", why);
	else if (g.previous == 0)
		e = generation_link(store, profile, "previous", g.current, why);
	if (e == ERR_OK)
		e = generation_link(store, profile, "current", g.complete, why);
	if (e == ERR_OK && g.current != 0)
		log_info("scep: %s: generation %u is on trial, %u stays until it has proven itself", profile, g.complete,
		         g.previous != 0 ? g.previous : g.current);
	if (e == ERR_OK && g.current == 0 && g.previous != 0) /* what it named is gone */
		e = generation_link(store, profile, "previous", 0, why);
	return e == ERR_OK ? generation_tidy(store, profile, why) : e;
}

static enum err look_in_trial(const struct store *store, const char *profile, enum trial_state state,
                              struct generations *out, struct why *why)
{
	enum err e = generations_look(store, profile, out, why);
	if (e == ERR_OK && trial_state_of(out) != state)
		e = why_set(why, ERR_BUG, "state.trial", "%s: the trial does not stand so", profile);
	return e;
}

enum err generation_back(const struct store *store, const char *profile, const char *by, const struct why *reason,
                         int64_t now, struct why *why)
{
	struct generations g;
	struct refusal refusal = { .count = 0 };
	enum err e = look_in_trial(store, profile, TRIAL_OPEN, &g, why);
	if (e != ERR_OK)
		return e;
	if (refusal_read(store, profile, g.current, REFUSED, &refusal) != ERR_OK &&
	    refusal_read(store, profile, g.current, UNDECIDED, &refusal) != ERR_OK)
		refusal = (struct refusal){ .count = 0 };
	refusal.at = now;
	refusal.count++;
	refusal.why = *reason;
	snprintf(refusal.by, sizeof refusal.by, "%s", by);
	e = refusal_write(store, profile, g.current, REFUSED, &refusal, why);
	return e == ERR_OK ? generation_link(store, profile, "current", g.previous, why) : e;
}

enum err generation_again(const struct store *store, const char *profile, struct why *why)
{
	struct generations g;
	struct refusal refusal;
	enum err e = look_in_trial(store, profile, TRIAL_BACK, &g, why);
	if (e == ERR_OK && refusal_read(store, profile, g.complete, REFUSED, &refusal) == ERR_OK)
		e = refusal_write(store, profile, g.complete, UNDECIDED, &refusal, why);
	if (e == ERR_OK)
		e = generation_link(store, profile, "current", g.complete, why);
	return e == ERR_OK ? remove_part(store, profile, g.complete, REFUSED, why) : e;
}

enum err generation_accept(const struct store *store, const char *profile, struct why *why)
{
	struct generations g;
	enum err e = look_in_trial(store, profile, TRIAL_OPEN, &g, why);
	if (e == ERR_OK)
		e = tell(store, profile, EVENT_RENEWED, g.current, g.previous, "", why);
	if (e == ERR_OK)
		e = remove_part(store, profile, g.current, REFUSED, why);
	if (e == ERR_OK)
		e = remove_part(store, profile, g.current, UNDECIDED, why);
	if (e == ERR_OK)
		e = generation_link(store, profile, "previous", 0, why);
	return e == ERR_OK ? generation_tidy(store, profile, why) : e;
}

enum err generation_refuse(const struct store *store, const char *profile, struct why *why)
{
	struct generations g;
	struct refusal refusal = { .by = "" };
	char reason[64 + sizeof refusal.why.text];
	enum err e = look_in_trial(store, profile, TRIAL_BACK, &g, why);
	if (e == ERR_OK && refusal_read(store, profile, g.complete, REFUSED, &refusal) != ERR_OK)
		refusal = (struct refusal){ .by = "?" };
	snprintf(reason, sizeof reason, "by=%s %s", refusal.by, refusal.why.text);
	if (e == ERR_OK)
		e = tell(store, profile, EVENT_ROLLED_BACK, g.complete, g.current, reason, why);
	if (e == ERR_OK)
		e = generation_link(store, profile, "previous", 0, why);
	return e == ERR_OK ? generation_tidy(store, profile, why) : e;
}

/* ---- retirement ---- */

struct leftovers {
	const struct store *store;
	const char *profile;
	size_t count;
	enum err err;
	struct why *why;
};

static void count_leftover(void *ctx, const char *name)
{
	struct leftovers *l = ctx;
	l->count += strcmp(name, "used") != 0;
}

/* Once the generations are swept these are files: a reply kept for later, a link that a cut left half made. */
static void remove_leftover(void *ctx, const char *name)
{
	struct leftovers *l = ctx;
	char path[FILE_PATH_MAX];
	if (strcmp(name, "used") == 0 || l->err != ERR_OK)
		return;
	l->err = store_path(l->store, "scep", l->profile, name, path);
	if (l->err == ERR_OK)
		l->err = file_remove(path, l->why);
}

bool generation_is_retired(const struct store *store, const char *profile)
{
	struct leftovers l = { .count = 0 };
	char folder[FILE_PATH_MAX];
	enum err e = store_path(store, "scep", profile, NULL, folder);
	if (e == ERR_OK)
		e = file_list(folder, count_leftover, &l, NULL);
	return e == ERR_NOT_FOUND || (e == ERR_OK && l.count == 0);
}

/* A line for every certificate that can still be revoked. */
static enum err tell_retired(const struct store *store, const char *profile, const struct generations *g,
                             struct why *why)
{
	/* the one in use last: it is what a hook is told */
	const unsigned numbers[] = { g->complete, g->previous != g->current ? g->previous : 0, g->current };
	enum err e = ERR_OK;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && e == ERR_OK; i++)
		if (numbers[i] != 0)
			e = tell(store, profile, EVENT_RETIRED, numbers[i], 0, "", why);
	return e;
}

enum err generation_retire(const struct store *store, const char *profile, struct why *why)
{
	const struct generations nothing = { .current = 0 };
	struct leftovers l = { .store = store, .profile = profile, .err = ERR_OK, .why = why };
	struct generations g;
	char folder[FILE_PATH_MAX];
	enum err e = generations_look(store, profile, &g, why);
	if (e == ERR_OK)
		e = tell_retired(store, profile, &g, why);
	/* the older first: alone it would be a profile on its way back to it */
	if (e == ERR_OK)
		e = generation_link(store, profile, "previous", 0, why);
	if (e == ERR_OK)
		e = generation_link(store, profile, "current", 0, why);
	if (e == ERR_OK)
		e = generations_sweep(store, profile, &nothing, why);
	if (e == ERR_OK)
		e = store_path(store, "scep", profile, NULL, folder);
	if (e == ERR_OK)
		e = file_list(folder, remove_leftover, &l, why);
	return e == ERR_NOT_FOUND ? ERR_OK : e == ERR_OK ? l.err : e;
}

enum err generation_key_id(const struct store *store, const char *profile, unsigned number, char out[KEY_ID_CAP],
                           struct why *why)
{
	struct buf der;
	struct certificate cert;
	buf_init(&der, CERTIFICATE_MAX);
	enum err e = generation_certificate(store, profile, number, &der, why);
	if (e == ERR_OK)
		e = certificate_parse(buf_bytes(&der), &cert, why);
	if (e == ERR_OK)
		e = certificate_key_id(&cert, out);
	buf_clear(&der);
	return e;
}
