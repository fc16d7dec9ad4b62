/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_attributes.h"
#include <string.h>

static const struct {
	const char *oid, *name;
} known[CMS_ATTRIBUTE_COUNT] = {
    [CMS_CONTENT_TYPE] = {OID_CONTENT_TYPE, "contentType"},
    [CMS_MESSAGE_DIGEST] = {OID_MESSAGE_DIGEST, "messageDigest"},
    [CMS_MESSAGE_TYPE] = {OID_MESSAGE_TYPE, "messageType"},
    [CMS_PKI_STATUS] = {OID_PKI_STATUS, "pkiStatus"},
    [CMS_FAIL_INFO] = {OID_FAIL_INFO, "failInfo"},
    [CMS_RECIPIENT_NONCE] = {OID_RECIPIENT_NONCE, "recipientNonce"},
    [CMS_TRANSACTION_ID] = {OID_TRANSACTION_ID, "transactionID"},
    [CMS_FAIL_INFO_TEXT] = {OID_FAIL_INFO_TEXT, "failInfoText"},
    [CMS_MICROSOFT_STATUS] = {OID_MICROSOFT_STATUS, "Microsoft status text"},
};

static enum err read_one(struct bytes inside, struct cms_attributes *out, struct why *why)
{
	struct der_tlv type, values;
	if (der_expect(&inside, DER_OID, &type) != ERR_OK ||
	    der_expect(&inside, DER_SET, &values) != ERR_OK || inside.len > 0)
		return why_set(why, ERR_INVALID, "scep.reply",
			       "a signed attribute of the reply does not parse");
	for (size_t i = 0; i < CMS_ATTRIBUTE_COUNT; i++) {
		if (!der_is_oid(&type, known[i].oid))
			continue;
		if (out->value[i].whole.len > 0)
			return why_set(why, ERR_INVALID, "scep.reply",
				       "the reply has the attribute %s twice", known[i].name);
		if (der_next(&values.content, &out->value[i]) != ERR_OK || values.content.len > 0)
			return why_set(why, ERR_INVALID, "scep.reply",
				       "the attribute %s of the reply has not exactly one value",
				       known[i].name);
	}
	return ERR_OK;
}

enum err cms_attributes_read(struct bytes attributes, struct cms_attributes *out, struct why *why)
{
	struct cms_attributes found = {0};
	struct der_tlv attribute;
	while (attributes.len > 0) {
		if (der_expect(&attributes, DER_SEQUENCE, &attribute) != ERR_OK)
			return why_set(why, ERR_INVALID, "scep.reply",
				       "the signed attributes of the reply do not parse");
		enum err e = read_one(attribute.content, &found, why);
		if (e != ERR_OK)
			return e;
	}
	*out = found;
	return ERR_OK;
}

bool cms_attribute_is_present(const struct cms_attributes *attributes, enum cms_attribute which)
{
	return attributes->value[which].whole.len > 0;
}

const char *cms_attribute_name(enum cms_attribute which) { return known[which].name; }

bool cms_attribute_is_text(const struct cms_attributes *attributes, enum cms_attribute which,
			   const char *text)
{
	const struct der_tlv *value = &attributes->value[which];
	if (value->tag != DER_PRINTABLE_STRING && value->tag != DER_UTF8_STRING &&
	    value->tag != DER_IA5_STRING)
		return false;
	return bytes_equal(value->content, (struct bytes){(const uint8_t *)text, strlen(text)});
}

enum err cms_attribute_require(const struct cms_attributes *attributes, enum cms_attribute which,
			       struct why *why)
{
	if (cms_attribute_is_present(attributes, which))
		return ERR_OK;
	return why_set(why, ERR_UNTRUSTED, "scep.reply", "the reply has no signed attribute %s",
		       cms_attribute_name(which));
}
