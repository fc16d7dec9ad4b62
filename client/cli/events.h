/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_EVENTS_H
#define CLIENT_CLI_EVENTS_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

#define EVENTS_SHOWN 20 /* without -n: a page of a serial console */

/**
 * Where in `now`, the file of events as it is, the lines begin that were not in `before`, the file
 * at the last look. The older half may be gone since (client/agent/ring.h), or all of it. Pure.
 */
size_t events_new_at(struct bytes before, struct bytes now);
enum events_form {
	EVENTS_LINES,	/* one a line: "TIME EVENT PROFILE DETAIL" of printable ASCII */
	EVENTS_WRAPPED, /* the same for a terminal */
	EVENTS_JSON	/* as it stands there */
};
/** The last `count` whole lines of `lines`. A damaged line is left out. Pure. */
void events_text(struct bytes lines, unsigned count, enum events_form form, struct text_out *out);

/** `signet events`: RUN/events, the oldest first. With --follow it ends by a signal, or when nobody
 * reads any more. */
enum signet_exit events_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
