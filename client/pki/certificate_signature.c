/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate.h"
#include <stdbool.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include "client/pki/hash.h"
#include "client/pki/wolf_memory.h"
#include "hal/der.h"

/* RSA-1024 is the weakest that old CAs still have; less proves nothing */
#define MODULUS_MIN 128 /* bytes */
#define OID_RSA_ENCRYPTION "1.2.840.113549.1.1.1" /* RFC 3279 section 2.3.1 */
#define OID_EC_PUBLIC_KEY "1.2.840.10045.2.1"	  /* RFC 5480 section 2.1.1 */

/* MD2 and MD5 are absent: they never verify. */
static const struct signature_algorithm {
	const char *oid;
	enum key_hash hash;
	bool is_rsa;
} algorithms[] = {
    {"1.2.840.113549.1.1.5", KEY_SHA1, true}, /* RFC 8017 appendix A.2.4 */
    {"1.2.840.113549.1.1.11", KEY_SHA256, true},
    {"1.2.840.113549.1.1.12", KEY_SHA384, true},
    {"1.2.840.113549.1.1.13", KEY_SHA512, true},
    {"1.2.840.10045.4.1", KEY_SHA1, false}, /* RFC 5758 section 3.2 */
    {"1.2.840.10045.4.3.2", KEY_SHA256, false},
    {"1.2.840.10045.4.3.3", KEY_SHA384, false},
    {"1.2.840.10045.4.3.4", KEY_SHA512, false},
};

static const struct curve {
	const char *oid;
	int wolf_id;
} curves[] = {
    /* RFC 5480 section 2.1.1.1 */
    {"1.2.840.10045.3.1.7", ECC_SECP256R1},
    {"1.3.132.0.34", ECC_SECP384R1},
    {"1.3.132.0.35", ECC_SECP521R1},
};

/* SubjectPublicKeyInfo: algorithm OID, its parameters (tag 0 when absent) and the key's bytes. */
struct spki_parts {
	struct der_tlv oid, parameters;
	struct bytes key;
};

static enum err read_spki(struct bytes spki, struct spki_parts *out)
{
	struct der_tlv outer;
	struct der_tlv algorithm;
	struct der_tlv bits;
	struct spki_parts parts = {.parameters = {.tag = 0}};
	if (der_expect(&spki, DER_SEQUENCE, &outer) != ERR_OK || spki.len > 0 ||
	    der_expect(&outer.content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&outer.content, DER_BIT_STRING, &bits) != ERR_OK || outer.content.len > 0 ||
	    bits.content.len < 2 || bits.content.data[0] != 0 ||
	    der_expect(&algorithm.content, DER_OID, &parts.oid) != ERR_OK)
		return ERR_INVALID;
	if (algorithm.content.len > 0 &&
	    (der_next(&algorithm.content, &parts.parameters) != ERR_OK ||
	     algorithm.content.len > 0))
		return ERR_INVALID;
	parts.key = (struct bytes){bits.content.data + 1, bits.content.len - 1};
	*out = parts;
	return ERR_OK;
}

static enum err read_modulus(const struct der_tlv *tlv, struct public_key *out)
{
	struct bytes n = tlv->content;
	if (n.len == 0 || (n.data[0] & 0x80) != 0)
		return ERR_INVALID;
	if (n.data[0] == 0) {
		n.data++;
		n.len--;
	}
	if (n.len == 0 || n.data[0] == 0)
		return ERR_INVALID;
	if (n.len > sizeof(out->modulus))
		return ERR_UNSUPPORTED;
	memcpy(out->modulus, n.data, n.len);
	out->modulus_len = n.len;
	return ERR_OK;
}

enum err certificate_rsa_key(struct bytes spki, struct public_key *out)
{
	struct spki_parts parts;
	struct der_tlv list;
	struct der_tlv modulus;
	struct der_tlv exponent;
	struct public_key key = {.modulus_len = 0};
	if (read_spki(spki, &parts) != ERR_OK)
		return ERR_INVALID;
	if (!der_is_oid(&parts.oid, OID_RSA_ENCRYPTION))
		return ERR_UNSUPPORTED;
	struct bytes in = parts.key;
	if (der_expect(&in, DER_SEQUENCE, &list) != ERR_OK || in.len > 0 ||
	    der_expect(&list.content, DER_INTEGER, &modulus) != ERR_OK ||
	    der_expect(&list.content, DER_INTEGER, &exponent) != ERR_OK || list.content.len > 0)
		return ERR_INVALID;
	enum err e = der_small(&exponent, &key.exponent);
	if (e != ERR_OK)
		return e == ERR_TOO_BIG ? ERR_UNSUPPORTED : ERR_INVALID;
	if (key.exponent < 3 || key.exponent % 2 == 0)
		return ERR_INVALID; /* RFC 8017 section 3.1 */
	e = read_modulus(&modulus, &key);
	if (e == ERR_OK)
		*out = key;
	return e;
}

/* EMSA-PKCS1-v1_5 (RFC 8017 section 9.2). False when the modulus is too short for it. */
static bool encode_message(enum key_hash hash, struct bytes digest, uint8_t *out, size_t len)
{
	uint8_t info[HASH_DIGEST_INFO_MAX];
	size_t info_len = hash_digest_info(hash, digest, info);
	if (info_len == 0 || len < info_len + 11)
		return false;
	memset(out, 0xff, len);
	out[0] = 0;
	out[1] = 1;
	out[len - info_len - 1] = 0;
	memcpy(out + len - info_len, info, info_len);
	return true;
}

/* RFC 8017 section 8.2.2: the whole block is compared, so that no lax padding or DigestInfo gets
 * by. */
static enum err verify_rsa(struct bytes spki, enum key_hash hash, struct bytes digest,
			   struct bytes signature)
{
	struct public_key pub;
	uint8_t wanted[PUBLIC_KEY_MODULUS_MAX];
	uint8_t got[PUBLIC_KEY_MODULUS_MAX];
	RsaKey key;
	enum err e = certificate_rsa_key(spki, &pub);
	if (e != ERR_OK)
		return e;
	if (pub.modulus_len < MODULUS_MIN || signature.len != pub.modulus_len ||
	    !encode_message(hash, digest, wanted, pub.modulus_len))
		return ERR_UNTRUSTED;
	uint8_t exponent[] = {(uint8_t)(pub.exponent >> 24), (uint8_t)(pub.exponent >> 16),
			      (uint8_t)(pub.exponent >> 8), (uint8_t)pub.exponent};
	wolf_memory_watch();
	if (wc_InitRsaKey(&key, NULL) != 0)
		return ERR_NO_MEMORY;
	word32 got_len = sizeof(got);
	int rc = wc_RsaPublicKeyDecodeRaw(pub.modulus, (word32)pub.modulus_len, exponent,
					  sizeof(exponent), &key);
	if (rc == 0)
		rc = wc_RsaFunction(signature.data, (word32)signature.len, got, &got_len,
				    RSA_PUBLIC_DECRYPT, &key, NULL);
	bool is_good = rc == 0 && got_len == pub.modulus_len && memcmp(got, wanted, got_len) == 0;
	e = is_good ? ERR_OK : wolf_memory_error(ERR_UNTRUSTED);
	wc_FreeRsaKey(&key);
	return e;
}

static enum err verify_ecdsa(struct bytes spki, struct bytes digest, struct bytes signature)
{
	struct spki_parts parts;
	const struct curve *curve = NULL;
	ecc_key key;
	int is_good = 0;
	if (read_spki(spki, &parts) != ERR_OK)
		return ERR_INVALID;
	if (!der_is_oid(&parts.oid, OID_EC_PUBLIC_KEY))
		return ERR_UNSUPPORTED;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (parts.parameters.tag == DER_OID && der_is_oid(&parts.parameters, curves[i].oid))
			curve = &curves[i];
	if (curve == NULL || parts.key.len > 1024)
		return ERR_UNSUPPORTED;
	if (signature.len > 1024)
		return ERR_UNTRUSTED;
	wolf_memory_watch();
	int rc = wc_ecc_init(&key);
	if (rc != 0)
		return wolf_memory_error(ERR_UNTRUSTED);
	rc = wc_ecc_import_x963_ex(parts.key.data, (word32)parts.key.len, &key, curve->wolf_id);
	if (rc == 0)
		rc = wc_ecc_check_key(&key);
	if (rc == 0)
		rc = wc_ecc_verify_hash(signature.data, (word32)signature.len, digest.data,
					(word32)digest.len, &is_good, &key);
	wc_ecc_free(&key);
	return rc == 0 && is_good == 1 ? ERR_OK : wolf_memory_error(ERR_UNTRUSTED);
}

static const struct signature_algorithm *find_algorithm(const char *oid, struct why *why)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(oid, algorithms[i].oid) == 0)
			return &algorithms[i];
	why_set(why, ERR_UNTRUSTED, "certificate.algorithm",
		"a signature by algorithm %s: signet verifies RSA (PKCS#1 v1.5) and ECDSA with SHA-1, "
		"SHA-256, SHA-384 or SHA-512 only",
		oid);
	return NULL;
}

static enum err verify(struct bytes spki, const struct signature_algorithm *algorithm,
		       struct bytes digest, struct bytes signature, struct why *why)
{
	enum err e = algorithm->is_rsa ? verify_rsa(spki, algorithm->hash, digest, signature)
				       : verify_ecdsa(spki, digest, signature);
	if (e == ERR_OK || e == ERR_NO_MEMORY)
		return e;
	if (e == ERR_UNTRUSTED)
		return why_set(why, e, "certificate.signature",
			       "a signature does not verify under the signer's key");
	return why_set(
	    why, ERR_UNTRUSTED, "certificate.key",
	    "a signature by algorithm %s cannot be verified: the signer's key is of another or an "
	    "unknown kind",
	    algorithm->oid);
}

enum err certificate_verify_digest(struct bytes spki, const char *signature_oid,
				   struct bytes digest, struct bytes signature, struct why *why)
{
	const struct signature_algorithm *algorithm = find_algorithm(signature_oid, why);
	if (algorithm == NULL)
		return ERR_UNTRUSTED;
	if (digest.len != key_hash_len(algorithm->hash))
		return why_set(why, ERR_UNTRUSTED, "certificate.digest",
			       "a digest of %zu bytes does not fit algorithm %s", digest.len,
			       signature_oid);
	return verify(spki, algorithm, digest, signature, why);
}

enum err certificate_verify_message(struct bytes spki, const char *signature_oid,
				    struct bytes message, struct bytes signature, struct why *why)
{
	uint8_t digest[HASH_MAX];
	const struct signature_algorithm *algorithm = find_algorithm(signature_oid, why);
	if (algorithm == NULL)
		return ERR_UNTRUSTED;
	enum err e = hash_digest(algorithm->hash, message, digest);
	if (e != ERR_OK)
		return why_set(why, e, "certificate.hash",
			       "the hash of a signed message could not be taken");
	struct bytes hashed = {digest, key_hash_len(algorithm->hash)};
	return verify(spki, algorithm, hashed, signature, why);
}

enum err certificate_verify_signature(const struct certificate *cert,
				      const struct certificate *issuer, struct why *why)
{
	return certificate_verify_message(issuer->spki, cert->signature_oid, cert->tbs,
					  cert->signature, why);
}
