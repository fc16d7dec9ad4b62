/* SPDX-License-Identifier: MIT */
#include "client/cli/apply.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "client/agent/agent.h"
#include "client/cli/json.h"
#include "client/cli/profiles.h"
#include "client/pki/certificate_bundle.h"
#include "hal/file.h"

#define CHALLENGE_MAX (16 * 1024) /* bytes: Intune's challenges are some KB */

/* Run one apply and say how it ended. */
static enum signet_exit work(const struct cli *cli, const struct config *config,
			     struct apply_options *options)
{
	enum signet_exit exit = SIGNET_DONE;
	struct why why = {.code = ""};
	struct cli borrowed = *cli; /* the callback's context is not const */
	options->profiles = cli->options.arg_count > 0 ? cli->options.args : NULL;
	options->profile_count = options->imported != NULL ? 1 : cli->options.arg_count;
	options->progress = cli->has_progress ? cli_show_progress : NULL;
	options->progress_ctx = &borrowed;
	enum err e = agent_apply(config, options, &exit, &why);
	if (e != ERR_OK)
		return cli_fail_agent(cli, e, &why);
	if (exit != SIGNET_DONE)
		return cli_fail(cli, exit, &why);
	struct text_out out;
	text_init(&out);
	if (cli_has(cli, OPTION_JSON))
		out.err = json_done(&out.bytes);
	else if (!cli_has(cli, OPTION_QUIET))
		text_put(&out, "done: %s\n",
			 options->is_local	       ? "what the disk has is in order"
			 : options->profile_count == 0 ? "every profile is in place"
			 : options->profile_count == 1 ? options->profiles[0]
						       : "these profiles are in place");
	return cli_finish(cli, &out, SIGNET_DONE);
}

static enum err check_names(const struct cli *cli, const struct config *config, bool must_be_scep,
			    struct why *why)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < cli->options.arg_count && e == ERR_OK; i++)
		e = profiles_check(config, cli->options.args[i], must_be_scep, why);
	return e;
}

enum signet_exit apply_run(const struct cli *cli, const struct config *config)
{
	struct why why = {.code = ""};
	struct apply_options options = {.wait_s = cli->options.wait_s,
					.is_local = cli_has(cli, OPTION_LOCAL)};
	if (options.is_local && (cli_has(cli, OPTION_WAIT) || cli->options.arg_count > 0)) {
		why_set(&why, ERR_INVALID, "usage.argument",
			"--local takes neither profiles nor --wait");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	if (check_names(cli, config, false, &why) != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	return work(cli, config, &options);
}

enum signet_exit renew_run(const struct cli *cli, const struct config *config)
{
	struct why why = {.code = ""};
	struct apply_options options = {.only_renewal = true,
					.force_renewal = cli_has(cli, OPTION_FORCE)};
	if (check_names(cli, config, true, &why) != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	return work(cli, config, &options);
}

static enum err read_input(int fd, struct buf *out, struct why *why)
{
	uint8_t piece[512];
	enum err e = ERR_OK;
	ssize_t n = 1;
	while (e == ERR_OK && n != 0) {
		n = read(fd, piece, sizeof piece);
		if (n > 0)
			e = buf_add(out, piece, (size_t)n);
		else if (n < 0 && errno != EINTR)
			e = why_set(why, ERR_IO, "file.read", "standard input: %s",
				    strerror(errno));
	}
	explicit_bzero(piece, sizeof piece);
	return e != ERR_TOO_BIG ? e
				: why_set(why, e, "file.size",
					  "standard input has more than %zu bytes", out->max);
}

/* The file of the command line, "-" for standard input. */
static enum err read_argument(const struct cli *cli, const char *name, struct buf *out,
			      struct why *why)
{
	char path[FILE_PATH_MAX];
	if (strcmp(name, "-") == 0)
		return read_input(cli->streams.in_fd, out, why);
	enum err e = cli_path(cli, name, path, why);
	return e == ERR_OK ? file_read(path, out, why) : e;
}

/* The challenge without the newline of its line. *out wiped by the caller, also on failure. */
static enum err read_challenge(const struct cli *cli, struct buf *out, struct why *why)
{
	const char *name = cli->options.challenge_file;
	enum err e = read_argument(cli, name, out, why);
	if (e != ERR_OK)
		return e;
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		buf_cut(out, out->len - 1);
	if (out->len > 0 && out->data[out->len - 1] == '\r')
		buf_cut(out, out->len - 1);
	if (out->len == 0 || memchr(out->data, 0, out->len) != NULL ||
	    memchr(out->data, '\n', out->len) != NULL) {
		e = why_set(why, ERR_INVALID, "usage.challenge", "%s: %s",
			    strcmp(name, "-") == 0 ? "standard input" : name,
			    out->len == 0 ? "the challenge is empty"
					  : "more than one line, or no plain text (UTF-16?)");
		why_next(why, "put the challenge alone on the first line, as plain text");
	}
	return e;
}

enum signet_exit enroll_run(const struct cli *cli, const struct config *config)
{
	struct buf challenge;
	struct why why = {.code = ""};
	struct apply_options options = {.challenge = NULL};
	enum signet_exit exit;
	buf_init(&challenge, CHALLENGE_MAX);
	enum err e = check_names(cli, config, true, &why);
	if (e == ERR_OK && cli_has(cli, OPTION_CHALLENGE_FILE)) {
		e = read_challenge(cli, &challenge, &why);
		options.challenge = &challenge;
	}
	if (e == ERR_OK)
		exit = work(cli, config, &options);
	else if (e == ERR_INVALID || e == ERR_TOO_BIG)
		exit = cli_fail(cli, SIGNET_USAGE, &why);
	else
		exit = cli_fail_agent(cli, e, &why);
	buf_clear(&challenge);
	return exit;
}

enum signet_exit import_run(const struct cli *cli, const struct config *config)
{
	struct buf file;
	struct why why = {.code = ""};
	struct apply_options options = {.imported = &file};
	buf_init(&file, CERTIFICATE_BUNDLE_MAX);
	enum err e = profiles_check(config, cli->options.args[0], true, &why);
	if (e != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	e = read_argument(cli, cli->options.args[1], &file, &why);
	enum signet_exit exit = e == ERR_OK ? work(cli, config, &options) : cli_fail_agent(cli, e, &why);
	buf_clear(&file);
	return exit;
}
