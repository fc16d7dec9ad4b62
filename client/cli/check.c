/* SPDX-License-Identifier: MIT */
#include "client/cli/check.h"
#include <string.h>
#include "client/cli/json.h"

static void put_summary(const struct config *config, struct text_out *out)
{
	size_t wired = 0;
	for (size_t i = 0; i < config->wifi_count; i++)
		wired += config->wifis[i].is_wired;
	text_put(out,
		 "the configuration is good: %zu trust, %zu scep, %zu wifi, %zu wired, %zu vpn\n",
		 config->trust_count, config->scep_count, config->wifi_count - wired, wired,
		 config->vpn_count);
}

enum signet_exit check_run(const struct cli *cli, const struct config *config)
{
	static const char *const words[] = {"check", "show"};
	const char *word = cli->options.args[0];
	struct why why = {.code = ""};
	struct text_out out;
	bool is_show = strcmp(word, "show") == 0;
	if (!is_show && strcmp(word, "check") != 0) {
		const char *near = text_nearest(word, words, 2);
		why_set(&why, ERR_INVALID, "usage.argument",
			"'config %s': it is check or show%s%s%s", word,
			near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			near != NULL ? "'?" : "");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	if (is_show && cli_has(cli, OPTION_JSON)) {
		why_set(&why, ERR_INVALID, "usage.option", "'config show' has no JSON form");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	text_init(&out);
	if (is_show)
		out.err = config_show(config, &out.bytes);
	else if (cli_has(cli, OPTION_JSON))
		out.err = json_done(&out.bytes);
	else
		put_summary(config, &out);
	return cli_finish(cli, &out, SIGNET_DONE);
}
