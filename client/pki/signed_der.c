/* SPDX-License-Identifier: MIT */
#include "client/pki/csr_extension.h"
#include "client/pki/hash.h"

#define SIGNED_MORE 1024 /* bytes of algorithm, signature (512) and heads */

void der_put_rsa_algorithm(struct der_out *out, enum key_hash hash)
{
	const char *oid = "";
	switch (hash) { /* RFC 8017 appendix A.2.4 */
	case KEY_SHA1:
		oid = "1.2.840.113549.1.1.5";
		break;
	case KEY_SHA256:
		oid = "1.2.840.113549.1.1.11";
		break;
	case KEY_SHA384:
		oid = "1.2.840.113549.1.1.12";
		break;
	case KEY_SHA512:
		oid = "1.2.840.113549.1.1.13";
		break;
	}
	size_t algorithm = der_begin(out);
	der_put_oid(out, oid);
	der_put_null(out);
	der_end(out, algorithm, DER_SEQUENCE);
}

enum err signed_der_build(const struct der_out *to_be_signed, const struct device_key *key,
			  enum key_hash hash, struct buf *out_der, struct why *why)
{
	uint8_t digest[HASH_MAX];
	struct buf signature;
	struct der_out out;
	if (to_be_signed->err != ERR_OK)
		return to_be_signed->err;
	buf_init(&signature, PUBLIC_KEY_MODULUS_MAX);
	der_out_init(&out, to_be_signed->bytes.len + SIGNED_MORE);
	enum err e = hash_digest(hash, buf_bytes(&to_be_signed->bytes), digest);
	if (e == ERR_OK)
		e = device_key_sign(key, hash, (struct bytes){digest, key_hash_len(hash)},
				    &signature, why);
	if (e != ERR_OK)
		goto out;
	size_t outer = der_begin(&out);
	der_put_raw(&out, to_be_signed->bytes.data, to_be_signed->bytes.len);
	der_put_rsa_algorithm(&out, hash);
	der_put_bits(&out, signature.data, signature.len);
	der_end(&out, outer, DER_SEQUENCE);
	e = der_finish(&out, out_der);
	if (e != ERR_OK)
		e = why_set(why, e, "csr.build", "a signed structure cannot be written: %s",
			    err_text(e));
out:
	der_out_clear(&out);
	buf_clear(&signature);
	return e;
}
