/* SPDX-License-Identifier: MIT */
#include "tpm/device_key.h"
#include <string.h>

size_t key_hash_len(enum key_hash hash)
{
	switch (hash) { /* FIPS 180-4 */
	case KEY_SHA1:
		return 20;
	case KEY_SHA256:
		return 32;
	case KEY_SHA384:
		return 48;
	case KEY_SHA512:
		return 64;
	}
	return 0;
}

enum err device_key_public(const struct device_key *key, struct public_key *out, struct why *why)
{
	return key->ops->public_key(key->self, out, why);
}

enum err device_key_sign(const struct device_key *key, enum key_hash hash, struct bytes digest,
			 struct buf *out_signature, struct why *why)
{
	if (digest.len == 0 || digest.len != key_hash_len(hash))
		return why_set(why, ERR_BUG, "key.digest_length", "sign: a digest of %zu bytes",
			       digest.len);
	return key->ops->sign(key->self, hash, digest, out_signature, why);
}

/* RFC 8017 section 5.1.2 asks c < n; libtpms before 0.10 answers TPM_RC_FAILURE instead of
 * refusing. */
bool device_key_is_in_range(const struct public_key *pub, struct bytes cipher)
{
	if (cipher.len != pub->modulus_len || memcmp(cipher.data, pub->modulus, cipher.len) >= 0)
		return false;
	for (size_t i = 0; i + 1 < cipher.len; i++)
		if (cipher.data[i] != 0)
			return true;
	return cipher.data[cipher.len - 1] > 1;
}

enum err device_key_decrypt(const struct device_key *key, struct bytes cipher,
			    struct buf *out_block, struct why *why)
{
	struct public_key pub;
	enum err e = device_key_public(key, &pub, why);
	if (e != ERR_OK)
		return e;
	if (!device_key_is_in_range(&pub, cipher))
		return why_set(why, ERR_INVALID, "key.cipher_range",
			       "the encrypted key of the reply is not a number below our modulus");
	return key->ops->decrypt(key->self, cipher, out_block, why);
}

void device_key_close(struct device_key *key)
{
	if (key == NULL || key->ops == NULL)
		return;
	key->ops->close(key->self);
	*key = (struct device_key){.ops = NULL};
}
