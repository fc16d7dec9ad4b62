/* SPDX-License-Identifier: MIT */
#include "client/cli/agent.h"
#include "client/agent/clock_watch.h"
#include "client/agent/daemon.h"
#include "client/agent/store.h"
#include "client/cli/json.h"

static void set_level(const struct cli *cli, const struct config *config)
{
	if (!cli_has(cli, OPTION_QUIET) && !cli_has(cli, OPTION_VERBOSE))
		log_set_level(config->agent.log_level);
}

static enum err load(void *ctx, struct config *out, struct why *why)
{
	const struct cli *cli = ctx;
	enum err e = config_load(cli->options.config, cli->root, out, why);
	if (e == ERR_OK)
		set_level(cli, out);
	return e;
}

/* Best effort: nothing of ours reads the file. */
static void publish(void *ctx, const struct config *config, const struct device_view *view)
{
	struct store store;
	struct text_out out;
	char path[FILE_PATH_MAX];
	struct why why = {.code = ""};
	(void)ctx;
	text_init(&out);
	enum err e = store_open(config, &store, &why);
	if (e == ERR_OK)
		e = path_join(path, store.run, "status.json");
	if (e == ERR_OK)
		e = json_status(view, cli_version(), NULL, &out.bytes);
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&out.bytes), 0644, &why);
	if (e != ERR_OK)
		log_debug("agent: no status.json: %s", why.text);
	text_clear(&out);
}

enum signet_exit agent_verb_run(const struct cli *cli, const struct config *config)
{
	struct cli borrowed = *cli; /* the callback's context is not const */
	const struct daemon_host host = {load, publish, &borrowed};
	struct why why = {.code = ""};
	enum err e = cli_has(cli, OPTION_CLOCK) ? clock_watch_run(config, &why) : daemon_run(config, &host, &why);
	return e == ERR_OK ? SIGNET_DONE : cli_fail_agent(cli, e, &why);
}
