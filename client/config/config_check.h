/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_CONFIG_CHECK_H
#define CLIENT_CONFIG_CONFIG_CHECK_H
#include "client/config/config_draft.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * How the values go together: references between profiles, keys that exclude or need one another,
 * and what a consumer would read as something else. Reads no file but what config_values_fill()
 * left. ERR_INVALID as config_load().
 */
enum err config_check(const struct config *config, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
