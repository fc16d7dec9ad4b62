/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "client/pki/cms.h"
#include "client/pki/cms_signer.h"
#include "client/pki/cms_text.h"

#define FAIL_INFO_LAST 4 /* badCertId, RFC 8894 section 3.2.1.4 */

/* RFC 8894 section 3.3.2: it answers this request and no other. */
static enum err check_dialogue(const struct cms_attributes *attributes, const char *transaction_id,
			       const uint8_t nonce[SCEP_NONCE_LEN], struct why *why)
{
	enum err e = cms_attribute_require(attributes, CMS_MESSAGE_TYPE, why);
	if (e == ERR_OK)
		e = cms_attribute_require(attributes, CMS_TRANSACTION_ID, why);
	if (e == ERR_OK)
		e = cms_attribute_require(attributes, CMS_RECIPIENT_NONCE, why);
	if (e != ERR_OK)
		return e;
	char text[SCEP_TRANSACTION_ID_MAX];
	cms_text_clean(&attributes->value[CMS_MESSAGE_TYPE], text, sizeof(text));
	if (!cms_attribute_is_text(attributes, CMS_MESSAGE_TYPE, "3"))
		return why_set(why, ERR_INVALID, "scep.reply",
			       "the messageType of the reply is \"%s\", not 3 (CertRep)", text);
	cms_text_clean(&attributes->value[CMS_TRANSACTION_ID], text, sizeof(text));
	if (!cms_attribute_is_text(attributes, CMS_TRANSACTION_ID, transaction_id))
		return why_set(why, ERR_UNTRUSTED, "scep.transaction_id",
			       "the reply answers transaction \"%s\", ours is \"%s\"", text,
			       transaction_id);
	const struct der_tlv *echo = &attributes->value[CMS_RECIPIENT_NONCE];
	if (echo->tag != DER_OCTET_STRING || echo->content.len != SCEP_NONCE_LEN)
		return why_set(
		    why, ERR_UNTRUSTED, "scep.nonce",
		    "the recipientNonce of the reply has %zu bytes, not the %d that we sent",
		    echo->content.len, SCEP_NONCE_LEN);
	if (!bytes_equal(echo->content, (struct bytes){nonce, SCEP_NONCE_LEN}))
		return why_set(why, ERR_UNTRUSTED, "scep.nonce",
			       "the recipientNonce of the reply is not the one that we sent: it "
			       "answers another message");
	return ERR_OK;
}

static enum err read_status(const struct cms_attributes *attributes, struct cms_reply *out,
			    struct why *why)
{
	static const struct {
		const char *text;
		enum scep_status status;
	} statuses[] = {{"0", SCEP_SUCCESS}, {"2", SCEP_FAILURE}, {"3", SCEP_PENDING}};
	enum err e = cms_attribute_require(attributes, CMS_PKI_STATUS, why);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (cms_attribute_is_text(attributes, CMS_PKI_STATUS, statuses[i].text)) {
			out->status = statuses[i].status;
			return ERR_OK;
		}
	}
	char text[sizeof(out->fail_info_raw)];
	cms_text_clean(&attributes->value[CMS_PKI_STATUS], text, sizeof(text));
	return why_set(why, ERR_INVALID, "scep.reply",
		       "the pkiStatus of the reply is \"%s\", not 0, 2 or 3", text);
}

static void read_texts(const struct cms_attributes *attributes, struct cms_reply *out)
{
	out->fail_info = -1;
	cms_text_clean(&attributes->value[CMS_FAIL_INFO], out->fail_info_raw,
		       sizeof(out->fail_info_raw));
	for (int i = 0; i <= FAIL_INFO_LAST; i++) {
		const char digit[] = {(char)('0' + i), '\0'};
		if (cms_attribute_is_text(attributes, CMS_FAIL_INFO, digit))
			out->fail_info = i;
	}
	cms_text_clean(&attributes->value[CMS_FAIL_INFO_TEXT], out->fail_info_text,
		       sizeof(out->fail_info_text));
	cms_text_clean(&attributes->value[CMS_MICROSOFT_STATUS], out->microsoft_text,
		       sizeof(out->microsoft_text));
}

static enum err read_reply(const struct cms_attributes *attributes,
			   const struct cms_signed_data *data, struct cms_reply *out,
			   struct why *why)
{
	struct cms_reply reply = {0};
	buf_init(&reply.envelope, CMS_MESSAGE_MAX);
	enum err e = read_status(attributes, &reply, why);
	if (e != ERR_OK)
		return e;
	read_texts(attributes, &reply);
	if (reply.status == SCEP_SUCCESS) {
		if (data->content.len == 0)
			return why_set(why, ERR_INVALID, "scep.reply",
				       "the server reports success but sent no certificate");
		e = buf_add(&reply.envelope, data->content.data, data->content.len);
		if (e != ERR_OK)
			return why_set(why, e, "memory", "no room for an envelope of %zu bytes",
				       data->content.len);
	}
	*out = reply; /* handed to the caller */
	return ERR_OK;
}

enum err cms_verify_reply(struct bytes message, const char *transaction_id,
			  const uint8_t nonce[SCEP_NONCE_LEN],
			  const struct certificate_set *accepted,
			  const struct certificate_set *others, struct cms_floor floor,
			  struct cms_reply *out, struct why *why)
{
	struct buf der;
	struct bytes content;
	struct cms_signed_data data;
	struct cms_attributes attributes;
	enum err e = cms_content_info(message, OID_SIGNED_DATA, &der, &content, why);
	if (e == ERR_OK)
		e = cms_signed_data_read(content, &data, why);
	if (e == ERR_OK)
		e = cms_signer_check(&data, accepted, others, floor, &attributes, why);
	if (e == ERR_OK)
		e = check_dialogue(&attributes, transaction_id, nonce, why);
	if (e == ERR_OK)
		e = read_reply(&attributes, &data, out, why);
	buf_clear(&der);
	return e;
}

void cms_reply_clear(struct cms_reply *reply)
{
	if (reply == NULL)
		return;
	buf_clear(&reply->envelope);
	*reply = (struct cms_reply){.fail_info = -1, .envelope = reply->envelope};
}
