/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_OPERATION_H
#define TPM_PKCS11_OPERATION_H
#ifdef __cplusplus
extern "C" {
#endif

/** Hang C_SignInit, C_Sign, C_DecryptInit and C_Decrypt into a CK_FUNCTION_LIST. */
void pkcs11_operation_calls(void *list);

#ifdef __cplusplus
}
#endif
#endif
