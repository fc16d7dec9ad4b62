/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_identifier.h"
#include <stdio.h>
#include <string.h>
#include "client/pki/hash.h"
#include "client/pki/name.h"

#define OID_SUBJECT_KEY_IDENTIFIER "2.5.29.14" /* RFC 5280 section 4.2.1.2 */
#define SHA1_LEN 20
#define IDENTIFIER_BYTES_MAX 32 /* bytes shown of a serial (RFC 5280: 20) or key identifier */
#define NAME_TEXT_MAX 200	/* characters shown of an issuer */

enum err cms_issuer_and_serial(const struct der_tlv *sequence, struct bytes *out_issuer,
			       struct bytes *out_serial)
{
	struct der_tlv issuer, serial;
	struct bytes inside = sequence->content;
	if (sequence->tag != DER_SEQUENCE || der_expect(&inside, DER_SEQUENCE, &issuer) != ERR_OK ||
	    der_expect(&inside, DER_INTEGER, &serial) != ERR_OK || inside.len > 0)
		return ERR_INVALID;
	*out_issuer = issuer.whole;
	*out_serial = serial.content;
	return ERR_OK;
}

/* The value of the extension's OCTET STRING; len 0: none. */
static struct bytes key_identifier_extension(const struct certificate *cert)
{
	const struct bytes none = {NULL, 0};
	struct der_tlv tbs, part, extension, oid, value, identifier;
	struct bytes rest = cert->tbs;
	if (der_expect(&rest, DER_SEQUENCE, &tbs) != ERR_OK)
		return none;
	rest = tbs.content;
	do {
		if (der_next(&rest, &part) != ERR_OK)
			return none;
	} while (part.tag != DER_CONTEXT_CONSTRUCTED(3));
	rest = part.content;
	if (der_expect(&rest, DER_SEQUENCE, &part) != ERR_OK)
		return none;
	for (rest = part.content; der_expect(&rest, DER_SEQUENCE, &extension) == ERR_OK;) {
		struct bytes inside = extension.content;
		if (der_expect(&inside, DER_OID, &oid) != ERR_OK ||
		    !der_is_oid(&oid, OID_SUBJECT_KEY_IDENTIFIER))
			continue;
		(void)der_take(&inside, DER_BOOLEAN, &value);
		if (der_expect(&inside, DER_OCTET_STRING, &value) != ERR_OK ||
		    der_expect(&value.content, DER_OCTET_STRING, &identifier) != ERR_OK)
			return none;
		return identifier.content;
	}
	return none;
}

/* SHA-1 of the subjectPublicKey bits, RFC 5280 section 4.2.1.2 method 1. */
static bool is_hash_of_key(const struct certificate *cert, struct bytes identifier)
{
	struct der_tlv spki, algorithm, bits;
	struct bytes rest = cert->spki;
	uint8_t digest[HASH_MAX];
	if (der_expect(&rest, DER_SEQUENCE, &spki) != ERR_OK ||
	    der_expect(&spki.content, DER_SEQUENCE, &algorithm) != ERR_OK ||
	    der_expect(&spki.content, DER_BIT_STRING, &bits) != ERR_OK || bits.content.len < 1)
		return false;
	struct bytes key = {bits.content.data + 1, bits.content.len - 1};
	return hash_digest(KEY_SHA1, key, digest) == ERR_OK &&
	       bytes_equal(identifier, (struct bytes){digest, SHA1_LEN});
}

bool cms_identifier_means(const struct der_tlv *identifier, const struct certificate *cert)
{
	if (identifier->tag == DER_CONTEXT(0)) {
		struct bytes own = key_identifier_extension(cert);
		if (own.len > 0)
			return bytes_equal(own, identifier->content);
		return is_hash_of_key(cert, identifier->content);
	}
	struct bytes issuer, serial;
	return cms_issuer_and_serial(identifier, &issuer, &serial) == ERR_OK &&
	       bytes_equal(serial, cert->serial) && bytes_equal(issuer, cert->issuer);
}

void cms_identifier_text(const struct der_tlv *identifier, char out[CMS_IDENTIFIER_TEXT_MAX])
{
	struct bytes issuer, number = identifier->content;
	bool has_issuer = cms_issuer_and_serial(identifier, &issuer, &number) == ERR_OK;
	if (!has_issuer && identifier->tag != DER_CONTEXT(0)) {
		snprintf(out, CMS_IDENTIFIER_TEXT_MAX, "an unreadable name");
		return;
	}
	if (number.len > IDENTIFIER_BYTES_MAX)
		number.len = IDENTIFIER_BYTES_MAX;
	char hex[2 * IDENTIFIER_BYTES_MAX + 1];
	hex_text(number, hex);
	if (!has_issuer) {
		snprintf(out, CMS_IDENTIFIER_TEXT_MAX, "key identifier %s", hex);
		return;
	}
	struct buf name;
	buf_init(&name, NAME_TEXT_MAX);
	const char *text = name_to_text(issuer, &name) == ERR_OK ? buf_text(&name) : NULL;
	snprintf(out, CMS_IDENTIFIER_TEXT_MAX, "serial %s of \"%s\"", hex,
		 text != NULL ? text : "a long name");
	buf_clear(&name);
}
