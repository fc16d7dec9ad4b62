/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_GENERATION_H
#define CLIENT_AGENT_GENERATION_H
#include "client/agent/store.h"
#include "client/scep/issued.h"
#ifdef __cplusplus
extern "C" {
#endif

/* How a generation changes what it is. Each function may be cut off anywhere and called again. */

/** Take message.der and what belongs to it away; the key stays. The transaction is over. */
enum err generation_forget_request(const struct store *store, const char *profile, unsigned number,
                                   struct why *why) MUST_CHECK;
/** Write ca.pem (self-signed anchors), chain.pem (leaf first, root left out) and, last, cert.pem. */
enum err generation_complete(const struct store *store, const char *profile, unsigned number,
                             const struct issued *issued, const struct certificate_set *anchors,
                             struct why *why) MUST_CHECK;
/**
 * Let the newest complete generation become `current`: `previous` is made, `current` moves by one rename, the event goes
 * into history, then `previous` goes and what is no longer named is swept, keys overwritten. A trial found open is ended.
 */
enum err generation_switch(const struct store *store, const char *profile, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
