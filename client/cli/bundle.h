/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_BUNDLE_H
#define CLIENT_CLI_BUNDLE_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * The verb `bundle`: status, plan, doctor and the effective configuration as texts, and what agent_bundle() adds, into the
 * file of -o (mode 0600) or to standard output, which may be no terminal.
 */
enum signet_exit bundle_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
