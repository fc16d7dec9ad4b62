/* SPDX-License-Identifier: MIT */
#include "client/cli/options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value_rule { VALUE_NONE, VALUE_NEEDED, VALUE_OPTIONAL }; /* optional: only as --name=VALUE */

static const struct option_row {
	enum cli_option bit;
	const char *name; /* with dashes; "" when there is only the short one */
	const char *short_name;
	const char *value; /* what stands for it in help */
	enum value_rule rule;
	const char *summary;
} rows[] = {
    {OPTION_CONFIG, "", "-c", "FILE", VALUE_NEEDED, "read this configuration and no other"},
    {OPTION_ROOT, "--root", "", "DIR", VALUE_NEEDED,
     "stands in front of every path (image builds)"},
    {OPTION_JSON, "--json", "", "", VALUE_NONE, "the result as JSON"},
    {OPTION_QUIET, "", "-q", "", VALUE_NONE, "errors only"},
    {OPTION_VERBOSE, "", "-v", "", VALUE_NONE, "every outside call"},
    {OPTION_NO_COLOR, "--no-color", "", "", VALUE_NONE, "as NO_COLOR in the environment"},
    {OPTION_HELP, "--help", "-h", "", VALUE_NONE, "as the verb help"},
    {OPTION_WAIT, "--wait", "", "SECONDS", VALUE_OPTIONAL,
     "stay until nothing is pending, at most so long"},
    {OPTION_LOCAL, "--local", "", "", VALUE_NONE,
     "mend what is on the disk; no network, no daemon is asked"},
    {OPTION_CHALLENGE_FILE, "--challenge-file", "", "FILE", VALUE_NEEDED,
     "the challenge password is in FILE; -: standard input"},
    {OPTION_FORCE, "--force", "", "", VALUE_NONE, "renew although it is not due"},
    {OPTION_PEM, "--pem", "", "", VALUE_NONE, "the certificate as PEM"},
    {OPTION_CHAIN, "--chain", "", "", VALUE_NONE, "its chain as PEM"},
    {OPTION_TEXT, "--text", "", "", VALUE_NONE, "a summary (default)"},
    {OPTION_CSV, "--csv", "", "", VALUE_NONE, "as CSV (RFC 4180)"},
    {OPTION_OUTPUT, "", "-o", "FILE", VALUE_NEEDED,
     "write there (CSV unless --json), not to standard output"},
    {OPTION_APPEND, "--append", "", "", VALUE_NONE,
     "add rows to FILE; the header only when it is new"},
    {OPTION_ALL, "--all", "", "", VALUE_NONE, "every profile, and what is left of former ones"},
    {OPTION_YES, "--yes", "", "", VALUE_NONE, "do not ask; needed without a terminal"},
    {OPTION_COUNT, "", "-n", "N", VALUE_NEEDED, "only the last N"},
    {OPTION_FOLLOW, "--follow", "", "", VALUE_NONE, "print new ones as they come, until interrupted"},
    {OPTION_ONLY, "--only", "", "ID", VALUE_NEEDED, "this check alone, or this area of checks"},
    {OPTION_CLOCK, "--clock", "", "", VALUE_NONE, "only note for the daemon that the clock is synchronised"},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static enum err refuse_option(const char *text, size_t name_len, struct why *why)
{
	char name[48];
	const char *names[ROW_COUNT];
	size_t count = 0;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].name[0] != '\0')
			names[count++] = rows[i].name;
	snprintf(name, sizeof name, "%.*s",
		 (int)(name_len < sizeof name ? name_len : sizeof name - 1), text);
	const char *near = text_nearest(name, names, count);
	enum err e = why_set(why, ERR_INVALID, "usage.option", "no option '%s'%s%s%s", name,
			     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			     near != NULL ? "'?" : "");
	why_next(
	    why,
	    "'signet help' lists the options; an argument that starts with '-' goes behind '--'");
	return e;
}

/* The row of "--name", "--name=VALUE", "-x" or "-xVALUE"; *out_value is what is attached, else
 * NULL. */
static const struct option_row *find(const char *text, const char **out_value)
{
	size_t name_len = strcspn(text, "=");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct option_row *r = &rows[i];
		if (r->name[0] != '\0' && strncmp(text, r->name, name_len) == 0 &&
		    r->name[name_len] == '\0') {
			*out_value = text[name_len] == '=' ? text + name_len + 1 : NULL;
			return r;
		}
		bool is_short = r->short_name[0] != '\0' && strncmp(text, r->short_name, 2) == 0;
		if (is_short && (text[2] == '\0' || r->rule == VALUE_NEEDED)) {
			*out_value = text[2] != '\0' ? text + 2 : NULL;
			return r;
		}
	}
	return NULL;
}

/* A whole number from 0 to `max`; NULL stands for `max`. */
static enum err take_number(const struct option_row *row, const char *value, unsigned max,
			    unsigned *out, struct why *why)
{
	unsigned long number = max;
	if (value != NULL) {
		size_t digits = strspn(value, "0123456789");
		number = digits > 0 && digits < 10 && value[digits] == '\0' ? strtoul(value, NULL, 10)
									    : max + 1ul;
	}
	if (number > max)
		return why_set(why, ERR_INVALID, "usage.option",
			       "%s%s%s is no whole number from 0 to %u",
			       row->name[0] != '\0' ? row->name : row->short_name,
			       row->rule == VALUE_OPTIONAL ? "=" : " ", value, max);
	*out = (unsigned)number;
	return ERR_OK;
}

static enum err take_value(struct cli_options *o, const struct option_row *row, const char *value,
			   struct why *why)
{
	const char *label = row->name[0] != '\0' ? row->name : row->short_name;
	if (row->rule == VALUE_NEEDED && value[0] == '\0')
		return why_set(why, ERR_INVALID, "usage.option", "the value of %s is empty", label);
	switch (row->bit) {
	case OPTION_CONFIG:
		o->config = value;
		break;
	case OPTION_ROOT:
		o->root = value;
		break;
	case OPTION_CHALLENGE_FILE:
		o->challenge_file = value;
		break;
	case OPTION_OUTPUT:
		o->output = value;
		break;
	case OPTION_ONLY:
		o->only = value;
		break;
	case OPTION_WAIT:
		return take_number(row, value, WAIT_MAX_S, &o->wait_s, why);
	case OPTION_COUNT:
		return take_number(row, value, COUNT_MAX, &o->count, why);
	case OPTION_JSON:
	case OPTION_QUIET:
	case OPTION_VERBOSE:
	case OPTION_NO_COLOR:
	case OPTION_HELP:
	case OPTION_LOCAL:
	case OPTION_CLOCK:
	case OPTION_FORCE:
	case OPTION_PEM:
	case OPTION_CHAIN:
	case OPTION_TEXT:
	case OPTION_CSV:
	case OPTION_APPEND:
	case OPTION_ALL:
	case OPTION_YES:
	case OPTION_FOLLOW:
		break;
	}
	return ERR_OK;
}

/* One option at argv[*at]; *at moves to the last argument it used. */
static enum err take_option(int argc, const char *const argv[], int *at, struct cli_options *o,
			    struct why *why)
{
	const char *text = argv[*at];
	const char *value = NULL;
	const struct option_row *row = find(text, &value);
	if (row == NULL)
		return refuse_option(text, strcspn(text, "="), why);
	const char *label = row->name[0] != '\0' ? row->name : row->short_name;
	if (value != NULL && row->rule == VALUE_NONE)
		return why_set(why, ERR_INVALID, "usage.option", "%s takes no value", label);
	if (value == NULL && row->rule == VALUE_NEEDED) {
		if (*at + 1 >= argc)
			return why_set(why, ERR_INVALID, "usage.option", "%s needs a %s behind it",
				       label, row->value);
		value = argv[++*at];
	}
	if ((o->given & row->bit) != 0 && row->rule != VALUE_NONE)
		return why_set(why, ERR_INVALID, "usage.option", "%s is given twice", label);
	o->given |= row->bit;
	return take_value(o, row, value, why);
}

static enum err take_word(struct cli_options *o, const char *word, struct why *why)
{
	if (o->verb == NULL) {
		o->verb = word;
		return ERR_OK;
	}
	if (o->arg_count >= CONFIG_PROFILES_MAX)
		return why_set(why, ERR_INVALID, "usage.argument", "more than %d arguments",
			       CONFIG_PROFILES_MAX);
	o->args[o->arg_count++] = word;
	return ERR_OK;
}

enum err options_parse(int argc, const char *const argv[], struct cli_options *out, struct why *why)
{
	struct cli_options o = {.given = 0};
	bool is_behind_end = false;
	enum err e = ERR_OK;
	for (int i = 1; i < argc && e == ERR_OK; i++) {
		if (!is_behind_end && strcmp(argv[i], "--") == 0)
			is_behind_end = true;
		else if (!is_behind_end && argv[i][0] == '-' && argv[i][1] != '\0')
			e = take_option(argc, argv, &i, &o, why);
		else
			e = take_word(&o, argv[i], why);
	}
	if (e == ERR_OK && (o.given & OPTION_QUIET) != 0 && (o.given & OPTION_VERBOSE) != 0)
		e = why_set(why, ERR_INVALID, "usage.option", "-q and -v exclude each other");
	if (e == ERR_OK)
		*out = o;
	return e;
}

bool options_want_json(int argc, const char *const argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

const char *options_name(unsigned bits)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if ((bits & rows[i].bit) != 0)
			return rows[i].name[0] != '\0' ? rows[i].name : rows[i].short_name;
	return "";
}

void options_help(struct text_out *out, unsigned bits)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct option_row *r = &rows[i];
		if ((bits & r->bit) == 0)
			continue;
		char left[64];
		int n =
		    snprintf(left, sizeof left, "%s%s%s%s%s%s", r->short_name,
			     r->short_name[0] != '\0' && r->name[0] != '\0' ? ", " : "", r->name,
			     r->rule == VALUE_NEEDED	 ? " "
			     : r->rule == VALUE_OPTIONAL ? "[="
							 : "",
			     r->value, r->rule == VALUE_OPTIONAL ? "]" : "");
		text_put(out, "  %-24s ", left);
		text_put_wrapped(out, r->summary, n < 24 ? 27 : 3u + (unsigned)n, 27, 0);
	}
}
