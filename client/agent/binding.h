/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_BINDING_H
#define CLIENT_AGENT_BINDING_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Which TPM a generation's key belongs to. A key blob loads only below the storage key that it was made under; meta.ini
 * holds a mark of that one. A TPM that was cleared or replaced is seen by its storage key, never by a failing signature.
 */

/** Mark of the storage key that is pinned now: the first 64 bits of srk.tr's SHA-256 in hex; "" when none is pinned. */
void binding_now(const struct store *store, char out[BINDING_CAP]);
/** Does a generation's key need a storage key that is no longer there? By the disk, and by binding_check() of this pass. */
bool binding_is_lost(const struct pass *pass, const struct generation_meta *meta);
/**
 * Ask the TPM whether the storage key is still there: one TPM command, none when nothing is pinned and no key depends on it. Sets
 * pass->is_tpm_changed; a srk.tr that is missing or damaged is written again when keys in use hang on the storage key
 * that is there. A TPM that does not answer says nothing: whoever needs it will tell.
 */
void binding_check(struct pass *pass);
/** In a pass that found it gone: forget the pin, so that the next key pins the one that is there now. */
enum err binding_forget(struct pass *pass, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
