/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/last.h"
#include "client/agent/revocation.h"
#include "client/agent/scep_resolve.h"
#include "client/agent/trial.h"
#include "client/config/variables.h"
#include "client/doctor/checks.h"
#include "client/doctor/fitness.h"
#include "client/pki/name.h"

static const struct scep_profile *profile_at(const struct examination *x, size_t i)
{
	return &x->pass.config->sceps[i];
}

static size_t profile_count(const struct examination *x) { return x->pass.config->scep_count; }

/* ---- a challenge where one is needed ---- */

static void judge_challenge(struct examination *x, const struct scep_profile *p)
{
	struct why why = {.code = ""};
	enum err e = scep_look_for_challenge(&x->pass, p, &why);
	if (e != ERR_OK)
		find_why(x, x->check->severity, p->name, e, &why);
	else if (p->challenge_file[0] != '\0')
		find_ok(x, p->name, "%s holds one that did not go out yet", p->challenge_file);
	else if (p->challenge_command[0] != '\0')
		find_ok(x, p->name, "%s is there and can be run; it was not", p->challenge_command);
	else if (p->challenge_url[0] != '\0')
		find_ok(x, p->name, "%s was not asked: each question takes one of its slots",
			p->challenge_url);
	else
		find_ok(x, p->name, "the profile has none: only a CA that asks for none will do");
}

void check_challenge(struct examination *x)
{
	ask_whether_keys_are_lost(x);
	for (size_t i = 0; i < profile_count(x); i++) {
		const struct scep_profile *p = profile_at(x, i);
		struct scep_view v;
		struct why why = {.code = ""};
		enum err e = scep_look(&x->pass, p, &v, &why);
		if (e != ERR_OK)
			find_why(x, x->check->severity, p->name, e, &why);
		else if (v.in_use != 0 && (!v.has_certificate || (v.is_key_lost && is_about_pin(x))))
			find_unseen(x, p->name,
				    "whether one is needed cannot be seen before signet apply has "
				    "mended the state folder");
		else if (v.next == SCEP_NEXT_ENROLL ||
			 (!v.has_certificate && v.next == SCEP_NEXT_NOTHING))
			judge_challenge(x, p);
		else
			find_ok(x, p->name, "needs none: %s",
				v.has_certificate		   ? "it is enrolled"
				: v.next == SCEP_NEXT_SWITCH ? "its certificate is there"
							     : "its request is under way");
	}
}

/* ---- issued, and not installed or not in use ---- */

/* Of the generation that is in use, the first file that is missing or damaged; NULL: none. Its key is
 * tpm.key's. */
static const char *damaged_part(const struct examination *x, const char *profile, unsigned number)
{
	static const char *const parts[] = {"chain.pem", "ca.pem"};
	const struct store *store = &x->pass.store;
	struct generation_meta meta;
	struct certificate cert;
	struct buf file;
	const char *damaged = NULL;
	buf_init(&file, CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX);
	if (generation_meta_read(store, profile, number, &meta, NULL) != ERR_OK)
		damaged = "meta.ini";
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct certificate_set set = {.count = 0};
		buf_cut(&file, 0);
		if (generation_read(store, profile, number, parts[i], &file, NULL) != ERR_OK ||
		    certificate_set_from_pem(buf_bytes(&file), &set, NULL) != ERR_OK)
			damaged = parts[i];
		certificate_set_clear(&set);
	}
	buf_cut(&file, 0);
	if (generation_certificate(store, profile, number, &file, NULL) != ERR_OK ||
	    certificate_parse(buf_bytes(&file), &cert, NULL) != ERR_OK)
		damaged = "cert.pem";
	buf_clear(&file);
	return damaged;
}

static void judge_issued(struct examination *x, const struct scep_profile *p,
			 const struct generations *g)
{
	unsigned in_use = generation_named(&x->pass.store, p->name, "current");
	const char *damaged = in_use != 0 ? damaged_part(x, p->name, in_use) : NULL;
	struct why why = {.code = ""};
	struct last last = {.exit = SIGNET_DONE};
	bool has_last =
	    last_read(&x->pass.store, p->name, &last) == ERR_OK && last.exit != SIGNET_DONE;
	if (damaged != NULL)
		find_trouble(x, p->name, MENDS, "generation %u is in use, and its %s is missing or damaged",
			     in_use, damaged);
	else if (has_last && strncmp(last.why.code, "scep.issued", 11) == 0)
		find_trouble(x, p->name, last.why.next_step,
			     "issued by the CA, but not installed: %s", last.why.text);
	else if (trial_refused(&x->pass.store, p->name, g, &why) != ERR_OK)
		find_trouble(x, p->name, why.next_step, "issued, but not in use: %s", why.text);
	else if (g->complete != 0 && in_use == 0)
		find_trouble(x, p->name, "signet apply",
			     "generation %u is issued, and nothing says that it is the one in use",
			     g->complete);
	else if (g->complete != 0 || trial_state_of(g) != TRIAL_NONE)
		find_warning(x, p->name,
			     "see consumer.present: the daemons have to authenticate with it",
			     "a new certificate is on trial, the one before stays until it has "
			     "proven itself");
	else if (g->current != 0)
		find_ok(x, p->name, "generation %u is installed and in use", g->current);
	else if (has_last)
		find_warning(x, p->name, last.why.next_step,
			     "nothing is issued yet; the last try: %s", last.why.text);
	else
		find_warning(x, p->name, "signet apply", "nothing is issued yet");
}

void check_certificate_issued(struct examination *x)
{
	for (size_t i = 0; i < profile_count(x); i++) {
		struct generations g;
		struct why why = {.code = ""};
		enum err e = generations_look(&x->pass.store, profile_at(x, i)->name, &g, &why);
		if (e == ERR_OK)
			judge_issued(x, profile_at(x, i), &g);
		else
			find_why(x, x->check->severity, profile_at(x, i)->name, e, &why);
	}
}

/* ---- fit for those that use it ---- */

static void judge_use(struct examination *x, const struct consumer *c,
		      const struct certificate *cert)
{
	char local_id[512];
	const char *kind = profile_kind_text(c->kind);
	struct buf text;
	buf_init(&text, sizeof local_id);
	const char *s = c->vpn != NULL && variables_expand(x->pass.config, c->vpn->local_id,
							   PLACE_TEXT, &text, NULL) == ERR_OK
			    ? buf_text(&text)
			    : NULL;
	snprintf(local_id, sizeof local_id, "%s", s != NULL ? s : "");
	buf_clear(&text);
	if (!fitness_can_sign(cert))
		find_trouble(
		    x, c->name,
		    "add key_usage = digitalSignature to the scep profile, or to the CA's "
		    "template, and renew",
		    "%s \"%s\": its certificate \"%s\" lacks the key usage digitalSignature", kind,
		    c->name, c->certificate);
	else if (c->vpn == NULL && !fitness_is_client(cert))
		find_trouble(x, c->name,
			     "add extended_key_usage = clientAuth to the scep profile, or to the "
			     "CA's template, and renew",
			     "%s \"%s\": its certificate \"%s\" has the wrong extended key usage: "
			     "EAP-TLS needs clientAuth (%s)",
			     kind, c->name, c->certificate, OID_EKU_CLIENT_AUTH);
	else if (c->vpn != NULL && !fitness_is_ike(cert))
		find_warning(x, c->name,
			     "add extended_key_usage = clientAuth or ipsecIKE, and renew",
			     "vpn \"%s\": its certificate \"%s\" has neither clientAuth nor "
			     "ipsecIKE; many gateways refuse that",
			     c->name, c->certificate);
	else if (c->vpn != NULL && local_id[0] != '\0' && !fitness_has_name(cert, local_id))
		find_warning(x, c->name,
			     "let local_id be one of the certificate's names, or ask for it with "
			     "san_dns, and enroll anew",
			     "vpn \"%s\": the certificate \"%s\" does not have the name local_id = "
			     "%s; charon says the subject instead",
			     c->name, c->certificate, local_id);
	else
		find_ok(x, c->name, "\"%s\" is fit for %s", c->certificate, kind);
}

void check_certificate_use(struct examination *x)
{
	struct consumer *list = calloc(CONFIG_PROFILES_MAX, sizeof *list);
	size_t count = list != NULL ? consumers_list(x->pass.config, list) : 0;
	for (size_t i = 0; i < count; i++) {
		const struct scep_profile *p =
		    config_find_scep(x->pass.config, list[i].certificate);
		struct own_certificate own;
		if (p == NULL || consumer_is_over(&x->pass, &list[i]))
			continue;
		if (own_certificate_read(x, p, &own))
			judge_use(x, &list[i], &own.cert);
		buf_clear(&own.der);
	}
	free(list);
}

/* ---- the names that are asked for ---- */

static void name_text(struct bytes name, char out[256])
{
	struct buf text;
	buf_init(&text, 256);
	const char *s = name_to_text(name, &text) == ERR_OK ? buf_text(&text) : NULL;
	snprintf(out, 256, "%s", s != NULL ? s : "?");
	buf_clear(&text);
}

static void judge_names(struct examination *x, const struct scep_profile *p,
			const struct certificate *cert)
{
	char has[256];
	char asked[256];
	struct why why = {.code = ""};
	struct scep_resolved *r = calloc(1, sizeof *r);
	enum err e = r != NULL ? scep_resolve(&x->pass, p, SCEP_ENROLL, r, &why) : ERR_NO_MEMORY;
	if (e != ERR_OK) {
		find_why(x, x->check->severity, p->name, e, &why);
		free(r);
		return;
	}
	const struct csr_content *content = &r->job.content;
	const struct san *missing = fitness_missing_name(cert, content->sans, content->san_count);
	const char *next = "a renewal keeps the old names: enroll anew with a challenge, or correct "
			   "the profile";
	bool is_same = name_equal(cert->subject, content->subject);
	name_text(cert->subject, has);
	name_text(content->subject, asked);
	if (!p->subject_exact && (!is_same || missing != NULL))
		find_ok(x, p->name,
			"%.200s; the profile asks for other names, and subject_check = any takes what "
			"the CA gives",
			has);
	else if (!is_same)
		find_trouble(x, p->name, next,
			     "the certificate is for \"%.200s\", the profile asks for \"%.200s\"",
			     has, asked);
	else if (missing != NULL)
		find_trouble(x, p->name, next,
			     "the certificate lacks the alternative name \"%.200s\" that the "
			     "profile asks for",
			     missing->value);
	else
		find_ok(x, p->name, "%.200s, and %zu alternative names", has, content->san_count);
	scep_resolved_clear(r);
	free(r);
}

void check_certificate_names(struct examination *x)
{
	for (size_t i = 0; i < profile_count(x); i++) {
		struct own_certificate own;
		if (own_certificate_read(x, profile_at(x, i), &own))
			judge_names(x, profile_at(x, i), &own.cert);
		buf_clear(&own.der);
	}
}

/* ---- revoked ---- */

void check_certificate_revoked(struct examination *x)
{
	for (size_t i = 0; i < profile_count(x); i++) {
		const struct scep_profile *p = profile_at(x, i);
		struct why why = {.code = ""};
		unsigned in_use = generation_named(&x->pass.store, p->name, "current");
		if (in_use == 0)
			continue;
		enum err e = revocation_refused(&x->pass.store, p, in_use, NULL, &why);
		if (e != ERR_OK)
			find_why(x, x->check->severity, p->name, e, &why);
		else
			find_ok(x, p->name, "not revoked, as far as the device has learned");
	}
}
