/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_signer.h"
#include <string.h>
#include "client/pki/cms_identifier.h"
#include "client/pki/cms_signature.h"
#include "client/pki/hash.h"
#include "hal/log.h"

#define SIGNED_ATTRIBUTES_MAX CMS_MESSAGE_MAX

/* What one SignerInfo says about how it was signed. */
struct seal {
	enum key_hash hash;
	const char *signature_oid;
};

static enum err read_seal(const struct cms_signer_info *signer, struct seal *out, struct why *why)
{
	const char *digest = signer->digest.oid;
	const char *signature = signer->signature_algorithm.oid;
	if (!cms_digest_from_oid(digest, &out->hash) || !cms_algorithm_is_plain(&signer->digest))
		return why_set(why, ERR_UNTRUSTED, "scep.algorithm",
			       "the reply is signed with the digest %s, which is never accepted",
			       cms_algorithm_name(digest));
	out->signature_oid = cms_signature_oid(signature, out->hash);
	if (out->signature_oid == NULL || !cms_algorithm_is_plain(&signer->signature_algorithm))
		return why_set(why, ERR_UNTRUSTED, "scep.algorithm",
			       "the reply is signed with %s over %s, which is not accepted",
			       cms_algorithm_name(signature), cms_algorithm_name(digest));
	return ERR_OK;
}

/*
 * The attributes as they were signed: a DER SET OF (RFC 5652 section 5.4). Some servers sign their
 * own order instead; both encodings hold the same attributes, so trying both gives nothing away.
 */
static enum err verify_attributes(const struct cms_signer_info *signer, const struct seal *seal,
				  const struct certificate *cert, bool in_der_order)
{
	struct der_out set;
	struct buf bytes;
	buf_init(&bytes, SIGNED_ATTRIBUTES_MAX);
	der_out_init(&set, SIGNED_ATTRIBUTES_MAX);
	size_t begin = der_begin(&set);
	der_put_raw(&set, signer->attributes.data, signer->attributes.len);
	if (in_der_order)
		der_end_set_of(&set, begin);
	else
		der_end(&set, begin, DER_SET);
	enum err e = der_finish(&set, &bytes);
	if (e == ERR_OK)
		e = cms_signature_verify(cert, seal->signature_oid, seal->hash, buf_bytes(&bytes),
					 signer->signature);
	der_out_clear(&set);
	buf_clear(&bytes);
	return e;
}

/* The SHA-256 of the certificate that the signer names, or "" when it is not at hand. */
static void find_fingerprint(const struct der_tlv *identifier, const struct certificate_set *set,
			     char out[SHA256_HEX_LEN])
{
	out[0] = '\0';
	for (size_t i = 0; set != NULL && i < set->count; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&set->der[i]), &cert, NULL) == ERR_OK &&
		    cms_identifier_means(identifier, &cert)) {
			sha256_hex(cert.der, out);
			return;
		}
	}
}

static enum err refuse_signer(const struct cms_signer_info *signer,
			      const struct certificate_set *others, struct why *why)
{
	char who[CMS_IDENTIFIER_TEXT_MAX];
	char fingerprint[SHA256_HEX_LEN];
	cms_identifier_text(&signer->identifier, who);
	find_fingerprint(&signer->identifier, others, fingerprint);
	if (fingerprint[0] == '\0')
		return why_set(
		    why, ERR_UNTRUSTED, "scep.signer",
		    "the reply is signed by a certificate that the server does not list (%s)", who);
	why_set(
	    why, ERR_UNTRUSTED, "scep.signer",
	    "the reply is signed by a certificate that may not sign for this CA (%s, SHA-256 %s)",
	    who, fingerprint);
	why_next(why,
		 "if the CA's administrator confirms that certificate as its registration "
		 "authority, set ra_sha256 = %s",
		 fingerprint);
	return ERR_UNTRUSTED;
}

static enum err check_signer(const struct cms_signer_info *signer, const struct seal *seal,
			     const struct certificate_set *accepted,
			     const struct certificate_set *others, struct why *why)
{
	bool is_known = false;
	for (size_t i = 0; i < accepted->count; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&accepted->der[i]), &cert, NULL) != ERR_OK ||
		    !cms_identifier_means(&signer->identifier, &cert))
			continue;
		is_known = true;
		if (verify_attributes(signer, seal, &cert, false) == ERR_OK ||
		    verify_attributes(signer, seal, &cert, true) == ERR_OK)
			return ERR_OK;
	}
	if (!is_known)
		return refuse_signer(signer, others, why);
	char who[CMS_IDENTIFIER_TEXT_MAX];
	cms_identifier_text(&signer->identifier, who);
	return why_set(why, ERR_UNTRUSTED, "scep.signature",
		       "the signature of the reply is wrong (signer: %s)", who);
}

/* After the signature, so that nobody but the server itself can talk a technician into allowing
 * SHA-1. */
static enum err check_floor(const struct seal *seal, struct cms_floor floor, struct why *why)
{
	if (seal->hash != KEY_SHA1)
		return ERR_OK;
	if (floor.allow_sha1) {
		log_warn("cms: the server signs its reply with SHA-1, allowed by the profile");
		return ERR_OK;
	}
	why_set(
	    why, ERR_UNTRUSTED, "scep.legacy_sha1",
	    "the server signs its reply with SHA-1; the profile does not have allow_legacy = sha1");
	why_next(why,
		 "make the server sign with SHA-256, or set allow_legacy = sha1 in the profile");
	return ERR_UNTRUSTED;
}

/* What the signature covers is this content: RFC 5652 section 11.1, 11.2. */
static enum err check_content(const struct cms_attributes *attributes, enum key_hash hash,
			      struct bytes content, struct why *why)
{
	uint8_t digest[HASH_MAX];
	enum err e = cms_attribute_require(attributes, CMS_CONTENT_TYPE, why);
	if (e == ERR_OK)
		e = cms_attribute_require(attributes, CMS_MESSAGE_DIGEST, why);
	if (e != ERR_OK)
		return e;
	if (!der_is_oid(&attributes->value[CMS_CONTENT_TYPE], OID_DATA))
		return why_set(why, ERR_INVALID, "scep.reply",
			       "the contentType of the reply is not data");
	if (hash_digest(hash, content, digest) != ERR_OK)
		return why_set(why, ERR_BUG, "crypto.hash",
			       "a digest of the reply could not be computed");
	const struct der_tlv *value = &attributes->value[CMS_MESSAGE_DIGEST];
	if (value->tag != DER_OCTET_STRING ||
	    !bytes_equal(value->content, (struct bytes){digest, key_hash_len(hash)}))
		return why_set(
		    why, ERR_UNTRUSTED, "scep.signature",
		    "the content of the reply is not what was signed: its messageDigest differs");
	return ERR_OK;
}

enum err cms_signer_check(const struct cms_signed_data *data, const struct certificate_set *accepted,
			  const struct certificate_set *others, struct cms_floor floor,
			  struct cms_attributes *out, struct why *why)
{
	struct cms_signer_info signer;
	struct seal seal;
	struct cms_attributes attributes;
	enum err e = cms_signer_info_read(data, &signer, why);
	if (e == ERR_OK && !signer.has_attributes)
		e = why_set(why, ERR_UNTRUSTED, "scep.reply", "the reply has no signed attributes");
	if (e == ERR_OK)
		e = read_seal(&signer, &seal, why);
	if (e == ERR_OK)
		e = check_signer(&signer, &seal, accepted, others, why);
	if (e == ERR_OK)
		e = check_floor(&seal, floor, why);
	if (e == ERR_OK)
		e = cms_attributes_read(signer.attributes, &attributes, why);
	if (e == ERR_OK)
		e = check_content(&attributes, seal.hash, data->content, why);
	if (e == ERR_OK)
		*out = attributes;
	return e;
}
