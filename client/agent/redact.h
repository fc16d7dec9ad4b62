/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_REDACT_H
#define CLIENT_AGENT_REDACT_H
#include "client/config/config.h"
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * redact: what leaves the device for support has no secret that the configuration names: challenges, passwords of accounts
 * and proxies, pass phrases of networks, the owner's auth. Whatever else a text came from, they are looked for in it as
 * they stand in their files now, also in UTF-16; and nothing that holds a private key goes out at all.
 */
struct redact {
	struct buf *secrets; /* owned */
	size_t count;
};

/** Shorter ones are not looked for: they stand in any text, and protect nothing. */
#define REDACT_LENGTH_MIN 4

/** Read them. A file that is not there holds none; one that cannot be read is an error: its secret could not be found. */
enum err redact_open(const struct config *config, struct redact *out, struct why *why) MUST_CHECK;
/** Append `in` with as many '*' in their place: a message of a server stays readable as what it is. ERR_NO_MEMORY, ERR_TOO_BIG. */
enum err redact_copy(const struct redact *redact, struct bytes in, struct buf *out) MUST_CHECK;
/** Safe on a zeroed one, and twice. */
void redact_close(struct redact *redact);

#ifdef __cplusplus
}
#endif
#endif
