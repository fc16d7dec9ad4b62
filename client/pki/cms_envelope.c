/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "client/pki/cms.h"
#include "client/pki/cms_cipher.h"
#include "client/pki/cms_identifier.h"
#include "client/pki/cms_parse.h"
#include "client/pki/tpm_bridge.h"
#include "hal/log.h"

#define OID_MGF1 "1.2.840.113549.1.1.8"	       /* RFC 8017 appendix B.2.1 */
#define OID_P_SPECIFIED "1.2.840.113549.1.1.9" /* RFC 8017 appendix A.2.1 */

/** EnvelopedData, RFC 5652 section 6.1. Borrowed. */
struct envelope {
	struct bytes recipients; /* content of the SET of RecipientInfo */
	struct cms_algorithm cipher;
	struct der_tlv content; /* [0] encryptedContent, primitive or in parts */
};

/** KeyTransRecipientInfo, RFC 5652 section 6.2.1. Borrowed. */
struct recipient {
	struct der_tlv identifier;
	struct cms_algorithm wrap;
	struct bytes wrapped;
};

static enum err broken(struct why *why, const char *part)
{
	return why_set(why, ERR_INVALID, "scep.envelope",
		       "the encrypted part of the reply is damaged: its %s does not parse", part);
}

static enum err read_envelope(struct bytes content, struct envelope *out, struct why *why)
{
	struct envelope envelope = {0};
	struct der_tlv enveloped, part, type;
	if (der_expect(&content, DER_SEQUENCE, &enveloped) != ERR_OK || content.len > 0 ||
	    der_expect(&enveloped.content, DER_INTEGER, &part) != ERR_OK)
		return broken(why, "EnvelopedData");
	(void)der_take(&enveloped.content, DER_CONTEXT_CONSTRUCTED(0), &part); /* originatorInfo */
	if (der_expect(&enveloped.content, DER_SET, &part) != ERR_OK)
		return broken(why, "RecipientInfos");
	envelope.recipients = part.content;
	if (der_expect(&enveloped.content, DER_SEQUENCE, &part) != ERR_OK)
		return broken(why, "EncryptedContentInfo");
	struct bytes inside = part.content;
	if (der_expect(&inside, DER_OID, &type) != ERR_OK ||
	    cms_algorithm_next(&inside, &envelope.cipher) != ERR_OK)
		return broken(why, "EncryptedContentInfo");
	if (!der_take(&inside, DER_CONTEXT(0), &envelope.content) &&
	    !der_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &envelope.content))
		return broken(why, "encryptedContent");
	(void)der_take(&enveloped.content, DER_CONTEXT_CONSTRUCTED(1),
		       &part); /* unprotectedAttrs */
	if (inside.len > 0 || enveloped.content.len > 0)
		return broken(why, "EnvelopedData");
	*out = envelope;
	return ERR_OK;
}

static enum err check_cipher(const struct cms_algorithm *algorithm, struct cms_floor floor,
			     enum cms_cipher *out, struct why *why)
{
	if (!cms_cipher_from_oid(algorithm->oid, out))
		return why_set(why, ERR_UNTRUSTED, "scep.algorithm",
			       "the reply is encrypted with %s, which is never accepted",
			       cms_algorithm_name(algorithm->oid));
	if (algorithm->parameters.tag != DER_OCTET_STRING ||
	    algorithm->parameters.content.len != cms_cipher_block_len(*out))
		return broken(why, "initialisation vector");
	if (*out != CMS_DES)
		return ERR_OK;
	if (floor.allow_des) {
		log_warn(
		    "cms: the server encrypts its reply with single DES, allowed by the profile");
		return ERR_OK;
	}
	why_set(why, ERR_UNTRUSTED, "scep.legacy_des",
		"the server encrypts its reply with single DES; the profile does not have "
		"allow_legacy = des");
	why_next(why, "make the server use AES, or set allow_legacy = des in the profile");
	return ERR_UNTRUSTED;
}

static enum err read_recipient(const struct der_tlv *info, struct recipient *out)
{
	struct der_tlv part;
	struct bytes inside = info->content;
	if (der_expect(&inside, DER_INTEGER, &part) != ERR_OK ||
	    der_next(&inside, &out->identifier) != ERR_OK ||
	    cms_algorithm_next(&inside, &out->wrap) != ERR_OK ||
	    der_expect(&inside, DER_OCTET_STRING, &part) != ERR_OK || inside.len > 0)
		return ERR_INVALID;
	out->wrapped = part.content;
	return ERR_OK;
}

static enum err find_recipient(struct bytes recipients, const struct certificate *own,
			       struct recipient *out, struct why *why)
{
	char first[CMS_IDENTIFIER_TEXT_MAX] = "";
	while (recipients.len > 0) {
		struct der_tlv info;
		struct recipient recipient;
		if (der_next(&recipients, &info) != ERR_OK)
			return broken(why, "RecipientInfos");
		if (info.tag != DER_SEQUENCE)
			continue; /* key agreement, passwords and the like: not for an RSA key */
		if (read_recipient(&info, &recipient) != ERR_OK)
			return broken(why, "KeyTransRecipientInfo");
		if (cms_identifier_means(&recipient.identifier, own)) {
			*out = recipient;
			return ERR_OK;
		}
		if (first[0] == '\0')
			cms_identifier_text(&recipient.identifier, first);
	}
	return why_set(why, ERR_UNTRUSTED, "scep.envelope",
		       "the reply is encrypted to another certificate than ours (%s)",
		       first[0] != '\0' ? first : "no RSA recipient");
}

/* RSAES-OAEP-params, RFC 8017 appendix A.2.1: each part [n] EXPLICIT with its default. */
static enum err read_oaep(const struct der_tlv *parameters, struct tpm_bridge_padding *out)
{
	struct cms_algorithm algorithm, inner;
	struct der_tlv part, label;
	struct bytes inside = parameters->content;
	*out = (struct tpm_bridge_padding){.is_oaep = true, .hash = KEY_SHA1, .mgf = KEY_SHA1};
	if (parameters->whole.len == 0 || parameters->tag == DER_NULL)
		return ERR_OK;
	if (parameters->tag != DER_SEQUENCE)
		return ERR_INVALID;
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &part) &&
	    (cms_algorithm_next(&part.content, &algorithm) != ERR_OK ||
	     !cms_digest_from_oid(algorithm.oid, &out->hash)))
		return ERR_INVALID;
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED(1), &part)) {
		if (cms_algorithm_next(&part.content, &algorithm) != ERR_OK)
			return ERR_INVALID;
		struct bytes hash = algorithm.parameters.whole;
		if (strcmp(algorithm.oid, OID_MGF1) != 0 ||
		    cms_algorithm_next(&hash, &inner) != ERR_OK ||
		    !cms_digest_from_oid(inner.oid, &out->mgf))
			return ERR_INVALID;
	}
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED(2), &part)) {
		if (cms_algorithm_next(&part.content, &algorithm) != ERR_OK)
			return ERR_INVALID;
		label = algorithm.parameters;
		if (strcmp(algorithm.oid, OID_P_SPECIFIED) != 0 || label.tag != DER_OCTET_STRING ||
		    label.content.len > 0)
			return ERR_INVALID;
	}
	return inside.len > 0 ? ERR_INVALID : ERR_OK;
}

static enum err read_padding(const struct cms_algorithm *wrap, struct tpm_bridge_padding *out,
			     struct why *why)
{
	*out = (struct tpm_bridge_padding){.is_oaep = false};
	if (strcmp(wrap->oid, OID_RSA_ENCRYPTION) == 0)
		return ERR_OK;
	if (strcmp(wrap->oid, OID_RSAES_OAEP) != 0)
		return why_set(why, ERR_UNSUPPORTED, "scep.algorithm",
			       "the key of the reply is wrapped with %s; RSA PKCS#1 v1.5 and OAEP "
			       "are supported",
			       cms_algorithm_name(wrap->oid));
	if (read_oaep(&wrap->parameters, out) != ERR_OK)
		return why_set(why, ERR_UNSUPPORTED, "scep.algorithm",
			       "the key of the reply is wrapped with RSA-OAEP in a form that is "
			       "not supported");
	return ERR_OK;
}

/* The encrypted bytes; BER streams send them in parts. */
static enum err gather(const struct der_tlv *content, struct buf *out)
{
	if (content->tag == DER_CONTEXT(0))
		return buf_add(out, content->content.data, content->content.len);
	struct bytes parts = content->content;
	while (parts.len > 0) {
		struct der_tlv part;
		if (der_expect(&parts, DER_OCTET_STRING, &part) != ERR_OK)
			return ERR_INVALID;
		enum err e = buf_add(out, part.content.data, part.content.len);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Bytes of the padding (RFC 5652 section 6.3), 0 when it is wrong; same work for every content. */
static size_t padding_len(const struct buf *plain, size_t block_len)
{
	const uint8_t *end = plain->data + plain->len;
	unsigned last = end[-1];
	unsigned is_bad =
	    ((last - 1) >> 8 | ((unsigned)block_len - last) >> 8) & 1; /* 0, or above a block */
	for (unsigned i = 1; i <= block_len; i++) {
		unsigned in_padding = ((last - i) >> 8 & 1) ^ 1; /* i <= last */
		is_bad |= (0u - in_padding) & (end[-(int)i] ^ last);
	}
	unsigned is_good = (is_bad - 1) >> 31; /* is_bad is below 256 */
	return last & (0u - is_good);
}

/* Every way in which the padding of the key or of the content can be wrong ends in these same
 * words. */
static enum err undecryptable(struct why *why)
{
	why_set(why, ERR_INVALID, "scep.envelope",
		"the reply cannot be decrypted with the device's key");
	why_next(why, "enrol again; if it stays so, the server encrypts wrongly: see its log");
	return ERR_INVALID;
}

static enum err open_content(const struct envelope *envelope, const struct recipient *recipient,
			     const struct device_key *key, enum cms_cipher cipher, struct buf *out,
			     struct why *why)
{
	struct tpm_bridge_padding padding;
	struct buf cek, plain;
	bool is_good = false;
	size_t block_len = cms_cipher_block_len(cipher);
	buf_init(&cek, CMS_CIPHER_KEY_MAX);
	buf_init(&plain, CMS_MESSAGE_MAX);
	enum err e = read_padding(&recipient->wrap, &padding, why);
	if (e != ERR_OK)
		goto out;
	e = gather(&envelope->content, &plain);
	if (e == ERR_NO_MEMORY)
		why_set(why, e, "memory", "no memory to decrypt the reply");
	else if (e != ERR_OK || plain.len == 0 || plain.len % block_len != 0)
		e = broken(why, "encryptedContent");
	if (e != ERR_OK)
		goto out;
	e = tpm_bridge_unwrap(key, &padding, recipient->wrapped, cms_cipher_key_len(cipher), &cek,
			      &is_good, why);
	if (e != ERR_OK)
		goto out;
	e = cms_cipher_decrypt(cipher, cek.data, envelope->cipher.parameters.content.data,
			       plain.data, plain.len);
	if (e != ERR_OK) {
		why_set(why, e, "crypto.cipher", "wolfCrypt cannot decrypt the reply");
		goto out;
	}
	size_t padded = padding_len(&plain, block_len);
	if (!is_good || padded == 0) {
		e = undecryptable(why);
		goto out;
	}
	e = buf_add(out, plain.data, plain.len - padded);
	if (e != ERR_OK)
		why_set(why, e, "cms.size", "no room for a decrypted reply of %zu bytes",
			plain.len - padded);
out:
	buf_clear(&plain);
	buf_clear(&cek);
	return e;
}

enum err cms_open_envelope(struct bytes envelope, struct bytes recipient_der,
			   const struct device_key *key, struct cms_floor floor, struct buf *out,
			   struct why *why)
{
	struct buf der;
	struct bytes content;
	struct certificate own;
	struct envelope parsed;
	struct recipient recipient;
	enum cms_cipher cipher;
	enum err e = cms_content_info(envelope, OID_ENVELOPED_DATA, &der, &content, why);
	if (e == ERR_UNTRUSTED)
		why_set(why, e, "scep.envelope", "the content of the reply is not encrypted in the one form that is accepted: %s",
			why != NULL ? why->text : "");
	if (e == ERR_OK)
		e = certificate_parse(recipient_der, &own, why);
	if (e == ERR_OK)
		e = read_envelope(content, &parsed, why);
	if (e == ERR_OK)
		e = check_cipher(&parsed.cipher, floor, &cipher, why);
	if (e == ERR_OK)
		e = find_recipient(parsed.recipients, &own, &recipient, why);
	if (e == ERR_OK)
		e = open_content(&parsed, &recipient, key, cipher, out, why);
	buf_clear(&der);
	return e;
}
