/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_parse.h"
#include <string.h>
#include "client/pki/ber.h"

/* Definite lengths may be longer than indefinite ones, by a few bytes an element. */
#define CMS_DER_MAX (2 * CMS_MESSAGE_MAX)

static enum err broken(struct why *why, const char *part)
{
	return why_set(why, ERR_INVALID, "cms.format",
		       "the server's message is damaged: its %s does not parse", part);
}

enum err cms_content_info(struct bytes message, const char *oid, struct buf *out_der,
			  struct bytes *out_content, struct why *why)
{
	struct der_tlv outer, type, explicit_content;
	char found[DER_OID_TEXT_MAX];
	buf_init(out_der, CMS_DER_MAX);
	if (message.len > CMS_MESSAGE_MAX)
		return why_set(why, ERR_TOO_BIG, "cms.size",
			       "the message has %zu bytes, more than %d", message.len,
			       CMS_MESSAGE_MAX);
	enum err e = ber_to_der(message, out_der);
	if (e == ERR_NO_MEMORY)
		return why_set(why, e, "memory", "no memory for a message of %zu bytes",
			       message.len);
	if (e != ERR_OK)
		return broken(why, "BER encoding");
	struct bytes rest = buf_bytes(out_der);
	if (der_expect(&rest, DER_SEQUENCE, &outer) != ERR_OK || rest.len > 0 ||
	    der_expect(&outer.content, DER_OID, &type) != ERR_OK ||
	    der_oid_text(type.content, found, sizeof(found)) != ERR_OK)
		return broken(why, "ContentInfo");
	if (!der_is_oid(&type, oid))
		return why_set(why, ERR_UNTRUSTED, "cms.type",
			       "the message is of type %s where %s was expected", found, oid);
	if (der_expect(&outer.content, DER_CONTEXT_CONSTRUCTED(0), &explicit_content) != ERR_OK ||
	    outer.content.len > 0)
		return broken(why, "ContentInfo");
	*out_content = explicit_content.content;
	return ERR_OK;
}

/* EncapsulatedContentInfo, RFC 5652 section 5.2. */
static enum err read_content(struct bytes inside, struct cms_signed_data *out)
{
	struct der_tlv type, wrapped, octets;
	if (der_expect(&inside, DER_OID, &type) != ERR_OK)
		return ERR_INVALID;
	out->has_content = der_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &wrapped);
	if (inside.len > 0)
		return ERR_INVALID;
	if (!out->has_content)
		return ERR_OK;
	if (!der_is_oid(&type, OID_DATA) ||
	    der_expect(&wrapped.content, DER_OCTET_STRING, &octets) != ERR_OK ||
	    wrapped.content.len > 0)
		return ERR_INVALID;
	out->content = octets.content;
	return ERR_OK;
}

enum err cms_signed_data_read(struct bytes content, struct cms_signed_data *out, struct why *why)
{
	struct cms_signed_data data = {0};
	struct der_tlv signed_data, part;
	if (der_expect(&content, DER_SEQUENCE, &signed_data) != ERR_OK || content.len > 0)
		return broken(why, "SignedData");
	struct bytes inside = signed_data.content;
	if (der_expect(&inside, DER_INTEGER, &part) != ERR_OK ||
	    der_small(&part, &data.version) != ERR_OK ||
	    der_expect(&inside, DER_SET, &part) != ERR_OK)
		return broken(why, "SignedData");
	data.digest_algorithms = part.content;
	if (der_expect(&inside, DER_SEQUENCE, &part) != ERR_OK ||
	    read_content(part.content, &data) != ERR_OK)
		return broken(why, "SignedData");
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &part))
		data.certificates = part.content;
	(void)der_take(&inside, DER_CONTEXT_CONSTRUCTED(1), &part); /* revocation lists */
	if (der_expect(&inside, DER_SET, &part) != ERR_OK || inside.len > 0)
		return broken(why, "SignedData");
	data.signer_infos = part.content;
	*out = data;
	return ERR_OK;
}

static enum err read_signer_info(struct bytes inside, struct cms_signer_info *out)
{
	struct der_tlv part;
	if (der_expect(&inside, DER_INTEGER, &part) != ERR_OK ||
	    der_small(&part, &out->version) != ERR_OK ||
	    der_next(&inside, &out->identifier) != ERR_OK)
		return ERR_INVALID;
	if (out->identifier.tag != DER_SEQUENCE && out->identifier.tag != DER_CONTEXT(0))
		return ERR_INVALID;
	if (cms_algorithm_next(&inside, &out->digest) != ERR_OK)
		return ERR_INVALID;
	out->has_attributes = der_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &part);
	if (out->has_attributes)
		out->attributes = part.content;
	if (cms_algorithm_next(&inside, &out->signature_algorithm) != ERR_OK ||
	    der_expect(&inside, DER_OCTET_STRING, &part) != ERR_OK)
		return ERR_INVALID;
	out->signature = part.content;
	(void)der_take(&inside, DER_CONTEXT_CONSTRUCTED(1),
		       &part); /* unsigned attributes prove nothing */
	return inside.len > 0 ? ERR_INVALID : ERR_OK;
}

static bool fits(const struct cms_signed_data *data, const struct cms_signer_info *signer)
{
	struct bytes rest = data->digest_algorithms;
	struct cms_algorithm digest;
	bool is_listed = false;
	while (cms_algorithm_next(&rest, &digest) == ERR_OK)
		is_listed = is_listed || (strcmp(digest.oid, signer->digest.oid) == 0 &&
					  cms_algorithm_is_plain(&digest));
	if (!is_listed || rest.len > 0)
		return false;
	if (signer->version != (signer->identifier.tag == DER_SEQUENCE ? 1 : 3))
		return false;
	/* 3 to 5 are for other kinds of certificates and lists among those sent along */
	return data->version == signer->version ||
	       (data->certificates.len > 0 && data->version >= 3 && data->version <= 5);
}

enum err cms_signer_info_read(const struct cms_signed_data *data, struct cms_signer_info *out,
			      struct why *why)
{
	struct cms_signer_info signer = {0};
	struct der_tlv info;
	struct bytes rest = data->signer_infos;
	if (rest.len == 0)
		return why_set(why, ERR_UNTRUSTED, "scep.signer",
			       "the server's reply is not signed by anyone");
	if (der_expect(&rest, DER_SEQUENCE, &info) != ERR_OK)
		return broken(why, "SignerInfo");
	if (rest.len > 0)
		return why_set(why, ERR_UNTRUSTED, "scep.signer",
			       "the server's reply has more than one signer");
	if (read_signer_info(info.content, &signer) != ERR_OK)
		return broken(why, "SignerInfo");
	if (!fits(data, &signer))
		return why_set(why, ERR_INVALID, "cms.format",
			       "the version numbers or the list of digests of the reply do not fit "
			       "its signer");
	*out = signer;
	return ERR_OK;
}
