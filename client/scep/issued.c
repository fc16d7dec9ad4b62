/* SPDX-License-Identifier: MIT */
#include "client/scep/issued.h"
#include <stdio.h>
#include "client/pki/chain.h"
#include "client/pki/name.h"
#include "client/scep/ra.h"
#include "hal/clock.h"
#include "hal/der.h"

#define SKEW_S 300        /* seconds: a CA's clock may be a little ahead of ours */
#define TEXT_NAME_MAX 512 /* bytes of a name in a sentence */

void issued_clear(struct issued *issued)
{
	buf_clear(&issued->leaf);
	certificate_set_clear(&issued->path);
}

static void name_text(struct bytes name, char out[TEXT_NAME_MAX])
{
	struct buf text;
	buf_init(&text, TEXT_NAME_MAX);
	const char *s = name_to_text(name, &text) == ERR_OK ? buf_text(&text) : NULL;
	snprintf(out, TEXT_NAME_MAX, "%s", s != NULL ? s : "?");
	buf_clear(&text);
}

static enum err same_again(struct why *why)
{
	why_set(why, ERR_UNTRUSTED, "scep.issued_same", "the server handed out the present certificate again");
	why_next(why, "see the CA's renewal settings for this template; it will be asked again with a new transaction");
	return ERR_UNTRUSTED;
}

static enum err find_leaf(const struct request_record *record, const struct certificate_set *set, struct bytes old_der,
                          struct certificate *out, struct why *why)
{
	for (size_t i = 0; i < set->count; i++)
		if (certificate_parse(buf_bytes(&set->der[i]), out, NULL) == ERR_OK &&
		    bytes_equal(out->spki, record->spki))
			return ERR_OK;
	for (size_t i = 0; i < set->count && old_der.len > 0; i++)
		if (bytes_equal(buf_bytes(&set->der[i]), old_der))
			return same_again(why);
	return why_set(why, ERR_UNTRUSTED, "scep.issued_key",
	               "none of the %zu certificates of the answer is for the key of our request", set->count);
}

/* The TPM signed the request: does that signature verify under what the CA certified? No further TPM command. */
static enum err check_proof(const struct certificate *leaf, const struct request_record *record, struct why *why)
{
	enum err e = certificate_verify_digest(leaf->spki, record->signature_oid, record->digest, record->signature, why);
	return e != ERR_UNTRUSTED ? e : why_set(why, e, "scep.issued_proof",
	                                        "the request's own signature does not verify under the issued certificate");
}

/* *now may be moved up by what a CA's clock is ahead of ours. */
static enum err check_dates(const struct certificate *leaf, int64_t *now, struct why *why)
{
	char text[32];
	if (leaf->not_before > *now && leaf->not_before <= *now + SKEW_S)
		*now = leaf->not_before;
	if (leaf->not_before > *now) {
		clock_text(leaf->not_before, text, sizeof text);
		enum err e = why_set(why, ERR_UNTRUSTED, "scep.issued_not_yet", "the issued certificate is valid only from %s",
		                     text);
		why_next(why, "compare the clocks of the CA and of this device");
		return e;
	}
	if (leaf->not_after <= *now) {
		clock_text(leaf->not_after, text, sizeof text);
		return why_set(why, ERR_UNTRUSTED, "scep.issued_expired", "the issued certificate expired at %s", text);
	}
	return ERR_OK;
}

static enum err check_ekus(const struct certificate *leaf, struct bytes ekus, struct why *why)
{
	struct der_tlv oid;
	while (ekus.len > 0) {
		char text[64];
		if (der_expect(&ekus, DER_OID, &oid) != ERR_OK || der_oid_text(oid.content, text, sizeof text) != ERR_OK)
			return why_set(why, ERR_INVALID, "state.request", "the stored record of the request is damaged");
		if (certificate_has_eku(leaf, text))
			continue;
		enum err e = why_set(why, ERR_UNTRUSTED, "scep.issued_eku",
		                     "the issued certificate lacks the extended key usage %s that was asked for", text);
		why_next(why, "on NDES: the template for this key_usage must carry it (the default IPSec template has no "
		              "clientAuth)");
		return e;
	}
	return ERR_OK;
}

static bool has_name(struct bytes names, const struct der_tlv *wanted)
{
	struct der_tlv name;
	while (der_next(&names, &name) == ERR_OK)
		if (bytes_equal(name.whole, wanted->whole))
			return true;
	return false;
}

static enum err check_names(const struct certificate *leaf, const struct request_record *record, struct why *why)
{
	char got[TEXT_NAME_MAX];
	char asked[TEXT_NAME_MAX];
	struct bytes names = record->san;
	struct der_tlv name;
	if (!name_equal(leaf->subject, record->subject)) {
		name_text(leaf->subject, got);
		name_text(record->subject, asked);
		enum err e = why_set(why, ERR_UNTRUSTED, "scep.issued_subject", "the certificate was issued for \"%.200s\", not \"%.200s\"",
		                     got, asked);
		why_next(why, "if this CA rewrites subjects on purpose, set subject_check = any");
		return e;
	}
	while (names.len > 0) {
		if (der_next(&names, &name) != ERR_OK)
			return why_set(why, ERR_INVALID, "state.request", "the stored record of the request is damaged");
		if (has_name(leaf->san, &name))
			continue;
		enum err e = why_set(why, ERR_UNTRUSTED, "scep.issued_san",
		                     "the issued certificate lacks a subject alternative name that was asked for (type [%d])",
		                     name.tag & 0x1f);
		why_next(why, "let the CA's template take names from the request, or set subject_check = any");
		return e;
	}
	return ERR_OK;
}

static enum err check_new(const struct certificate *leaf, struct bytes old_der, struct why *why)
{
	struct certificate old;
	if (old_der.len == 0)
		return ERR_OK;
	enum err e = certificate_parse(old_der, &old, why);
	if (e != ERR_OK)
		return e;
	if (!bytes_equal(old.serial, leaf->serial) || !bytes_equal(old.issuer, leaf->issuer))
		return ERR_OK;
	return same_again(why);
}

enum err issued_judge(const struct scep_server *server, const struct request_record *record, bool subject_exact,
                      struct bytes old_der, const struct certificate_set *certificates, struct issued *out,
                      struct why *why)
{
	struct certificate leaf;
	struct issued issued = { .path.count = 0 };
	buf_init(&issued.leaf, CERTIFICATE_MAX);
	enum err e = find_leaf(record, certificates, old_der, &leaf, why);
	if (e != ERR_OK)
		goto out;
	int64_t now = ra_check_time(server, &leaf);
	e = check_new(&leaf, old_der, why);
	if (e == ERR_OK && leaf.is_ca)
		e = why_set(why, ERR_UNTRUSTED, "scep.issued_ca", "the server issued a CA certificate for our key");
	if (e == ERR_OK)
		e = check_proof(&leaf, record, why);
	if (e == ERR_OK)
		e = check_dates(&leaf, &now, why);
	if (e == ERR_OK)
		e = check_ekus(&leaf, record->ekus, why);
	if (e == ERR_OK && subject_exact)
		e = check_names(&leaf, record, why);
	if (e == ERR_OK)
		e = chain_build(leaf.der, certificates, server->anchors, now, &issued.path, why);
	if (e == ERR_OK)
		e = buf_add(&issued.leaf, leaf.der.data, leaf.der.len);
	if (e != ERR_OK)
		goto out;
	*out = issued; /* handed to the caller */
	return ERR_OK;
out:
	issued_clear(&issued);
	return e;
}
