/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "client/pki/name.h"
#include "client/pki/name_type.h"
#include "client/pki/utf8.h"

/* Marks that turn the writing direction, line separators: in a terminal they make one name look
 * like another. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x061c ||
	       c == 0xfeff;
}

/* RFC 4514 section 2.4. */
static enum err add_character(struct buf *out, uint32_t c, bool is_first, bool is_last)
{
	uint8_t form[4];
	size_t len = utf8_form(c, form);
	enum err e = ERR_OK;
	if (is_unsafe(c)) {
		for (size_t i = 0; i < len && e == ERR_OK; i++)
			e = buf_add_format(out, "\\%02X", form[i]);
		return e;
	}
	bool needs_escape = (c < 0x80 && strchr("\"+,;<>\\", (int)c) != NULL) ||
			    (is_first && (c == ' ' || c == '#')) || (is_last && c == ' ');
	if (needs_escape)
		e = buf_add_text(out, "\\");
	return e == ERR_OK ? buf_add(out, form, len) : e;
}

static bool is_readable(const struct der_tlv *value)
{
	struct name_reader reader = {value->content, value->tag};
	uint32_t c;
	if (!name_value_is_text(value))
		return false;
	while (name_reader_take(&reader, &c))
		;
	return reader.in.len == 0;
}

static enum err add_value(struct buf *out, const struct der_tlv *value, bool is_known)
{
	enum err e = ERR_OK;
	if (!is_known || !is_readable(value)) { /* RFC 4514 section 2.4: hex of the whole value */
		e = buf_add_text(out, "#");
		for (size_t i = 0; i < value->whole.len && e == ERR_OK; i++)
			e = buf_add_format(out, "%02X", value->whole.data[i]);
		return e;
	}
	struct name_reader reader = {value->content, value->tag};
	uint32_t c;
	for (bool is_first = true; e == ERR_OK && name_reader_take(&reader, &c); is_first = false)
		e = add_character(out, c, is_first, reader.in.len == 0);
	return e;
}

/* Backwards like the RDNs, as the openssl command prints it; RFC 4514 section 2.2 leaves the order
 * open. */
static enum err add_rdn(struct buf *out, struct bytes rdn)
{
	struct name_attribute attributes[NAME_RDN_MAX];
	size_t count = 0;
	while (rdn.len > 0)
		if (count >= NAME_RDN_MAX ||
		    name_attribute_next(&rdn, &attributes[count++]) != ERR_OK)
			return ERR_INVALID;
	enum err e = ERR_OK;
	for (size_t i = count; i > 0 && e == ERR_OK; i--) {
		char oid[DER_OID_TEXT_MAX];
		const struct name_type *type = name_type_by_oid(&attributes[i - 1].oid);
		if (der_oid_text(attributes[i - 1].oid.content, oid, sizeof(oid)) != ERR_OK)
			return ERR_INVALID;
		e = buf_add_format(out, "%s%s=", i == count ? "" : "+",
				   type != NULL ? type->word : oid);
		if (e == ERR_OK)
			e = add_value(out, &attributes[i - 1].value, type != NULL);
	}
	return e;
}

enum err name_to_text(struct bytes name_der, struct buf *out)
{
	struct bytes rdns[NAME_RDN_MAX];
	size_t count = 0;
	size_t before = out->len;
	struct der_tlv name;
	struct der_tlv rdn;
	if (der_expect(&name_der, DER_SEQUENCE, &name) != ERR_OK || name_der.len > 0)
		return ERR_INVALID;
	while (name.content.len > 0) {
		if (count >= NAME_RDN_MAX || der_expect(&name.content, DER_SET, &rdn) != ERR_OK ||
		    rdn.content.len == 0)
			return ERR_INVALID;
		rdns[count++] = rdn.content;
	}
	enum err e = ERR_OK;
	for (size_t i = count; i > 0 && e == ERR_OK; i--) {
		if (i < count)
			e = buf_add_text(out, ",");
		if (e == ERR_OK)
			e = add_rdn(out, rdns[i - 1]);
	}
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}
