/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DOCTOR_AGENT_PROCESS_H
#define CLIENT_DOCTOR_AGENT_PROCESS_H
#include <stdbool.h>
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Is this command line, as /proc/PID/cmdline has it, `signet [OPTIONS] agent`? Pure. */
bool agent_process_is_one(struct bytes cmdline);
/** Does one run on this device? Looks at /proc; false where others' processes are hidden. */
bool agent_process_runs(void);

#ifdef __cplusplus
}
#endif
#endif
