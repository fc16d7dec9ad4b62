/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "client/agent/rollover.h"
#include "client/doctor/checks.h"
#include "client/pki/chain.h"
#include "client/scep/ra.h"
#include "hal/clock.h"

#define SOON_S (90LL * 86400) /* a CA's successor takes weeks to reach a fleet */
#define CHAIN_PEM_MAX (CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX)

static void judge_dates(struct examination *x, const char *about, struct bytes der)
{
	char until[32];
	char subject[256];
	struct certificate cert;
	const struct clock_view *clock = &x->pass.clock;
	subject_text(der, subject);
	if (certificate_parse(der, &cert, NULL) != ERR_OK) {
		find_trouble(x, about, "replace the file", "it does not parse");
		return;
	}
	clock_text(cert.not_after, until, sizeof until);
	if (clock->is_trusted && cert.not_after < clock->now)
		find_trouble(x, about, "install its successor as a trust profile",
			     "%s has expired %s", subject, until);
	else if (clock->is_trusted && cert.not_after < clock->now + SOON_S)
		find_warning(x, about, "get its successor from the CA's administrator",
			     "%s ends %s", subject, until);
	else
		find_ok(x, about, "%s, until %s", subject, until);
}

void check_trust(struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->trust_count; i++) {
		struct why why = {.code = ""};
		struct buf der;
		buf_init(&der, CERTIFICATE_MAX);
		enum err e = x->can_see_state ? trust_look(&x->pass, &c->trusts[i], &why) : ERR_OK;
		bool is_absent = e == ERR_NOT_FOUND && strcmp(why.code, "waiting.install") == 0;
		if (e == ERR_OK || is_absent)
			e = trust_source(&x->pass, &c->trusts[i], &der, &why);
		if (e != ERR_OK)
			find_why(x, x->check->severity, c->trusts[i].name, e, &why);
		else if (is_absent)
			find_warning(x, c->trusts[i].name, "signet apply",
				     "its file is good, and not installed yet");
		else
			judge_dates(x, c->trusts[i].name, buf_bytes(&der));
		buf_clear(&der);
	}
}

/* At a moment that a clock which is not trusted cannot call expired. */
static enum err build(const struct examination *x, const struct own_certificate *own,
		      const struct certificate_set *chain, const struct certificate_set *anchors,
		      struct why *why)
{
	const struct clock_view *clock = &x->pass.clock;
	const struct scep_server server = {.anchors = anchors,
					   .now = clock->now,
					   .is_clock_trusted = clock->is_trusted,
					   .time_floor = clock->floor};
	return chain_build(own->cert.der, chain, anchors, ra_check_time(&server, &own->cert), NULL,
			   why);
}

static void judge_chain(struct examination *x, const struct scep_profile *p,
			const struct own_certificate *own)
{
	struct certificate_set anchors = {.count = 0};
	struct certificate_set chain = {.count = 0};
	struct why why = {.code = ""};
	struct buf pem;
	size_t announced;
	buf_init(&pem, CHAIN_PEM_MAX);
	enum err e = trust_anchors(&x->pass, &p->trust, &anchors, &why);
	if (e == ERR_OK)
		e = rollover_add(&x->pass, p, &anchors, &announced, &why);
	if (e == ERR_OK)
		e = generation_read(&x->pass.store, p->name, own->generations.current, "chain.pem",
				    &pem, &why);
	if (e == ERR_OK)
		e = certificate_set_from_pem(buf_bytes(&pem), &chain, &why);
	if (e == ERR_OK)
		e = build(x, own, &chain, &anchors, &why);
	if (e != ERR_OK)
		find_why(x, x->check->severity, p->name, e, &why);
	else
		find_ok(x, p->name, "leads to the trust profiles");
	certificate_set_clear(&chain);
	certificate_set_clear(&anchors);
	buf_clear(&pem);
}

void check_certificate_chain(struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->scep_count; i++) {
		struct own_certificate own;
		if (own_certificate_read(x, &c->sceps[i], &own))
			judge_chain(x, &c->sceps[i], &own);
		buf_clear(&own.der);
	}
}
