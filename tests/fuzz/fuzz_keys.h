/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_KEYS_H
#define TESTS_FUZZ_FUZZ_KEYS_H
#include "tests/fuzz/fuzz.h"
#include "tpm/device_key.h"

/* A device_key that opens every wrapped key to the same content key, in PKCS#1 v1.5: so the harness can seal, and mutated
 * envelopes are decrypted. The length of the content key is the last of `key_len`. */

#define FUZZ_MODULUS_LEN 256
#define FUZZ_CEK 0x55 /* each byte of the content key: make.py */

static size_t fuzz_key_len = 16;

static enum err fuzz_public(void *self, struct public_key *out, struct why *why)
{
	(void)self;
	(void)why;
	*out = (struct public_key){ .modulus_len = FUZZ_MODULUS_LEN, .exponent = 65537 };
	memset(out->modulus, 0xff, out->modulus_len);
	return ERR_OK;
}

static enum err fuzz_decrypt(void *self, struct bytes cipher, struct buf *out_block, struct why *why)
{
	uint8_t block[FUZZ_MODULUS_LEN];
	(void)self;
	(void)cipher;
	(void)why;
	memset(block, FUZZ_CEK, sizeof block); /* 00 02 padding 00 key, RFC 8017 section 7.2.1 */
	block[0] = 0;
	block[1] = 2;
	block[sizeof block - fuzz_key_len - 1] = 0;
	return buf_add(out_block, block, sizeof block);
}

static const struct device_key_ops fuzz_key_ops = { .public_key = fuzz_public, .decrypt = fuzz_decrypt };
static const struct device_key fuzz_key = { .ops = &fuzz_key_ops };

#endif
