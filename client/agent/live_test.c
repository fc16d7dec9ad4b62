/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/agent.h"
#include "client/agent/consumer.h"
#include "client/agent/retirement.h"

#define TEST_S 25 /* seconds a profile: the whole stays below the 30 that are promised */

static enum err test_one(const struct pass *pass, const struct consumer *c, struct why *why)
{
	struct generations g = { .current = 1 };
	struct move move = { .timeout_s = TEST_S };
	enum err e = ERR_OK;
	if (c->certificate[0] != '\0')
		e = generations_look(&pass->store, c->certificate, &g, why);
	if (e == ERR_OK)
		e = c->ops->look(pass, c, why); /* settings that are not written cannot be tried */
	move.to = g.current;
	return e == ERR_OK ? c->ops->test(pass, c, &move, why) : e;
}

static bool is_meant(const struct consumer *c, enum test_subject subject, const char *name)
{
	return (c->kind == KIND_VPN) == (subject == TEST_VPN) && (name == NULL || strcmp(name, c->name) == 0);
}

static void test_all(const struct pass *pass, enum test_subject subject, const char *name, const struct consumer *list,
                     size_t count, struct test_view *out)
{
	for (size_t i = 0; i < count; i++) {
		struct test_result *r = &out->results[out->count];
		if (!is_meant(&list[i], subject, name) || consumer_is_over(pass, &list[i]))
			continue;
		*r = (struct test_result){ .kind = list[i].kind };
		snprintf(r->name, sizeof r->name, "%s", list[i].name);
		enum err e = test_one(pass, &list[i], &r->why);
		r->exit = outcome_exit(e, &r->why);
		out->count++;
	}
}

enum err agent_test(const struct config *config, enum test_subject subject, const char *name, struct test_view *out,
                    struct why *why)
{
	struct pass pass;
	int fd = -1;
	struct test_view view = { .results = calloc(CONFIG_PROFILES_MAX, sizeof *view.results) };
	struct consumer *list = calloc(CONFIG_PROFILES_MAX, sizeof *list);
	enum err e = pass_open(config, NULL, &pass, why);
	bool is_open = e == ERR_OK;
	if (is_open && (view.results == NULL || list == NULL))
		e = why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for a test");
	if (e == ERR_OK && name != NULL)
		e = retirement_say(&pass, name, why);
	if (e == ERR_OK) /* a run that moves the same daemons would make a test of nothing */
		e = pass_lock(&pass, &fd, why);
	if (e == ERR_OK) {
		test_all(&pass, subject, name, list, consumers_list(pass.config, list), &view);
		file_unlock(&fd);
		*out = view;
		view.results = NULL;
	}
	if (is_open)
		pass_close(&pass);
	free(list);
	free(view.results);
	return e;
}

void test_view_clear(struct test_view *view)
{
	free(view->results);
	*view = (struct test_view){ .results = NULL };
}
