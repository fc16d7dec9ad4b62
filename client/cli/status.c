/* SPDX-License-Identifier: MIT */
#include "client/cli/status.h"
#include <string.h>
#include "client/agent/agent.h"
#include "client/cli/json.h"
#include "client/cli/profiles.h"
#include "hal/clock.h"

#define DETAIL_LINES 2 /* a profile, in the list of all: five profiles fit 24 lines */
#define NAME_COLUMN 7  /* behind the longest kind, "wired" and "trust" */
#define DETAIL_MIN 30  /* columns: less behind the state, and the detail gets own lines */

static const char *color_of(enum profile_state state)
{
	switch (state) {
	case STATE_INSTALLED:
		return "\033[32m"; /* green */
	case STATE_TRIAL:
	case STATE_PENDING:
	case STATE_WAITING:
	case STATE_ABSENT:
		return "\033[33m"; /* yellow */
	case STATE_ERROR:
		return "\033[31m"; /* red */
	}
	return "";
}

static bool is_picked(const struct profile_view *p, const char *only)
{
	return only == NULL || strcmp(only, p->name) == 0;
}

static void put_header(const struct device_view *view, const char *version, struct text_out *out)
{
	char now[32], line[1024];
	clock_text(view->time, now, sizeof now);
	snprintf(line, sizeof line, "%s%ssignet %s  %s  clock %s", view->name,
		 view->name[0] != '\0' ? "  " : "", version, now,
		 view->is_clock_trusted ? "trusted" : "not trusted");
	text_put_wrapped(out, line, 0, 2, DETAIL_LINES);
	const struct tpm_view *tpm = &view->tpm;
	snprintf(line, sizeof line, "TPM %s%s%s%s%s%s%s",
		 tpm->state != NULL ? tpm->state : "not asked",
		 tpm->manufacturer[0] != '\0' ? "  " : "", tpm->manufacturer,
		 tpm->firmware[0] != '\0' ? "  firmware " : "", tpm->firmware,
		 tpm->detail[0] != '\0' ? "  " : "", tpm->detail);
	text_put_wrapped(out, line, 0, 2, DETAIL_LINES);
}

/* "until 2027-11-22 (365 days), renew 2027-09-10"; no judgement by a clock that is not trusted. */
static void certificate_line(const struct device_view *view, const struct certificate_view *c,
			     char *out, size_t cap)
{
	char until[TEXT_DATE_CAP], renewal[TEXT_DATE_CAP], left[48] = "", renew[48] = "";
	text_date(c->not_after, until);
	text_date(c->renew_at, renewal);
	long long days = (c->not_after - view->time) / 86400;
	if (view->is_clock_trusted && c->not_after > view->time)
		snprintf(left, sizeof left, " (%lld day%s)", days, days == 1 ? "" : "s");
	else if (view->is_clock_trusted)
		snprintf(left, sizeof left, " (expired %lld day%s ago)", -days,
			 days == -1 ? "" : "s");
	if (c->renew_at != 0)
		snprintf(renew, sizeof renew, ", renew %s", renewal);
	snprintf(out, cap, "until %s%s%s", until, left, renew);
}

static void put_profile(const struct device_view *view, const struct profile_view *p,
			int name_width, bool with_color, unsigned max_lines, struct text_out *out)
{
	unsigned column = NAME_COLUMN + (unsigned)name_width + 2 + 9 + 2;
	unsigned indent = column + DETAIL_MIN <= TEXT_WIDTH ? column : NAME_COLUMN;
	const char *first = p->detail[0] != '\0' ? p->detail
			    : p->has_certificate ? p->certificate.subject
						 : "";
	const char *state = profile_state_text(p->state);
	text_put(out, "%-5s  %-*s  %s%s%s", profile_kind_text(p->kind), name_width, p->name,
		 with_color ? color_of(p->state) : "", state, with_color ? "\033[0m" : "");
	if (first[0] == '\0') {
		text_put(out, "\n");
	} else if (indent == column) {
		text_put(out, "%*s", (int)(11 - strlen(state)), "");
		text_put_wrapped(out, first, column, indent, max_lines);
	} else {
		text_put(out, "\n%*s", (int)indent, "");
		text_put_wrapped(out, first, indent, indent, max_lines);
	}
	if (!p->has_certificate)
		return;
	char line[160];
	if (first != p->certificate.subject) {
		text_put(out, "%*s", (int)indent, "");
		text_put_wrapped(out, p->certificate.subject, indent, indent, max_lines);
	}
	certificate_line(view, &p->certificate, line, sizeof line);
	text_put(out, "%*s", (int)indent, "");
	text_put_wrapped(out, line, indent, indent, 0);
}

/* The same remedy for five profiles is said once. */
static bool is_said_before(const struct device_view *view, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(view->profiles[i].next_step, view->profiles[at].next_step) == 0)
			return true;
	return false;
}

static void put_next_steps(const struct device_view *view, const char *only, struct text_out *out)
{
	for (size_t i = 0; i < view->profile_count; i++) {
		const struct profile_view *p = &view->profiles[i];
		char line[sizeof p->next_step + 96], when[48] = "";
		if (!is_picked(p, only) || p->next_step[0] == '\0' ||
		    (only == NULL && is_said_before(view, i)))
			continue;
		if (p->next_at != 0 &&
		    !(p->has_certificate && p->next_at == p->certificate.renew_at)) {
			char at[32];
			clock_text(p->next_at, at, sizeof at);
			snprintf(when, sizeof when, " (next at %s)", at);
		}
		snprintf(line, sizeof line, "next step: %s: %s%s", p->name, p->next_step, when);
		text_put_wrapped(out, line, 0, 11, only != NULL ? 0 : DETAIL_LINES);
	}
}

/* The first question of whoever stands before the box. */
static void put_verdict(const struct device_view *view, struct text_out *out)
{
	size_t bad = 0;
	for (size_t i = 0; i < view->profile_count; i++)
		bad += view->profiles[i].exit != SIGNET_DONE;
	if (view->profile_count == 0)
		text_put(out, "no profiles are configured\n");
	else if (bad == 0)
		text_put(out, "all right: every profile is in place\n");
	else
		text_put(out, "NOT all right: %zu of %zu profiles %s not in place\n", bad, view->profile_count, bad == 1 ? "is" : "are");
}

void status_text(const struct device_view *view, const char *version, const char *only,
		 bool with_color, struct text_out *out)
{
	size_t name_width = 0;
	put_header(view, version, out);
	text_put(out, "\n");
	for (size_t i = 0; i < view->profile_count; i++)
		if (is_picked(&view->profiles[i], only) &&
		    strlen(view->profiles[i].name) > name_width)
			name_width = strlen(view->profiles[i].name);
	for (size_t i = 0; i < view->profile_count; i++)
		if (is_picked(&view->profiles[i], only))
			put_profile(view, &view->profiles[i], (int)name_width, with_color,
				    only != NULL ? 0 : DETAIL_LINES, out);
	if (only == NULL)
		put_verdict(view, out);
	put_next_steps(view, only, out);
}

enum signet_exit status_exit(const struct device_view *view, const char *only)
{
	for (size_t i = 0; i < view->profile_count; i++)
		if (is_picked(&view->profiles[i], only) && view->profiles[i].exit != SIGNET_DONE)
			return view->profiles[i].exit;
	return SIGNET_DONE;
}

enum signet_exit status_run(const struct cli *cli, const struct config *config)
{
	const char *only = cli->options.arg_count > 0 ? cli->options.args[0] : NULL;
	struct device_view view = {.profiles = NULL};
	struct why why = {.code = ""};
	struct text_out out;
	text_init(&out);
	if (only != NULL && profiles_check(config, only, false, &why) != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	enum err e = agent_look(config, true, &view, &why);
	if (e != ERR_OK)
		return cli_fail_agent(cli, e, &why);
	if (cli_has(cli, OPTION_JSON))
		out.err = json_status(&view, cli_version(), only, &out.bytes);
	else
		status_text(&view, cli_version(), only, cli->has_color, &out);
	enum signet_exit exit = status_exit(&view, only);
	device_view_clear(&view);
	return cli_finish(cli, &out, exit);
}
