/* SPDX-License-Identifier: MIT */
#include "client/cli/doctor.h"
#include <stdio.h>
#include <string.h>
#include "client/cli/json.h"

#define TEXT_COLUMN 9 /* behind the longest level, "warning" */

static const char *color_of(enum finding_level level)
{
	switch (level) {
	case FINDING_OK:
		return "\033[32m"; /* green */
	case FINDING_WARNING:
	case FINDING_UNSEEN:
		return "\033[33m"; /* yellow */
	case FINDING_FAILURE:
		return "\033[31m"; /* red */
	}
	return "";
}

static void put_finding(const struct finding *f, bool with_color, struct text_out *out)
{
	const char *level = finding_level_text(f->level);
	char line[sizeof f->text + sizeof f->about + 64];
	text_put(out, "%s%s%s%*s", with_color ? color_of(f->level) : "", level,
		 with_color ? "\033[0m" : "", (int)(TEXT_COLUMN - strlen(level)), "");
	snprintf(line, sizeof line, "%s%s%s: %s", f->id, f->about[0] != '\0' ? " " : "", f->about,
		 f->text);
	text_put_wrapped(out, line, TEXT_COLUMN, TEXT_COLUMN + 2, 0);
	if (f->next_step[0] == '\0')
		return;
	snprintf(line, sizeof line, "next step: %s", f->next_step);
	text_put(out, "%*s", TEXT_COLUMN + 2, "");
	text_put_wrapped(out, line, TEXT_COLUMN + 2, TEXT_COLUMN + 4, 0);
}

void doctor_text(const struct doctor_report *report, bool with_color, struct text_out *out)
{
	for (size_t i = 0; i < report->count; i++)
		put_finding(&report->findings[i], with_color, out);
}

static void put_sum(const struct doctor_report *report, struct text_out *out)
{
	text_put(out, "%zu failures, %zu warnings, %zu ok, %zu not seen\n",
		 report_count(report, FINDING_FAILURE), report_count(report, FINDING_WARNING),
		 report_count(report, FINDING_OK), report_count(report, FINDING_UNSEEN));
}

static enum signet_exit show(const struct cli *cli, const struct doctor_report *report)
{
	struct text_out out;
	text_init(&out);
	if (cli_has(cli, OPTION_JSON)) {
		out.err = json_doctor(report, &out.bytes);
	} else {
		doctor_text(report, cli->has_color, &out);
		put_sum(report, &out);
	}
	return cli_finish(cli, &out, report_exit(report));
}

enum signet_exit doctor_run(const struct cli *cli, const struct config *config)
{
	struct config own = {.root = NULL};
	struct doctor_report report = {.findings = NULL};
	struct why why = {.code = ""};
	(void)config; /* none: what is wrong with it is told here */
	if (doctor_check_only(cli->options.only, &why) != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	enum err e = config_load(cli->options.config, cli->root, &own, &why);
	if (e == ERR_NO_MEMORY)
		return cli_fail_agent(cli, e, &why);
	if (e == ERR_OK)
		e = doctor_examine(&own, cli->options.only, &report, &why);
	else
		e = report_of_config(&report, e, &why);
	enum signet_exit exit =
	    e == ERR_OK ? show(cli, &report) : cli_fail_agent(cli, e, &why);
	report_clear(&report);
	config_clear(&own);
	return exit;
}
