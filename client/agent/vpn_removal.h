/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_VPN_REMOVAL_H
#define CLIENT_AGENT_VPN_REMOVAL_H
#include "client/agent/consumer.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Take a connection off by its record, as consumer_ops.remove says: its file, the copies of certificates (and of a
 * software key, overwritten) beside it that no other record names, then tunnel, connection and key out of charon.
 * The certificate still stands in the state folder, so that charon can be told which key.
 *
 * is_key_gone  the key goes out of charon whoever else may use it there; else only when nobody may.
 * Certificates stay in a running charon until its next start: it has no command for one of them, and without their key
 * they are of no use.
 */
enum err vpn_removal(const struct pass *pass, const char *name, const struct placement *at, bool is_key_gone,
                     struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
