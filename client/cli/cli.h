/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_CLI_H
#define CLIENT_CLI_CLI_H
#include <stdio.h>
#include "client/agent/outcome.h"
#include "client/cli/options.h"
#include "client/cli/text.h"
#include "client/config/config.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Where a command line reads and writes; all borrowed. */
struct cli_streams {
	FILE *out, *err; /* result; everything else */
	int in_fd;	 /* for --challenge-file - */
};

/** One run of the program: what every verb borrows. */
struct cli {
	struct cli_streams streams;
	struct cli_options options;
	bool has_screen;   /* the result goes to a terminal */
	bool has_color;	   /* of the result */
	bool has_progress; /* a line a step on streams.err */
	bool has_priority; /* streams.err is the journal */
	int64_t start_ms;  /* clock_boot_ms() */
	const char *root;  /* --root, "" for none */
};

/**
 * The whole program but for the process's own settings (main.c): read the command line, load the
 * configuration, run the verb, print. Returns the exit code of the interface, section 1;
 * SIGNET_FAILED when the result could not be written. Blocks as long as the verb does.
 */
enum signet_exit cli_main(int argc, const char *const argv[], const struct cli_streams *streams);

/** "0.1.0" */
const char *cli_version(void);
/** Is `bit` of enum cli_option given? */
bool cli_has(const struct cli *cli, enum cli_option bit);
/**
 * Report a failure and return `exit`: with --json the error object on streams.out, else "signet:
 * SENTENCE" and "  next: REMEDY" on streams.err. A `why` without a sentence gets the one of the
 * exit code.
 */
enum signet_exit cli_fail(const struct cli *cli, enum signet_exit exit, const struct why *why);
/** Report what a function of client/agent answered; the exit code is outcome_exit()'s, 4 for a
 * plain ERR_DENIED. */
enum signet_exit cli_fail_agent(const struct cli *cli, enum err e, const struct why *why);
/** Write the result to streams.out, release it and return `exit`; SIGNET_FAILED when it was not
 * whole. */
enum signet_exit cli_finish(const struct cli *cli, struct text_out *result, enum signet_exit exit);
/** The same for a result that -o puts into a file, with `mode`; without -o to streams.out. */
enum signet_exit cli_deliver(const struct cli *cli, struct text_out *result, unsigned mode);
/** An agent_progress_fn whose ctx is the struct cli: a line a step on streams.err. */
void cli_show_progress(void *ctx, const char *profile, const char *step, const char *result);
/** `path` of the command line below --root. ERR_TOO_BIG, ERR_INVALID. */
enum err cli_path(const struct cli *cli, const char *path, char out[], struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
