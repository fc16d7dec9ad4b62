/* SPDX-License-Identifier: MIT */
#include "client/pki/cms.h"
#include "client/pki/cms_parse.h"
#include "client/pki/cms_signer.h"
#include "hal/log.h"

/* Of 256 KiB of them each would be a line in the log. */
#define STRANGERS_MAX CERTIFICATE_SET_MAX

/* A damaged stranger among them must not keep the good ones from us: it is passed over. */
static enum err add_readable(struct bytes certificates, struct certificate_set *set,
			     size_t *out_count, struct why *why)
{
	struct der_tlv choice;
	size_t count = 0;
	size_t strangers = 0;
	while (certificates.len > 0) {
		struct certificate parsed;
		if (der_next(&certificates, &choice) != ERR_OK)
			return why_set(why, ERR_INVALID, "cms.format",
				       "the certificates of the message do not parse");
		if (choice.tag != DER_SEQUENCE)
			continue; /* attribute certificates, RFC 5652 section 10.2.2 */
		struct why reason = {0};
		if (certificate_parse(choice.whole, &parsed, &reason) != ERR_OK) {
			if (++strangers > STRANGERS_MAX)
				return why_set(why, ERR_TOO_BIG, "cms.size",
					       "more than %d certificates of the message do not parse", STRANGERS_MAX);
			log_warn("cms: a certificate in the server's message is passed over: %s",
				 reason.text);
			continue;
		}
		enum err e = certificate_set_add(set, choice.whole);
		if (e == ERR_TOO_BIG)
			return why_set(why, e, "cms.size",
				       "the message has more than %d certificates",
				       CERTIFICATE_SET_MAX);
		if (e != ERR_OK)
			return why_set(why, e, "memory",
				       "no memory for the certificates of the message");
		count++;
	}
	*out_count = count;
	return ERR_OK;
}

enum err cms_certificates(struct bytes message, struct certificate_set *out, struct why *why)
{
	struct buf der;
	struct bytes content;
	struct cms_signed_data data;
	size_t before = out->count, count = 0;
	enum err e = cms_content_info(message, OID_SIGNED_DATA, &der, &content, why);
	if (e == ERR_OK)
		e = cms_signed_data_read(content, &data, why);
	if (e == ERR_OK)
		e = add_readable(data.certificates, out, &count, why);
	if (e == ERR_OK && count == 0)
		e = why_set(why, ERR_INVALID, "cms.format",
			    "the message has no readable certificate");
	while (e != ERR_OK && out->count > before)
		buf_clear(&out->der[--out->count]);
	buf_clear(&der);
	return e;
}

enum err cms_signed_certificates(struct bytes message, const struct certificate_set *accepted,
				 const struct certificate_set *others, struct cms_floor floor,
				 struct certificate_set *out, struct why *why)
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
		e = cms_certificates(data.content, out, why);
	buf_clear(&der);
	return e;
}
