/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_CHECK_H
#define CLIENT_CLI_CHECK_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `config`: `check` says that the configuration, loaded already, is good; `show` prints
 * it. */
enum signet_exit check_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
