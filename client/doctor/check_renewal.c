/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include "client/agent/last.h"
#include "client/doctor/agent_process.h"
#include "client/doctor/checks.h"
#include "hal/clock.h"

#define GRACE_S 3600 /* due for so long without a failure: it is under way, or waits for its turn  \
		      */

/* Why has it not come? */
static void judge_due(struct examination *x, const struct scep_profile *p,
		      const struct scep_view *v)
{
	struct last last = {.exit = SIGNET_DONE};
	char since[32];
	char until[32];
	clock_text(v->renew_at, since, sizeof since);
	clock_text(v->not_after, until, sizeof until);
	bool has_failed =
	    last_read(&x->pass.store, p->name, &last) == ERR_OK && last.exit != SIGNET_DONE;
	if (v->is_revoked)
		find_trouble(x, p->name, "see certificate.revoked",
			     "due since %s, but a revoked certificate is not renewed", since);
	else if (has_failed && last.exit == SIGNET_PENDING)
		find_warning(x, p->name, last.why.next_step, "due since %s (it ends %s), and asked for: %s",
			     since, until, last.why.text);
	else if (has_failed)
		find_trouble(x, p->name, last.why.next_step,
			     "due since %s and not done (it ends %s); the last of %u tries: %s",
			     since, until, last.failures, last.why.text);
	else if (x->pass.config->root[0] == '\0' && !agent_process_runs())
		find_trouble(x, p->name, "start signet agent (its service), or run signet apply",
			     "due since %s (it ends %s), and nobody renews: no signet agent runs",
			     since, until);
	else if (x->pass.clock.now - v->renew_at > GRACE_S)
		find_trouble(
		    x, p->name, "signet renew PROFILE, and see what it says",
		    "due since %s (it ends %s), and no try is known since this device started",
		    since, until);
	else
		find_ok(x, p->name, "due since %s", since);
}

static void judge(struct examination *x, const struct scep_profile *p, const struct scep_view *v)
{
	char when[32];
	char until[32];
	clock_text(v->renew_at, when, sizeof when);
	clock_text(v->not_after, until, sizeof until);
	if (v->is_expired)
		find_trouble(x, p->name, "signet enroll PROFILE --challenge-file FILE",
			     "the certificate has expired %s", until);
	else if (!x->pass.clock.is_trusted)
		find_warning(x, p->name, "see clock.trust",
			     "due %s, but the clock is not trusted: only the Date of the CA's "
			     "server can start it",
			     when);
	else if (x->pass.clock.now >= v->renew_at)
		judge_due(x, p, v);
	else if (x->pass.config->root[0] == '\0' && !agent_process_runs())
		find_warning(x, p->name,
			     "start signet agent (its service), or run signet apply regularly",
			     "due %s, and no signet agent runs that would do it", when);
	else
		find_ok(x, p->name, "due %s, the certificate ends %s", when, until);
}

void check_certificate_renewal(struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->scep_count; i++) {
		struct scep_view v;
		struct why why = {.code = ""};
		enum err e = scep_look(&x->pass, &c->sceps[i], &v, &why);
		if (e != ERR_OK)
			find_why(x, x->check->severity, c->sceps[i].name, e, &why);
		else if (v.has_certificate)
			judge(x, &c->sceps[i], &v);
	}
}
