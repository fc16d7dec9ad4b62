/* SPDX-License-Identifier: MIT */
#ifndef TPM_RSA_KEY_H
#define TPM_RSA_KEY_H
#include "tpm/device_key.h"
#include "tpm/tpm_context.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * rsa_key: an RSA key that is loaded in the TPM, and its private operations.
 *
 * Inside of tpm/ only: tpm_key.c makes a device_key of it, the PKCS#11 module uses it as it is.
 * Every operation is one TPM command, in the tpm's session where it has one. `out` is appended to
 * and untouched unless ERR_OK. Errors as tpm/tpm.h tells, and ERR_INVALID where named.
 */
struct rsa_key {
	struct tpm *tpm; /* borrowed */
	uint32_t handle; /* ESYS_TR; ESYS_TR_NONE: not loaded */
	struct public_key pub;
};

/** Load the key of a key.der. On failure *out stays as it was. */
enum err rsa_key_load(struct tpm *tpm, struct bytes blob, struct rsa_key *out,
		      struct why *why) MUST_CHECK;
/** Flush it. Safe twice. */
void rsa_key_flush(struct rsa_key *key);

/**
 * RSADP or RSASP1 (RFC 8017 section 5), no padding: modulus_len bytes in and out.
 * ERR_INVALID "key.cipher_range" before any command unless 1 < block < modulus.
 */
enum err rsa_key_raw(struct rsa_key *key, struct bytes block, struct buf *out,
		     struct why *why) MUST_CHECK;
/**
 * RSASSA-PKCS1-v1_5 over `info`, a DigestInfo or whatever the caller means by it; EMSA-PKCS1-v1_5
 * (RFC 8017 section 9.2) is made here, so any hash will do.
 * ERR_INVALID "key.info_length" when it is longer than modulus_len - RSA_KEY_PKCS1_LEAST.
 */
#define RSA_KEY_PKCS1_LEAST 11 /* bytes: 00 01, eight times ff, 00 */
enum err rsa_key_sign_info(struct rsa_key *key, struct bytes info, struct buf *out,
			   struct why *why) MUST_CHECK;

enum rsa_signature { RSA_SIGNATURE_PKCS1, RSA_SIGNATURE_PSS };

/** TPM2_Sign of a digest. With PSS the TPM makes the salt: as long as the hash. */
enum err rsa_key_sign(struct rsa_key *key, enum rsa_signature how, enum key_hash hash,
		      struct bytes digest, struct buf *out, struct why *why) MUST_CHECK;

enum rsa_encryption { RSA_ENCRYPTION_PKCS1, RSA_ENCRYPTION_OAEP };

/**
 * Decrypt and take the padding off, which the TPM does. `hash` is OAEP's, MGF1 uses the same, the
 * label is empty.
 * ERR_INVALID "key.padding": the cipher is not for this key; "key.cipher_range" as above.
 */
enum err rsa_key_decrypt(struct rsa_key *key, enum rsa_encryption how, enum key_hash hash,
			 struct bytes cipher, struct buf *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
