/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_keys.h"
#include <string.h>

static size_t content_key_len;

static enum err public_half(void *self, struct public_key *out, struct why *why)
{
	(void)self;
	(void)why;
	*out = (struct public_key){ .modulus_len = FUZZ_MODULUS_LEN, .exponent = 65537 };
	memset(out->modulus, 0xff, out->modulus_len);
	return ERR_OK;
}

static enum err decrypt(void *self, struct bytes cipher, struct buf *out_block, struct why *why)
{
	uint8_t block[FUZZ_MODULUS_LEN];
	(void)self;
	(void)cipher;
	(void)why;
	memset(block, FUZZ_CEK, sizeof block); /* 00 02 padding 00 key, RFC 8017 section 7.2.1 */
	block[0] = 0;
	block[1] = 2;
	block[sizeof block - content_key_len - 1] = 0;
	return buf_add(out_block, block, sizeof block);
}

struct device_key fuzz_key(size_t key_len)
{
	static const struct device_key_ops ops = { .public_key = public_half, .decrypt = decrypt };
	content_key_len = key_len;
	return (struct device_key){ .ops = &ops };
}
