/* SPDX-License-Identifier: MIT */
#include "tpm/rsa_key.h"
#include <string.h>
#include <tss2/tss2_esys.h>
#include "tpm/tpm_error.h"

static const TPM2_ALG_ID hash_algorithms[] = {[KEY_SHA1] = TPM2_ALG_SHA1,
					      [KEY_SHA256] = TPM2_ALG_SHA256,
					      [KEY_SHA384] = TPM2_ALG_SHA384,
					      [KEY_SHA512] = TPM2_ALG_SHA512};

void rsa_key_flush(struct rsa_key *key)
{
	if (key->tpm != NULL)
		tpm_flush(key->tpm, &key->handle);
}

/* Hand a block of the TPM over, with zeros on its left up to `least` bytes, and wipe it. */
static enum err take_block(TPM2B_PUBLIC_KEY_RSA *block, size_t least, const char *what,
			   struct buf *out, struct why *why)
{
	size_t len_before = out->len;
	enum err e = ERR_OK;
	for (size_t have = block->size; have < least && e == ERR_OK; have++)
		e = buf_add(out, "", 1); /* its NUL */
	if (e == ERR_OK)
		e = buf_add(out, block->buffer, block->size);
	if (e != ERR_OK) {
		why_set(why, e, "tpm.memory", "%s: no room for the block", what);
		buf_cut(out, len_before);
	}
	explicit_bzero(block, sizeof *block);
	return e;
}

static enum err rsa_decrypt(struct rsa_key *k, struct bytes in, const TPMT_RSA_DECRYPT *scheme,
			    const char *what, struct buf *out, struct why *why)
{
	const TPM2B_DATA no_label = {.size = 0};
	bool is_raw = scheme->scheme == TPM2_ALG_NULL;
	TPM2B_PUBLIC_KEY_RSA cipher = {.size = (UINT16)in.len};
	TPM2B_PUBLIC_KEY_RSA *plain = NULL;
	if (!device_key_is_in_range(&k->pub, in))
		return why_set(why, ERR_INVALID, "key.cipher_range",
			       "%s: the block is not a number below the key's modulus", what);
	memcpy(cipher.buffer, in.data, in.len);
	TSS2_RC rc;
	int tries = 0;
	do {
		rc = Esys_RSA_Decrypt(k->tpm->esys, k->handle, tpm_authorisation(k->tpm),
				      ESYS_TR_NONE, ESYS_TR_NONE, &cipher, scheme, &no_label,
				      &plain);
	} while (tries++ == 0 && tpm_session_again(k->tpm, rc));
	/* Part 3, 14.3 says VALUE; libtpms before 0.10 answers FAILURE, and one that really is in
	 * failure mode would not have loaded the key, and says so the next time. */
	uint32_t base = tpm_error_base(rc);
	if (!is_raw && (base == TPM2_RC_VALUE || base == TPM2_RC_FAILURE))
		return why_set(why, ERR_INVALID, "key.padding", "%s: it is not for this key", what);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, what, why);
	enum err e;
	if (plain->size > k->pub.modulus_len) {
		e = why_set(why, ERR_UNREACHABLE, "tpm.io", "%s: the TPM gave %u bytes", what,
			    plain->size);
		explicit_bzero(plain, sizeof *plain);
	} else {
		e = take_block(plain, is_raw ? k->pub.modulus_len : 0, what, out, why);
	}
	Esys_Free(plain);
	return e;
}

enum err rsa_key_raw(struct rsa_key *key, struct bytes block, struct buf *out, struct why *why)
{
	const TPMT_RSA_DECRYPT no_scheme = {.scheme = TPM2_ALG_NULL};
	return rsa_decrypt(key, block, &no_scheme, "RSA_Decrypt", out, why);
}

enum err rsa_key_decrypt(struct rsa_key *key, enum rsa_encryption how, enum key_hash hash,
			 struct bytes cipher, struct buf *out, struct why *why)
{
	TPMT_RSA_DECRYPT scheme = {.scheme = TPM2_ALG_RSAES};
	if (how == RSA_ENCRYPTION_OAEP) {
		scheme.scheme = TPM2_ALG_OAEP;
		scheme.details.oaep.hashAlg = hash_algorithms[hash];
	}
	return rsa_decrypt(key, cipher, &scheme, "RSA_Decrypt", out, why);
}

enum err rsa_key_sign_info(struct rsa_key *key, struct bytes info, struct buf *out, struct why *why)
{
	uint8_t block[PUBLIC_KEY_MODULUS_MAX];
	size_t len = key->pub.modulus_len;
	if (info.len > len - RSA_KEY_PKCS1_LEAST)
		return why_set(why, ERR_INVALID, "key.info_length", "%zu bytes to sign", info.len);
	memset(block, 0xff, len);
	block[0] = 0x00;
	block[1] = 0x01;
	block[len - info.len - 1] = 0x00;
	if (info.len > 0)
		memcpy(block + len - info.len, info.data, info.len);
	return rsa_key_raw(key, (struct bytes){block, len}, out, why);
}

/* A hash that the TPM lacks: heads of RFC 8017 section 9.2, note 1, before the digest. */
static enum err sign_without_hash(struct rsa_key *k, enum key_hash hash, struct bytes digest,
				  struct buf *out, struct why *why)
{
	static const struct {
		uint8_t len, head[19];
	} infos[] = {
	    [KEY_SHA1] = {15,
			  {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05,
			   0x00, 0x04, 0x14}},
	    [KEY_SHA256] = {19,
			    {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
			     0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}},
	    [KEY_SHA384] = {19,
			    {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
			     0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30}},
	    [KEY_SHA512] = {19,
			    {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
			     0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}},
	};
	uint8_t info[sizeof infos[0].head + sizeof(TPMU_HA)];
	memcpy(info, infos[hash].head, infos[hash].len);
	memcpy(info + infos[hash].len, digest.data, digest.len);
	return rsa_key_sign_info(k, (struct bytes){info, infos[hash].len + digest.len}, out, why);
}

enum err rsa_key_sign(struct rsa_key *key, enum rsa_signature how, enum key_hash hash,
		      struct bytes digest, struct buf *out, struct why *why)
{
	const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
	const TPMT_SIG_SCHEME scheme = {.scheme = how == RSA_SIGNATURE_PSS ? TPM2_ALG_RSAPSS
									   : TPM2_ALG_RSASSA,
					.details.any.hashAlg = hash_algorithms[hash]};
	TPM2B_DIGEST in = {.size = (UINT16)digest.len};
	TPMT_SIGNATURE *signature = NULL;
	if (digest.len != key_hash_len(hash))
		return why_set(why, ERR_BUG, "key.digest_length", "sign: a digest of %zu bytes",
			       digest.len);
	memcpy(in.buffer, digest.data, digest.len);
	TSS2_RC rc;
	int tries = 0;
	do {
		rc = Esys_Sign(key->tpm->esys, key->handle, tpm_authorisation(key->tpm),
			       ESYS_TR_NONE, ESYS_TR_NONE, &in, &scheme, &no_ticket, &signature);
	} while (tries++ == 0 && tpm_session_again(key->tpm, rc));
	uint32_t base = tpm_error_base(rc);
	if (how == RSA_SIGNATURE_PKCS1 &&
	    (base == TPM2_RC_HASH || base == TPM2_RC_SCHEME || base == TPM2_RC_VALUE))
		return sign_without_hash(key, hash, digest, out, why);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, "Sign", why);
	/* rsassa and rsapss are the same structure, TPMS_SIGNATURE_RSA (Part 2, 11.3.1) */
	TPM2B_PUBLIC_KEY_RSA *sig = &signature->signature.rsassa.sig;
	enum err e;
	if (signature->sigAlg != scheme.scheme || sig->size != key->pub.modulus_len)
		e = why_set(why, ERR_UNREACHABLE, "tpm.io", "Sign: the TPM gave %u bytes",
			    sig->size);
	else
		e = take_block(sig, 0, "Sign", out, why);
	Esys_Free(signature);
	return e;
}
