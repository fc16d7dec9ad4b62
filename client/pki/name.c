/* SPDX-License-Identifier: MIT */
#include "client/pki/name.h"
#include <string.h>
#include <strings.h>
#include "client/pki/name_type.h"
#include "client/pki/utf8.h"

#define DER_NUMERIC_STRING 0x12 /* X.680 section 8.4 */
#define DER_VISIBLE_STRING 0x1a
#define DER_UNIVERSAL_STRING 0x1c

/* RFC 4514 section 3, RFC 5280 appendix A.1 */
static const struct name_type types[] = {
    {"CN", "2.5.4.3", 0, 1, 64},
    {"O", "2.5.4.10", 0, 1, 64},
    {"OU", "2.5.4.11", 0, 1, 64},
    {"C", "2.5.4.6", DER_PRINTABLE_STRING, 2, 2},
    {"ST", "2.5.4.8", 0, 1, 128},
    {"L", "2.5.4.7", 0, 1, 128},
    {"STREET", "2.5.4.9", 0, 1, 128},
    {"DC", "0.9.2342.19200300.100.1.25", DER_IA5_STRING, 1, 255},
    {"UID", "0.9.2342.19200300.100.1.1", 0, 1, 256},
    {"serialNumber", "2.5.4.5", DER_PRINTABLE_STRING, 1, 64},
    {"E", "1.2.840.113549.1.9.1", DER_IA5_STRING, 1, 255},
    {"emailAddress", "1.2.840.113549.1.9.1", DER_IA5_STRING, 1, 255},
    {"SN", "2.5.4.4", 0, 1, 64},
    {"GN", "2.5.4.42", 0, 1, 64},
    {"title", "2.5.4.12", 0, 1, 64},
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

const struct name_type *name_type_by_word(struct bytes word)
{
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (strlen(types[i].word) == word.len &&
		    strncasecmp(types[i].word, (const char *)word.data, word.len) == 0)
			return &types[i];
	return NULL;
}

const struct name_type *name_type_by_oid(const struct der_tlv *oid)
{
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (der_is_oid(oid, types[i].oid))
			return &types[i];
	return NULL;
}

enum err name_attribute_next(struct bytes *in, struct name_attribute *out)
{
	struct der_tlv pair;
	struct name_attribute attribute;
	if (in->len == 0)
		return ERR_NOT_FOUND;
	if (der_expect(in, DER_SEQUENCE, &pair) != ERR_OK ||
	    der_expect(&pair.content, DER_OID, &attribute.oid) != ERR_OK ||
	    der_next(&pair.content, &attribute.value) != ERR_OK || pair.content.len > 0)
		return ERR_INVALID;
	*out = attribute;
	return ERR_OK;
}

bool name_value_is_text(const struct der_tlv *value)
{
	switch (value->tag) {
	case DER_UTF8_STRING:
	case DER_NUMERIC_STRING:
	case DER_PRINTABLE_STRING:
	case DER_TELETEX_STRING:
	case DER_IA5_STRING:
	case DER_VISIBLE_STRING:
	case DER_UNIVERSAL_STRING:
	case DER_BMP_STRING:
		return true;
	default:
		return false;
	}
}

static bool take_fixed(struct bytes *in, size_t width, uint32_t *out)
{
	uint32_t c = 0;
	uint8_t form[4];
	if (in->len < width)
		return false;
	for (size_t i = 0; i < width; i++)
		c = c << 8 | in->data[i];
	if (utf8_form(c, form) == 0)
		return false;
	in->data += width;
	in->len -= width;
	*out = c;
	return true;
}

bool name_reader_take(struct name_reader *reader, uint32_t *out)
{
	if (reader->tag == DER_UTF8_STRING)
		return utf8_take(&reader->in, out);
	if (reader->tag == DER_BMP_STRING)
		return take_fixed(&reader->in, 2, out);
	if (reader->tag == DER_UNIVERSAL_STRING)
		return take_fixed(&reader->in, 4, out);
	return take_fixed(&reader->in, 1,
			  out); /* TeletexString is read as Latin-1, as everybody writes it */
}

/* The next character as RFC 5280 section 7.1 compares it: lower case (of ASCII), white space at the
 * ends dropped and inside folded to one blank. False at the end. */
static bool take_folded(struct name_reader *reader, bool *is_inside, uint32_t *out)
{
	struct name_reader after = *reader;
	uint32_t c;
	bool was_space = false;
	while (name_reader_take(&after, &c)) {
		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			was_space = true;
			*reader = after;
			continue;
		}
		if (was_space && *is_inside) {
			*is_inside = false; /* the blank is given once, then the character itself */
			*out = ' ';
			return true;
		}
		*reader = after;
		*is_inside = true;
		*out = c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
		return true;
	}
	*reader = after;
	return false;
}

static bool value_equal(const struct der_tlv *a, const struct der_tlv *b)
{
	struct name_reader one = {a->content, a->tag};
	struct name_reader two = {b->content, b->tag};
	bool one_inside = false;
	bool two_inside = false;
	if (!name_value_is_text(a) || !name_value_is_text(b))
		return bytes_equal(a->whole, b->whole);
	for (;;) {
		uint32_t c = 0;
		uint32_t d = 0;
		bool has_one = take_folded(&one, &one_inside, &c);
		bool has_two = take_folded(&two, &two_inside, &d);
		if (!has_one && !has_two && one.in.len == 0 && two.in.len == 0)
			return true;
		if (!has_one || !has_two)
			return bytes_equal(
			    a->whole, b->whole); /* of different length, or broken: only as bytes */
		if (c != d)
			return false;
	}
}

static bool rdn_holds(struct bytes rdn, const struct name_attribute *wanted)
{
	struct name_attribute attribute;
	while (name_attribute_next(&rdn, &attribute) == ERR_OK)
		if (bytes_equal(attribute.oid.content, wanted->oid.content) &&
		    value_equal(&attribute.value, &wanted->value))
			return true;
	return false;
}

/* Every attribute of one is in the other; SET OF has no order that survives another string type. */
static bool rdn_within(struct bytes a, struct bytes b, size_t *out_count)
{
	struct name_attribute attribute;
	size_t count = 0;
	while (a.len > 0) {
		if (count++ >= NAME_RDN_MAX || name_attribute_next(&a, &attribute) != ERR_OK ||
		    !rdn_holds(b, &attribute))
			return false;
	}
	*out_count = count;
	return count > 0;
}

static bool rdn_equal(struct bytes a, struct bytes b)
{
	size_t a_count;
	size_t b_count;
	return rdn_within(a, b, &a_count) && rdn_within(b, a, &b_count) && a_count == b_count;
}

bool name_equal(struct bytes a_der, struct bytes b_der)
{
	struct der_tlv a;
	struct der_tlv b;
	struct der_tlv a_rdn;
	struct der_tlv b_rdn;
	if (der_expect(&a_der, DER_SEQUENCE, &a) != ERR_OK || a_der.len > 0 ||
	    der_expect(&b_der, DER_SEQUENCE, &b) != ERR_OK || b_der.len > 0)
		return false;
	while (a.content.len > 0 && b.content.len > 0)
		if (der_expect(&a.content, DER_SET, &a_rdn) != ERR_OK ||
		    der_expect(&b.content, DER_SET, &b_rdn) != ERR_OK ||
		    !rdn_equal(a_rdn.content, b_rdn.content))
			return false;
	return a.content.len == 0 && b.content.len == 0;
}
