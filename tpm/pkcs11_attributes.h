/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_ATTRIBUTES_H
#define TPM_PKCS11_ATTRIBUTES_H
#include "tpm/pkcs11_objects.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Value of one attribute. `data` borrows from the object or from this structure: do not copy it.
 */
struct pkcs11_value {
	const void *data;
	unsigned long len; /* bytes */
	unsigned long number;
	unsigned char small[4];
};

/**
 * Value of the attribute CKA_... of an object (PKCS#11 v2.40 base, section 4).
 * CKR_OK; CKR_ATTRIBUTE_SENSITIVE: a part of the private key; CKR_ATTRIBUTE_TYPE_INVALID: the
 * object has no such attribute. *out is meaningless then.
 */
unsigned long pkcs11_attribute(const struct pkcs11_object *object, unsigned long type,
			       struct pkcs11_value *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
