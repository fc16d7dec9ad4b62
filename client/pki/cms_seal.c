/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_seal.h"
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include "client/pki/cms_algorithm.h"
#include "client/pki/cms_cipher.h"
#include "client/pki/cms_parse.h"
#include "client/pki/hash.h"
#include "client/pki/wolf_memory.h"

/* RSAES-PKCS1-v1_5, RFC 8017 section 7.2.1; out gets modulus_len bytes. */
static enum err wrap_key(const struct public_key *key, struct bytes cek,
			 uint8_t out[PUBLIC_KEY_MODULUS_MAX])
{
	uint8_t exponent[] = {(uint8_t)(key->exponent >> 24), (uint8_t)(key->exponent >> 16),
			      (uint8_t)(key->exponent >> 8), (uint8_t)key->exponent};
	RsaKey rsa;
	WC_RNG rng;
	wolf_memory_watch();
	int rc = wc_InitRng(&rng);
	if (rc != 0)
		return wolf_memory_error(ERR_BUG);
	rc = wc_InitRsaKey(&rsa, NULL);
	if (rc == 0) {
		rc = wc_RsaPublicKeyDecodeRaw(key->modulus, (word32)key->modulus_len, exponent,
					      sizeof(exponent), &rsa);
		if (rc == 0)
			rc = wc_RsaPublicEncrypt(cek.data, (word32)cek.len, out,
						 PUBLIC_KEY_MODULUS_MAX, &rsa, &rng);
		wc_FreeRsaKey(&rsa);
	}
	wc_FreeRng(&rng);
	return wolf_memory_error(rc == (int)key->modulus_len ? ERR_OK : ERR_BUG);
}

/* Append random bytes to a buffer with room. */
static enum err add_random(struct buf *out, size_t len)
{
	uint8_t bytes[CMS_CIPHER_KEY_MAX];
	enum err e = random_bytes(bytes, len);
	if (e == ERR_OK)
		e = buf_add(out, bytes, len);
	explicit_bzero(bytes, sizeof(bytes));
	return e;
}

/* The content with the padding of RFC 5652 section 6.3, encrypted in its own wiped buffer. */
static enum err encrypt_padded(struct bytes content, enum cms_cipher cipher, const struct buf *cek,
				const struct buf *iv, struct buf *out)
{
	size_t block_len = cms_cipher_block_len(cipher);
	uint8_t pad[CMS_CIPHER_BLOCK_MAX];
	size_t pad_len = block_len - content.len % block_len;
	memset(pad, (int)pad_len, sizeof(pad));
	enum err e = buf_add(out, content.data, content.len);
	if (e == ERR_OK)
		e = buf_add(out, pad, pad_len);
	if (e == ERR_OK)
		e = cms_cipher_encrypt(cipher, cek->data, iv->data, out->data, out->len);
	return e;
}

static void put_recipient(struct der_out *out, const struct certificate *recipient,
			  struct bytes wrapped)
{
	size_t info = der_begin(out);
	der_put_small(out, 0); /* version 0: named by issuer and serial */
	size_t identifier = der_begin(out);
	der_put_raw(out, recipient->issuer.data, recipient->issuer.len);
	der_put(out, DER_INTEGER, recipient->serial.data, recipient->serial.len);
	der_end(out, identifier, DER_SEQUENCE);
	size_t algorithm = der_begin(out);
	der_put_oid(out, OID_RSA_ENCRYPTION);
	der_put_null(out);
	der_end(out, algorithm, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, wrapped.data, wrapped.len);
	der_end(out, info, DER_SEQUENCE);
}

static void put_content(struct der_out *out, enum cms_cipher cipher, const struct buf *iv,
			const struct buf *encrypted)
{
	size_t info = der_begin(out);
	der_put_oid(out, OID_DATA);
	size_t algorithm = der_begin(out);
	der_put_oid(out, cms_cipher_oid(cipher));
	der_put(out, DER_OCTET_STRING, iv->data, iv->len);
	der_end(out, algorithm, DER_SEQUENCE);
	der_put(out, DER_CONTEXT(0), encrypted->data, encrypted->len);
	der_end(out, info, DER_SEQUENCE);
}

static enum err write_envelope(const struct certificate *recipient, struct bytes wrapped,
			       enum cms_cipher cipher, const struct buf *iv,
			       const struct buf *encrypted, struct buf *out)
{
	struct der_out der;
	der_out_init(&der, CMS_MESSAGE_MAX);
	size_t content_info = der_begin(&der);
	der_put_oid(&der, OID_ENVELOPED_DATA);
	size_t tagged = der_begin(&der);
	size_t enveloped = der_begin(&der);
	der_put_small(&der, 0);
	size_t recipients = der_begin(&der);
	put_recipient(&der, recipient, wrapped);
	der_end(&der, recipients, DER_SET);
	put_content(&der, cipher, iv, encrypted);
	der_end(&der, enveloped, DER_SEQUENCE);
	der_end(&der, tagged, DER_CONTEXT_CONSTRUCTED(0));
	der_end(&der, content_info, DER_SEQUENCE);
	enum err e = der_finish(&der, out);
	der_out_clear(&der);
	return e;
}

enum err cms_seal(struct bytes content, const struct certificate *recipient, enum cms_cipher cipher,
		  struct buf *out, struct why *why)
{
	struct public_key key;
	struct buf cek, iv, encrypted;
	uint8_t wrapped[PUBLIC_KEY_MODULUS_MAX];
	buf_init(&cek, CMS_CIPHER_KEY_MAX);
	buf_init(&iv, CMS_CIPHER_BLOCK_MAX);
	buf_init(&encrypted, CMS_MESSAGE_MAX);
	enum err e = certificate_rsa_key(recipient->spki, &key);
	if (e != ERR_OK)
		return why_set(
		    why, e, "scep.recipient",
		    "the server's encryption certificate has no RSA key that we can use");
	e = add_random(&cek, cms_cipher_key_len(cipher));
	if (e == ERR_OK)
		e = add_random(&iv, cms_cipher_block_len(cipher));
	if (e == ERR_OK)
		e = encrypt_padded(content, cipher, &cek, &iv, &encrypted);
	if (e == ERR_OK)
		e = wrap_key(&key, buf_bytes(&cek), wrapped);
	if (e == ERR_OK)
		e = write_envelope(recipient, (struct bytes){wrapped, key.modulus_len}, cipher, &iv,
				   &encrypted, out);
	if (e != ERR_OK)
		why_set(why, e, "cms.seal", "the request could not be encrypted to the server: %s",
			err_text(e));
	buf_clear(&encrypted);
	buf_clear(&iv);
	buf_clear(&cek);
	return e;
}
