/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate_key_id.h"
#include <string.h>
#include "client/pki/hash.h"

enum err certificate_key_sha1(const struct certificate *cert, uint8_t out[KEY_SHA1_LEN])
{
	struct bytes in = cert->spki;
	struct der_tlv outer;
	struct der_tlv algorithm;
	struct der_tlv key;
	uint8_t digest[HASH_MAX];
	if (der_expect(&in, DER_SEQUENCE, &outer) != ERR_OK ||
	    der_expect(&outer.content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&outer.content, DER_BIT_STRING, &key) != ERR_OK || key.content.len < 1)
		return ERR_INVALID;
	enum err e = hash_digest(KEY_SHA1, (struct bytes){ key.content.data + 1, key.content.len - 1 }, digest);
	if (e == ERR_OK)
		memcpy(out, digest, KEY_SHA1_LEN);
	return e;
}

enum err certificate_key_id(const struct certificate *cert, char out[KEY_ID_CAP])
{
	uint8_t digest[KEY_SHA1_LEN];
	enum err e = certificate_key_sha1(cert, digest);
	if (e == ERR_OK)
		hex_text((struct bytes){ digest, sizeof digest }, out);
	return e;
}
