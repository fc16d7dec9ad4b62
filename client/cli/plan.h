/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_PLAN_H
#define CLIENT_CLI_PLAN_H
#include "client/agent/view.h"
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `plan`: SIGNET_DONE also when there is work. */
enum signet_exit plan_run(const struct cli *cli, const struct config *config);
/** The plan as a numbered list. Pure. */
void plan_text(const struct plan *plan, struct text_out *out);

#ifdef __cplusplus
}
#endif
#endif
