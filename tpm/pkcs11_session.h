/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_SESSION_H
#define TPM_PKCS11_SESSION_H
#include <stdbool.h>
#include <stddef.h>
#include "hal/buf.h"
#include "tpm/pkcs11_mechanism.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Open at once: libp11 keeps up to 16, charon one for each signature under way. A consumer that
 * leaks them meets the end after hours, not after years. */
#define PKCS11_SESSIONS_MAX 256

/** A signature or a decryption between its Init and its end, with a key of its own: the object may
 * go meanwhile. */
struct pkcs11_operation {
	bool is_active;
	struct pkcs11_mechanism how;
	struct public_key pub;
	struct buf key_blob;
};

struct pkcs11_session {
	struct pkcs11_session *next;
	unsigned long handle;
	bool is_writing; /* CKF_RW_SESSION: accepted, and nothing can be written all the same */
	unsigned long *found; /* handles of a search; NULL: no search */
	size_t found_count, found_at;
	struct pkcs11_operation sign, decrypt;
};

/** The session of a handle, or NULL. With the lock; borrowed until it is left. */
struct pkcs11_session *pkcs11_session_of(unsigned long handle);
/** Lock and find the session. CKR_OK: the lock is held. Else CKR_CRYPTOKI_NOT_INITIALIZED or
 * CKR_SESSION_HANDLE_INVALID, and it is not. */
unsigned long pkcs11_session_enter(unsigned long handle, struct pkcs11_session **out) MUST_CHECK;
/** Close all of them. With the lock. */
void pkcs11_sessions_clear(void);
/** Wipe, and leave it not active. Safe twice. */
void pkcs11_operation_clear(struct pkcs11_operation *operation);
/** Hang C_OpenSession ... C_Logout into a CK_FUNCTION_LIST. */
void pkcs11_session_calls(void *list);

#ifdef __cplusplus
}
#endif
#endif
