/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate.h"
#include <string.h>
#include "client/pki/extension.h"
#include "hal/der.h"

/* Extensions of RFC 5280 section 4.2.1 that are read or need no work when critical.
 * nameConstraints, policyConstraints and inhibitAnyPolicy are left out on purpose: nobody here
 * evaluates them. */
#define OID_KEY_USAGE "2.5.29.15"
#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_CRL_POINTS "2.5.29.31"
#define OID_CERTIFICATE_POLICIES "2.5.29.32"
#define OID_EXT_KEY_USAGE "2.5.29.37"
#define OID_ACCESS "1.3.6.1.5.5.7.1.1" /* authorityInfoAccess */

static enum err read_key_usage(struct bytes value, struct certificate *cert)
{
	struct der_tlv bits;
	if (der_expect(&value, DER_BIT_STRING, &bits) != ERR_OK || value.len > 0 ||
	    bits.content.len < 1 || bits.content.data[0] > 7)
		return ERR_INVALID;
	for (size_t n = 0; n < 9 && n / 8 + 1 < bits.content.len; n++)
		if ((bits.content.data[1 + n / 8] & (0x80u >> n % 8)) != 0)
			cert->key_usage |= 1u << n;
	cert->has_key_usage = true;
	return ERR_OK;
}

static enum err read_basic_constraints(struct bytes value, struct certificate *cert)
{
	struct der_tlv list;
	struct der_tlv tlv;
	uint32_t path_len;
	if (der_expect(&value, DER_SEQUENCE, &list) != ERR_OK || value.len > 0)
		return ERR_INVALID;
	struct bytes in = list.content;
	if (der_take(&in, DER_BOOLEAN, &tlv) && extension_bool(&tlv, &cert->is_ca) != ERR_OK)
		return ERR_INVALID;
	if (der_take(&in, DER_INTEGER, &tlv)) {
		if (der_small(&tlv, &path_len) != ERR_OK)
			return ERR_INVALID;
		cert->path_len =
		    path_len > 1000 ? 1000 : (int)path_len; /* as good as none: CHAIN_MAX is 8 */
	}
	return in.len > 0 ? ERR_INVALID : ERR_OK;
}

static enum err read_eku(struct bytes value, struct certificate *cert)
{
	struct der_tlv list;
	struct der_tlv oid;
	if (der_expect(&value, DER_SEQUENCE, &list) != ERR_OK || value.len > 0 ||
	    list.content.len == 0)
		return ERR_INVALID;
	for (struct bytes in = list.content; in.len > 0; cert->eku_count++)
		if (cert->eku_count >= CERTIFICATE_EKU_MAX ||
		    der_expect(&in, DER_OID, &oid) != ERR_OK ||
		    der_oid_text(oid.content, cert->eku[cert->eku_count], sizeof(cert->eku[0])) !=
			ERR_OK)
			return ERR_INVALID;
	cert->has_eku = true;
	return ERR_OK;
}

static enum err read_san(struct bytes value, struct certificate *cert)
{
	struct der_tlv list;
	struct der_tlv name;
	if (der_expect(&value, DER_SEQUENCE, &list) != ERR_OK || value.len > 0 ||
	    list.content.len == 0)
		return ERR_INVALID;
	for (struct bytes in = list.content; in.len > 0;)
		if (der_next(&in, &name) != ERR_OK)
			return ERR_INVALID;
	cert->san = list.content;
	return ERR_OK;
}

static enum err read_extension(const struct extension *ext, void *ctx)
{
	struct certificate *cert = ctx;
	if (der_is_oid(&ext->id, OID_KEY_USAGE))
		return read_key_usage(ext->value, cert);
	if (der_is_oid(&ext->id, OID_BASIC_CONSTRAINTS))
		return read_basic_constraints(ext->value, cert);
	if (der_is_oid(&ext->id, OID_EXT_KEY_USAGE))
		return read_eku(ext->value, cert);
	if (der_is_oid(&ext->id, OID_SUBJECT_ALT_NAME))
		return read_san(ext->value, cert);
	if (der_is_oid(&ext->id, OID_CRL_POINTS))
		cert->crl_points = ext->value;
	else if (der_is_oid(&ext->id, OID_ACCESS))
		cert->access = ext->value;
	if (ext->is_critical && !der_is_oid(&ext->id, OID_CERTIFICATE_POLICIES))
		cert->has_unknown_critical = true;
	return ERR_OK;
}

static enum err read_validity(struct bytes *in, struct certificate *cert)
{
	struct der_tlv validity;
	struct der_tlv from;
	struct der_tlv until;
	if (der_expect(in, DER_SEQUENCE, &validity) != ERR_OK ||
	    der_next(&validity.content, &from) != ERR_OK ||
	    der_next(&validity.content, &until) != ERR_OK || validity.content.len > 0 ||
	    der_time(&from, &cert->not_before) != ERR_OK ||
	    der_time(&until, &cert->not_after) != ERR_OK)
		return ERR_INVALID;
	return ERR_OK;
}

/* The version, 0 for v1. */
static enum err read_version(struct bytes *in, uint32_t *out)
{
	struct der_tlv wrap;
	struct der_tlv number;
	*out = 0;
	if (!der_take(in, DER_CONTEXT_CONSTRUCTED(0), &wrap))
		return ERR_OK;
	if (der_expect(&wrap.content, DER_INTEGER, &number) != ERR_OK || wrap.content.len > 0 ||
	    der_small(&number, out) != ERR_OK || *out > 2)
		return ERR_INVALID;
	return ERR_OK;
}

static const char *read_tbs(struct bytes in, struct bytes outer_algorithm, struct certificate *cert)
{
	uint32_t version;
	struct der_tlv tlv;
	if (read_version(&in, &version) != ERR_OK)
		return "its version";
	if (der_expect(&in, DER_INTEGER, &tlv) != ERR_OK || tlv.content.len == 0)
		return "its serial number";
	cert->serial = tlv.content;
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK ||
	    !bytes_equal(tlv.whole, outer_algorithm))
		return "its signature algorithm, which stands twice and must be the same";
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return "its issuer";
	cert->issuer = tlv.whole;
	if (read_validity(&in, cert) != ERR_OK)
		return "its validity";
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return "its subject";
	cert->subject = tlv.whole;
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return "its public key";
	cert->spki = tlv.whole;
	if (version > 0) { /* issuerUniqueID, subjectUniqueID */
		(void)der_take(&in, DER_CONTEXT(1), &tlv);
		(void)der_take(&in, DER_CONTEXT(2), &tlv);
	}
	if (version == 2 && der_take(&in, DER_CONTEXT_CONSTRUCTED(3), &tlv) &&
	    extensions_read(tlv.content, read_extension, cert) != ERR_OK)
		return "its extensions";
	return in.len > 0 ? "what follows its extensions" : NULL;
}

/* NULL, or the words for what does not parse. */
static const char *read_certificate(struct bytes der, struct certificate *cert)
{
	struct der_tlv outer;
	struct der_tlv tbs;
	struct der_tlv algorithm;
	struct der_tlv tlv;
	struct bytes in = der;
	if (der_expect(&in, DER_SEQUENCE, &outer) != ERR_OK)
		return "its outermost SEQUENCE";
	if (in.len > 0)
		return "what follows its end";
	if (der_expect(&outer.content, DER_SEQUENCE, &tbs) != ERR_OK)
		return "its TBSCertificate";
	if (der_expect(&outer.content, DER_SEQUENCE, &algorithm) != ERR_OK)
		return "its signature algorithm";
	if (der_expect(&outer.content, DER_BIT_STRING, &tlv) != ERR_OK || tlv.content.len < 2 ||
	    tlv.content.data[0] != 0 || outer.content.len > 0)
		return "its signature";
	cert->der = der;
	cert->tbs = tbs.whole;
	cert->signature = (struct bytes){tlv.content.data + 1, tlv.content.len - 1};
	if (der_expect(&algorithm.content, DER_OID, &tlv) != ERR_OK ||
	    der_oid_text(tlv.content, cert->signature_oid, sizeof(cert->signature_oid)) != ERR_OK)
		return "its signature algorithm";
	return read_tbs(tbs.content, algorithm.whole, cert);
}

enum err certificate_parse(struct bytes der, struct certificate *out, struct why *why)
{
	if (der.len > CERTIFICATE_MAX)
		return why_set(why, ERR_INVALID, "certificate.too_big",
			       "a certificate of %zu bytes: signet reads at most %d", der.len,
			       CERTIFICATE_MAX);
	struct certificate cert = {.path_len = -1};
	const char *wrong = read_certificate(der, &cert);
	if (wrong != NULL)
		return why_set(
		    why, ERR_INVALID, "certificate.malformed",
		    "bytes that should be a certificate (%zu bytes) do not parse: %s is wrong",
		    der.len, wrong);
	*out = cert;
	return ERR_OK;
}

bool certificate_equal(struct bytes a_der, struct bytes b_der) { return bytes_equal(a_der, b_der); }

bool certificate_has_eku(const struct certificate *cert, const char *dotted)
{
	for (size_t i = 0; i < cert->eku_count; i++)
		if (strcmp(cert->eku[i], dotted) == 0)
			return true;
	return false;
}
