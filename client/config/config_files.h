/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_CONFIG_FILES_H
#define CLIENT_CONFIG_CONFIG_FILES_H
#include "client/config/config_draft.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Read all files that count, in their order (interface, section 2), into *draft. `file` and `root`
 * as config_load(); root is never NULL. Errors as config_load(); *draft is good for
 * config_draft_clear() then.
 */
enum err config_files_read(const char *file, const char *root, struct config_shown *draft,
			   struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
