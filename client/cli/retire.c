/* SPDX-License-Identifier: MIT */
#include "client/cli/retire.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "client/agent/agent.h"
#include "client/cli/json.h"

void retire_text(const struct retire_view *view, const char *title, struct text_out *out)
{
	text_put(out, "%s\n", title);
	for (size_t i = 0; i < view->count; i++)
		text_put(out, "  %-5s  %s\n", profile_kind_text(view->items[i].kind),
			 view->items[i].name);
}

static enum signet_exit fail(const struct cli *cli, enum err e, const struct why *why)
{
	return strncmp(why->code, "usage.", 6) == 0 ? cli_fail(cli, SIGNET_USAGE, why)
						    : cli_fail_agent(cli, e, why);
}

static bool is_terminal(const struct cli *cli)
{
	int err_fd = fileno(cli->streams.err);
	return isatty(cli->streams.in_fd) && err_fd >= 0 && isatty(err_fd);
}

/* One line; only "y" and "yes" agree, and so does nothing else, the end of input among it. */
static bool is_agreed(const struct cli *cli)
{
	char answer[16];
	size_t len = 0;
	ssize_t n;
	do {
		n = read(cli->streams.in_fd, answer + len, 1);
		len += n == 1;
	} while ((n == 1 && answer[len - 1] != '\n' && len < sizeof answer) ||
		 (n < 0 && errno == EINTR));
	if (n != 1 || answer[len - 1] != '\n')
		return false;
	answer[len - 1] = '\0';
	return strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0;
}

/* SIGNET_DONE: go on. */
static enum signet_exit ask(const struct cli *cli, const struct retire_view *view)
{
	struct why why = {.code = ""};
	struct text_out out;
	if (cli_has(cli, OPTION_YES) || view->count == 0)
		return SIGNET_DONE;
	if (!is_terminal(cli)) {
		why_set(&why, ERR_INVALID, "usage.confirm",
			"retire destroys keys, and there is no terminal to ask at");
		why_next(&why, "give --yes if that is meant");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	text_init(&out);
	retire_text(view, "These go off this device, their keys for ever:", &out);
	text_put(&out, "Retire them? [y/N] ");
	bool is_shown =
	    out.err == ERR_OK &&
	    fwrite(out.bytes.data, 1, out.bytes.len, cli->streams.err) == out.bytes.len &&
	    fflush(cli->streams.err) == 0;
	text_clear(&out);
	if (is_shown && is_agreed(cli))
		return SIGNET_DONE;
	why_set(&why, ERR_DENIED, "retire.no", "nothing was changed");
	return cli_fail(cli, SIGNET_FAILED, &why);
}

enum signet_exit retire_run(const struct cli *cli, const struct config *config)
{
	struct cli borrowed = *cli; /* the callback's context is not const */
	struct apply_options options = {.progress = cli->has_progress ? cli_show_progress : NULL,
					.progress_ctx = &borrowed};
	struct retire_view view = {.items = NULL};
	struct why why = {.code = ""};
	struct text_out out;
	const char *name = cli->options.arg_count > 0 ? cli->options.args[0] : NULL;
	if (cli_has(cli, OPTION_ALL) == (name != NULL)) {
		why_set(&why, ERR_INVALID, "usage.argument",
			"'retire' needs a profile, or --all, and not both");
		why_next(&why, "'signet help retire' shows its arguments");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	enum err e = agent_retire_look(config, name, &view, &why);
	if (e != ERR_OK)
		return fail(cli, e, &why);
	enum signet_exit exit = ask(cli, &view);
	retire_view_clear(&view);
	if (exit != SIGNET_DONE)
		return exit;
	e = agent_retire(config, name, &options, &view, &why);
	if (e != ERR_OK)
		return fail(cli, e, &why);
	text_init(&out);
	if (cli_has(cli, OPTION_JSON))
		out.err = json_retire(&view, &out.bytes);
	else if (!cli_has(cli, OPTION_QUIET))
		retire_text(&view, view.count > 0 ? "retired:" : "nothing of it was on this device",
			    &out);
	retire_view_clear(&view);
	return cli_finish(cli, &out, SIGNET_DONE);
}
