/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_APPLY_H
#define CLIENT_CLI_APPLY_H
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `apply`. */
enum signet_exit apply_run(const struct cli *cli, const struct config *config);
/** The verb `enroll`. */
enum signet_exit enroll_run(const struct cli *cli, const struct config *config);
/** The verb `renew`. */
enum signet_exit renew_run(const struct cli *cli, const struct config *config);
/** The verb `import`: a file of certificates instead of a server, "-" for standard input. */
enum signet_exit import_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
