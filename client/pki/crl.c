/* SPDX-License-Identifier: MIT */
#include "client/pki/crl.h"
#include "client/pki/extension.h"
#include "client/pki/name.h"
#include "client/pki/revocation_places.h"

/* RFC 5280 sections 5.2 and 5.3 */
#define OID_CRL_NUMBER "2.5.29.20"
#define OID_REASON_CODE "2.5.29.21"
#define OID_DELTA "2.5.29.27"
#define OID_SCOPE "2.5.29.28" /* issuingDistributionPoint */
#define OID_AUTHORITY_KEY "2.5.29.35"

struct list {
	struct bytes serial; /* wanted */
	struct bytes tbs, issuer, signature;
	char signature_oid[DER_OID_TEXT_MAX];
	int64_t this_update, next_update;
	bool has_scope;
	struct bytes scope;
	bool is_listed;
	unsigned reason;
	int64_t revoked_at;
	const char *obstacle; /* why the list must not be used, though it parses */
};

/* ---- reading ---- */

/* A certificate may come from a CA that writes more zeros than DER allows. */
static bool is_same_serial(struct bytes a, struct bytes b)
{
	while (a.len > 1 && a.data[0] == 0)
		a = (struct bytes){ a.data + 1, a.len - 1 };
	while (b.len > 1 && b.data[0] == 0)
		b = (struct bytes){ b.data + 1, b.len - 1 };
	return bytes_equal(a, b);
}

struct entry {
	struct list *list;
	bool is_ours;
	unsigned reason;
};

static enum err read_entry_extension(const struct extension *extension, void *ctx)
{
	struct entry *entry = ctx;
	if (!entry->is_ours && !extension->is_critical)
		return ERR_OK; /* of the many thousand others nothing matters but what forbids the list's use */
	if (der_is_oid(&extension->id, OID_REASON_CODE))
		return revocation_reason_read(extension->value, &entry->reason);
	if (extension->is_critical) /* certificateIssuer is one: section 5.3.3 */
		entry->list->obstacle = "an entry has a critical extension that signet does not evaluate";
	return ERR_OK;
}

static enum err read_entry(struct bytes *in, struct list *list)
{
	struct der_tlv tlv;
	struct der_tlv serial;
	struct der_tlv date;
	int64_t revoked_at;
	if (der_expect(in, DER_SEQUENCE, &tlv) != ERR_OK || der_expect(&tlv.content, DER_INTEGER, &serial) != ERR_OK ||
	    serial.content.len == 0 || der_next(&tlv.content, &date) != ERR_OK || der_time(&date, &revoked_at) != ERR_OK)
		return ERR_INVALID;
	struct entry entry = { list, is_same_serial(serial.content, list->serial), REVOCATION_UNSPECIFIED };
	if (tlv.content.len > 0 && extensions_read(tlv.content, read_entry_extension, &entry) != ERR_OK)
		return ERR_INVALID;
	if (entry.is_ours && entry.reason != REVOCATION_REMOVED) {
		list->is_listed = true;
		list->reason = entry.reason;
		list->revoked_at = revoked_at;
	}
	return ERR_OK;
}

static enum err read_list_extension(const struct extension *extension, void *ctx)
{
	struct list *list = ctx;
	if (der_is_oid(&extension->id, OID_SCOPE)) {
		list->has_scope = true;
		list->scope = extension->value;
	} else if (der_is_oid(&extension->id, OID_DELTA)) {
		list->obstacle = "it is a delta list, which tells changes only";
	} else if (extension->is_critical && !der_is_oid(&extension->id, OID_CRL_NUMBER) &&
	           !der_is_oid(&extension->id, OID_AUTHORITY_KEY)) {
		list->obstacle = "it has a critical extension that signet does not evaluate";
	}
	return ERR_OK;
}

static const char *read_dates(struct bytes *in, struct list *list)
{
	struct der_tlv tlv;
	if (der_next(in, &tlv) != ERR_OK || der_time(&tlv, &list->this_update) != ERR_OK)
		return "its thisUpdate";
	if ((der_take(in, DER_UTC_TIME, &tlv) || der_take(in, DER_GENERALIZED_TIME, &tlv)) &&
	    der_time(&tlv, &list->next_update) != ERR_OK)
		return "its nextUpdate";
	return NULL;
}

/* NULL, or the words for what does not parse. */
static const char *read_tbs(struct bytes in, struct bytes outer_algorithm, struct list *list)
{
	struct der_tlv tlv;
	uint32_t version = 0;
	if (der_take(&in, DER_INTEGER, &tlv) && (der_small(&tlv, &version) != ERR_OK || version != 1))
		return "its version";
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK || !bytes_equal(tlv.whole, outer_algorithm))
		return "its signature algorithm, which stands twice and must be the same";
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return "its issuer";
	list->issuer = tlv.whole;
	const char *wrong = read_dates(&in, list);
	if (wrong != NULL)
		return wrong;
	if (der_take(&in, DER_SEQUENCE, &tlv))
		while (tlv.content.len > 0)
			if (read_entry(&tlv.content, list) != ERR_OK)
				return "an entry";
	if (version == 1 && der_take(&in, DER_CONTEXT_CONSTRUCTED(0), &tlv) &&
	    extensions_read(tlv.content, read_list_extension, list) != ERR_OK)
		return "its extensions";
	return in.len > 0 ? "what follows its entries" : NULL;
}

static const char *read_list(struct bytes in, struct list *list)
{
	struct der_tlv outer;
	struct der_tlv tbs;
	struct der_tlv algorithm;
	struct der_tlv tlv;
	if (der_expect(&in, DER_SEQUENCE, &outer) != ERR_OK || in.len > 0)
		return "its outermost SEQUENCE";
	if (der_expect(&outer.content, DER_SEQUENCE, &tbs) != ERR_OK)
		return "its TBSCertList";
	if (der_expect(&outer.content, DER_SEQUENCE, &algorithm) != ERR_OK)
		return "its signature algorithm";
	if (der_expect(&outer.content, DER_BIT_STRING, &tlv) != ERR_OK || tlv.content.len < 2 ||
	    tlv.content.data[0] != 0 || outer.content.len > 0)
		return "its signature";
	list->tbs = tbs.whole;
	list->signature = (struct bytes){ tlv.content.data + 1, tlv.content.len - 1 };
	if (der_expect(&algorithm.content, DER_OID, &tlv) != ERR_OK ||
	    der_oid_text(tlv.content, list->signature_oid, sizeof list->signature_oid) != ERR_OK)
		return "its signature algorithm";
	return read_tbs(tbs.content, algorithm.whole, list);
}

/* ---- judging ---- */

static bool has_our_name(struct bytes point, const struct certificate *cert)
{
	struct der_tlv full;
	struct der_tlv name;
	if (der_expect(&point, DER_CONTEXT_CONSTRUCTED(0), &full) != ERR_OK || point.len > 0)
		return false; /* nameRelativeToCRLIssuer */
	while (full.content.len > 0 && der_next(&full.content, &name) == ERR_OK)
		if (revocation_places_name(cert, name.whole))
			return true;
	return false;
}

/* IssuingDistributionPoint, section 5.2.5: is a user's certificate in the list's scope, whatever the reason? */
static bool is_in_scope(struct bytes scope, const struct certificate *cert)
{
	struct der_tlv sequence;
	struct der_tlv part;
	bool is_only_users;
	if (der_expect(&scope, DER_SEQUENCE, &sequence) != ERR_OK || scope.len > 0)
		return false;
	if (der_take(&sequence.content, DER_CONTEXT_CONSTRUCTED(0), &part) && !has_our_name(part.content, cert))
		return false;
	if (der_take(&sequence.content, DER_CONTEXT(1), &part) && extension_bool(&part, &is_only_users) != ERR_OK)
		return false;
	/* what may follow narrows: CA certificates, some reasons, another issuer, attribute certificates */
	return sequence.content.len == 0;
}

/* The hash over the list comes last: it is what costs. */
static enum err check_list(const struct list *list, const struct revocation_question *question, struct why *why)
{
	const struct certificate *issuer = question->issuer;
	if (!name_equal(list->issuer, question->cert->issuer))
		return why_set(why, ERR_UNTRUSTED, "revocation.issuer", "it is the list of another issuer");
	if (issuer->has_key_usage && (issuer->key_usage & KEY_USAGE_CRL_SIGN) == 0)
		return why_set(why, ERR_UNTRUSTED, "revocation.key_usage",
		               "the key usage of the certificate's issuer has no cRLSign: it may not sign lists");
	if (list->obstacle != NULL)
		return why_set(why, ERR_UNTRUSTED, "revocation.scope", "%s", list->obstacle);
	if (list->has_scope && !is_in_scope(list->scope, question->cert))
		return why_set(why, ERR_UNTRUSTED, "revocation.scope",
		               "it is a list for other certificates, or not for every reason (issuingDistributionPoint)");
	enum err e = revocation_check_dates(question, list->this_update, list->next_update, why);
	return e == ERR_OK ? revocation_check_signature(question, issuer, list->signature_oid, list->tbs, list->signature, why)
	                   : e;
}

enum err crl_check(struct bytes der, const struct revocation_question *question, struct revocation_answer *out,
                   struct why *why)
{
	struct list list = { .serial = question->cert->serial };
	const char *wrong = read_list(der, &list);
	if (wrong != NULL)
		return why_set(why, ERR_INVALID, "revocation.malformed",
		               "bytes that should be a revocation list (%zu bytes) do not parse: %s is wrong", der.len, wrong);
	enum err e = check_list(&list, question, why);
	if (e == ERR_OK)
		*out = (struct revocation_answer){ list.is_listed ? REVOCATION_REVOKED : REVOCATION_GOOD, list.reason,
			                           list.revoked_at, list.this_update, list.next_update };
	return e;
}
