/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_CONFIG_VALUES_H
#define CLIENT_CONFIG_CONFIG_VALUES_H
#include "client/config/config_draft.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make every value of config->shown a typed one in *config, defaults filled in. Values are looked
 * at one by one; how they go together is config_check()'s. ERR_INVALID, ERR_UNSUPPORTED as
 * config_load(), ERR_NO_MEMORY: *config is good for config_values_clear() then.
 */
enum err config_values_fill(struct config *config, struct why *why) MUST_CHECK;
/** Release all values; not config->shown, not config->root. */
void config_values_clear(struct config *config);

/**
 * Refuse a value: "FILE:LINE: [scep x]: key: " and the rest, ERR_INVALID. The line is that of the
 * item that says `item` (NULL: the key's first), or the section's when no file says the key.
 */
enum err config_refuse(const struct draft_section *section, const char *key, const char *item,
		       struct why *why, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#ifdef __cplusplus
}
#endif
#endif
