/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_PROFILES_H
#define CLIENT_CLI_PROFILES_H
#include "client/config/config.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Is `name` of the command line a profile, and, where `must_be_scep`, one with a certificate of its
 * own? Else ERR_INVALID "usage.profile" with the nearest name, or the kind it is.
 */
enum err profiles_check(const struct config *config, const char *name, bool must_be_scep,
			struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
