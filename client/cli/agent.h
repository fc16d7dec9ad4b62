/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_AGENT_H
#define CLIENT_CLI_AGENT_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * signet agent: runs until SIGTERM; RUN/status.json is what `signet --json status` would say after each pass.
 * --clock: the watch of clock_watch.h instead.
 */
enum signet_exit agent_verb_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
