/* SPDX-License-Identifier: MIT */
/* All that a server's PKIOperation and GetCACert bytes reach before a signature counts, and the
 * reader of envelopes behind it. Corpus: tests/data/scep. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "client/pki/cms.h"
#include "client/pki/cms_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that opens every wrapped key to the same block, so that the checks behind it are reached.
 */
static enum err key_public(void *self, struct public_key *out, struct why *why)
{
	(void)self;
	(void)why;
	*out = (struct public_key){.modulus_len = 256, .exponent = 65537};
	memset(out->modulus, 0xff, out->modulus_len);
	return ERR_OK;
}

static enum err key_decrypt(void *self, struct bytes cipher, struct buf *out_block, struct why *why)
{
	uint8_t block[256];
	(void)self;
	(void)cipher;
	(void)why;
	memset(block, 0x55, sizeof(block));
	block[0] = 0; /* 00 02 padding 00 and a key of 16 bytes */
	block[1] = 2;
	block[sizeof(block) - 17] = 0;
	return buf_add(out_block, block, sizeof(block));
}

static const struct device_key_ops key_ops = {.public_key = key_public, .decrypt = key_decrypt};

static void open_envelope(struct bytes message, const struct certificate_set *recipients,
			  struct cms_floor floor)
{
	const struct device_key key = {.ops = &key_ops};
	for (size_t i = 0; i < recipients->count; i++) {
		struct buf out;
		buf_init(&out, CMS_MESSAGE_MAX);
		enum err e = cms_open_envelope(message, buf_bytes(&recipients->der[i]), &key, floor,
					       &out, NULL);
		if (e != ERR_OK && out.len != 0)
			__builtin_trap();
		buf_clear(&out);
	}
}

/* The first half may be certificates, the second an envelope to one of them. */
static void split(const uint8_t *data, size_t size, struct cms_floor floor)
{
	if (size < 2)
		return;
	size_t first = (size_t)data[0] << 8 | data[1];
	data += 2;
	size -= 2;
	if (first > size)
		return;
	struct certificate_set set = {.count = 0};
	if (certificate_set_add(&set, (struct bytes){data, first}) == ERR_OK)
		open_envelope((struct bytes){data + first, size - first}, &set, floor);
	certificate_set_clear(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[SCEP_NONCE_LEN];
	const struct bytes message = {data, size};
	const struct cms_floor floor = {.allow_sha1 = true, .allow_des = true};
	struct certificate_set set = {.count = 0};
	struct cms_reply reply = {.fail_info = -1};
	struct why why = {.code = ""};
	if (cms_certificates(message, &set, &why) != ERR_OK && set.count != 0)
		__builtin_trap();
	/* Accept whatever the message brings along: the deepest path. */
	if (cms_verify_reply(message, "", nonce, &set, &set, floor, &reply, &why) == ERR_OK)
		cms_reply_clear(&reply);
	certificate_set_clear(&set);
	split(data, size, floor);
	return 0;
}
