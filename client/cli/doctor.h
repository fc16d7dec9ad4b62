/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_DOCTOR_H
#define CLIENT_CLI_DOCTOR_H
#include "client/cli/cli.h"
#include "client/doctor/doctor.h"
#ifdef __cplusplus
extern "C" {
#endif

/** A report as lines of level, check and text, with the next step below; fits 80 columns. Pure. */
void doctor_text(const struct doctor_report *report, bool with_color, struct text_out *out);
/** `signet doctor`; reads the configuration itself, for a refused one is a finding. */
enum signet_exit doctor_run(const struct cli *cli, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
