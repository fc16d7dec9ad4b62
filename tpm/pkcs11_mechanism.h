/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_MECHANISM_H
#define TPM_PKCS11_MECHANISM_H
#include <stdbool.h>
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

enum pkcs11_padding { PKCS11_PKCS1, PKCS11_RAW, PKCS11_PSS, PKCS11_OAEP };

/** A mechanism with its parameter, taken apart. */
struct pkcs11_mechanism {
	enum pkcs11_padding padding;
	enum key_hash hash; /* of PSS and OAEP */
};

/**
 * Take a CK_MECHANISM apart. CKR_MECHANISM_INVALID: not for this use; CKR_MECHANISM_PARAM_INVALID:
 * a parameter that the TPM would not follow. Consumers then pad by themselves and come back with
 * CKM_RSA_X_509.
 */
unsigned long pkcs11_mechanism_read(unsigned long type, const void *parameter,
				    unsigned long parameter_len, bool is_decryption,
				    struct pkcs11_mechanism *out) MUST_CHECK;
/** Hang C_GetMechanismList and C_GetMechanismInfo into a CK_FUNCTION_LIST. */
void pkcs11_mechanism_calls(void *list);

#ifdef __cplusplus
}
#endif
#endif
