/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_RETIRE_H
#define CLIENT_CLI_RETIRE_H
#include "client/agent/view.h"
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * The verb `retire`: lists what goes and asks for a "y", unless --yes is given or nothing is on the device; without a
 * terminal on standard input and standard error --yes is needed (exit 2). SIGNET_FAILED when the answer is no.
 *
 * Exit 0: all of it is off, also when a daemon is not running. A daemon that runs and could not be told is exit 17:
 * certificate, key and settings are gone then, and it is told by the next apply, or finds nothing at its next start.
 */
enum signet_exit retire_run(const struct cli *cli, const struct config *config);
/** What goes (or went), one line a profile under `title`. Pure. */
void retire_text(const struct retire_view *view, const char *title, struct text_out *out);

#ifdef __cplusplus
}
#endif
#endif
