/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "client/pki/cms.h"
#include "client/pki/cms_algorithm.h"
#include "client/pki/cms_attributes.h"
#include "client/pki/cms_parse.h"
#include "client/pki/cms_seal.h"
#include "client/pki/hash.h"

#define ATTRIBUTES_MAX 1024 /* bytes: five attributes of fixed size and a transactionID below 72   \
			     */

static void put_attribute(struct der_out *out, const char *oid, uint8_t tag, const void *value,
			  size_t len)
{
	size_t attribute = der_begin(out);
	der_put_oid(out, oid);
	size_t values = der_begin(out);
	der_put(out, tag, value, len);
	der_end(out, values, DER_SET);
	der_end(out, attribute, DER_SEQUENCE);
}

static void put_content_type(struct der_out *out)
{
	size_t attribute = der_begin(out);
	der_put_oid(out, OID_CONTENT_TYPE);
	size_t values = der_begin(out);
	der_put_oid(out, OID_DATA);
	der_end(out, values, DER_SET);
	der_end(out, attribute, DER_SEQUENCE);
}

/* The SET OF that is signed, RFC 5652 section 5.4. No signingTime: devices boot in 1970. */
static enum err write_attributes(const struct cms_request *request, struct bytes envelope,
				 struct buf *out)
{
	uint8_t digest[HASH_MAX];
	char type[12];
	struct der_out der;
	enum err e = hash_digest(request->digest, envelope, digest);
	if (e != ERR_OK)
		return e;
	int type_len = snprintf(type, sizeof(type), "%d", (int)request->type);
	der_out_init(&der, ATTRIBUTES_MAX);
	size_t set = der_begin(&der);
	put_content_type(&der);
	put_attribute(&der, OID_MESSAGE_DIGEST, DER_OCTET_STRING, digest,
		      key_hash_len(request->digest));
	put_attribute(&der, OID_MESSAGE_TYPE, DER_PRINTABLE_STRING, type, (size_t)type_len);
	put_attribute(&der, OID_TRANSACTION_ID, DER_PRINTABLE_STRING, request->transaction_id,
		      strlen(request->transaction_id));
	put_attribute(&der, OID_SENDER_NONCE, DER_OCTET_STRING, request->sender_nonce,
		      SCEP_NONCE_LEN);
	der_end_set_of(&der, set);
	e = der_finish(&der, out);
	der_out_clear(&der);
	return e;
}

/* RFC 5754 section 2: without parameters; RFC 3370 section 2.1 says the same of SHA-1. */
static void put_digest_algorithm(struct der_out *out, enum key_hash hash)
{
	size_t algorithm = der_begin(out);
	der_put_oid(out, cms_digest_oid(hash));
	der_end(out, algorithm, DER_SEQUENCE);
}

static void put_signer_info(struct der_out *out, const struct cms_request *request,
			    const struct certificate *signer, struct bytes attributes,
			    const struct buf *signature)
{
	size_t info = der_begin(out);
	der_put_small(out, 1); /* version 1: named by issuer and serial */
	size_t identifier = der_begin(out);
	der_put_raw(out, signer->issuer.data, signer->issuer.len);
	der_put(out, DER_INTEGER, signer->serial.data, signer->serial.len);
	der_end(out, identifier, DER_SEQUENCE);
	put_digest_algorithm(out, request->digest);
	der_put(out, DER_CONTEXT_CONSTRUCTED(0), attributes.data, attributes.len);
	size_t algorithm = der_begin(out);
	der_put_oid(out, OID_RSA_ENCRYPTION);
	der_put_null(out);
	der_end(out, algorithm, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, signature->data, signature->len);
	der_end(out, info, DER_SEQUENCE);
}

static void put_signed_data(struct der_out *out, const struct cms_request *request,
			    const struct certificate *signer, struct bytes envelope,
			    struct bytes attributes, const struct buf *signature)
{
	size_t signed_data = der_begin(out);
	der_put_small(out, 1);
	size_t part = der_begin(out);
	put_digest_algorithm(out, request->digest);
	der_end(out, part, DER_SET);
	part = der_begin(out);
	der_put_oid(out, OID_DATA);
	size_t tagged = der_begin(out);
	der_put(out, DER_OCTET_STRING, envelope.data, envelope.len);
	der_end(out, tagged, DER_CONTEXT_CONSTRUCTED(0));
	der_end(out, part, DER_SEQUENCE);
	der_put(out, DER_CONTEXT_CONSTRUCTED(0), signer->der.data, signer->der.len);
	part = der_begin(out);
	put_signer_info(out, request, signer, attributes, signature);
	der_end(out, part, DER_SET);
	der_end(out, signed_data, DER_SEQUENCE);
}

static enum err write_message(const struct cms_request *request, const struct certificate *signer,
			      struct bytes envelope, struct bytes attributes_set,
			      const struct buf *signature, struct buf *out)
{
	struct der_tlv set;
	struct der_out der;
	enum err e = der_expect(&attributes_set, DER_SET, &set);
	if (e != ERR_OK)
		return ERR_BUG;
	der_out_init(&der, CMS_MESSAGE_MAX);
	size_t content_info = der_begin(&der);
	der_put_oid(&der, OID_SIGNED_DATA);
	size_t tagged = der_begin(&der);
	put_signed_data(&der, request, signer, envelope, set.content, signature);
	der_end(&der, tagged, DER_CONTEXT_CONSTRUCTED(0));
	der_end(&der, content_info, DER_SEQUENCE);
	e = der_finish(&der, out);
	der_out_clear(&der);
	return e;
}

/* A request signed by another key than its certificate's would only burn a one-time challenge. */
static enum err check_request(const struct cms_request *request, const struct certificate *signer,
			      struct why *why)
{
	struct public_key in_certificate, in_key;
	size_t len = strlen(request->transaction_id);
	if (len == 0 || len >= SCEP_TRANSACTION_ID_MAX)
		return why_set(why, ERR_BUG, "cms.request",
			       "a transactionID of %zu characters does not fit", len);
	enum err e = device_key_public(request->key, &in_key, why);
	if (e != ERR_OK)
		return e;
	if (certificate_rsa_key(signer->spki, &in_certificate) != ERR_OK ||
	    in_certificate.exponent != in_key.exponent ||
	    !bytes_equal((struct bytes){in_certificate.modulus, in_certificate.modulus_len},
			 (struct bytes){in_key.modulus, in_key.modulus_len}))
		return why_set(why, ERR_INVALID, "cms.signer",
			       "the signing certificate does not belong to the device's key");
	return ERR_OK;
}

static enum err sign(const struct cms_request *request, struct bytes attributes, struct buf *out,
		     struct why *why)
{
	uint8_t digest[HASH_MAX];
	enum err e = hash_digest(request->digest, attributes, digest);
	if (e != ERR_OK)
		return why_set(why, e, "crypto.hash",
			       "a digest of the request could not be computed");
	return device_key_sign(request->key, request->digest,
			       (struct bytes){digest, key_hash_len(request->digest)}, out, why);
}

enum err cms_build_request(const struct cms_request *request, struct buf *out, struct why *why)
{
	struct certificate recipient, signer;
	struct buf envelope, attributes, signature;
	buf_init(&envelope, CMS_MESSAGE_MAX);
	buf_init(&attributes, ATTRIBUTES_MAX);
	buf_init(&signature, PUBLIC_KEY_MODULUS_MAX);
	enum err e = certificate_parse(request->recipient_der, &recipient, why);
	if (e == ERR_OK)
		e = certificate_parse(request->signer_der, &signer, why);
	if (e == ERR_OK)
		e = check_request(request, &signer, why);
	if (e == ERR_OK)
		e = cms_seal(request->content, &recipient, request->cipher, &envelope, why);
	if (e != ERR_OK)
		goto out;
	e = write_attributes(request, buf_bytes(&envelope), &attributes);
	if (e != ERR_OK) {
		why_set(why, e, "cms.request",
			"the signed attributes of the request could not be written");
		goto out;
	}
	e = sign(request, buf_bytes(&attributes), &signature, why);
	if (e != ERR_OK)
		goto out;
	e = write_message(request, &signer, buf_bytes(&envelope), buf_bytes(&attributes),
			  &signature, out);
	if (e != ERR_OK)
		why_set(why, e, "cms.request", "the request could not be written: %s", err_text(e));
out:
	buf_clear(&signature);
	buf_clear(&attributes);
	buf_clear(&envelope);
	return e;
}
