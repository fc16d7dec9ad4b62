/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/consumer.h"
#include "client/agent/retirement.h"

void plan_clear(struct plan *plan)
{
	free(plan->steps);
	*plan = (struct plan){ .steps = NULL };
}

static void add(struct plan *plan, enum profile_kind kind, const char *name, const char *action, const char *reason,
                bool is_waiting)
{
	struct plan_step *s = &plan->steps[plan->count++];
	*s = (struct plan_step){ .kind = kind, .is_waiting = is_waiting };
	snprintf(s->name, sizeof s->name, "%s", name);
	snprintf(s->action, sizeof s->action, "%s", action);
	snprintf(s->reason, sizeof s->reason, "%.255s", reason);
}

static bool is_planned(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->steps[i].name, name) == 0)
			return true;
	return false;
}

static void plan_trusts(const struct pass *pass, struct plan *plan)
{
	const struct config *c = pass->config;
	size_t *order = calloc(c->trust_count + 1, sizeof *order);
	if (order == NULL)
		return;
	trust_order(pass, order);
	for (size_t i = 0; i < c->trust_count; i++) {
		const struct trust_profile *p = &c->trusts[order[i]];
		struct why why = { .code = "" };
		enum err e = trust_look(pass, p, &why);
		if (e != ERR_OK)
			add(plan, KIND_TRUST, p->name, strcmp(why.code, "waiting.install") == 0 ? "install" : "wait", why.text,
			    strcmp(why.code, "waiting.install") != 0);
	}
	free(order);
}

static void plan_scep(const struct pass *pass, const struct scep_profile *p, struct plan *plan)
{
	static const char *const actions[] = {
		[SCEP_NEXT_NOTHING] = "",        [SCEP_NEXT_ENROLL] = "enroll", [SCEP_NEXT_RENEW] = "renew",
		[SCEP_NEXT_RESEND] = "resend",   [SCEP_NEXT_POLL] = "poll",     [SCEP_NEXT_SWITCH] = "switch",
	};
	struct scep_view view;
	struct why why = { .code = "" };
	char reason[256];
	if (scep_look(pass, p, &view, &why) != ERR_OK) {
		add(plan, KIND_SCEP, p->name, "wait", why.text, true);
		return;
	}
	if (view.next == SCEP_NEXT_NOTHING && !view.is_expired && !view.is_revoked)
		return;
	snprintf(reason, sizeof reason, "%s", view.reason);
	for (size_t i = 0; i < p->trust.count; i++)
		if (is_planned(plan, p->trust.items[i]))
			snprintf(reason, sizeof reason, "%.180s; after trust %s", view.reason, p->trust.items[i]);
	bool is_waiting = view.next == SCEP_NEXT_NOTHING;
	add(plan, KIND_SCEP, p->name, is_waiting ? "wait" : actions[view.next], reason, is_waiting);
}

static void plan_settings(struct plan *plan, const struct consumer *c, enum err e, const struct why *why)
{
	char reason[256];
	bool is_write = strcmp(why->code, "waiting.install") == 0;
	bool is_after = c->certificate[0] != '\0' && is_planned(plan, c->certificate);
	snprintf(reason, sizeof reason, "%.200s%s%s", why->text, is_after && is_write ? "; after " : "",
	         is_after && is_write ? c->certificate : "");
	bool is_waiting = !is_write && !(is_after && strncmp(why->code, "waiting.", 8) == 0);
	if (e != ERR_OK)
		add(plan, c->kind, c->name, is_waiting ? "wait" : "write settings", reason, is_waiting);
}

/* Settings stand, and a daemon that is there has not used them yet. */
static void plan_daemon(const struct pass *pass, struct plan *plan, const struct consumer *c)
{
	struct generations g = { .current = 1 };
	struct record r;
	char reason[64];
	bool is_open = c->certificate[0] == '\0';
	record_read(&pass->store, c->ops->folder, c->name, &r);
	if ((!is_open && generations_look(&pass->store, c->certificate, &g, NULL) != ERR_OK) || r.proven == g.current ||
	    (is_open && r.told == g.current) || !c->ops->is_present(pass, c))
		return;
	snprintf(reason, sizeof reason, is_open ? "not tried yet" : "not authenticated with generation %u yet", g.current);
	add(plan, c->kind, c->name, is_open ? "connect" : "authenticate", reason, false);
}

static void plan_consumer(const struct pass *pass, struct plan *plan, const struct consumer *c)
{
	struct record r;
	struct why why = { .code = "" };
	if (consumer_is_over(pass, c)) {
		record_read(&pass->store, c->ops->folder, c->name, &r);
		if (r.at.path[0] != '\0')
			add(plan, c->kind, c->name, "remove", "the network it was for works", false);
		return;
	}
	enum err e = c->ops->look(pass, c, &why);
	if (e == ERR_OK)
		plan_daemon(pass, plan, c);
	else
		plan_settings(plan, c, e, &why);
}

static void plan_consumers(const struct pass *pass, struct plan *plan)
{
	struct consumer *consumers = calloc(CONFIG_PROFILES_MAX, sizeof *consumers);
	size_t count = consumers != NULL ? consumers_list(pass->config, consumers) : 0;
	for (size_t i = 0; i < count; i++)
		plan_consumer(pass, plan, &consumers[i]);
	free(consumers);
}

static void count_retired(void *ctx, enum profile_kind kind, const char *name)
{
	(void)kind;
	(void)name;
	++*(size_t *)ctx;
}

static void plan_retired(void *ctx, enum profile_kind kind, const char *name)
{
	add(ctx, kind, name, "retire", "retired, or not in the configuration any more", false);
}

enum err agent_plan(const struct config *config, struct plan *out, struct why *why)
{
	struct pass pass;
	size_t most = config->trust_count + config->scep_count + config->wifi_count + config->vpn_count;
	struct plan plan = { .steps = NULL };
	struct retirement_question retired = { .pass = &pass, .each = count_retired, .ctx = &most };
	enum err e = pass_open(config, NULL, &pass, why);
	if (e != ERR_OK)
		return e;
	e = retirement_look(&retired, why);
	plan.steps = calloc(most + 1, sizeof *plan.steps);
	if (e == ERR_OK && plan.steps == NULL)
		e = why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for a plan of %zu profiles", most);
	retired.each = plan_retired;
	retired.ctx = &plan;
	if (e == ERR_OK)
		e = retirement_look(&retired, why);
	if (e == ERR_OK) {
		plan_trusts(&pass, &plan);
		for (size_t i = 0; i < pass.config->scep_count; i++)
			plan_scep(&pass, &pass.config->sceps[i], &plan);
		plan_consumers(&pass, &plan);
		*out = plan; /* handed to the caller */
		plan.steps = NULL;
	}
	plan_clear(&plan);
	pass_close(&pass);
	return e;
}
