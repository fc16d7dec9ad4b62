/* SPDX-License-Identifier: MIT */
#include "client/pki/tpm_bridge.h"
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/wc_port.h>
#include "client/pki/hash.h"
#include "client/pki/wolf_memory.h"

#define DEVICE_ID                                                                                  \
	0x7369676e /* "sign": any number but INVALID_DEVID names our row of wolfCrypt's table */
#define UNWRAPPED_KEY_MAX 64 /* bytes: twice the longest key, AES-256 */

struct bridge {
	const struct device_key *key;
	size_t modulus_len;
	struct why *why;
	enum err err; /* of the device: wolfCrypt only knows "it failed" */
};

static int run_device(struct bridge *bridge, const byte *in, word32 in_len, byte *out,
		      word32 *out_len)
{
	struct buf block;
	buf_init(&block, PUBLIC_KEY_MODULUS_MAX);
	enum err e = ERR_BUG;
	if (*out_len >= bridge->modulus_len)
		e = device_key_decrypt(bridge->key, (struct bytes){in, in_len}, &block,
				       bridge->why);
	if (e == ERR_OK && block.len != bridge->modulus_len)
		e = ERR_BUG;
	if (e == ERR_OK) {
		memcpy(out, block.data, block.len);
		*out_len = (word32)block.len;
	}
	buf_clear(&block);
	bridge->err = e;
	return e == ERR_OK ? 0 : WC_HW_E;
}

/*
 * "Unavailable" sends wolfCrypt to its own software: right for public operations, hashes and random
 * numbers, never for a private operation, which it would run with an empty key.
 */
static int on_crypto(int device, wc_CryptoInfo *info, void *context)
{
	struct bridge *bridge = context;
	(void)device;
	if (info->algo_type != WC_ALGO_TYPE_PK || info->pk.type != WC_PK_TYPE_RSA)
		return CRYPTOCB_UNAVAILABLE;
	if (info->pk.rsa.type == RSA_PRIVATE_DECRYPT)
		return run_device(bridge, info->pk.rsa.in, info->pk.rsa.inLen, info->pk.rsa.out,
				  info->pk.rsa.outLen);
	if (info->pk.rsa.type == RSA_PRIVATE_ENCRYPT) {
		bridge->err = ERR_BUG; /* signatures go to device_key_sign() */
		return WC_HW_E;
	}
	return CRYPTOCB_UNAVAILABLE;
}

static enum wc_HashType oaep_hash(enum key_hash hash)
{
	switch (hash) {
	case KEY_SHA1:
		return WC_HASH_TYPE_SHA;
	case KEY_SHA256:
		return WC_HASH_TYPE_SHA256;
	case KEY_SHA384:
		return WC_HASH_TYPE_SHA384;
	case KEY_SHA512:
		return WC_HASH_TYPE_SHA512;
	}
	return WC_HASH_TYPE_NONE;
}

static int oaep_mgf(enum key_hash hash)
{
	switch (hash) {
	case KEY_SHA1:
		return WC_MGF1SHA1;
	case KEY_SHA256:
		return WC_MGF1SHA256;
	case KEY_SHA384:
		return WC_MGF1SHA384;
	case KEY_SHA512:
		return WC_MGF1SHA512;
	}
	return WC_MGF1NONE;
}

/* Private operation and unpadding in place. out_len: bytes of the message, or what it is not. */
static enum err decrypt_in_place(struct bridge *bridge, const struct public_key *public_key,
				 const struct tpm_bridge_padding *padding, struct buf *block,
				 int *out_len)
{
	uint8_t exponent[] = {(uint8_t)(public_key->exponent >> 24),
			      (uint8_t)(public_key->exponent >> 16),
			      (uint8_t)(public_key->exponent >> 8), (uint8_t)public_key->exponent};
	byte *message = NULL;
	RsaKey rsa;
	enum err e = ERR_BUG;
	if (wc_InitRsaKey_ex(&rsa, NULL, DEVICE_ID) != 0)
		return ERR_NO_MEMORY;
	if (wc_RsaPublicKeyDecodeRaw(public_key->modulus, (word32)public_key->modulus_len, exponent,
				     sizeof(exponent), &rsa) == 0) {
		bridge->err = ERR_BUG; /* until the device was asked */
		*out_len = wc_RsaPrivateDecryptInline_ex(
		    block->data, (word32)block->len, &message, &rsa,
		    padding->is_oaep ? WC_RSA_OAEP_PAD : WC_RSA_PKCSV15_PAD,
		    padding->is_oaep ? oaep_hash(padding->hash) : WC_HASH_TYPE_NONE,
		    padding->is_oaep ? oaep_mgf(padding->mgf) : WC_MGF1NONE, NULL, 0);
		e = bridge->err;
	}
	wc_FreeRsaKey(&rsa);
	return e;
}

/* In both paddings the message is the end of the block; so is what we copy when there is no
 * message. */
static enum err take_key(const struct buf *block, bool is_good, size_t key_len, struct buf *out_key)
{
	uint8_t spare[UNWRAPPED_KEY_MAX];
	enum err e = random_bytes(spare, key_len);
	if (e != ERR_OK)
		return e;
	const uint8_t *end = block->data + block->len - key_len;
	uint8_t mask = (uint8_t)(0u - (unsigned)is_good);
	for (size_t i = 0; i < key_len; i++)
		spare[i] = (uint8_t)((spare[i] & (uint8_t)~mask) | (end[i] & mask));
	e = buf_add(out_key, spare, key_len);
	explicit_bzero(spare, sizeof(spare));
	return e;
}

static enum err run_bridge(struct bridge *bridge, const struct public_key *public_key,
			   const struct tpm_bridge_padding *padding, struct buf *block,
			   int *out_len)
{
	if (wolfCrypt_Init() != 0)
		return ERR_BUG;
	enum err e = ERR_BUG;
	if (wc_CryptoCb_RegisterDevice(DEVICE_ID, on_crypto, bridge) == 0) {
		e = decrypt_in_place(bridge, public_key, padding, block, out_len);
		wc_CryptoCb_UnRegisterDevice(DEVICE_ID);
	}
	wolfCrypt_Cleanup();
	return e;
}

enum err tpm_bridge_unwrap(const struct device_key *key, const struct tpm_bridge_padding *padding,
			   struct bytes wrapped, size_t key_len, struct buf *out_key,
			   bool *out_is_good, struct why *why)
{
	struct public_key public_key;
	struct buf block;
	int message_len = -1;
	buf_init(&block, PUBLIC_KEY_MODULUS_MAX);
	enum err e = device_key_public(key, &public_key, why);
	if (e != ERR_OK)
		return e;
	if (key_len > UNWRAPPED_KEY_MAX || key_len > public_key.modulus_len)
		return why_set(why, ERR_BUG, "crypto.unwrap",
			       "a wrapped key of %zu bytes is none of ours", key_len);
	if (wrapped.len != public_key.modulus_len)
		return why_set(why, ERR_INVALID, "scep.envelope",
			       "the wrapped key of the reply has %zu bytes, our RSA key has %zu",
			       wrapped.len, public_key.modulus_len);
	struct why reason = {0};
	struct bridge bridge = {
	    .key = key, .modulus_len = public_key.modulus_len, .why = &reason, .err = ERR_BUG};
	e = buf_add(&block, wrapped.data, wrapped.len);
	wolf_memory_watch();
	if (e == ERR_OK)
		e = run_bridge(&bridge, &public_key, padding, &block, &message_len);
	if (e == ERR_BUG)
		e = wolf_memory_error(ERR_BUG);
	bool is_good = message_len == (int)key_len;
	if (e == ERR_OK)
		e = take_key(&block, is_good, key_len, out_key);
	buf_clear(&block);
	if (e == ERR_OK)
		*out_is_good = is_good;
	else if (reason.code[0] != '\0' && why != NULL)
		*why = reason; /* the device's own words */
	else
		(void)why_set(why, e, "crypto.unwrap",
			      "the device key could not be used to open the reply: %s",
			      err_text(e));
	return e;
}
