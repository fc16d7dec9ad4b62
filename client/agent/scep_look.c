/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "client/agent/binding.h"
#include "client/agent/date_hint.h"
#include "client/agent/generation.h"
#include "client/agent/last.h"
#include "client/agent/refusal.h"
#include "client/agent/revocation.h"
#include "client/agent/schedule.h"
#include "hal/device.h"

static bool is_named(const struct pass *pass, const char *name)
{
	const struct apply_options *o = pass->options;
	for (size_t i = 0; o != NULL && i < o->profile_count; i++)
		if (strcmp(o->profiles[i], name) == 0)
			return true;
	return false;
}

static bool is_forced(const struct pass *pass, const char *name)
{
	return pass->options != NULL && pass->options->force_renewal && is_named(pass, name);
}

/* The file is there, or somebody can be asked. Whether its challenge is a fresh one, the enrollment finds out. */
static bool has_challenge(const struct pass *pass, const struct scep_profile *p)
{
	char path[FILE_PATH_MAX];
	if (pass->options != NULL && pass->options->challenge != NULL)
		return true;
	if (p->challenge_file[0] != '\0')
		return path_in_root(path, pass->config->root, p->challenge_file) == ERR_OK && file_exists(path);
	return p->challenge_command[0] != '\0' || p->challenge_url[0] != '\0';
}

/* A CA that renews only for a new challenge (Intune's policy module) refuses, and goes on once there is one. */
static bool is_refused_and_has_challenge(const struct pass *pass, const struct scep_profile *p)
{
	struct last last;
	if (pass->options != NULL && pass->options->challenge != NULL)
		return true;
	return last_read(&pass->store, p->name, &last) == ERR_OK && last.exit == SIGNET_REFUSED &&
	       has_challenge(pass, p);
}

static void decide_renewal(const struct pass *pass, const struct scep_profile *p, struct scep_view *v, const char *reason)
{
	v->next = p->renewal_message == RENEWAL_REENROLL ? SCEP_NEXT_ENROLL : SCEP_NEXT_RENEW;
	snprintf(v->reason, sizeof v->reason, "%s", reason);
	if (v->next != SCEP_NEXT_RENEW || !is_refused_and_has_challenge(pass, p))
		return;
	v->next = SCEP_NEXT_ENROLL;
	snprintf(v->reason, sizeof v->reason, "%s; with a challenge, since one is there", reason);
}

/* The key is gone with the TPM it was made in: one new enrollment. A TPM that changed again since an enrollment for that
 * very reason is for somebody to look at. */
static void decide_key_lost(const struct pass *pass, const struct generation_meta *meta, struct scep_view *v)
{
	bool is_new = pass->options != NULL && pass->options->challenge != NULL;
	if (meta->is_after_change && !is_new) {
		snprintf(v->reason, sizeof v->reason, "the TPM was cleared or replaced once more");
		return;
	}
	v->next = SCEP_NEXT_ENROLL;
	snprintf(v->reason, sizeof v->reason, "the TPM was cleared or replaced, and the key is gone with it");
}

static void decide_with_certificate(const struct pass *pass, const struct scep_profile *p, struct scep_view *v,
                                    int64_t not_after)
{
	char when[32];
	char reason[96];
	bool is_new = pass->options != NULL && pass->options->challenge != NULL;
	if (v->is_expired && !is_new && p->after_expiry == AFTER_EXPIRY_WAIT) {
		snprintf(v->reason, sizeof v->reason, "expired; after_expiry = wait");
	} else if (v->is_expired) {
		v->next = SCEP_NEXT_ENROLL;
		snprintf(v->reason, sizeof v->reason, "the certificate has expired");
	} else if (is_forced(pass, p->name)) {
		decide_renewal(pass, p, v, "asked for");
	} else if ((pass->clock.is_trusted && pass->clock.now >= v->renew_at) || date_hint_is_due(pass, p, v->renew_at)) {
		clock_text(not_after, when, sizeof when);
		snprintf(reason, sizeof reason, "renewal is due, the certificate ends %s", when);
		decide_renewal(pass, p, v, reason);
	}
}

/* A generation that is issued and not in use. Refused once, it is tried again by the clock, when the old one is over, or
 * when somebody names the profile; a forced renewal asks for another one instead. */
static bool decide_complete(const struct pass *pass, const struct scep_profile *p, struct scep_view *v)
{
	struct refusal refusal;
	char when[32];
	bool is_over = !v->has_certificate || v->is_expired || v->is_revoked;
	bool is_repeat = pass->options != NULL && pass->options->is_repeat;
	if (v->generations.is_refused && is_forced(pass, p->name))
		return false;
	if (trial_state_of(&v->generations) == TRIAL_BACK && !is_over) {
		snprintf(v->reason, sizeof v->reason, "the old certificate is tried again");
		return true; /* trial_run() knows */
	}
	if (!v->generations.is_refused ||
	    refusal_read(&pass->store, p->name, v->generations.complete, REFUSED, &refusal) != ERR_OK) {
		v->next = SCEP_NEXT_SWITCH;
		snprintf(v->reason, sizeof v->reason, "a new certificate is there and waits to be used");
		return true;
	}
	v->retry_at = refusal_retry_at(&refusal, p->retry_delay_max_s, REFUSED_MAX_S);
	clock_text(v->retry_at, when, sizeof when);
	if (is_over || (is_named(pass, p->name) && !is_repeat) ||
	    refusal_is_due(&refusal, p->retry_delay_max_s, REFUSED_MAX_S, (int64_t)time(NULL))) {
		v->next = SCEP_NEXT_SWITCH;
		snprintf(v->reason, sizeof v->reason, "the new certificate was refused and is tried again");
	} else {
		snprintf(v->reason, sizeof v->reason, "the new certificate was refused; tried again %s", when);
	}
	return true;
}

/* What an administrator revoked is not renewed, nor replaced unless somebody hands in a challenge or the configuration says
 * so. What was under way when it was learned is not followed up; an enrollment begun since is. */
static bool decide_revoked(const struct pass *pass, const struct scep_profile *p, const struct revocation *revocation,
                           struct scep_view *v)
{
	bool is_new = pass->options != NULL && pass->options->challenge != NULL;
	if (v->generations.request != 0 && v->generations.request != revocation->request && !is_new)
		return false;
	if (is_new || p->after_revocation == AFTER_REVOCATION_REENROLL)
		v->next = SCEP_NEXT_ENROLL;
	snprintf(v->reason, sizeof v->reason, "the certificate was revoked%s",
	         v->next == SCEP_NEXT_NOTHING ? "; after_revocation = stop" : "");
	return true;
}

static void decide(const struct pass *pass, const struct scep_profile *p, const struct generation_meta *lost,
                   const struct revocation *revocation, int64_t not_after, struct scep_view *v)
{
	const struct generations *g = &v->generations;
	bool is_new = pass->options != NULL && pass->options->challenge != NULL;
	if (g->is_refused && is_new) {
		v->next = SCEP_NEXT_ENROLL;
		snprintf(v->reason, sizeof v->reason, "a challenge was handed in, and the newest certificate was refused");
		return;
	}
	bool is_newer_asked = g->is_refused && g->request > g->complete; /* it may be what mends the refusal */
	if (g->complete != 0 && !is_newer_asked && decide_complete(pass, p, v))
		return;
	if (v->is_revoked && decide_revoked(pass, p, revocation, v))
		return;
	if (g->request != 0 && !is_new) {
		v->next = v->request.is_pending ? SCEP_NEXT_POLL : SCEP_NEXT_RESEND;
		snprintf(v->reason, sizeof v->reason, v->request.is_pending ? "the CA has not decided yet"
		                                                            : "a request was sent and no answer came");
	} else if (v->is_key_lost) {
		decide_key_lost(pass, lost, v);
	} else if (v->has_certificate) {
		decide_with_certificate(pass, p, v, not_after);
	} else {
		v->next = SCEP_NEXT_ENROLL;
		snprintf(v->reason, sizeof v->reason, "no certificate yet");
	}
}

static bool is_lost(const struct pass *pass, const char *profile, unsigned number, struct generation_meta *out)
{
	return number != 0 && generation_meta_read(&pass->store, profile, number, out, NULL) == ERR_OK &&
	       binding_is_lost(pass, out);
}

/* A request can be sent again only as it was. */
static bool is_whole(const struct pass *pass, const char *profile, const struct generations *g)
{
	static const char *const parts[] = { "message.der", "request.der" };
	struct buf part;
	buf_init(&part, SCEP_MESSAGE_MAX);
	enum err signer = generation_signer(&pass->store, profile, g, &part, NULL);
	bool is_whole = signer == ERR_OK ? part.len > 0 : signer != ERR_NOT_FOUND && signer != ERR_INVALID;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && is_whole; i++) {
		buf_cut(&part, 0);
		enum err e = generation_read(&pass->store, profile, g->request, parts[i], &part, NULL);
		is_whole = e == ERR_OK ? part.len > 0 : e != ERR_NOT_FOUND;
	}
	buf_clear(&part);
	return is_whole;
}

/* What a key is missing for cannot go on: its answer could not be opened, its certificate not be used. out_lost: of the
 * certificate in use; where there is none, of the request for the first one. */
static void leave_what_is_lost(const struct pass *pass, const char *profile, struct scep_view *v,
                               struct generation_meta *out_lost)
{
	struct generations *g = &v->generations;
	struct generation_meta meta;
	if (g->request != 0 && generation_meta_read(&pass->store, profile, g->request, &v->request, NULL) != ERR_OK)
		g->request = 0; /* cannot be resumed without its transaction: swept by the next enrollment */
	if (g->request != 0 && !is_whole(pass, profile, g))
		g->request = 0;
	v->is_key_lost = is_lost(pass, profile, g->current, out_lost);
	if (g->request != 0 && (binding_is_lost(pass, &v->request) || is_lost(pass, profile, g->signer, &meta))) {
		if (g->current == 0) {
			v->is_key_lost = true;
			*out_lost = v->request;
		}
		g->request = 0;
	}
	if (is_lost(pass, profile, g->complete, &meta))
		g->complete = 0;
	if (g->complete == 0)
		g->is_refused = false;
}

/* Of the request under way, or of a key that waits for one. */
static unsigned boots_without_answer(const struct pass *pass, const char *profile, const struct scep_view *v)
{
	char now[BOOT_ID_CAP] = "";
	struct generation_meta meta = v->request;
	if (v->generations.request == 0 &&
	    (v->generations.unused == 0 ||
	     generation_meta_read(&pass->store, profile, v->generations.unused, &meta, NULL) != ERR_OK))
		return 0;
	if (device_boot_id(now, sizeof now) != ERR_OK || meta.boot[0] == '\0' || strcmp(meta.boot, now) == 0)
		return meta.boots;
	return meta.boots + 1;
}

enum err scep_look(const struct pass *pass, const struct scep_profile *profile, struct scep_view *out,
                   struct why *why)
{
	struct scep_view v = { .next = SCEP_NEXT_NOTHING };
	struct generation_meta lost = { .created = 0 };
	struct revocation revocation = { .request = 0 };
	struct certificate cert = { .not_after = 0 };
	struct buf der;
	buf_init(&der, CERTIFICATE_MAX);
	enum err e = generations_look(&pass->store, profile->name, &v.generations, why);
	if (e != ERR_OK)
		goto out;
	leave_what_is_lost(pass, profile->name, &v, &lost);
	v.boots = boots_without_answer(pass, profile->name, &v);
	v.in_use = generation_named(&pass->store, profile->name, "current");
	v.is_revoked = revocation_is_known(&pass->store, profile->name, v.in_use, &revocation);
	if (v.generations.current != 0 &&
	    generation_certificate(&pass->store, profile->name, v.generations.current, &der, NULL) == ERR_OK &&
	    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK) {
		v.has_certificate = true;
		v.not_after = cert.not_after;
		v.is_expired = pass->clock.is_trusted && pass->clock.now > cert.not_after;
		v.renew_at = schedule_renew_at(cert.not_before, cert.not_after, profile->renewal_threshold_percent,
		                               profile->renewal_spread_percent,
		                               schedule_identity(cert.subject) + schedule_identity(cert.san));
	}
	decide(pass, profile, &lost, &revocation, cert.not_after, &v);
	*out = v;
out:
	buf_clear(&der);
	return e;
}
