/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/agent/event.h"
#include "client/agent/generation.h"
#include "client/agent/page_asked.h"
#include "client/agent/rollover.h"
#include "client/agent/scep_key.h"
#include "client/agent/scep_resolve.h"
#include "client/agent/used.h"
#include "client/agent/wire.h"
#include "client/scep/issued.h"
#include "client/scep/refusal.h"
#include "client/scep/worker.h"
#include "hal/clock.h"
#include "hal/device.h"
#include "hal/log.h"

#define MARK_FILE "challenge.mark"

/* One dialogue in the parent: what the worker's questions need. */
struct step {
	struct pass *pass;
	const struct scep_profile *profile;
	const struct scep_view *view;
	struct scep_resolved *resolved;
	struct scep_hints *hints;
	struct wire wire;
	unsigned number; /* generation of the request */
	struct generation_meta meta;
};

/* The only time that is saved: a floor for a boot without one. */
static const struct generation_meta *meta_now(struct step *s)
{
	const struct clock_view *clock = &s->pass->clock;
	if (clock->is_confirmed)
		s->meta.trusted_at = clock->now;
	return &s->meta;
}

static enum err write_meta(struct step *s, struct why *why)
{
	return generation_meta_write(&s->pass->store, s->profile->name, s->number, meta_now(s), why);
}

/* Secured by message.der, which follows. */
static enum err write_meta_part(struct step *s, struct why *why)
{
	return generation_meta_write_part(&s->pass->store, s->profile->name, s->number, meta_now(s), why);
}

/* ---- keys ---- */

static enum err load_key(struct step *s, unsigned number, struct device_key *out, struct why *why)
{
	return scep_load_key(s->pass, s->profile->name, number, out, why);
}

/* The key stands on disk before any use of it can leave the device: store_sent() syncs the folder. */
static enum err make_key(struct step *s, struct device_key *out, struct why *why)
{
	struct device_key key = { .ops = NULL };
	pass_busy(s->pass, KEY_BUSY_S);
	enum err e = scep_make_key(s->pass, s->profile, s->number, &s->meta, &key, why);
	pass_busy(s->pass, s->profile->timeout_s + DIALOGUE_BUSY_S);
	if (e == ERR_OK)
		e = write_meta_part(s, why);
	if (e == ERR_OK) {
		*out = key; /* handed to the caller */
		key = (struct device_key){ .ops = NULL };
	}
	device_key_close(&key);
	return e;
}

static enum err copy_key(struct step *s, unsigned from, struct why *why)
{
	enum err e = scep_copy_key(s->pass, s->profile->name, from, s->number, &s->meta, why);
	return e == ERR_OK ? write_meta_part(s, why) : e;
}

static enum err request_key(struct step *s, struct device_key *out, struct why *why)
{
	const struct generations *g = &s->view->generations;
	if (s->view->next == SCEP_NEXT_RENEW && !s->profile->new_key_on_renewal) {
		enum err e = copy_key(s, g->current, why);
		return e == ERR_OK ? load_key(s, s->number, out, why) : e;
	}
	if (s->number != g->unused)
		return make_key(s, out, why);
	/* a key from a try that never reached the server; one that no longer fits is replaced */
	enum err e = load_key(s, s->number, out, why);
	if (e != ERR_CHANGED && e != ERR_INVALID && e != ERR_NOT_FOUND)
		return e;
	return make_key(s, out, why);
}

static enum err open_keys(void *ctx, struct device_key *out_request, struct device_key *out_signer, struct why *why)
{
	struct step *s = ctx;
	/* the worker is forked and has its copies: nobody else needs them again */
	buf_clear(&s->resolved->challenge);
	buf_clear(&s->resolved->password);
	switch (s->view->next) {
	case SCEP_NEXT_ENROLL:
		return request_key(s, out_request, why);
	case SCEP_NEXT_RENEW: {
		enum err e = request_key(s, out_request, why);
		return e == ERR_OK ? load_key(s, s->view->generations.current, out_signer, why) : e;
	}
	case SCEP_NEXT_RESEND:
	case SCEP_NEXT_POLL:
		return load_key(s, s->meta.is_renewal ? s->view->generations.signer : s->number, out_request, why);
	case SCEP_NEXT_NOTHING:
	case SCEP_NEXT_SWITCH:
		break;
	}
	return why_set(why, ERR_BUG, "scep.step", "no key for this step");
}

/* ---- what goes out is stored first ---- */

/* The first try of this boot: a device that boots in a loop must not knock at each. */
static enum err count_boot(struct step *s, struct why *why)
{
	char now[BOOT_ID_CAP] = "";
	if (device_boot_id(now, sizeof now) != ERR_OK || strcmp(s->meta.boot, now) == 0)
		return ERR_OK;
	s->meta.boots = s->view->boots;
	memcpy(s->meta.boot, now, sizeof now);
	return write_meta(s, why);
}

static enum err write_part(const struct step *s, const char *name, struct bytes content, struct why *why)
{
	return generation_write_part(&s->pass->store, s->profile->name, s->number, name, content, why);
}

/* message.der last: its presence is what says "a request is under way". The mark of its challenge follows, and
 * is made up for before a resend should the power go in between. */
static enum err store_sent(void *ctx, const struct scep_sent *sent, struct why *why)
{
	struct step *s = ctx;
	if (sent == NULL)
		return page_asked_now(&s->pass->store, s->profile->name, why);
	enum err e = generation_forget_request(&s->pass->store, s->profile->name, s->number, why);
	s->meta.message_type = (unsigned)sent->type;
	s->meta.sent_at = (int64_t)time(NULL);
	memcpy(s->meta.transaction_id, sent->transaction_id, sizeof s->meta.transaction_id);
	memcpy(s->meta.nonce, sent->nonce, sizeof s->meta.nonce);
	memcpy(s->meta.url, sent->url, sizeof s->meta.url);
	if (e == ERR_OK && !s->meta.is_renewal) /* a renewal's is there already: generation_signer() */
		e = write_part(s, "signer.der", buf_bytes(&sent->signer), why);
	if (e == ERR_OK)
		e = write_part(s, "request.der", buf_bytes(&sent->record), why);
	if (e == ERR_OK && sent->challenge_mark.len > 0)
		e = write_part(s, MARK_FILE, buf_bytes(&sent->challenge_mark), why);
	if (e == ERR_OK)
		e = write_meta_part(s, why);
	if (e == ERR_OK)
		e = generation_write(&s->pass->store, s->profile->name, s->number, "message.der", buf_bytes(&sent->message), why);
	if (e == ERR_OK && sent->challenge_mark.len > 0)
		e = used_add(&s->pass->store, s->profile->name, buf_bytes(&sent->challenge_mark), why);
	return e;
}

static enum err read_sent(const struct step *s, struct scep_sent *out, struct why *why)
{
	const struct store *store = &s->pass->store;
	const char *name = s->profile->name;
	scep_sent_init(out);
	out->type = s->meta.message_type == SCEP_RENEWAL_REQ ? SCEP_RENEWAL_REQ : SCEP_PKCS_REQ;
	memcpy(out->transaction_id, s->meta.transaction_id, sizeof out->transaction_id);
	memcpy(out->nonce, s->meta.nonce, sizeof out->nonce);
	memcpy(out->url, s->meta.url, sizeof out->url);
	enum err e = generation_read(store, name, s->number, "message.der", &out->message, why);
	if (e == ERR_OK)
		e = generation_signer(store, name, &s->view->generations, &out->signer, why);
	if (e == ERR_OK)
		e = generation_read(store, name, s->number, "request.der", &out->record, why);
	if (e == ERR_OK) {
		e = generation_read(store, name, s->number, MARK_FILE, &out->challenge_mark, why);
		e = e == ERR_OK          ? used_add(store, name, buf_bytes(&out->challenge_mark), why)
		    : e == ERR_NOT_FOUND ? ERR_OK
		                         : e;
	}
	if (e != ERR_OK)
		scep_sent_clear(out);
	return e;
}

static void progress(void *ctx, const char *step, const char *result)
{
	const struct step *s = ctx;
	pass_progress(s->pass, s->profile->name, step, result);
}

static void hint(void *ctx, enum scep_hint hint, int64_t value)
{
	const struct step *s = ctx;
	switch (hint) {
	case SCEP_HINT_DATE:
		s->hints->date = value;
		break;
	case SCEP_HINT_RETRY_AFTER:
		s->hints->retry_after_s = value;
		break;
	}
}

static void wire(void *ctx, const struct scep_wire *exchange)
{
	struct step *s = ctx;
	wire_add(&s->wire, exchange);
}

/* ---- the answer ---- */

static enum err install(struct step *s, const struct issued *issued, struct why *why)
{
	struct certificate_set trusted = s->resolved->anchors; /* borrowed, without what was announced: others read ca.pem */
	trusted.count -= s->resolved->job.server.announced_count;
	enum err e = generation_complete(&s->pass->store, s->profile->name, s->number, issued, &trusted, why);
	if (e == ERR_OK)
		e = generation_start(&s->pass->store, s->profile->name, why);
	if (e == ERR_OK)
		pass_progress(s->pass, s->profile->name, "verify", "ok, key and chain match");
	return e;
}

static enum err judge(struct step *s, const struct scep_answer *answer, struct why *why)
{
	struct issued issued = { .path.count = 0 };
	struct request_record record;
	struct buf file;
	struct buf old;
	buf_init(&file, REQUEST_RECORD_MAX);
	buf_init(&old, CERTIFICATE_MAX);
	const struct store *store = &s->pass->store;
	unsigned current = s->view->generations.current;
	enum err e = generation_read(store, s->profile->name, s->number, "request.der", &file, why);
	if (e == ERR_OK)
		e = request_record_read(buf_bytes(&file), &record, why);
	/* one that is damaged is what this answer replaces; a renewal has read it */
	if (e == ERR_OK && current != 0 && s->view->has_certificate)
		e = generation_certificate(store, s->profile->name, current, &old, why);
	if (e == ERR_OK)
		e = issued_judge(&s->resolved->job.server, &record, s->profile->subject_exact, buf_bytes(&old),
		                 &answer->certificates, &issued, why);
	if (e == ERR_OK)
		e = install(s, &issued, why);
	issued_clear(&issued);
	buf_clear(&old);
	buf_clear(&file);
	return e;
}

static enum err pending(struct step *s, struct why *why)
{
	bool is_news = !s->meta.is_pending || s->meta.boots != 0;
	s->meta.is_pending = true;
	s->meta.boots = 0; /* the CA is there, and has answered */
	enum err e = is_news ? write_meta(s, why) : ERR_OK;
	if (e != ERR_OK)
		return e;
	e = why_set(why, ERR_AGAIN, "scep.pending", "%s: the CA has not decided yet (transaction %s)", s->profile->name,
	            s->meta.transaction_id);
	why_next(why, "have the request approved at the CA; signet asks again at each run");
	return e;
}

/* What a failure means for the stored request: a refusal ends its transaction, and so does a certificate that
 * must not be installed when a new transaction needs no challenge. */
static void after_failure(const struct step *s, enum err e, const struct why *why)
{
	struct why own = { .code = "" };
	bool is_bad_certificate = strncmp(why->code, "scep.issued", strlen("scep.issued")) == 0;
	if (e == ERR_DENIED && strncmp(why->code, "scep.", 5) == 0) {
		struct event event = { .kind = EVENT_REFUSED, .profile_kind = KIND_SCEP, .profile = s->profile->name };
		snprintf(event.reason, sizeof event.reason, "%s", why->text);
		event_note(&s->pass->store, &event);
	} else if (!is_bad_certificate || !s->meta.is_renewal) {
		return;
	}
	if (generation_forget_request(&s->pass->store, s->profile->name, s->number, &own) != ERR_OK)
		log_warn("scep: %s", own.text);
}

static bool is_stopping(void *ctx)
{
	const struct step *s = ctx;
	return pass_is_stopping(s->pass);
}

/* It is announced again: a disk that does not take it now is no reason to lose the answer. */
static void keep_announced(const struct step *s, const struct certificate_set *next_ca)
{
	struct why why = { .code = "" };
	if (rollover_take(s->pass, s->profile, next_ca, &why) != ERR_OK)
		log_warn("scep: %s: the announced CA certificates are not kept: %s", s->profile->name, why.text);
}

static enum err run(struct step *s, struct why *why)
{
	struct worker_host host = { open_keys, store_sent, progress, hint, wire, is_stopping, s };
	struct scep_answer answer = { .status = SCEP_PENDING };
	enum err e = worker_run(&s->resolved->job, http_exchange, &host, &answer, why);
	if (e == ERR_OK) {
		scep_wipe_challenge(s->pass, s->profile);
		keep_announced(s, &answer.next_ca);
	}
	if (e == ERR_OK)
		e = answer.status == SCEP_PENDING ? pending(s, why) : judge(s, &answer, why);
	if (e != ERR_OK && e != ERR_AGAIN) {
		after_failure(s, e, why);
		wire_keep(&s->wire, &s->pass->store, s->profile->name, why);
	}
	wire_clear(&s->wire);
	scep_answer_clear(&answer);
	return e;
}

static enum err start_generation(struct step *s, struct why *why)
{
	struct generations keep = s->view->generations;
	keep.request = keep.signer = keep.complete = 0; /* a new request takes the place of one under way */
	enum err e = generations_sweep(&s->pass->store, s->profile->name, &keep, why);
	s->number = keep.unused != 0 ? keep.unused : keep.newest + 1;
	if (e == ERR_OK && s->number > GENERATION_MAX)
		e = why_set(why, ERR_TOO_BIG, "state.generations", "%s: generation numbers are used up", s->profile->name);
	s->meta = (struct generation_meta){ .is_renewal = s->view->next == SCEP_NEXT_RENEW,
		                            .is_after_change = s->view->is_key_lost,
		                            .created = (int64_t)time(NULL),
		                            .boots = s->view->boots };
	s->meta.signer = s->meta.is_renewal ? s->view->generations.current : 0;
	if (device_boot_id(s->meta.boot, sizeof s->meta.boot) != ERR_OK)
		s->meta.boot[0] = '\0';
	if (e != ERR_OK || keep.unused == 0)
		return e;
	struct generation_meta before;
	if (generation_meta_read(&s->pass->store, s->profile->name, keep.unused, &before, NULL) != ERR_OK)
		return ERR_OK;
	s->meta.is_software = before.is_software;
	memcpy(s->meta.storage_key, before.storage_key, sizeof s->meta.storage_key);
	bool is_new_boot = strcmp(before.boot, s->meta.boot) != 0;
	return is_new_boot ? write_meta(s, why) : ERR_OK;
}

static void warn_legacy(const struct scep_profile *p)
{
	if (p->allow_sha1)
		log_warn("scep: %s: allow_legacy = sha1: replies signed with SHA-1 are accepted", p->name);
	if (p->allow_des)
		log_warn("scep: %s: allow_legacy = des: replies encrypted with single DES are accepted", p->name);
}

/* RFC 8894 section 2.4 leaves the challenge out of a renewal. One that is no one-time challenge goes along all the same
 * while its file is there: micromdm's server asks for it, others do not look. */
static enum err take_static_challenge(const struct pass *pass, const struct scep_profile *p,
                                      struct scep_resolved *resolved, struct why *why)
{
	if (p->challenge_once || p->challenge_file[0] == '\0')
		return ERR_OK;
	enum err e = scep_take_challenge(pass, p, resolved, why);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What a clock that is not trusted makes us refuse is said to be its fault: TLS goes by the system's clock whatever we know,
 * and so does a chain through a certificate that is younger than the floor. */
static enum err blame_clock(const struct pass *pass, enum err e, struct why *why)
{
	bool is_by_dates = strcmp(why->code, "http.tls_date") == 0 || strcmp(why->code, "chain.not_yet_valid") == 0 ||
	                   strcmp(why->code, "chain.expired") == 0;
	if (e != ERR_UNTRUSTED || pass->clock.is_trusted || !is_by_dates)
		return e;
	struct why own = *why;
	why_set(why, ERR_UNTRUSTED, "clock.untrusted", "the clock is not trusted, and by it: %s", own.text);
	why_next(why, "let the device get the time; untrusted_clock = set-floor helps a clock that is behind");
	return e;
}

/* A technician wants a line that he can type. */
static void advise(const struct scep_profile *p, struct why *why)
{
	char next[sizeof why->next_step];
	refusal_advise(why);
	if (strcmp(why->code, "scep.challenge_refused") != 0)
		return;
	memcpy(next, why->next_step, sizeof next);
	why_next(why, "%s; then: signet enroll %s --challenge-file FILE", next, p->name);
}

static enum scep_intent intent_of(enum scep_next next)
{
	return next == SCEP_NEXT_RENEW    ? SCEP_RENEW
	       : next == SCEP_NEXT_RESEND ? SCEP_RESEND
	       : next == SCEP_NEXT_POLL   ? SCEP_POLL
	                                  : SCEP_ENROLL;
}

enum err scep_step(struct pass *pass, const struct scep_profile *profile, const struct scep_view *view,
                   struct scep_hints *out_hints, struct why *why)
{
	struct scep_resolved resolved;
	struct scep_sent sent;
	struct why own = { .code = "" };
	struct step s = { .pass = pass, .profile = profile, .view = view, .resolved = &resolved, .hints = out_hints };
	bool is_new = view->next == SCEP_NEXT_ENROLL || view->next == SCEP_NEXT_RENEW;
	*out_hints = (struct scep_hints){ .date = 0 };
	if (view->next == SCEP_NEXT_NOTHING)
		return ERR_OK;
	if (view->next == SCEP_NEXT_SWITCH)
		return generation_start(&pass->store, profile->name, why);
	warn_legacy(profile);
	scep_sent_init(&sent);
	enum err e = scep_resolve(pass, profile, intent_of(view->next), &resolved, &own);
	if (e != ERR_OK)
		goto out;
	if (view->next == SCEP_NEXT_ENROLL)
		e = scep_take_challenge(pass, profile, &resolved, &own);
	else if (view->next == SCEP_NEXT_RENEW)
		e = take_static_challenge(pass, profile, &resolved, &own);
	if (e == ERR_OK && is_new) {
		e = start_generation(&s, &own);
	} else if (e == ERR_OK) {
		s.number = view->generations.request;
		s.meta = view->request;
		e = count_boot(&s, &own);
		if (e == ERR_OK)
			e = read_sent(&s, &sent, &own);
		resolved.job.sent = &sent;
	}
	if (e == ERR_OK)
		e = blame_clock(pass, run(&s, &own), &own);
	if (e != ERR_OK)
		advise(profile, &own);
	scep_resolved_clear(&resolved);
out:
	scep_sent_clear(&sent);
	if (e != ERR_OK && why != NULL)
		*why = own;
	return e;
}
