/* SPDX-License-Identifier: MIT */
#include "client/scep/request_record.h"
#include <string.h>
#include "client/pki/csr_extension.h"
#include "client/pki/hash.h"
#include "hal/der.h"

static enum err hash_of(const char *signature_oid, enum key_hash *out)
{
	static const struct {
		const char *oid;
		enum key_hash hash;
	} table[] = { /* RFC 8017 appendix A.2.4 */
		{ "1.2.840.113549.1.1.5", KEY_SHA1 },
		{ "1.2.840.113549.1.1.11", KEY_SHA256 },
		{ "1.2.840.113549.1.1.12", KEY_SHA384 },
		{ "1.2.840.113549.1.1.13", KEY_SHA512 },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(signature_oid, table[i].oid) != 0)
			continue;
		*out = table[i].hash;
		return ERR_OK;
	}
	return ERR_UNSUPPORTED;
}

static enum err broken(struct why *why)
{
	return why_set(why, ERR_INVALID, "state.request", "the stored record of the request is damaged");
}

/* CertificationRequest ::= SEQUENCE { info, algorithm, BIT STRING }, RFC 2986 section 4.2 */
static enum err read_outer(struct bytes csr_der, struct bytes *info, char oid[64], struct bytes *signature)
{
	struct der_tlv outer;
	struct der_tlv part;
	struct der_tlv algorithm;
	if (der_expect(&csr_der, DER_SEQUENCE, &outer) != ERR_OK)
		return ERR_INVALID;
	struct bytes in = outer.content;
	if (der_expect(&in, DER_SEQUENCE, &part) != ERR_OK)
		return ERR_INVALID;
	*info = part.whole;
	if (der_expect(&in, DER_SEQUENCE, &part) != ERR_OK || der_expect(&part.content, DER_OID, &algorithm) != ERR_OK ||
	    der_oid_text(algorithm.content, oid, 64) != ERR_OK)
		return ERR_INVALID;
	if (der_expect(&in, DER_BIT_STRING, &part) != ERR_OK || part.content.len < 2 || part.content.data[0] != 0)
		return ERR_INVALID;
	*signature = (struct bytes){ part.content.data + 1, part.content.len - 1 };
	return ERR_OK;
}

/* The beginning of a record: what was asked for. */
static void put_asked(struct der_out *out, struct bytes subject, struct bytes spki, struct bytes san,
                      const char *const *ekus, size_t eku_count)
{
	der_put_raw(out, subject.data, subject.len);
	der_put_raw(out, spki.data, spki.len);
	der_put(out, DER_OCTET_STRING, san.data, san.len);
	size_t list = der_begin(out);
	for (size_t i = 0; i < eku_count; i++)
		der_put_oid(out, ekus[i]);
	der_end(out, list, DER_SEQUENCE);
}

enum err request_record_make(struct bytes csr_der, const char *const *ekus, size_t eku_count, struct buf *out,
                             struct why *why)
{
	struct bytes subject;
	struct bytes san;
	struct bytes spki;
	struct bytes info;
	struct bytes signature;
	struct der_out der;
	enum key_hash hash;
	uint8_t digest[HASH_MAX];
	char oid[64];
	enum err e = csr_read(csr_der, &subject, &san, &spki, why);
	if (e != ERR_OK)
		return e;
	if (read_outer(csr_der, &info, oid, &signature) != ERR_OK || hash_of(oid, &hash) != ERR_OK)
		return why_set(why, ERR_BUG, "scep.record", "our own request does not parse");
	e = hash_digest(hash, info, digest);
	if (e != ERR_OK)
		return why_set(why, e, "scep.record", "no digest of our request");
	der_out_init(&der, out->max);
	size_t begin = der_begin(&der);
	put_asked(&der, subject, spki, san, ekus, eku_count);
	der_put_oid(&der, oid);
	der_put(&der, DER_OCTET_STRING, digest, key_hash_len(hash));
	der_put(&der, DER_OCTET_STRING, signature.data, signature.len);
	der_end(&der, begin, DER_SEQUENCE);
	e = der_finish(&der, out);
	der_out_clear(&der);
	return e == ERR_OK ? ERR_OK : why_set(why, e, "scep.record", "record of the request: %s", err_text(e));
}

enum err request_record_read(struct bytes der, struct request_record *out, struct why *why)
{
	struct request_record r = { .signature_oid = "" };
	struct der_tlv outer;
	struct der_tlv part;
	if (der_expect(&der, DER_SEQUENCE, &outer) != ERR_OK || der.len != 0)
		return broken(why);
	struct bytes in = outer.content;
	static const uint8_t tags[] = { DER_SEQUENCE, DER_SEQUENCE,     DER_OCTET_STRING, DER_SEQUENCE,
		                        DER_OID,      DER_OCTET_STRING, DER_OCTET_STRING };
	for (size_t i = 0; i < sizeof tags; i++) {
		if (der_expect(&in, tags[i], &part) != ERR_OK)
			return broken(why);
		switch (i) {
		case 0:
			r.subject = part.whole;
			break;
		case 1:
			r.spki = part.whole;
			break;
		case 2:
			r.san = part.content;
			break;
		case 3:
			r.ekus = part.content;
			break;
		case 4:
			if (der_oid_text(part.content, r.signature_oid, sizeof r.signature_oid) != ERR_OK)
				return broken(why);
			break;
		case 5:
			r.digest = part.content;
			break;
		default:
			r.signature = part.content;
			break;
		}
	}
	if (in.len != 0)
		return broken(why);
	*out = r;
	return ERR_OK;
}

/* GeneralNames content, as csr_build() writes it. */
static enum err put_names(struct der_out *out, const struct csr_content *content, struct why *why)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < content->san_count && e == ERR_OK; i++)
		e = san_put(out, &content->sans[i], why);
	if (content->san_count == 0)
		der_put_raw(out, content->raw_san.data, content->raw_san.len);
	return e == ERR_OK ? out->err : e;
}

enum err request_record_check(struct bytes der, const struct csr_content *content, const struct public_key *key,
                              struct why *why)
{
	struct request_record record;
	struct der_out names;
	struct der_out asked;
	struct der_tlv outer;
	struct buf spki;
	buf_init(&spki, CERTIFICATE_MAX);
	der_out_init(&names, REQUEST_RECORD_MAX);
	der_out_init(&asked, REQUEST_RECORD_MAX);
	enum err e = request_record_read(der, &record, why);
	if (e == ERR_OK)
		e = spki_build(key, &spki);
	if (e == ERR_OK)
		e = put_names(&names, content, why);
	if (e == ERR_OK)
		put_asked(&asked, content->subject, buf_bytes(&spki), buf_bytes(&names.bytes), content->ekus, content->eku_count);
	if (e == ERR_OK)
		e = asked.err != ERR_OK ? asked.err : der_expect(&der, DER_SEQUENCE, &outer);
	if (e == ERR_OK && (outer.content.len < asked.bytes.len ||
	                    memcmp(outer.content.data, asked.bytes.data, asked.bytes.len) != 0))
		e = why_set(why, ERR_INVALID, "scep.record", "the record is not that of the request that was asked for");
	der_out_clear(&asked);
	der_out_clear(&names);
	buf_clear(&spki);
	return e;
}
