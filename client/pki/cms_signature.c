/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_signature.h"
#include <stdbool.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include "client/pki/cms_algorithm.h"
#include "client/pki/hash.h"
#include "client/pki/wolf_memory.h"

#define DIGEST_INFO_MAX 96 /* bytes: SHA-512 has 81 */
#define MODULUS_MIN                                                                                \
	128 /* bytes: below RSA-1024 a signature proves nothing; as certificate_verify_message()   \
	     */

/* DigestInfo without parameters, RFC 8017 section 9.2. */
static enum err write_digest_info(enum key_hash hash, const uint8_t *digest, struct buf *out)
{
	struct der_out der;
	der_out_init(&der, DIGEST_INFO_MAX);
	size_t info = der_begin(&der);
	size_t algorithm = der_begin(&der);
	der_put_oid(&der, cms_digest_oid(hash));
	der_end(&der, algorithm, DER_SEQUENCE);
	der_put(&der, DER_OCTET_STRING, digest, key_hash_len(hash));
	der_end(&der, info, DER_SEQUENCE);
	enum err e = der_finish(&der, out);
	der_out_clear(&der);
	return e;
}

/* Does the signature open to exactly these bytes? */
static enum err opens_to(const struct public_key *key, struct bytes signature,
			 const struct buf *wanted)
{
	uint8_t exponent[] = {(uint8_t)(key->exponent >> 24), (uint8_t)(key->exponent >> 16),
			      (uint8_t)(key->exponent >> 8), (uint8_t)key->exponent};
	uint8_t got[PUBLIC_KEY_MODULUS_MAX];
	RsaKey rsa;
	wolf_memory_watch();
	if (wc_InitRsaKey(&rsa, NULL) != 0)
		return ERR_NO_MEMORY;
	int len = wc_RsaPublicKeyDecodeRaw(key->modulus, (word32)key->modulus_len, exponent,
					   sizeof(exponent), &rsa);
	if (len == 0)
		len =
		    wc_RsaSSL_Verify(signature.data, (word32)signature.len, got, sizeof(got), &rsa);
	wc_FreeRsaKey(&rsa);
	bool is_good =
	    len > 0 && (size_t)len == wanted->len && memcmp(got, wanted->data, wanted->len) == 0;
	return is_good ? ERR_OK : wolf_memory_error(ERR_UNTRUSTED);
}

static enum err verify_without_null(const struct certificate *signer, enum key_hash hash,
				    struct bytes message, struct bytes signature)
{
	struct public_key key;
	struct buf wanted;
	uint8_t digest[HASH_MAX];
	if (certificate_rsa_key(signer->spki, &key) != ERR_OK || key.modulus_len < MODULUS_MIN ||
	    signature.len != key.modulus_len || hash_digest(hash, message, digest) != ERR_OK)
		return ERR_UNTRUSTED;
	buf_init(&wanted, DIGEST_INFO_MAX);
	enum err e = write_digest_info(hash, digest, &wanted);
	if (e == ERR_OK)
		e = opens_to(&key, signature, &wanted);
	buf_clear(&wanted);
	return e;
}

enum err cms_signature_verify(const struct certificate *signer, const char *signature_oid,
			      enum key_hash hash, struct bytes message, struct bytes signature)
{
	enum err e =
	    certificate_verify_message(signer->spki, signature_oid, message, signature, NULL);
	const char *rsa = cms_signature_oid(OID_RSA_ENCRYPTION, hash);
	if (e != ERR_OK && rsa != NULL && strcmp(signature_oid, rsa) == 0)
		e = verify_without_null(signer, hash, message, signature);
	return e;
}
