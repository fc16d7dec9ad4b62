/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_USED_H
#define CLIENT_AGENT_USED_H
#include "client/agent/store.h"
#include "client/pki/hash.h"
#ifdef __cplusplus
extern "C" {
#endif

#define USED_MAX (16 * 1024) /* bytes: 240 marks; the oldest go first */

/**
 * Which challenges went out: STATE/scep/PROFILE/used. First line the salt in hex, then one HMAC-SHA-256 a line,
 * so that the file gives no challenge away.
 */

/** The salt; made and stored at first use. out appended to. */
enum err used_salt(const struct store *store, const char *profile, struct buf *out, struct why *why) MUST_CHECK;
/** The salt, and nothing is made: ERR_NOT_FOUND where no challenge ever went out, ERR_INVALID for a damaged file. */
enum err used_salt_read(const struct store *store, const char *profile, struct buf *out) MUST_CHECK;
/** Was a challenge with this mark sent before? */
enum err used_has(const struct store *store, const char *profile, struct bytes mark, bool *out, struct why *why) MUST_CHECK;
/** Remember a mark; one that is there already is success. */
enum err used_add(const struct store *store, const char *profile, struct bytes mark, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
