/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_GENERATION_H
#define TPM_PKCS11_GENERATION_H
#include "hal/buf.h"
#include "hal/why.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define PKCS11_NAME_MAX 33 /* a profile's name and its NUL: [A-Za-z0-9][A-Za-z0-9_-]{0,31} */
#define PKCS11_CERTIFICATE_MAX (16 * 1024) /* bytes of DER, as everywhere in signet */

/** Key and certificate of one generation of a profile: STATE/scep/PROFILE/current. */
struct pkcs11_generation {
	char name[PKCS11_NAME_MAX];
	struct buf key_blob; /* key.der */
	struct public_key pub;
	struct buf certificate;		      /* DER; empty when there is none */
	struct bytes serial, issuer, subject; /* DER of RFC 5280 section 4.1; borrow from it */
};

bool pkcs11_is_profile_name(const char *name);
/**
 * Read what STATE/scep/NAME/current points at. The symlink is resolved once, so that the two files
 * are of one generation even when it moves meanwhile; a generation that is removed while it is read
 * is read anew through the moved link.
 *
 * scep_folder  open folder STATE/scep.
 * out          the caller's, until pkcs11_generation_clear(). Untouched on failure.
 * ERR_NOT_FOUND: no generation, or none with key.der (a software key lies in key.pem). ERR_INVALID,
 * ERR_DENIED, ERR_TOO_BIG: it cannot be used. ERR_NO_MEMORY, ERR_IO: not now.
 * A certificate that is missing or damaged leaves the key usable: *why tells then, beside ERR_OK.
 */
enum err pkcs11_generation_read(int scep_folder, const char *name, struct pkcs11_generation *out,
				struct why *why) MUST_CHECK;
/** Wipe and release. Safe twice. */
void pkcs11_generation_clear(struct pkcs11_generation *generation);

#ifdef __cplusplus
}
#endif
#endif
