/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_FIND_H
#define TPM_PKCS11_FIND_H
#ifdef __cplusplus
extern "C" {
#endif

/** Hang C_FindObjects... and C_GetAttributeValue into a CK_FUNCTION_LIST. */
void pkcs11_find_calls(void *list);

#ifdef __cplusplus
}
#endif
#endif
