/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_VERBS_H
#define CLIENT_CLI_VERBS_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** One row a verb: drives dispatch and help. */
struct verb {
	const char *name, *arguments, *summary;
	size_t min_args, max_args;
	unsigned options; /* OPTION_… bits beside the global ones */
	bool needs_config;
	bool has_json; /* has a result that --json can carry */
	enum signet_exit (*run)(const struct cli *cli,
				const struct config *config); /* NULL: not in this version */
};

/** NULL: no such verb. */
const struct verb *verb_find(const char *name);
/** Nearest name, NULL when none is near. */
const char *verb_nearest(const char *name);
/** `signet help`; fits 80 columns. */
void verbs_help(struct text_out *out);
/** `signet help VERB`. */
void verb_help(const struct verb *verb, struct text_out *out);

#ifdef __cplusplus
}
#endif
#endif
