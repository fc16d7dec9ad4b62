/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_TPM_H
#define TPM_PKCS11_TPM_H
#include <stdbool.h>
#include "hal/buf.h"
#include "tpm/pkcs11_session.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * One private operation: wait for the turn, open the TPM, load the key, use it, flush it, close.
 * A signature takes three TPM commands and no session, a decryption a salted session that hides the
 * clear text from whoever listens on the TPM's bus. Without the lock of pkcs11_state.h.
 *
 * operation  borrowed: mechanism, public half and key of it.
 * in         digest, DigestInfo or block; its length was checked for the mechanism.
 * out        appended to; untouched unless CKR_OK. Secret for a decryption.
 * CKR_ENCRYPTED_DATA_INVALID; CKR_HOST_MEMORY; CKR_DEVICE_MEMORY; CKR_DEVICE_ERROR for anything
 * else, with one line in the log that tells what. The next call may succeed: nothing is remembered
 * of a failure. Blocks: see the limits in pkcs11_tpm.c and pkcs11_state.c.
 */
unsigned long pkcs11_tpm_run(const struct pkcs11_operation *operation, bool is_decryption,
			     struct bytes in, struct buf *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
