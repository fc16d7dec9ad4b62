/* SPDX-License-Identifier: MIT */
#ifndef TPM_DEVICE_KEY_H
#define TPM_DEVICE_KEY_H
#include <stdbool.h>
#include <stdint.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * device_key: one RSA private key whose secret half the caller never sees.
 *
 * The seam between enrollment and whatever holds the key: tpm/tpm_key.c (a TPM),
 * client/pki/software_key.c (a file), client/scep/worker_key.c (a pipe to the parent),
 * tests/fakes/fake_key.c.
 */
#define PUBLIC_KEY_MODULUS_MAX 512 /* bytes: RSA-4096, the largest a profile may ask for */

struct public_key {	    /* raw big-endian numbers; DER is client/pki's business */
	size_t modulus_len; /* bytes: 256 for RSA-2048 */
	uint8_t modulus[PUBLIC_KEY_MODULUS_MAX];
	uint32_t exponent;
};

enum key_hash { KEY_SHA1, KEY_SHA256, KEY_SHA384, KEY_SHA512 };

struct device_key_ops {
	enum err (*public_key)(void *self, struct public_key *out, struct why *why);
	enum err (*sign)(void *self, enum key_hash hash, struct bytes digest,
			 struct buf *out_signature, struct why *why);
	enum err (*decrypt)(void *self, struct bytes cipher, struct buf *out_block,
			    struct why *why);
	void (*close)(void *self);
};

struct device_key {
	const struct device_key_ops *ops;
	void *self;
};

/** Bytes of a digest: 20, 32, 48, 64. */
size_t key_hash_len(enum key_hash hash);

/** Is `cipher` modulus_len bytes and 1 < cipher < modulus? What a private operation takes. */
bool device_key_is_in_range(const struct public_key *pub, struct bytes cipher);

/** The public half. Never blocks on the TPM: it was read with the key. */
enum err device_key_public(const struct device_key *key, struct public_key *out,
			   struct why *why) MUST_CHECK;
/**
 * Sign a digest, RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
 *
 * digest         the hash itself; its length must be that of `hash`, else ERR_BUG.
 * out_signature  appended to; modulus_len bytes. Untouched unless ERR_OK.
 * ERR_UNREACHABLE, ERR_DENIED, ERR_LOCKED_OUT, ERR_CHANGED: as tpm/tpm.h tells.
 * Blocks: a discrete TPM takes up to about 1 s.
 */
enum err device_key_sign(const struct device_key *key, enum key_hash hash, struct bytes digest,
			 struct buf *out_signature, struct why *why) MUST_CHECK;
/**
 * Raw RSA private operation (RFC 8017 RSADP), padding left on: the caller unpads in constant time.
 *
 * cipher     exactly modulus_len bytes and 1 < cipher < modulus, else ERR_INVALID before any TPM
 * command. out_block  appended to; exactly modulus_len bytes, left-padded with zeros. Secret.
 */
enum err device_key_decrypt(const struct device_key *key, struct bytes cipher,
			    struct buf *out_block, struct why *why) MUST_CHECK;
/** Release the key and leave *key zeroed. Safe on a zeroed or closed key. */
void device_key_close(struct device_key *key);

#ifdef __cplusplus
}
#endif
#endif
