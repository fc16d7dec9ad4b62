/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_RING_H
#define CLIENT_AGENT_RING_H
#include "hal/file.h"
#ifdef __cplusplus
extern "C" {
#endif

#define RING_MAX (64 * 1024) /* bytes: some 400 lines; the older half goes when it is full */

/**
 * Append a line to a file that never grows beyond RING_MAX; it is made with `mode`. A cut leaves the lines before.
 * line  with its newline. A file that is larger, by another hand, begins anew.
 */
enum err ring_add(const char *path, struct bytes line, unsigned mode, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
