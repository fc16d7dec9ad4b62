/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/announce.h"
#include "client/agent/consumer.h"
#include "client/agent/retirement.h"


void retire_view_clear(struct retire_view *view)
{
	free(view->items);
	*view = (struct retire_view){ .items = NULL };
}

struct listing {
	struct retire_view view;
	bool is_full;
};

static void list_one(void *ctx, enum profile_kind kind, const char *name)
{
	struct listing *l = ctx;
	struct retire_item *grown = realloc(l->view.items, (l->view.count + 1) * sizeof *grown);
	if (grown == NULL) {
		l->is_full = true;
		return;
	}
	l->view.items = grown;
	struct retire_item *item = &grown[l->view.count++];
	*item = (struct retire_item){ .kind = kind };
	snprintf(item->name, sizeof item->name, "%s", name);
}

static bool is_in(const struct retire_view *view, const char *name)
{
	for (size_t i = 0; i < view->count; i++)
		if (strcmp(view->items[i].name, name) == 0)
			return true;
	return false;
}

static enum err look(const struct pass *pass, const char *name, struct retire_view *out, struct why *why)
{
	struct listing l = { .view = { .items = NULL } };
	const struct retirement_question q = { .pass = pass, .name = name, .everything = name == NULL, .each = list_one,
		                               .ctx = &l };
	enum err e = retirement_look(&q, why);
	if (e == ERR_OK && l.is_full)
		e = why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for a list of profiles");
	if (e == ERR_OK && name != NULL && !config_has_profile(pass->written, name) && !is_in(&l.view, name)) {
		e = why_set(why, ERR_NOT_FOUND, "usage.profile", "there is no profile \"%s\", and nothing of one on this device",
		            name);
		why_next(why, "signet status lists the profiles");
	}
	if (e == ERR_OK && name != NULL)
		e = retirement_refuse(pass, name, why);
	if (e == ERR_OK)
		*out = l.view; /* handed to the caller */
	else
		retire_view_clear(&l.view);
	return e;
}

enum err agent_retire_look(const struct config *config, const char *name, struct retire_view *out, struct why *why)
{
	struct pass pass;
	enum err e = pass_open(config, NULL, &pass, why);
	if (e != ERR_OK)
		return e;
	e = look(&pass, name, out, why);
	pass_close(&pass);
	return e;
}

/* What is configured, and what is only on the device: an empty configuration does not take that off by itself. */
static enum err mark_all(const struct pass *pass, const struct retire_view *view, struct why *why)
{
	const struct config *c = pass->written;
	enum err e = ERR_OK;
	for (size_t i = 0; i < c->wifi_count && e == ERR_OK; i++)
		e = retirement_mark(&pass->store, c->wifis[i].name, why);
	for (size_t i = 0; i < c->vpn_count && e == ERR_OK; i++)
		e = retirement_mark(&pass->store, c->vpns[i].name, why);
	for (size_t i = 0; i < c->scep_count && e == ERR_OK; i++)
		e = retirement_mark(&pass->store, c->sceps[i].name, why);
	for (size_t i = 0; i < c->trust_count && e == ERR_OK; i++)
		e = retirement_mark(&pass->store, c->trusts[i].name, why);
	for (size_t i = 0; i < view->count && e == ERR_OK; i++)
		e = retirement_mark(&pass->store, view->items[i].name, why);
	return e;
}

enum err agent_retire(const struct config *config, const char *name, const struct apply_options *options,
                      struct retire_view *out, struct why *why)
{
	struct pass pass;
	struct retire_view view = { .items = NULL };
	struct retire_item failed;
	int fd = -1;
	enum err e = pass_open(config, options, &pass, why);
	if (e != ERR_OK)
		return e;
	e = pass_lock(&pass, &fd, why);
	if (e == ERR_OK)
		e = look(&pass, name, &view, why);
	if (e == ERR_OK)
		e = name != NULL ? retirement_mark(&pass.store, name, why) : mark_all(&pass, &view, why);
	if (e == ERR_OK)
		e = retirement_work(&pass, &failed, why);
	if (e == ERR_OK)
		e = announce_pass(&pass, false, why);
	file_unlock(&fd);
	pass_close(&pass);
	if (e == ERR_OK)
		*out = view; /* handed to the caller */
	else
		retire_view_clear(&view);
	return e;
}
