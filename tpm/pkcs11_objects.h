/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_OBJECTS_H
#define TPM_PKCS11_OBJECTS_H
#include <stddef.h>
#include "tpm/pkcs11_generation.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * pkcs11_objects: which keys there are, and the handles they were given.
 *
 * Consumers cache an object by its handle for ever, so a handle means one appearance of one key and
 * is never given again, not even to the same key when it comes back. A key that is gone from the
 * disk is hidden from searches and goes on signing: a running session re-authenticates with it.
 * All functions with the lock of pkcs11_state.h.
 */
#define PKCS11_PROFILES_MAX 256 /* profiles of all kinds that a signet.conf may have */
#define PKCS11_CLASSES 3	/* objects of one generation */
#define PKCS11_HIDDEN_MAX 16	/* of one profile: a daemon that missed so many renewals is lost */
#define PKCS11_GENERATIONS_MAX 512 /* visible and hidden: 2 MiB, should ever so many be renamed */

enum pkcs11_class { PKCS11_PRIVATE_KEY, PKCS11_PUBLIC_KEY, PKCS11_CERTIFICATE };

struct pkcs11_object {
	const struct pkcs11_generation *generation; /* borrowed until the lock is left */
	enum pkcs11_class class_;
};

/** Look at STATE/scep again: what appeared gets new handles, what disappeared is hidden. What
 * cannot be read is told by a warning and is not there. */
void pkcs11_objects_scan(const char *state);
/** The visible object of number `index`, from 0; its handle, or 0 when there are no more. */
unsigned long pkcs11_object_visible(size_t index, struct pkcs11_object *out);
/** The object of a handle, hidden or not; it then counts as used. False: no such object. */
bool pkcs11_object_of(unsigned long handle, struct pkcs11_object *out);
/** Release all of them. Their handles stay used. */
void pkcs11_objects_clear(void);

#ifdef __cplusplus
}
#endif
#endif
