/* SPDX-License-Identifier: MIT */
#include "client/cli/cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/cli/json.h"
#include "client/cli/verbs.h"
#include "hal/clock.h"
#include "hal/file.h"
#include "hal/log.h"

const char *cli_version(void) { return SIGNET_VERSION; }

bool cli_has(const struct cli *cli, enum cli_option bit)
{
	return (cli->options.given & (unsigned)bit) != 0;
}

/* What an exit code says when nobody gave a sentence. */
static const char *exit_text(enum signet_exit exit)
{
	switch (exit) {
	case SIGNET_DONE:
		return "done";
	case SIGNET_FAILED:
		return "failed";
	case SIGNET_USAGE:
		return "wrong usage";
	case SIGNET_CONFIG:
		return "the configuration is refused";
	case SIGNET_NOT_PERMITTED:
		return "not permitted";
	case SIGNET_BUSY:
		return "another run holds the lock";
	case SIGNET_DOCTOR_WARNINGS:
		return "there are warnings";
	case SIGNET_DOCTOR_FAILURES:
		return "there are failures";
	case SIGNET_WAITING:
		return "not enrolled yet, or waiting for something";
	case SIGNET_UNREACHABLE:
		return "the server is unreachable or faulty";
	case SIGNET_PENDING:
		return "the CA has not decided yet";
	case SIGNET_REFUSED:
		return "refused by the CA";
	case SIGNET_TPM:
		return "the TPM is absent, locked out, changed or failing";
	case SIGNET_EXPIRED:
		return "the certificate is expired";
	case SIGNET_CLOCK:
		return "the clock is not trusted, and that stops the work";
	case SIGNET_NOT_IN_USE:
		return "issued but not in use";
	case SIGNET_UNTRUSTED:
		return "the server's answer is not to be trusted";
	}
	return "failed";
}

static bool is_terminal(FILE *stream)
{
	int fd = fileno(stream);
	return fd >= 0 && isatty(fd);
}

/* Lines that a screen does not cut in the middle of a word. false: no memory for that. */
static bool fail_on_screen(FILE *screen, const char *sentence, const char *next_step)
{
	struct text_out lines;
	text_init(&lines);
	text_put(&lines, "signet: ");
	text_put_wrapped(&lines, sentence, 8, 8, 0);
	if (next_step[0] != '\0') {
		text_put(&lines, "  next: ");
		text_put_wrapped(&lines, next_step, 8, 8, 0);
	}
	bool is_whole = lines.err == ERR_OK;
	if (is_whole)
		fwrite(lines.bytes.data, 1, lines.bytes.len, screen);
	fflush(screen);
	text_clear(&lines);
	return is_whole;
}

static void fail_as_text(const struct cli *cli, const char *sentence, const char *next_step)
{
	const char *priority = cli->has_priority ? "<3>" : ""; /* sd-daemon(3): SD_ERR */
	if (is_terminal(cli->streams.err) && fail_on_screen(cli->streams.err, sentence, next_step))
		return;
	fprintf(cli->streams.err, "%ssignet: %s\n", priority, sentence);
	if (next_step[0] != '\0')
		fprintf(cli->streams.err, "%s  next: %s\n", priority, next_step);
	fflush(cli->streams.err);
}

enum signet_exit cli_fail(const struct cli *cli, enum signet_exit exit, const struct why *why)
{
	const char *sentence = why->text[0] != '\0' ? why->text : exit_text(exit);
	if (!cli_has(cli, OPTION_JSON)) {
		fail_as_text(cli, sentence, why->next_step);
		return exit;
	}
	struct text_out out;
	text_init(&out);
	out.err =
	    json_error(why->code[0] != '\0' ? why->code : "failed", exit, sentence, &out.bytes);
	return cli_finish(cli, &out, exit);
}

enum signet_exit cli_fail_agent(const struct cli *cli, enum err e, const struct why *why)
{
	enum signet_exit exit = outcome_exit(e, why);
	if (e == ERR_DENIED && exit == SIGNET_FAILED)
		exit = SIGNET_NOT_PERMITTED;
	return cli_fail(cli, exit, why);
}

enum signet_exit cli_finish(const struct cli *cli, struct text_out *result, enum signet_exit exit)
{
	FILE *out = cli->streams.out;
	enum err e = result->err;
	errno = 0;
	size_t len = result->bytes.len; /* 0: no bytes at all, not even an address */
	bool is_whole = e == ERR_OK && (len == 0 || fwrite(result->bytes.data, 1, len, out) == len);
	is_whole = is_whole && fflush(out) == 0;
	int reason = errno;
	text_clear(result);
	if (is_whole)
		return exit;
	if (e != ERR_OK) {
		fail_as_text(cli, err_text(e), "");
	} else if (reason != EPIPE) { /* a reader that went away (head, less) knows it */
		char sentence[160];
		snprintf(sentence, sizeof sentence, "standard output: %s", strerror(reason));
		fail_as_text(cli, sentence, "free space where the output goes, then run it again");
	}
	return SIGNET_FAILED;
}

enum signet_exit cli_deliver(const struct cli *cli, struct text_out *result, unsigned mode)
{
	char path[FILE_PATH_MAX];
	struct why why = {.code = ""};
	if (!cli_has(cli, OPTION_OUTPUT))
		return cli_finish(cli, result, SIGNET_DONE);
	enum err e = result->err != ERR_OK
			 ? why_set(&why, result->err, "output", "%s", err_text(result->err))
			 : cli_path(cli, cli->options.output, path, &why);
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&result->bytes), mode, &why);
	text_clear(result);
	return e == ERR_OK ? SIGNET_DONE : cli_fail_agent(cli, e, &why);
}

enum err cli_path(const struct cli *cli, const char *path, char out[], struct why *why)
{
	if (cli->root[0] == '\0') {
		if (strlen(path) >= FILE_PATH_MAX)
			return why_set(why, ERR_TOO_BIG, "usage.argument",
				       "'%.60s...' is too long for a path", path);
		snprintf(out, FILE_PATH_MAX, "%s", path);
		return ERR_OK;
	}
	enum err e = path_in_root(out, cli->root, path);
	return e == ERR_OK ? e
			   : why_set(why, e, "usage.argument", "%s below %s: %s", path, cli->root,
				     err_text(e));
}

void cli_show_progress(void *ctx, const char *profile, const char *step, const char *result)
{
	const struct cli *cli = ctx;
	int64_t ms = clock_boot_ms() - cli->start_ms;
	char words[1024];
	struct text_out line;
	text_init(&line);
	snprintf(words, sizeof words, "%s  %s%s%s", profile != NULL ? profile : "", step != NULL ? step : "",
		 result != NULL && result[0] != '\0' ? "  " : "", result != NULL ? result : "");
	text_put(&line, "[%3lld.%lld s] ", (long long)(ms / 1000), (long long)(ms % 1000 / 100));
	text_put_wrapped(&line, words, 10, 10, 0);
	if (line.err == ERR_OK)
		fwrite(line.bytes.data, 1, line.bytes.len, cli->streams.err);
	text_clear(&line);
}

/* systemd sets JOURNAL_STREAM to "DEVICE:INODE" of the stream it made; stderr may have been
 * redirected since. */
static bool is_journal(FILE *stream)
{
	const char *wanted = getenv("JOURNAL_STREAM");
	struct stat st;
	char is[64];
	if (wanted == NULL || fstat(fileno(stream), &st) != 0)
		return false;
	snprintf(is, sizeof is, "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	return strcmp(wanted, is) == 0;
}

static void set_up_output(struct cli *cli)
{
	const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
	const char *term = getenv("TERM");
	cli->has_screen = is_terminal(cli->streams.out);
	cli->has_color = cli->has_screen && !cli_has(cli, OPTION_NO_COLOR) &&
			 (no_color == NULL || no_color[0] == '\0') && term != NULL &&
			 strcmp(term, "dumb") != 0;
	cli->has_progress = is_terminal(cli->streams.err) && !cli_has(cli, OPTION_QUIET);
	cli->has_priority = is_journal(cli->streams.err);
	log_set_priority_prefix(cli->has_priority);
	log_set_level(cli_has(cli, OPTION_QUIET)     ? LOG_ERROR
		      : cli_has(cli, OPTION_VERBOSE) ? LOG_DEBUG
						     : LOG_WARN);
}

static enum err check_root(struct cli *cli, struct why *why)
{
	struct stat st;
	if (cli->options.root == NULL)
		return ERR_OK;
	if (stat(cli->options.root, &st) != 0 || !S_ISDIR(st.st_mode))
		return why_set(why, ERR_INVALID, "usage.root", "--root %s: no such folder",
			       cli->options.root);
	cli->root =
	    strspn(cli->options.root, "/") == strlen(cli->options.root) ? "" : cli->options.root;
	return ERR_OK;
}

static enum err check_arguments(const struct cli *cli, const struct verb *verb, struct why *why)
{
	const struct cli_options *o = &cli->options;
	unsigned foreign = o->given & ~(OPTIONS_GLOBAL | verb->options);
	enum err e = ERR_OK;
	if (foreign != 0)
		e = why_set(why, ERR_INVALID, "usage.option", "'%s' takes no %s", verb->name,
			    options_name(foreign));
	else if (cli_has(cli, OPTION_JSON) && !verb->has_json)
		e = why_set(why, ERR_INVALID, "usage.option", "'%s' has no JSON form", verb->name);
	else if (o->arg_count < verb->min_args)
		e = why_set(why, ERR_INVALID, "usage.argument",
			    "'%s' needs an argument: signet %s %s", verb->name, verb->name,
			    verb->arguments);
	else if (o->arg_count > verb->max_args)
		e = why_set(why, ERR_INVALID, "usage.argument",
			    "'%s' is one argument too many for '%s'", o->args[verb->max_args],
			    verb->name);
	if (e != ERR_OK)
		why_next(why, "'signet help %s' shows its arguments", verb->name);
	return e;
}

static enum err find_verb(const struct cli *cli, const struct verb **out, struct why *why)
{
	const char *name = cli->options.verb != NULL ? cli->options.verb : "status";
	const struct verb *verb = verb_find(name);
	if (verb == NULL) {
		const char *near = verb_nearest(name);
		enum err e = why_set(why, ERR_INVALID, "usage.verb", "no verb '%s'%s%s%s", name,
				     near != NULL ? "; did you mean '" : "",
				     near != NULL ? near : "", near != NULL ? "'?" : "");
		why_next(why, "'signet help' lists the verbs");
		return e;
	}
	if (verb->run == NULL && !cli_has(cli, OPTION_HELP))
		return why_set(why, ERR_UNSUPPORTED, "usage.version",
			       "'%s' is not in this version (%s)", name, cli_version());
	*out = verb;
	return ERR_OK;
}

static enum signet_exit run_with_config(const struct cli *cli, const struct verb *verb)
{
	struct config config = {.root = NULL};
	struct why why = {.code = ""};
	enum err e = config_load(cli->options.config, cli->root, &config, &why);
	if (e != ERR_OK) {
		bool is_ours = e == ERR_NO_MEMORY || e == ERR_BUG;
		return cli_fail(cli,
				is_ours		  ? SIGNET_FAILED
				: e == ERR_DENIED ? SIGNET_NOT_PERMITTED
						  : SIGNET_CONFIG,
				&why);
	}
	if (!cli_has(cli, OPTION_QUIET) && !cli_has(cli, OPTION_VERBOSE))
		log_set_level(cli->has_progress && config.agent.log_level > LOG_WARN
				  ? LOG_WARN /* the lines of progress say the rest */
				  : config.agent.log_level);
	enum signet_exit exit = verb->run(cli, &config);
	config_clear(&config);
	return exit;
}

enum signet_exit cli_main(int argc, const char *const argv[], const struct cli_streams *streams)
{
	struct cli cli = {.streams = *streams, .root = "", .start_ms = clock_boot_ms()};
	struct why why = {.code = ""};
	const struct verb *verb = NULL;
	enum err e = options_parse(argc, argv, &cli.options, &why);
	if (e != ERR_OK && options_want_json(argc, argv))
		cli.options.given |= OPTION_JSON;
	set_up_output(&cli);
	if (e == ERR_OK)
		e = find_verb(&cli, &verb, &why);
	if (e == ERR_OK && cli_has(&cli, OPTION_HELP)) {
		struct text_out out;
		text_init(&out);
		if (cli.options.verb != NULL)
			verb_help(verb, &out);
		else
			verbs_help(&out);
		return cli_finish(&cli, &out, SIGNET_DONE);
	}
	if (e == ERR_OK)
		e = check_arguments(&cli, verb, &why);
	if (e == ERR_OK)
		e = check_root(&cli, &why);
	if (e != ERR_OK)
		return cli_fail(&cli, SIGNET_USAGE, &why);
	return verb->needs_config ? run_with_config(&cli, verb) : verb->run(&cli, NULL);
}
