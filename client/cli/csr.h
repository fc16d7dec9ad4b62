/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_CSR_H
#define CLIENT_CLI_CSR_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `csr`: the request of agent_csr() on standard output, or with -o in a file. */
enum signet_exit csr_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
