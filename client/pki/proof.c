/* SPDX-License-Identifier: MIT */
#include "client/pki/proof.h"
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/hash.h>
#include "client/pki/certificate.h"

static const struct {
	const char *oid;
	int wolf_hash;
} algorithms[] = { /* RFC 8017 appendix A.2.4 */
	{ "1.2.840.113549.1.1.5", SHAh },
	{ "1.2.840.113549.1.1.11", SHA256h },
	{ "1.2.840.113549.1.1.12", SHA384h },
	{ "1.2.840.113549.1.1.13", SHA512h },
};

static enum err open_public(const struct public_key *pub, RsaKey *key)
{
	uint8_t exponent[4] = { (uint8_t)(pub->exponent >> 24), (uint8_t)(pub->exponent >> 16),
		                (uint8_t)(pub->exponent >> 8), (uint8_t)pub->exponent };
	return wc_RsaPublicKeyDecodeRaw(pub->modulus, (word32)pub->modulus_len, exponent, sizeof exponent, key) == 0
	               ? ERR_OK
	               : ERR_INVALID;
}

/* RSASSA-PKCS1-v1_5 by re-encoding the DigestInfo and comparing (RFC 8017 section 8.2.2). */
static int is_good(RsaKey *key, int wolf_hash, struct bytes digest, struct bytes signature)
{
	uint8_t wanted[WC_MAX_DIGEST_SIZE + 32]; /* DigestInfo head is at most 19 bytes */
	uint8_t got[PUBLIC_KEY_MODULUS_MAX];
	word32 wanted_len = wc_EncodeSignature(wanted, digest.data, (word32)digest.len, wolf_hash);
	int got_len = wc_RsaSSL_Verify(signature.data, (word32)signature.len, got, sizeof got, key);
	return got_len > 0 && (word32)got_len == wanted_len && memcmp(got, wanted, wanted_len) == 0;
}

enum err proof_verify(struct bytes spki, const char *signature_oid, struct bytes digest, struct bytes signature,
                      struct why *why)
{
	struct public_key pub;
	RsaKey key;
	int wolf_hash = 0;
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (strcmp(signature_oid, algorithms[i].oid) == 0)
			wolf_hash = algorithms[i].wolf_hash;
	if (wolf_hash == 0 || digest.len == 0 || digest.len > WC_MAX_DIGEST_SIZE ||
	    certificate_rsa_key(spki, &pub) != ERR_OK)
		return why_set(why, ERR_UNSUPPORTED, "key.proof", "no RSA signature that can be proven (%s)", signature_oid);
	if (signature.len != pub.modulus_len || wc_InitRsaKey(&key, NULL) != 0)
		return why_set(why, ERR_UNTRUSTED, "key.proof", "a signature of %zu bytes does not fit the key", signature.len);
	enum err e = open_public(&pub, &key);
	if (e == ERR_OK && !is_good(&key, wolf_hash, digest, signature))
		e = ERR_UNTRUSTED;
	wc_FreeRsaKey(&key);
	return e == ERR_OK ? e : why_set(why, ERR_UNTRUSTED, "key.proof",
	                                 "the request's own signature does not verify under the issued certificate");
}
