/* SPDX-License-Identifier: MIT */
#include "client/pki/csr.h"
#include <string.h>
#include "client/pki/certificate.h"
#include "client/pki/csr_extension.h"
#include "client/pki/hash.h"
#include "client/pki/utf8.h"
#include "hal/der.h"

#define OID_RSA_ENCRYPTION "1.2.840.113549.1.1.1"     /* RFC 3279 section 2.3.1 */
#define OID_CHALLENGE_PASSWORD "1.2.840.113549.1.9.7" /* RFC 2985 section 5.4.1 */
#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14" /* RFC 2985 section 5.4.2 */
#define OID_SUBJECT_ALT_NAME "2.5.29.17"	      /* RFC 5280 section 4.2.1.6 */
#define SPKI_MAX 1024				      /* bytes: RSA-4096 takes 550 */

const char *eku_oid(const char *word)
{
	static const struct {
		const char *word, *oid;
	} known[] = {
	    /* RFC 5280 section 4.2.1.12; ipsecIKE: RFC 4945 section 5.1.3.12 */
	    {"clientAuth", OID_EKU_CLIENT_AUTH},
	    {"serverAuth", "1.3.6.1.5.5.7.3.1"},
	    {"emailProtection", "1.3.6.1.5.5.7.3.4"},
	    {"ipsecIKE", "1.3.6.1.5.5.7.3.17"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word, known[i].word) == 0)
			return known[i].oid;
	struct der_out out;
	der_out_init(&out, DER_OID_TEXT_MAX);
	der_put_oid(&out, word);
	/* without memory it may be one: who writes it down says so */
	bool is_oid = (out.err == ERR_OK || out.err == ERR_NO_MEMORY) && strlen(word) < DER_OID_TEXT_MAX;
	der_out_clear(&out);
	return is_oid ? word : NULL;
}

enum err spki_build(const struct public_key *key, struct buf *out_der)
{
	struct der_out out;
	const uint8_t exponent[] = {(uint8_t)(key->exponent >> 24), (uint8_t)(key->exponent >> 16),
				    (uint8_t)(key->exponent >> 8), (uint8_t)key->exponent};
	if (key->modulus_len == 0 || key->modulus_len > sizeof(key->modulus))
		return ERR_BUG;
	der_out_init(&out, SPKI_MAX);
	struct der_out numbers;
	der_out_init(&numbers, SPKI_MAX);
	size_t list = der_begin(&numbers);
	der_put_unsigned(&numbers, key->modulus, key->modulus_len);
	der_put_unsigned(&numbers, exponent, sizeof(exponent));
	der_end(&numbers, list, DER_SEQUENCE);
	size_t outer = der_begin(&out);
	size_t algorithm = der_begin(&out);
	der_put_oid(&out, OID_RSA_ENCRYPTION);
	der_put_null(&out);
	der_end(&out, algorithm, DER_SEQUENCE);
	if (numbers.err == ERR_OK)
		der_put_bits(&out, numbers.bytes.data, numbers.bytes.len);
	else
		out.err = numbers.err;
	der_end(&out, outer, DER_SEQUENCE);
	der_out_clear(&numbers);
	return der_finish(&out, out_der);
}

enum err der_put_spki(struct der_out *out, const struct device_key *key, struct why *why)
{
	struct public_key pub;
	struct buf spki;
	buf_init(&spki, SPKI_MAX);
	enum err e = device_key_public(key, &pub, why);
	if (e == ERR_OK)
		e = spki_build(&pub, &spki);
	if (e == ERR_OK)
		der_put_raw(out, spki.data, spki.len);
	buf_clear(&spki);
	return e;
}

/* RFC 2985 asks for 1 to 255 characters; Intune's challenges are longer and go through everywhere.
 */
static enum err put_challenge(struct der_out *out, const struct buf *challenge, struct why *why)
{
	if (challenge == NULL || challenge->len == 0)
		return ERR_OK;
	if (challenge->len > CSR_CHALLENGE_MAX)
		return why_set(why, ERR_INVALID, "csr.challenge",
			       "the challenge has %zu bytes; at most %d go into a request",
			       challenge->len, CSR_CHALLENGE_MAX);
	struct bytes text = buf_bytes(challenge);
	if (!utf8_is_valid(text) || memchr(text.data, '\0', text.len) != NULL)
		return why_set(why, ERR_INVALID, "csr.challenge", "the challenge is no UTF-8 text");
	size_t attribute = der_begin(out);
	der_put_oid(out, OID_CHALLENGE_PASSWORD);
	size_t values = der_begin(out);
	der_put(out, text_is_printable_string(text) ? DER_PRINTABLE_STRING : DER_UTF8_STRING,
		text.data, text.len);
	der_end(out, values, DER_SET);
	der_end(out, attribute, DER_SEQUENCE);
	return ERR_OK;
}

static enum err put_extension_request(struct der_out *out, const struct csr_content *content,
				      struct why *why)
{
	size_t attribute = der_begin(out);
	der_put_oid(out, OID_EXTENSION_REQUEST);
	size_t values = der_begin(out);
	size_t list = der_begin(out);
	size_t empty_len = out->bytes.len;
	enum err e = csr_put_extensions(out, content, why);
	bool is_empty = out->bytes.len == empty_len;
	der_end(out, list, DER_SEQUENCE);
	der_end(out, values, DER_SET);
	der_end(out, attribute, DER_SEQUENCE);
	if (is_empty && out->err == ERR_OK)
		buf_cut(&out->bytes, attribute);
	return e;
}

/* CertificationRequestInfo, RFC 2986 section 4.1. */
static enum err put_info(struct der_out *out, const struct csr_content *content,
			 const struct device_key *key, struct why *why)
{
	size_t info = der_begin(out);
	der_put_small(out, 0);
	der_put_raw(out, content->subject.data, content->subject.len);
	enum err e = der_put_spki(out, key, why);
	size_t attributes = der_begin(out);
	if (e == ERR_OK)
		e = put_challenge(out, content->challenge, why);
	if (e == ERR_OK)
		e = put_extension_request(out, content, why);
	der_end_set_of(out, attributes);
	if (out->err == ERR_OK)
		out->bytes.data[attributes] =
		    DER_CONTEXT_CONSTRUCTED(0); /* IMPLICIT: its tag takes SET's place */
	der_end(out, info, DER_SEQUENCE);
	return e;
}

enum err csr_build(const struct csr_content *content, const struct device_key *key,
		   enum key_hash hash, struct buf *out_der, struct why *why)
{
	struct der_tlv name;
	struct bytes subject = content->subject;
	if (der_expect(&subject, DER_SEQUENCE, &name) != ERR_OK || subject.len > 0)
		return why_set(why, ERR_BUG, "csr.subject",
			       "the subject of the request is no DER Name");
	struct der_out info;
	der_out_init(&info, CSR_MAX);
	enum err e = put_info(&info, content, key, why);
	if (e == ERR_OK && info.err != ERR_OK)
		e = why_set(why, info.err, "csr.build",
			    "the request cannot be written: %s (limit %d bytes)",
			    err_text(info.err), CSR_MAX);
	if (e == ERR_OK)
		e = signed_der_build(&info, key, hash, out_der, why);
	der_out_clear(&info);
	return e;
}

/* The parts of a request, borrowed. */
struct csr_parts {
	struct bytes info, subject, spki, san, signature;
	char signature_oid[DER_OID_TEXT_MAX];
};

static enum err read_extension_request(struct bytes value, struct csr_parts *parts)
{
	struct der_tlv list;
	struct der_tlv ext;
	struct der_tlv id;
	struct der_tlv tlv;
	if (der_expect(&value, DER_SEQUENCE, &list) != ERR_OK || value.len > 0)
		return ERR_INVALID;
	while (list.content.len > 0) {
		if (der_expect(&list.content, DER_SEQUENCE, &ext) != ERR_OK ||
		    der_expect(&ext.content, DER_OID, &id) != ERR_OK)
			return ERR_INVALID;
		(void)der_take(&ext.content, DER_BOOLEAN, &tlv);
		if (der_expect(&ext.content, DER_OCTET_STRING, &tlv) != ERR_OK ||
		    ext.content.len > 0)
			return ERR_INVALID;
		if (!der_is_oid(&id, OID_SUBJECT_ALT_NAME))
			continue;
		struct bytes names = tlv.content;
		if (parts->san.data != NULL || der_expect(&names, DER_SEQUENCE, &tlv) != ERR_OK ||
		    names.len > 0)
			return ERR_INVALID;
		parts->san = tlv.content;
	}
	return ERR_OK;
}

static enum err read_attributes(struct bytes in, struct csr_parts *parts)
{
	while (in.len > 0) {
		struct der_tlv attribute;
		struct der_tlv id;
		struct der_tlv values;
		if (der_expect(&in, DER_SEQUENCE, &attribute) != ERR_OK ||
		    der_expect(&attribute.content, DER_OID, &id) != ERR_OK ||
		    der_expect(&attribute.content, DER_SET, &values) != ERR_OK ||
		    attribute.content.len > 0)
			return ERR_INVALID;
		if (der_is_oid(&id, OID_EXTENSION_REQUEST) &&
		    read_extension_request(values.content, parts) != ERR_OK)
			return ERR_INVALID;
	}
	return ERR_OK;
}

static enum err read_request(struct bytes der, struct csr_parts *out)
{
	struct der_tlv outer;
	struct der_tlv info;
	struct der_tlv algorithm;
	struct der_tlv tlv;
	struct csr_parts parts = {.info = {.data = NULL}};
	if (der.len > CSR_MAX || der_expect(&der, DER_SEQUENCE, &outer) != ERR_OK || der.len > 0 ||
	    der_expect(&outer.content, DER_SEQUENCE, &info) != ERR_OK ||
	    der_expect(&outer.content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&outer.content, DER_BIT_STRING, &tlv) != ERR_OK || outer.content.len > 0 ||
	    tlv.content.len < 2 || tlv.content.data[0] != 0)
		return ERR_INVALID;
	parts.info = info.whole;
	parts.signature = (struct bytes){tlv.content.data + 1, tlv.content.len - 1};
	if (der_expect(&algorithm.content, DER_OID, &tlv) != ERR_OK ||
	    der_oid_text(tlv.content, parts.signature_oid, sizeof(parts.signature_oid)) != ERR_OK)
		return ERR_INVALID;
	struct bytes in = info.content;
	uint32_t version;
	if (der_expect(&in, DER_INTEGER, &tlv) != ERR_OK || der_small(&tlv, &version) != ERR_OK ||
	    version != 0 || der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return ERR_INVALID;
	parts.subject = tlv.whole;
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return ERR_INVALID;
	parts.spki = tlv.whole;
	if (der_take(&in, DER_CONTEXT_CONSTRUCTED(0), &tlv) &&
	    read_attributes(tlv.content, &parts) != ERR_OK)
		return ERR_INVALID;
	if (in.len > 0)
		return ERR_INVALID;
	*out = parts;
	return ERR_OK;
}

static enum err malformed(struct why *why)
{
	return why_set(why, ERR_INVALID, "csr.malformed",
		       "bytes that should be a PKCS#10 request do not parse");
}

enum err csr_verify_under(struct bytes csr_der, struct bytes spki, struct why *why)
{
	struct csr_parts parts;
	if (read_request(csr_der, &parts) != ERR_OK)
		return malformed(why);
	if (!bytes_equal(parts.spki, spki))
		return why_set(
		    why, ERR_UNTRUSTED, "csr.other_key",
		    "the certificate is for another public key than the one of our request");
	return certificate_verify_message(spki, parts.signature_oid, parts.info, parts.signature,
					  why);
}

enum err csr_read(struct bytes csr_der, struct bytes *out_subject, struct bytes *out_san,
		  struct bytes *out_spki, struct why *why)
{
	struct csr_parts parts;
	if (read_request(csr_der, &parts) != ERR_OK)
		return malformed(why);
	if (out_subject != NULL)
		*out_subject = parts.subject;
	if (out_san != NULL)
		*out_san = parts.san;
	if (out_spki != NULL)
		*out_spki = parts.spki;
	return ERR_OK;
}
