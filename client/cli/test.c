/* SPDX-License-Identifier: MIT */
#include "client/cli/test.h"
#include <string.h>
#include "client/agent/agent.h"
#include "client/cli/doctor.h"
#include "client/cli/json.h"
#include "client/cli/profiles.h"

/* In the order of enum test_subject; what follows is the doctor's. */
static const char *const subjects[] = { "wifi", "vpn", "tpm", "scep" };
#define SUBJECT_COUNT (sizeof subjects / sizeof subjects[0])
#define SUBJECT_TPM 2
#define SUBJECT_SCEP 3

static enum err read_subject(const char *word, size_t *out, struct why *why)
{
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		if (strcmp(word, subjects[i]) != 0)
			continue;
		*out = i;
		return ERR_OK;
	}
	const char *near = text_nearest(word, subjects, SUBJECT_COUNT);
	return why_set(why, ERR_INVALID, "usage.argument", "'test %s': it is tpm, scep, wifi or vpn%s%s%s", word,
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

/* wpa_supplicant or charon tries. */
static enum signet_exit test_daemon(const struct cli *cli, const struct config *config, enum test_subject subject,
                                    const char *name)
{
	struct test_view view = { .results = NULL };
	struct why why = { .code = "" };
	struct text_out out;
	enum err e = agent_test(config, subject, name, &view, &why);
	if (e != ERR_OK)
		return cli_fail_agent(cli, e, &why);
	enum signet_exit exit = exit_of(&view);
	if (view.count == 0) {
		why_set(&why, ERR_NOT_FOUND, "usage.profile", "there is no %s profile%s%s to try", subjects[subject],
		        name != NULL ? " " : "", name != NULL ? name : "");
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

/* The TPM, or the SCEP servers. */
static enum signet_exit test_means(const struct cli *cli, const struct config *config, size_t subject, const char *name)
{
	struct doctor_report report = { .findings = NULL };
	struct why why = { .code = "" };
	struct text_out out;
	if (name != NULL && config_find_scep(config, name) == NULL) {
		why_set(&why, ERR_NOT_FOUND, "usage.profile", "there is no scep profile %s to try", name);
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	if (subject == SUBJECT_SCEP && config->scep_count == 0) {
		why_set(&why, ERR_NOT_FOUND, "usage.profile", "there is no scep profile to try");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	enum err e = subject == SUBJECT_TPM ? doctor_try_tpm(config, name, &report, &why)
	                                    : doctor_try_scep(config, name, &report, &why);
	if (e != ERR_OK)
		return cli_fail_agent(cli, e, &why);
	text_init(&out);
	if (cli_has(cli, OPTION_JSON))
		out.err = json_try(&report, &out.bytes);
	else
		doctor_text(&report, cli->has_color, &out);
	enum signet_exit exit = cli_finish(cli, &out, report_try_exit(&report));
	report_clear(&report);
	return exit;
}

enum signet_exit test_run(const struct cli *cli, const struct config *config)
{
	const char *name = cli->options.arg_count > 1 ? cli->options.args[1] : NULL;
	size_t subject = 0;
	struct why why = { .code = "" };
	if (read_subject(cli->options.args[0], &subject, &why) != ERR_OK ||
	    (name != NULL && profiles_check(config, name, false, &why) != ERR_OK))
		return cli_fail(cli, SIGNET_USAGE, &why);
	return subject >= SUBJECT_TPM ? test_means(cli, config, subject, name)
	                              : test_daemon(cli, config, (enum test_subject)subject, name);
}
