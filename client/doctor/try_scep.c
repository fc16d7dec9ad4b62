/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include "client/doctor/checks.h"
#include "client/doctor/doctor.h"
#include "client/scep/capabilities.h"
#include "hal/clock.h"

static const struct check try_check = {"scep", "what would a request use", FINDING_FAILURE, false,
				       NULL};

static const char *cipher_text(const struct server_answer *a)
{
	const struct scep_server *s = &a->job.server;
	enum cms_cipher cipher =
	    s->is_cipher_auto ? scep_capabilities_cipher(&a->survey.caps, s->floor) : s->cipher;
	switch (cipher) {
	case CMS_AES128:
		return "AES-128";
	case CMS_AES256:
		return "AES-256";
	case CMS_DES3:
		return "3DES";
	case CMS_DES:
		return "DES";
	}
	return "?";
}

static const char *digest_text(const struct server_answer *a)
{
	const struct scep_server *s = &a->job.server;
	switch (scep_capabilities_digest(&a->survey.caps, s->digest, s->floor)) {
	case KEY_SHA1:
		return "SHA-1";
	case KEY_SHA256:
		return "SHA-256";
	case KEY_SHA384:
		return "SHA-384";
	case KEY_SHA512:
		return "SHA-512";
	}
	return "?";
}

static const char *renewal_text(const struct server_answer *a)
{
	switch (a->profile->renewal_message) {
	case RENEWAL_AUTO:
		return a->survey.caps.has_renewal ? "17" : "19 signed by the old certificate";
	case RENEWAL_17:
		return "17";
	case RENEWAL_19:
		return "19 signed by the old certificate";
	case RENEWAL_REENROLL:
		return "19 with a challenge";
	}
	return "?";
}

static void tell(struct examination *x, const struct server_answer *a)
{
	char recipient[256];
	char issuing[256];
	char until[32];
	char words[128];
	struct certificate cert = {.not_after = 0};
	const char *name = a->profile->name;
	capabilities_text(&a->survey.caps, words);
	subject_text(buf_bytes(&a->survey.recipient), recipient);
	subject_text(buf_bytes(&a->survey.issuing), issuing);
	if (certificate_parse(buf_bytes(&a->survey.recipient), &cert, NULL) == ERR_OK)
		clock_text(cert.not_after, until, sizeof until);
	else
		snprintf(until, sizeof until, "?");
	find_ok(x, name, "%s answers GetCACaps: %s", a->url, words);
	find_ok(x, name,
		"GetCACert: %zu certificates, of which %zu may sign answers; issuing CA %s",
		a->survey.offered.count, a->survey.accepted.count, issuing);
	find_ok(x, name,
		"a request would be encrypted to %s (until %s), with %s, signed with %s, sent by "
		"%s; a renewal as message %s",
		recipient, until, cipher_text(a), digest_text(a),
		scep_capabilities_post(&a->survey.caps) ? "POST" : "GET", renewal_text(a));
}

enum err doctor_try_scep(const struct config *config, const char *name, struct doctor_report *out,
			 struct why *why)
{
	struct examination x;
	struct doctor_report report = {.findings = NULL};
	enum err e = examination_open(config, TRY_LIMIT_S, &report, &x, why);
	if (e != ERR_OK)
		return e;
	x.check = &try_check;
	tell_retired(&x, name);
	ask_servers(&x, name);
	for (size_t i = 0; i < x.server_count; i++) {
		const struct server_answer *a = &x.servers[i];
		if (!a->is_asked)
			find_unseen(&x, a->profile->name,
				    "%s was not asked: other servers took all the time", a->url);
		else if (a->err == ERR_OK)
			tell(&x, a);
		else
			find_why(&x, FINDING_FAILURE, a->profile->name, a->err, &a->why);
	}
	e = x.err;
	examination_close(&x);
	if (e != ERR_OK) {
		report_clear(&report);
		return why_set(why, e, "doctor.report", "the report does not fit: %s", err_text(e));
	}
	*out = report; /* handed to the caller */
	return ERR_OK;
}
