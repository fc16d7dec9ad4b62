/* SPDX-License-Identifier: MIT */
#include "client/pki/software_key.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include "client/pki/hash.h"
#include "client/pki/pem.h"
#include "client/pki/wolf_memory.h"

#define BITS_MIN 2048 /* CA/Browser Forum and Microsoft refuse less */
#define BITS_MAX (8 * PUBLIC_KEY_MODULUS_MAX)
#define PRIVATE_DER_MAX 4096 /* bytes: PKCS#8 of RSA-4096 has about 2400 */
#define EXPONENT 65537

struct software_key {
	RsaKey rsa;
	WC_RNG rng; /* blinding draws from it */
	struct public_key public_key;
};

static enum err get_public(void *self, struct public_key *out, struct why *why)
{
	(void)why;
	*out = ((const struct software_key *)self)->public_key;
	return ERR_OK;
}

static enum err sign(void *self, enum key_hash hash, struct bytes digest, struct buf *out_signature,
		     struct why *why)
{
	struct software_key *key = self;
	uint8_t info[HASH_DIGEST_INFO_MAX];
	uint8_t signature[PUBLIC_KEY_MODULUS_MAX];
	size_t len = hash_digest_info(hash, digest, info);
	if (len == 0)
		return why_set(why, ERR_BUG, "key.digest_length", "sign: a digest of %zu bytes",
			       digest.len);
	wolf_memory_watch();
	int rc =
	    wc_RsaSSL_Sign(info, (word32)len, signature, sizeof(signature), &key->rsa, &key->rng);
	enum err e = wolf_memory_error(rc > 0 && (size_t)rc == key->public_key.modulus_len ? ERR_OK : ERR_IO);
	if (e != ERR_OK)
		return why_set(why, e, "key.software", "the key file's key cannot sign: %s",
			       wc_GetErrorString(rc));
	return buf_add(out_signature, signature, (size_t)rc);
}

static enum err decrypt(void *self, struct bytes cipher, struct buf *out_block, struct why *why)
{
	struct software_key *key = self;
	uint8_t block[PUBLIC_KEY_MODULUS_MAX];
	word32 len = sizeof(block);
	wolf_memory_watch();
	int rc = wc_RsaFunction(cipher.data, (word32)cipher.len, block, &len, RSA_PRIVATE_DECRYPT,
				&key->rsa, &key->rng);
	enum err e =
	    rc == 0 && len == key->public_key.modulus_len ? buf_add(out_block, block, len) : wolf_memory_error(ERR_IO);
	explicit_bzero(block, sizeof(block));
	if (rc != 0 || e == ERR_IO)
		return why_set(why, e, "key.software", "the key file's key cannot decrypt: %s",
			       wc_GetErrorString(rc));
	return e;
}

static void close_key(void *self)
{
	struct software_key *key = self;
	if (key == NULL)
		return;
	wc_FreeRsaKey(&key->rsa); /* wipes the private numbers */
	wc_FreeRng(&key->rng);
	explicit_bzero(key, sizeof(*key));
	free(key);
}

static const struct device_key_ops software_ops = {get_public, sign, decrypt, close_key};

static enum err open_empty(struct software_key **out)
{
	struct software_key *key = calloc(1, sizeof(*key));
	if (key == NULL)
		return ERR_NO_MEMORY;
	wolf_memory_watch();
	int rc = wc_InitRng(&key->rng);
	if (rc != 0) {
		free(key);
		return wolf_memory_error(ERR_IO);
	}
	if (wc_InitRsaKey(&key->rsa, NULL) != 0 || wc_RsaSetRNG(&key->rsa, &key->rng) != 0) {
		close_key(key);
		return ERR_IO;
	}
	*out = key;
	return ERR_OK;
}

static enum err read_public(struct software_key *key)
{
	uint8_t exponent[PUBLIC_KEY_MODULUS_MAX];
	word32 exponent_len = sizeof(exponent);
	word32 modulus_len = sizeof(key->public_key.modulus);
	if (wc_RsaFlattenPublicKey(&key->rsa, exponent, &exponent_len, key->public_key.modulus,
				   &modulus_len) != 0 ||
	    exponent_len > 4 || modulus_len < BITS_MIN / 8)
		return ERR_UNSUPPORTED;
	key->public_key.modulus_len = modulus_len;
	for (size_t i = 0; i < exponent_len; i++)
		key->public_key.exponent = key->public_key.exponent << 8 | exponent[i];
	return ERR_OK;
}

static enum err write_pem(struct software_key *key, struct buf *out_pem)
{
	uint8_t der[PRIVATE_DER_MAX];
	int len = wc_RsaKeyToDer(&key->rsa, der, sizeof(der));
	enum err e = len <= 0
			 ? ERR_IO
			 : pem_add("RSA PRIVATE KEY", (struct bytes){der, (size_t)len}, out_pem);
	explicit_bzero(der, sizeof(der));
	return e;
}

enum err software_key_make(unsigned bits, struct buf *out_pem, struct device_key *out_key,
			   struct why *why)
{
	struct software_key *key = NULL;
	if (bits < BITS_MIN || bits > BITS_MAX || bits % 1024 != 0)
		return why_set(why, ERR_UNSUPPORTED, "key.bits",
			       "an RSA key of %u bits: 2048, 3072 or 4096 can be made", bits);
	enum err e = open_empty(&key);
	if (e != ERR_OK)
		return why_set(why, e, "key.software", "no memory or no random numbers for a key");
	wolf_memory_watch();
	int rc = wc_MakeRsaKey(&key->rsa, (int)bits, EXPONENT, &key->rng);
	e = rc == 0 ? read_public(key) : wolf_memory_error(ERR_IO);
	if (e == ERR_OK)
		e = write_pem(key, out_pem);
	if (e != ERR_OK) {
		close_key(key);
		return why_set(why, e, "key.software",
			       "an RSA key of %u bits could not be made: %s", bits,
			       rc != 0 ? wc_GetErrorString(rc) : err_text(e));
	}
	*out_key = (struct device_key){&software_ops, key}; /* handed to the caller */
	return ERR_OK;
}

/* One signature made and undone: the numbers of a damaged file do not fit together. ERR_INVALID then. */
static enum err check_whole(struct software_key *key)
{
	static const uint8_t probe[32] = {1};
	uint8_t signature[PUBLIC_KEY_MODULUS_MAX];
	uint8_t back[PUBLIC_KEY_MODULUS_MAX];
	int len = wc_RsaSSL_Sign(probe, sizeof(probe), signature, sizeof(signature), &key->rsa,
				 &key->rng);
	if (len > 0)
		len = wc_RsaSSL_Verify(signature, (word32)len, back, sizeof(back), &key->rsa);
	bool is_whole = len == (int)sizeof(probe) && memcmp(back, probe, sizeof(probe)) == 0;
	return is_whole ? ERR_OK : wolf_memory_error(ERR_INVALID);
}

/* PKCS#1 as written here, or PKCS#8 as `openssl genpkey` writes it. */
static enum err read_pem(struct bytes pem, struct buf *out_der)
{
	struct bytes text = pem;
	enum err e = pem_next(&text, "RSA PRIVATE KEY", out_der);
	return e == ERR_NOT_FOUND ? pem_next(&text, "PRIVATE KEY", out_der) : e;
}

enum err software_key_load(struct bytes pem, struct device_key *out_key, struct why *why)
{
	struct software_key *key = NULL;
	struct buf der;
	buf_init(&der, PRIVATE_DER_MAX);
	enum err e = read_pem(pem, &der);
	if (e != ERR_OK) {
		e = why_set(why, e == ERR_NO_MEMORY ? e : ERR_INVALID, "key.pem",
			    "no readable RSA private key in the PEM text");
		goto out;
	}
	e = open_empty(&key);
	if (e != ERR_OK) {
		e = why_set(why, e, "key.software", "no memory or no random numbers for a key");
		goto out;
	}
	word32 at = 0;
	wolf_memory_watch();
	int rc = wc_RsaPrivateKeyDecode(der.data, &at, &key->rsa, (word32)der.len);
	if (rc != 0)
		e = wolf_memory_error(ERR_INVALID);
	else if (read_public(key) != ERR_OK)
		e = why_set(why, wolf_memory_error(ERR_UNSUPPORTED), "key.bits",
			    "an RSA key below 2048 or above 4096 bits");
	else
		e = check_whole(key);
	if (e == ERR_INVALID)
		why_set(why, e, "key.pem", "the RSA private key of the PEM text is damaged");
	else if (e == ERR_NO_MEMORY)
		why_set(why, e, "key.software", "no memory to look at a key");
	if (e != ERR_OK)
		goto out;
	*out_key = (struct device_key){&software_ops, key};
	key = NULL; /* handed to the caller */
out:
	close_key(key);
	buf_clear(&der);
	return e;
}
