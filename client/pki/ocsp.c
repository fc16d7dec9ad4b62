/* SPDX-License-Identifier: MIT */
#include "client/pki/ocsp.h"
#include <string.h>
#include "client/pki/certificate_key_id.h"
#include "client/pki/extension.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"

#define OID_SHA1 "1.3.14.3.2.26"
#define OID_BASIC_RESPONSE "1.3.6.1.5.5.7.48.1.1" /* RFC 6960 section 4.2.1 */
#define OID_NONCE "1.3.6.1.5.5.7.48.1.2"          /* section 4.4.1 */
#define OID_EKU_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"  /* section 4.2.2.2 */
#define SIGNERS_MAX 8                             /* certificates of one answer that are looked at: there is one */
#define CERT_ID_MAX 128                           /* bytes */

/* ---- request ---- */

/* CertID, section 4.1.1 */
static void put_cert_id(struct der_out *out, const struct revocation_question *question)
{
	uint8_t name[HASH_MAX];
	uint8_t key[KEY_SHA1_LEN];
	enum err e = hash_digest(KEY_SHA1, question->cert->issuer, name);
	if (e == ERR_OK)
		e = certificate_key_sha1(question->issuer, key);
	if (e != ERR_OK && out->err == ERR_OK)
		out->err = e;
	if (e != ERR_OK)
		return;
	size_t id = der_begin(out);
	size_t algorithm = der_begin(out);
	der_put_oid(out, OID_SHA1);
	der_put_null(out);
	der_end(out, algorithm, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, name, KEY_SHA1_LEN);
	der_put(out, DER_OCTET_STRING, key, KEY_SHA1_LEN);
	der_put(out, DER_INTEGER, question->cert->serial.data, question->cert->serial.len);
	der_end(out, id, DER_SEQUENCE);
}

enum err ocsp_request_build(const struct revocation_question *question, struct buf *out_der, struct why *why)
{
	struct der_out out;
	der_out_init(&out, OCSP_REQUEST_MAX);
	size_t request = der_begin(&out);
	size_t tbs = der_begin(&out);
	size_t list = der_begin(&out);
	size_t one = der_begin(&out);
	put_cert_id(&out, question);
	der_end(&out, one, DER_SEQUENCE);
	der_end(&out, list, DER_SEQUENCE);
	der_end(&out, tbs, DER_SEQUENCE);
	der_end(&out, request, DER_SEQUENCE);
	enum err e = der_finish(&out, out_der);
	return e == ERR_OK ? e : why_set(why, e, "revocation.request", "the OCSP request cannot be written: %s", err_text(e));
}

/* ---- reading ---- */

struct response {
	struct bytes cert_id; /* CertID wanted */
	struct bytes tbs, signature, signers;
	char signature_oid[DER_OID_TEXT_MAX];
	bool is_by_name;
	struct bytes responder; /* whole Name, or KeyHash */
	bool is_found;
	struct revocation_answer answer;
	const char *obstacle;
};

static bool is_end(struct bytes in)
{
	return in.len == 0;
}

/* CertID as we asked it; the parameters of SHA-1 may be absent. */
static bool is_our_id(struct bytes id, struct bytes wanted)
{
	struct der_tlv ids[2];
	struct der_tlv algorithm;
	struct der_tlv oid;
	if (der_expect(&id, DER_SEQUENCE, &ids[0]) != ERR_OK || der_expect(&wanted, DER_SEQUENCE, &ids[1]) != ERR_OK ||
	    der_expect(&ids[1].content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&ids[0].content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&algorithm.content, DER_OID, &oid) != ERR_OK)
		return false;
	return der_is_oid(&oid, OID_SHA1) && bytes_equal(ids[0].content, ids[1].content);
}

static enum err read_revoked(struct bytes info, struct revocation_answer *out)
{
	struct der_tlv tlv;
	if (der_expect(&info, DER_GENERALIZED_TIME, &tlv) != ERR_OK || der_time(&tlv, &out->revoked_at) != ERR_OK)
		return ERR_INVALID;
	if (der_take(&info, DER_CONTEXT_CONSTRUCTED(0), &tlv) && revocation_reason_read(tlv.content, &out->reason) != ERR_OK)
		return ERR_INVALID;
	out->verdict = REVOCATION_REVOKED;
	/* Section 2.2: so says a responder that knows of no such certificate. Nobody revoked it. */
	if (out->revoked_at == 0 && out->reason == REVOCATION_HOLD)
		out->verdict = REVOCATION_UNKNOWN;
	return is_end(info) ? ERR_OK : ERR_INVALID;
}

static enum err read_extension(const struct extension *extension, void *ctx)
{
	struct response *r = ctx;
	if (der_is_oid(&extension->id, OID_NONCE))
		r->obstacle = "it has a nonce, so it answers somebody else: we sent none";
	else if (extension->is_critical)
		r->obstacle = "it has a critical extension that signet does not evaluate";
	return ERR_OK;
}

static enum err read_single_extension(const struct extension *extension, void *ctx)
{
	bool *out_is_critical = ctx;
	*out_is_critical = *out_is_critical || extension->is_critical;
	return ERR_OK;
}

/* SingleResponse, section 4.2.1 */
static enum err read_single(struct bytes *in, struct response *r)
{
	struct revocation_answer a = { .verdict = REVOCATION_UNKNOWN };
	struct der_tlv single;
	struct der_tlv id;
	struct der_tlv status;
	struct der_tlv tlv;
	bool is_critical = false;
	if (der_expect(in, DER_SEQUENCE, &single) != ERR_OK || der_expect(&single.content, DER_SEQUENCE, &id) != ERR_OK ||
	    der_next(&single.content, &status) != ERR_OK)
		return ERR_INVALID;
	if (status.tag == DER_CONTEXT(0) && is_end(status.content))
		a.verdict = REVOCATION_GOOD;
	else if (status.tag == DER_CONTEXT_CONSTRUCTED(1)) {
		if (read_revoked(status.content, &a) != ERR_OK)
			return ERR_INVALID;
	} else if (status.tag != DER_CONTEXT(2))
		return ERR_INVALID;
	if (der_expect(&single.content, DER_GENERALIZED_TIME, &tlv) != ERR_OK || der_time(&tlv, &a.this_update) != ERR_OK)
		return ERR_INVALID;
	if (der_take(&single.content, DER_CONTEXT_CONSTRUCTED(0), &tlv) &&
	    (der_expect(&tlv.content, DER_GENERALIZED_TIME, &status) != ERR_OK || !is_end(tlv.content) ||
	     der_time(&status, &a.next_update) != ERR_OK))
		return ERR_INVALID;
	if (der_take(&single.content, DER_CONTEXT_CONSTRUCTED(1), &tlv) &&
	    extensions_read(tlv.content, read_single_extension, &is_critical) != ERR_OK)
		return ERR_INVALID;
	if (!is_end(single.content))
		return ERR_INVALID;
	if (!r->is_found && is_our_id(id.whole, r->cert_id)) {
		r->is_found = true;
		r->answer = a;
		if (is_critical)
			r->obstacle = "it has a critical extension that signet does not evaluate";
	}
	return ERR_OK;
}

static enum err read_responder(struct bytes *in, struct response *r)
{
	struct der_tlv wrap;
	struct der_tlv tlv;
	if (der_next(in, &wrap) != ERR_OK || der_next(&wrap.content, &tlv) != ERR_OK || !is_end(wrap.content))
		return ERR_INVALID;
	r->is_by_name = wrap.tag == DER_CONTEXT_CONSTRUCTED(1) && tlv.tag == DER_SEQUENCE;
	if (!r->is_by_name && (wrap.tag != DER_CONTEXT_CONSTRUCTED(2) || tlv.tag != DER_OCTET_STRING))
		return ERR_INVALID;
	r->responder = r->is_by_name ? tlv.whole : tlv.content;
	return ERR_OK;
}

/* ResponseData; NULL, or the words for what does not parse. */
static const char *read_data(struct bytes in, struct response *r)
{
	struct der_tlv tlv;
	struct der_tlv number;
	int64_t produced_at;
	uint32_t version = 0;
	if (der_take(&in, DER_CONTEXT_CONSTRUCTED(0), &tlv) &&
	    (der_expect(&tlv.content, DER_INTEGER, &number) != ERR_OK || der_small(&number, &version) != ERR_OK ||
	     version != 0 || !is_end(tlv.content)))
		return "its version";
	if (read_responder(&in, r) != ERR_OK)
		return "its responderID";
	if (der_expect(&in, DER_GENERALIZED_TIME, &tlv) != ERR_OK || der_time(&tlv, &produced_at) != ERR_OK)
		return "its producedAt";
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return "its list of answers";
	while (tlv.content.len > 0)
		if (read_single(&tlv.content, r) != ERR_OK)
			return "an answer in it";
	if (der_take(&in, DER_CONTEXT_CONSTRUCTED(1), &tlv) && extensions_read(tlv.content, read_extension, r) != ERR_OK)
		return "its extensions";
	return is_end(in) ? NULL : "what follows its answers";
}

static const char *read_basic(struct bytes in, struct response *r)
{
	struct der_tlv outer;
	struct der_tlv data;
	struct der_tlv algorithm;
	struct der_tlv tlv;
	if (der_expect(&in, DER_SEQUENCE, &outer) != ERR_OK || !is_end(in) ||
	    der_expect(&outer.content, DER_SEQUENCE, &data) != ERR_OK)
		return "its BasicOCSPResponse";
	if (der_expect(&outer.content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&algorithm.content, DER_OID, &tlv) != ERR_OK ||
	    der_oid_text(tlv.content, r->signature_oid, sizeof r->signature_oid) != ERR_OK)
		return "its signature algorithm";
	if (der_expect(&outer.content, DER_BIT_STRING, &tlv) != ERR_OK || tlv.content.len < 2 || tlv.content.data[0] != 0)
		return "its signature";
	r->tbs = data.whole;
	r->signature = (struct bytes){ tlv.content.data + 1, tlv.content.len - 1 };
	if (der_take(&outer.content, DER_CONTEXT_CONSTRUCTED(0), &tlv)) {
		if (der_expect(&tlv.content, DER_SEQUENCE, &algorithm) != ERR_OK || !is_end(tlv.content))
			return "its certificates";
		r->signers = algorithm.content;
	}
	return is_end(outer.content) ? read_data(data.content, r) : "what follows its certificates";
}

/* *out_basic: content of the OCTET STRING; len 0: the responder has no answer, *out_status says why. */
static const char *read_outer(struct bytes in, uint8_t *out_status, struct bytes *out_basic)
{
	struct der_tlv outer;
	struct der_tlv status;
	struct der_tlv wrap;
	struct der_tlv type;
	struct der_tlv tlv;
	*out_basic = (struct bytes){ NULL, 0 };
	if (der_expect(&in, DER_SEQUENCE, &outer) != ERR_OK || !is_end(in) ||
	    der_expect(&outer.content, DER_ENUMERATED, &status) != ERR_OK || status.content.len != 1)
		return "its outermost SEQUENCE";
	*out_status = status.content.data[0];
	if (*out_status != 0)
		return NULL;
	if (der_expect(&outer.content, DER_CONTEXT_CONSTRUCTED(0), &wrap) != ERR_OK || !is_end(outer.content) ||
	    der_expect(&wrap.content, DER_SEQUENCE, &tlv) != ERR_OK || !is_end(wrap.content) ||
	    der_expect(&tlv.content, DER_OID, &type) != ERR_OK || !der_is_oid(&type, OID_BASIC_RESPONSE) ||
	    der_expect(&tlv.content, DER_OCTET_STRING, &wrap) != ERR_OK || !is_end(tlv.content) || wrap.content.len == 0)
		return "its responseBytes";
	*out_basic = wrap.content;
	return NULL;
}

/* ---- judging ---- */

static bool is_responder(const struct response *r, const struct certificate *cert)
{
	uint8_t key[KEY_SHA1_LEN];
	if (r->is_by_name)
		return name_equal(r->responder, cert->subject);
	return certificate_key_sha1(cert, key) == ERR_OK && bytes_equal(r->responder, (struct bytes){ key, sizeof key });
}

/* May this certificate answer for the issuer? Section 4.2.2.2, third case. */
static enum err check_delegate(const struct revocation_question *question, const struct certificate *cert,
                               struct why *why)
{
	if (!name_equal(cert->issuer, question->issuer->subject) || !certificate_has_eku(cert, OID_EKU_OCSP_SIGNING) ||
	    cert->has_unknown_critical ||
	    (cert->has_key_usage && (cert->key_usage & (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION)) == 0))
		return why_set(why, ERR_UNTRUSTED, "revocation.responder",
		               "its signer is no responder that the certificate's issuer appointed (OCSPSigning)");
	if (question->now + REVOCATION_CLOCK_SLACK_S < cert->not_before || question->now > cert->not_after)
		return why_set(why, ERR_UNTRUSTED, "revocation.responder", "the certificate of its signer is not valid now");
	return revocation_check_signature(question, question->issuer, cert->signature_oid, cert->tbs, cert->signature, why);
}

static enum err check_signer(const struct response *r, const struct revocation_question *question, struct why *why)
{
	struct der_tlv tlv;
	struct certificate cert;
	struct bytes in = r->signers;
	if (is_responder(r, question->issuer))
		return revocation_check_signature(question, question->issuer, r->signature_oid, r->tbs, r->signature, why);
	for (size_t i = 0; i < SIGNERS_MAX && in.len > 0 && der_next(&in, &tlv) == ERR_OK; i++) {
		if (certificate_parse(tlv.whole, &cert, NULL) != ERR_OK || !is_responder(r, &cert))
			continue;
		enum err e = check_delegate(question, &cert, why);
		return e == ERR_OK ? revocation_check_signature(question, &cert, r->signature_oid, r->tbs, r->signature, why) : e;
	}
	return why_set(why, ERR_UNTRUSTED, "revocation.responder", "the certificate of its signer is not in it");
}

static enum err check_response(const struct response *r, const struct revocation_question *question, struct why *why)
{
	if (r->obstacle != NULL)
		return why_set(why, ERR_UNTRUSTED, "revocation.scope", "%s", r->obstacle);
	if (!r->is_found)
		return why_set(why, ERR_UNTRUSTED, "revocation.scope", "it is about other certificates");
	enum err e = revocation_check_dates(question, r->answer.this_update, r->answer.next_update, why);
	return e == ERR_OK ? check_signer(r, question, why) : e;
}

static enum err no_answer(uint8_t status, struct why *why)
{
	/* OCSPResponseStatus, section 4.2.1 */
	static const char *const words[] = { NULL, "malformedRequest", "internalError", "tryLater", NULL, "sigRequired",
		                             "unauthorized" };
	const char *word = status < sizeof words / sizeof words[0] ? words[status] : NULL;
	return why_set(why, ERR_UNREACHABLE, "revocation.responder", "the responder has no answer (%s)",
	               word != NULL ? word : "unknown status");
}

static enum err build_cert_id(const struct revocation_question *question, struct buf *out)
{
	struct der_out id;
	der_out_init(&id, CERT_ID_MAX);
	put_cert_id(&id, question);
	return der_finish(&id, out);
}

enum err ocsp_check(struct bytes der, const struct revocation_question *question, struct revocation_answer *out,
                    struct why *why)
{
	struct response r = { .is_found = false };
	struct buf cert_id;
	struct bytes basic;
	uint8_t status = 0;
	buf_init(&cert_id, CERT_ID_MAX);
	enum err e = build_cert_id(question, &cert_id);
	if (e != ERR_OK) {
		e = why_set(why, e, "revocation.request", "the certificate's CertID cannot be written: %s", err_text(e));
		goto out;
	}
	r.cert_id = buf_bytes(&cert_id);
	const char *wrong = read_outer(der, &status, &basic);
	if (wrong == NULL && status == 0)
		wrong = read_basic(basic, &r);
	if (wrong != NULL)
		e = why_set(why, ERR_INVALID, "revocation.malformed",
		            "bytes that should be an OCSP response (%zu bytes) do not parse: %s is wrong", der.len, wrong);
	else
		e = status != 0 ? no_answer(status, why) : check_response(&r, question, why);
	if (e == ERR_OK)
		*out = r.answer;
out:
	buf_clear(&cert_id);
	return e;
}
