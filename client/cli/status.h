/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_STATUS_H
#define CLIENT_CLI_STATUS_H
#include "client/agent/view.h"
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `status`. */
enum signet_exit status_run(const struct cli *cli, const struct config *config);
/**
 * The view as text, at most TEXT_WIDTH columns. Pure. only: this profile alone and its sentences in
 * full; NULL: all, two lines of detail each at most. with_color: ANSI colour on the state words.
 */
void status_text(const struct device_view *view, const char *version, const char *only,
		 bool with_color, struct text_out *out);
/** Exit code of the first profile that is not in place, of those that `only` picks. */
enum signet_exit status_exit(const struct device_view *view, const char *only);

#ifdef __cplusplus
}
#endif
#endif
