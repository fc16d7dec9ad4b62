/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "client/agent/last.h"
#include "client/agent/revocation.h"
#include "client/doctor/checks.h"
#include "client/pki/name.h"
#include "hal/clock.h"

#define RA_SOON_S                                                                                  \
	(30LL *                                                                                    \
	 86400)	     /* NDES does not renew its registration authority by itself: somebody has to */
#define LIST_MS 4000 /* one list of revoked certificates, or one responder */

/* For each server that was asked. */
static void each(struct examination *x,
		 void (*judge)(struct examination *x, const struct server_answer *a))
{
	ask_servers(x, NULL);
	for (size_t i = 0; i < x->server_count; i++) {
		const struct server_answer *a = &x->servers[i];
		if (a->is_asked)
			judge(x, a);
		else
			find_unseen(x, a->profile->name,
				    "%s was not asked: other servers took all the time", a->url);
	}
}

static void judge_reach(struct examination *x, const struct server_answer *a)
{
	char words[128];
	capabilities_text(&a->survey.caps, words);
	if (a->survey.has_answered)
		find_ok(x, a->profile->name, "%s answers: %s", a->url, words);
	else if (strcmp(a->why.code, "survey.lost") == 0 || strcmp(a->why.code, "http.timeout") == 0)
		find_trouble(x, a->profile->name,
			     "see the network, name resolution and whether the url is right; signet "
			     "apply waits longer, as the profile's timeout says",
			     "%s is unreachable: no answer within the %d s that are waited here",
			     a->url, QUESTION_MS / 1000);
	else
		find_why(x, x->check->severity, a->profile->name, a->err, &a->why);
}

void check_server_reach(struct examination *x) { each(x, judge_reach); }

/* ---- whom the rule believes ---- */

static bool has_subject(const struct certificate_set *set, struct bytes subject)
{
	struct certificate cert;
	for (size_t i = 0; i < set->count; i++)
		if (certificate_parse(buf_bytes(&set->der[i]), &cert, NULL) == ERR_OK &&
		    name_equal(cert.subject, subject))
			return true;
	return false;
}

/* None of the server's CAs has a name that the trust profiles know: the first of them, else false.
 */
static bool is_foreign(const struct server_answer *a, char out_server[256], char out_trust[256])
{
	bool has_ca = false;
	const struct certificate_set *offered = &a->survey.offered;
	for (size_t i = 0; i < offered->count; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&offered->der[i]), &cert, NULL) != ERR_OK ||
		    !cert.is_ca)
			continue;
		if (has_subject(&a->anchors, cert.subject))
			return false;
		if (!has_ca)
			subject_text(buf_bytes(&offered->der[i]), out_server);
		has_ca = true;
	}
	if (has_ca && a->anchors.count > 0)
		subject_text(buf_bytes(&a->anchors.der[a->anchors.count - 1]), out_trust);
	return has_ca && a->anchors.count > 0;
}

static const char *rule_of(const struct server_answer *a, const struct certificate *cert)
{
	return cert->is_ca ? "the issuing CA itself (rule a)"
	       : certificate_has_eku(cert, OID_EKU_REQUEST_AGENT) ||
		       certificate_has_eku(cert, OID_EKU_CMC_RA)
		   ? "registration authority of the issuing CA (rule b)"
	       : a->profile->ra_sha256.count > 0 ? "named by ra_sha256 (rule c)"
						 : "accepted";
}

static void judge_accepted(struct examination *x, const struct server_answer *a, struct bytes der)
{
	char subject[256];
	char until[32];
	struct certificate cert;
	if (certificate_parse(der, &cert, NULL) != ERR_OK)
		return;
	subject_text(der, subject);
	clock_text(cert.not_after, until, sizeof until);
	if (x->pass.clock.is_trusted && cert.not_after < x->pass.clock.now + RA_SOON_S)
		find_warning(x, a->profile->name,
			     cert.is_ca ? "ask the CA's administrator for its successor"
					: "renew it on the server (NDES: CEP Encryption and "
					  "Exchange Enrollment Agent), by hand",
			     "%s, %s, ends %s: enrollment stops then", subject, rule_of(a, &cert),
			     until);
	else
		find_ok(x, a->profile->name, "%s, %s, until %s", subject, rule_of(a, &cert), until);
}

static void judge_ra(struct examination *x, const struct server_answer *a)
{
	char server[256];
	char trust[256];
	if (!a->survey.has_answered)
		return; /* server.reach says why */
	if (a->err == ERR_OK) {
		for (size_t i = 0; i < a->survey.accepted.count; i++)
			judge_accepted(x, a, buf_bytes(&a->survey.accepted.der[i]));
	} else if (a->err == ERR_UNTRUSTED && is_foreign(a, server, trust)) {
		find_trouble(
		    x, a->profile->name,
		    "correct url or ca_identifier, or let the trust profiles be those of that CA",
		    "CA name mismatch: %s belongs to \"%s\", the trust profiles lead to \"%s\"",
		    a->url, server, trust);
	} else {
		find_why(x, x->check->severity, a->profile->name, a->err, &a->why);
	}
}

void check_server_ra(struct examination *x) { each(x, judge_ra); }

/* ---- what is below the floor ---- */

static void judge_legacy(struct examination *x, const struct server_answer *a)
{
	const struct scep_capabilities *caps = &a->survey.caps;
	const struct scep_profile *p = a->profile;
	struct last last = {.exit = SIGNET_DONE};
	bool has_last = x->can_see_state && last_read(&x->pass.store, p->name, &last) == ERR_OK;
	bool is_weak = caps->is_known && !caps->has_sha256 && !caps->has_sha512;
	bool is_weak_cipher = caps->is_known && !caps->has_aes && !caps->has_des3;
	if (has_last && strncmp(last.why.code, "scep.legacy", 11) == 0)
		find_trouble(x, p->name, last.why.next_step, "%s", last.why.text);
	else if (!a->survey.has_answered)
		return; /* server.reach says why */
	else if (is_weak && !p->allow_sha1)
		find_trouble(x, p->name,
			     "better let the server use SHA-256; else set allow_legacy = sha1",
			     "%s tells SHA-1 and no SHA-2: it needs allow_legacy = sha1", a->url);
	else if (is_weak_cipher && !p->allow_des)
		find_trouble(
		    x, p->name, "better let the server use AES; else set allow_legacy = des",
		    "%s tells neither AES nor 3DES: it may need allow_legacy = des", a->url);
	else if (p->allow_sha1 || p->allow_des)
		find_ok(x, p->name, "allow_legacy is set for it");
	else
		find_ok(x, p->name, "%s does not ask for allow_legacy", a->url);
}

void check_server_legacy(struct examination *x) { each(x, judge_legacy); }

/* ---- lists and responders ---- */

static void judge_silence(struct examination *x, const char *about, enum err e, struct why *why)
{
	bool is_late = strcmp(why->code, "http.timeout") == 0;
	if (is_late || (why->next_step[0] == '\0' && strncmp(why->code, "file.", 5) != 0 &&
			strncmp(why->code, "certificate.", 12) != 0))
		why_next(why, "see the way there, and whether the CA publishes anew");
	find_why(x, x->check->severity, about, e, why);
}

static void judge_place(struct examination *x, const struct scep_profile *p,
			const struct revocation_places *all, size_t i)
{
	char until[32];
	struct why why = {.code = ""};
	struct revocation_answer answer = {.verdict = REVOCATION_UNKNOWN};
	struct revocation_places place = {.count = 1, .is_ocsp = all->is_ocsp};
	memcpy(place.urls[0], all->urls[i], sizeof place.urls[0]);
	int64_t left = examination_left_ms(x);
	enum err e =
	    revocation_look(&x->pass, p, &place, left < LIST_MS ? left : LIST_MS, &answer, &why);
	clock_text(answer.next_update, until, sizeof until);
	if (e != ERR_OK)
		judge_silence(x, p->name, e, &why);
	else if (answer.verdict == REVOCATION_REVOKED)
		find_trouble(x, p->name, "signet apply takes note of it; see after_revocation",
			     "%s: the certificate is revoked (%s)", place.urls[0],
			     revocation_reason_text(answer.reason));
	else if (answer.verdict == REVOCATION_UNKNOWN)
		find_trouble(x, p->name, "ask the CA's administrator",
			     "%s answers, and knows nothing of the certificate", place.urls[0]);
	else
		find_ok(x, p->name, "%s answers, and is fresh until %s", place.urls[0], until);
}

static void judge_places(struct examination *x, const struct scep_profile *p,
			 const struct certificate *cert)
{
	struct revocation_places places;
	if (revocation_places_of(&x->pass, p->name, &places) != ERR_OK) {
		find_unseen(x, p->name,
			    "not asked: without a trusted clock no answer can be judged");
	} else if (places.count == 0 && cert->crl_points.len + cert->access.len > 0) {
		find_warning(x, p->name, "let the CA name an http address in its certificates",
			     "the certificate names no address that can be asked (ldap alone)");
	} else if (places.count == 0) {
		find_ok(x, p->name, "the certificate names no address to ask");
	}
	for (size_t i = 0; i < places.count && !examination_is_over(x, p->name); i++)
		judge_place(x, p, &places, i);
}

void check_revocation(struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->scep_count; i++) {
		struct own_certificate own;
		if (own_certificate_read(x, &c->sceps[i], &own))
			judge_places(x, &c->sceps[i], &own.cert);
		buf_clear(&own.der);
	}
}
