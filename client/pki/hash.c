/* SPDX-License-Identifier: MIT */
#include "client/pki/hash.h"
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>
#include "client/pki/wolf_memory.h"

#define RANDOM_MAX 65536 /* bytes asked at once: a DRBG request is bounded (SP 800-90A table 2) */

static enum wc_HashType hash_type(enum key_hash hash)
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

enum err hash_digest(enum key_hash hash, struct bytes in, uint8_t out[HASH_MAX])
{
	static const uint8_t
	    nothing[1]; /* wolfCrypt refuses a NULL input even when its length is 0 */
	uint8_t digest[HASH_MAX];
	size_t len = key_hash_len(hash);
	if (len == 0 || in.len > UINT32_MAX)
		return ERR_BUG;
	wolf_memory_watch();
	int rc = wc_Hash(hash_type(hash), in.len > 0 ? in.data : nothing, (word32)in.len, digest,
			 (word32)len);
	enum err e = wolf_memory_error(rc == 0 ? ERR_OK : ERR_BUG);
	if (e == ERR_OK)
		memcpy(out, digest, len);
	return e;
}

size_t hash_digest_info(enum key_hash hash, struct bytes digest, uint8_t out[HASH_DIGEST_INFO_MAX])
{
	/* RFC 8017 section 9.2 note 1 */
	static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				       0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
	static const uint8_t sha2[] = {0x30, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				       0x65, 0x03, 0x04, 0x02, 0x00, 0x05, 0x00, 0x04, 0x00};
	size_t len = key_hash_len(hash);
	if (len == 0 || digest.len != len)
		return 0;
	if (hash == KEY_SHA1) {
		memcpy(out, sha1, sizeof(sha1));
		memcpy(out + sizeof(sha1), digest.data, len);
		return sizeof(sha1) + len;
	}
	memcpy(out, sha2, sizeof(sha2));
	out[1] = (uint8_t)(sizeof(sha2) - 2 + len);
	out[14] = hash == KEY_SHA256   ? 1
		  : hash == KEY_SHA384 ? 2
				       : 3; /* last arc of the hash's OID */
	out[18] = (uint8_t)len;
	memcpy(out + sizeof(sha2), digest.data, len);
	return sizeof(sha2) + len;
}

void hex_text(struct bytes in, char out[])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < in.len; i++) {
		out[2 * i] = digits[in.data[i] >> 4];
		out[2 * i + 1] = digits[in.data[i] & 0x0f];
	}
	out[2 * in.len] = '\0';
}

void sha256_hex(struct bytes in, char out[SHA256_HEX_LEN])
{
	uint8_t digest[HASH_MAX];
	out[0] = '\0';
	if (hash_digest(KEY_SHA256, in, digest) == ERR_OK)
		hex_text((struct bytes){digest, SHA256_LEN}, out);
}

enum err hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_LEN])
{
	static const uint8_t nothing[1];
	uint8_t digest[SHA256_LEN];
	Hmac hmac;
	wolf_memory_watch();
	if (key.len > UINT32_MAX || in.len > UINT32_MAX ||
	    wc_HmacInit(&hmac, NULL, INVALID_DEVID) != 0)
		return wolf_memory_error(ERR_BUG);
	enum err e = ERR_OK;
	if (wc_HmacSetKey(&hmac, WC_SHA256, key.len > 0 ? key.data : nothing, (word32)key.len) !=
		0 ||
	    (in.len > 0 && wc_HmacUpdate(&hmac, in.data, (word32)in.len) != 0) ||
	    wc_HmacFinal(&hmac, digest) != 0)
		e = wolf_memory_error(ERR_BUG);
	wc_HmacFree(&hmac);
	if (e == ERR_OK)
		memcpy(out, digest, sizeof(digest));
	return e;
}

enum err random_bytes(uint8_t *out, size_t len)
{
	if (len > RANDOM_MAX)
		return ERR_BUG;
	WC_RNG rng;
	wolf_memory_watch();
	int rc = wc_InitRng(&rng);
	if (rc != 0)
		return wolf_memory_error(ERR_IO);
	rc = wc_RNG_GenerateBlock(&rng, out, (word32)len);
	wc_FreeRng(&rng);
	return rc == 0 ? ERR_OK : wolf_memory_error(ERR_IO);
}
