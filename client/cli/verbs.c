/* SPDX-License-Identifier: MIT */
#include "client/cli/verbs.h"
#include <string.h>
#include "client/cli/agent.h"
#include "client/cli/apply.h"
#include "client/cli/bundle.h"
#include "client/cli/check.h"
#include "client/cli/csr.h"
#include "client/cli/doctor.h"
#include "client/cli/events.h"
#include "client/cli/inventory.h"
#include "client/cli/json.h"
#include "client/cli/plan.h"
#include "client/cli/retire.h"
#include "client/cli/show.h"
#include "client/cli/status.h"
#include "client/cli/test.h"

static enum signet_exit run_version(const struct cli *cli, const struct config *config);
static enum signet_exit run_help(const struct cli *cli, const struct config *config);

#define MANY CONFIG_PROFILES_MAX

static const struct verb verbs[] = {
    {"status", "[PROFILE]", "is this box all right, and what to do next (without a verb: this)", 0,
     1, 0, true, true, status_run},
    {"plan", "", "what apply would do, and why; changes nothing", 0, 0, 0, true, true, plan_run},
    {"apply", "[--wait[=SECONDS]] [--local] [PROFILE...]", "work the plan off once", 0, MANY,
     OPTION_WAIT | OPTION_LOCAL, true, true, apply_run},
    {"enroll", "PROFILE [--challenge-file FILE]", "hand in a challenge, then apply that profile", 1,
     1, OPTION_CHALLENGE_FILE, true, true, enroll_run},
    {"renew", "PROFILE [--force]", "renew now; without --force only when due", 1, 1, OPTION_FORCE,
     true, true, renew_run},
    {"retire", "PROFILE or --all [--yes]",
     "take certificate, key, Wi-Fi and VPN settings off the device", 0, 1, OPTION_ALL | OPTION_YES,
     true, true, retire_run},
    {"show", "PROFILE [--pem, --chain, --text]", "the installed certificate", 1, 1,
     OPTION_PEM | OPTION_CHAIN | OPTION_TEXT, true, true, show_run},
    {"inventory", "[--json, --csv] [-o FILE] [--append]", "one row a certificate", 0, 0,
     OPTION_CSV | OPTION_OUTPUT | OPTION_APPEND, true, true, inventory_run},
    {"csr", "PROFILE [-o FILE]", "a certificate request for a CA that is out of reach", 1, 1, OPTION_OUTPUT, true, false,
     csr_run},
    {"import", "PROFILE FILE", "take the certificate that was issued for it", 2, 2, 0, true, true, import_run},
    {"agent", "[--clock]", "the daemon: apply, renew, repair; SIGHUP reads the configuration again", 0, 0, OPTION_CLOCK,
     true, false, agent_verb_run},
    {"events", "[-n N] [--follow]", "what happened since this device started, the last 20", 0, 0,
     OPTION_COUNT | OPTION_FOLLOW, true, true, events_run},
    {"doctor", "[--only ID]", "named checks, each with cause and next step; changes nothing", 0, 0, OPTION_ONLY, false,
     true, doctor_run},
    {"bundle", "[-o FILE]", "an archive of all that support needs, without secrets", 0, 0, OPTION_OUTPUT, true, false,
     bundle_run},
    {"test", "tpm, scep, wifi, vpn [PROFILE]", "a live, harmless try, under 30 s a profile", 1, 2, 0, true, true,
     test_run},
    {"config", "check, show", "check the configuration, or show it with each value's origin", 1, 1,
     0, true, true, check_run},
    {"version", "", "the version of this program", 0, 0, 0, false, true, run_version},
    {"help", "[VERB]", "this list, or one verb with its options", 0, 1, 0, false, false, run_help},
    {"import-graph", "FILE", "profiles from Microsoft Graph JSON", 0, 0, 0, false, false, NULL},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

const char *verb_nearest(const char *name)
{
	const char *names[VERB_COUNT];
	for (size_t i = 0; i < VERB_COUNT; i++)
		names[i] = verbs[i].name;
	return text_nearest(name, names, VERB_COUNT);
}

void verbs_help(struct text_out *out)
{
	char later[256] = "not in this version:";
	text_put(out, "usage: signet [-c FILE] [--root DIR] [--json] [-q | -v] [--no-color]\n"
		      "              VERB [ARGUMENTS]\n");
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (verbs[i].run == NULL)
			continue;
		text_put(out, "  %-10s ", verbs[i].name);
		text_put_wrapped(out, verbs[i].summary, 13, 13, 0);
	}
	for (size_t i = 0; i < VERB_COUNT; i++) {
		size_t len = strlen(later);
		if (verbs[i].run == NULL)
			snprintf(later + len, sizeof later - len, " %s", verbs[i].name);
	}
	text_put_wrapped(out, later, 0, 2, 0);
	text_put(out, "'signet help VERB' shows a verb's arguments and options.\n");
}

void verb_help(const struct verb *verb, struct text_out *out)
{
	text_put(out, "usage: signet %s%s%s\n", verb->name, verb->arguments[0] != '\0' ? " " : "",
		 verb->arguments);
	text_put_wrapped(out, verb->summary, 0, 0, 0);
	if (verb->run == NULL)
		text_put(out, "not in this version\n");
	if (verb->options != 0)
		text_put(out, "options:\n");
	options_help(out, verb->options);
	text_put(out, "options of every verb:\n");
	options_help(out, OPTIONS_GLOBAL);
}

static enum signet_exit run_version(const struct cli *cli, const struct config *config)
{
	(void)config;
	struct text_out out;
	text_init(&out);
	if (cli_has(cli, OPTION_JSON))
		out.err = json_version(cli_version(), &out.bytes);
	else
		text_put(&out, "signet %s\n", cli_version());
	return cli_finish(cli, &out, SIGNET_DONE);
}

static enum signet_exit run_help(const struct cli *cli, const struct config *config)
{
	(void)config;
	struct text_out out;
	struct why why = {.code = ""};
	const char *name = cli->options.arg_count > 0 ? cli->options.args[0] : NULL;
	const struct verb *verb = name != NULL ? verb_find(name) : NULL;
	if (name != NULL && verb == NULL) {
		why_set(&why, ERR_INVALID, "usage.verb", "no verb '%s'", name);
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	text_init(&out);
	if (verb != NULL)
		verb_help(verb, &out);
	else
		verbs_help(&out);
	return cli_finish(cli, &out, SIGNET_DONE);
}
