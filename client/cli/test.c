/* SPDX-License-Identifier: MIT */
#include "client/cli/test.h"
#include <string.h>
#include "client/agent/agent.h"
#include "client/cli/json.h"
#include "client/cli/profiles.h"

/* In the order of enum test_subject; what stands behind is not in this version. */
static const char *const subjects[] = { "wifi", "vpn", "tpm", "scep" };
#define SUBJECT_COUNT (sizeof subjects / sizeof subjects[0])
#define SUBJECT_READY 2

static enum err read_subject(const char *word, enum test_subject *out, struct why *why)
{
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		if (strcmp(word, subjects[i]) != 0)
			continue;
		if (i >= SUBJECT_READY)
			return why_set(why, ERR_UNSUPPORTED, "usage.version", "'test %s' is not in this version (%s)", word,
			               cli_version());
		*out = (enum test_subject)i;
		return ERR_OK;
	}
	const char *near = text_nearest(word, subjects, SUBJECT_COUNT);
	return why_set(why, ERR_INVALID, "usage.argument", "'test %s': it is wifi or vpn%s%s%s", word,
	               near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

void test_text(const struct test_view *view, struct text_out *out)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct test_result *r = &view->results[i];
		char line[sizeof r->why + 64];
		snprintf(line, sizeof line, "%s %s: %s%s", profile_kind_text(r->kind), r->name,
		         r->exit == SIGNET_DONE ? "works" : "failed: ", r->exit == SIGNET_DONE ? "" : r->why.text);
		text_put_wrapped(out, line, 0, 2, 0);
		if (r->why.next_step[0] != '\0') {
			snprintf(line, sizeof line, "next step: %s", r->why.next_step);
			text_put(out, "  ");
			text_put_wrapped(out, line, 2, 4, 0);
		}
	}
}

static enum signet_exit exit_of(const struct test_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->results[i].exit != SIGNET_DONE)
			return view->results[i].exit;
	return SIGNET_DONE;
}

enum signet_exit test_run(const struct cli *cli, const struct config *config)
{
	const char *word = cli->options.args[0];
	const char *name = cli->options.arg_count > 1 ? cli->options.args[1] : NULL;
	enum test_subject subject = TEST_WIFI;
	struct test_view view = { .results = NULL };
	struct why why = { .code = "" };
	struct text_out out;
	if (read_subject(word, &subject, &why) != ERR_OK ||
	    (name != NULL && profiles_check(config, name, false, &why) != ERR_OK))
		return cli_fail(cli, SIGNET_USAGE, &why);
	enum err e = agent_test(config, subject, name, &view, &why);
	if (e != ERR_OK)
		return cli_fail_agent(cli, e, &why);
	enum signet_exit exit = exit_of(&view);
	if (view.count == 0) {
		why_set(&why, ERR_NOT_FOUND, "usage.profile", "there is no %s profile%s%s to try", word, name != NULL ? " " : "",
		        name != NULL ? name : "");
		exit = cli_fail(cli, SIGNET_USAGE, &why);
	} else {
		text_init(&out);
		if (cli_has(cli, OPTION_JSON))
			out.err = json_test(&view, &out.bytes);
		else
			test_text(&view, &out);
		exit = cli_finish(cli, &out, exit);
	}
	test_view_clear(&view);
	return exit;
}
