/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_STATE_H
#define TPM_PKCS11_STATE_H
#include <stdbool.h>
#include "tpm/pkcs11_settings.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * pkcs11_state: the module's one lock, and whose turn at the TPM it is.
 *
 * The lock is held for moments only, never while the TPM works: a search or another session does
 * not wait for a signature. The turn may last as long as a slow TPM: a thread waits for it with a
 * limit. After a fork() the child has both free, whatever other threads of its parent were doing.
 */

#define PKCS11_SLOT 1ul /* one for ever: consumers list slots once, so generations are objects */

/** CKR_OK: locked, and the module is initialised. Otherwise CKR_CRYPTOKI_NOT_INITIALIZED, and not
 * locked. */
unsigned long pkcs11_enter(void) MUST_CHECK;
/** Locked, initialised or not. */
void pkcs11_lock(void);
void pkcs11_leave(void);

/** C_Initialize has what it needs. With the lock. Returns CKR_OK, or
 * CKR_CRYPTOKI_ALREADY_INITIALIZED; a child of a fork may initialise once more. */
unsigned long pkcs11_begin(const struct pkcs11_settings *settings) MUST_CHECK;
/** Not initialised any more. With the lock. */
void pkcs11_end(void);
/** With the lock; borrowed until pkcs11_leave(). */
const struct pkcs11_settings *pkcs11_current_settings(void);

/**
 * Wait for the turn at the TPM, without the lock. False: other threads held it too long.
 * *out_is_doubtful: the last one to have it saw no answer in time.
 */
bool pkcs11_take_tpm(struct pkcs11_settings *out_settings, bool *out_is_doubtful) MUST_CHECK;
void pkcs11_give_tpm(bool is_doubtful);

#ifdef __cplusplus
}
#endif
#endif
