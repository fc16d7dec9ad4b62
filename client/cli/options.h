/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_OPTIONS_H
#define CLIENT_CLI_OPTIONS_H
#include "client/cli/text.h"
#include "client/config/config.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

enum cli_option {
	OPTION_CONFIG = 1 << 0,
	OPTION_ROOT = 1 << 1,
	OPTION_JSON = 1 << 2,
	OPTION_QUIET = 1 << 3,
	OPTION_VERBOSE = 1 << 4,
	OPTION_NO_COLOR = 1 << 5,
	OPTION_HELP = 1 << 6,
	OPTION_WAIT = 1 << 7,
	OPTION_CHALLENGE_FILE = 1 << 8,
	OPTION_FORCE = 1 << 9,
	OPTION_PEM = 1 << 10,
	OPTION_CHAIN = 1 << 11,
	OPTION_TEXT = 1 << 12,
	OPTION_CSV = 1 << 13,
	OPTION_OUTPUT = 1 << 14,
	OPTION_APPEND = 1 << 15,
	OPTION_ALL = 1 << 16,
	OPTION_YES = 1 << 17,
	OPTION_COUNT = 1 << 18,
	OPTION_FOLLOW = 1 << 19,
	OPTION_LOCAL = 1 << 20,
	OPTION_ONLY = 1 << 21,
	OPTION_CLOCK = 1 << 22
};

/* Taken by every verb; the others only where a verb's row says so. */
#define OPTIONS_GLOBAL                                                                             \
	(OPTION_CONFIG | OPTION_ROOT | OPTION_JSON | OPTION_QUIET | OPTION_VERBOSE |               \
	 OPTION_NO_COLOR | OPTION_HELP)

#define COUNT_MAX 100000u /* -n: more lines than any file of ours holds */
#define WAIT_MAX_S (366u * 86400u) /* --wait without a number: a CA's officer is on holiday */

/** The command line, read. Everything borrowed from argv. */
struct cli_options {
	unsigned given;		    /* OPTION_… bits */
	const char *config, *root;  /* NULL when not given */
	const char *challenge_file; /* "-": standard input */
	const char *output;
	const char *only;
	unsigned wait_s, count;
	const char *verb; /* NULL: none */
	const char *args[CONFIG_PROFILES_MAX];
	size_t arg_count;
};

/**
 * Read the command line; options may stand before and after the verb, "--" ends them. Pure.
 * ERR_INVALID: wrong usage, "usage.option" or "usage.argument", with the nearest option. *out
 * untouched then.
 */
enum err options_parse(int argc, const char *const argv[], struct cli_options *out,
		       struct why *why) MUST_CHECK;
/** Is --json among the arguments? For the form of a usage error, before they are read. */
bool options_want_json(int argc, const char *const argv[]);
/** Name of the first option in `bits`, "--wait"; "" for none. Static text. */
const char *options_name(unsigned bits);
/** One help line for every option in `bits`. */
void options_help(struct text_out *out, unsigned bits);

#ifdef __cplusplus
}
#endif
#endif
