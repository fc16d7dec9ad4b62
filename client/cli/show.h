/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_SHOW_H
#define CLIENT_CLI_SHOW_H
#include "client/agent/view.h"
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The verb `show`. Without a certificate: the profile's own exit code. */
enum signet_exit show_run(const struct cli *cli, const struct config *config);
/** A profile that has a certificate, one line a fact. Pure. */
void show_text(const struct device_view *view, const struct profile_view *profile,
	       struct text_out *out);

#ifdef __cplusplus
}
#endif
#endif
