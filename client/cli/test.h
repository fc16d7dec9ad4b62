/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_TEST_H
#define CLIENT_CLI_TEST_H
#include "client/agent/view.h"
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `test`: `wifi` and `vpn` in this version. One line a profile; the exit code of the first that failed. */
enum signet_exit test_run(const struct cli *cli, const struct config *config);
/** Its result as text. Pure. */
void test_text(const struct test_view *view, struct text_out *out);

#ifdef __cplusplus
}
#endif
#endif
