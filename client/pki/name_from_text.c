/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "client/pki/name.h"
#include "client/pki/name_type.h"
#include "client/pki/utf8.h"

#define TEXT_MAX 4096 /* bytes of the text: 32 RDNs of 64 characters and their escapes */
/* bytes of one value: the longest upper bound is 256 characters of 4 bytes */
#define VALUE_MAX 1024

struct parser {
	const char *text;
	size_t at; /* bytes read */
	struct why *why;
};

static enum err wrong(const struct parser *p, const char *what)
{
	return why_set(p->why, ERR_INVALID, "name.syntax",
		       "the name \"%s\" is wrong at character %zu: %s", p->text, p->at + 1, what);
}

static enum err add_byte(const struct parser *p, struct buf *out, uint8_t byte)
{
	enum err e = buf_add(out, &byte, 1);
	return e != ERR_TOO_BIG ? e : wrong(p, "the value is too long");
}

static void skip_blanks(struct parser *p)
{
	while (p->text[p->at] == ' ')
		p->at++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two hex digits at `at`, or -1. */
static int hex_pair(const struct parser *p, size_t at)
{
	int high = hex_digit(p->text[at]);
	int low = high < 0 ? -1 : hex_digit(p->text[at + 1]);
	return low < 0 ? -1 : high * 16 + low;
}

static bool is_value_end(char c) { return c == '\0' || c == ',' || c == '+'; }

/* RFC 4514 section 2.4: "#" and the hex of a whole BER value. */
static enum err read_hex_value(struct parser *p, struct buf *out)
{
	for (p->at++; !is_value_end(p->text[p->at]) && p->text[p->at] != ' '; p->at += 2) {
		int pair = hex_pair(p, p->at);
		if (pair < 0)
			return wrong(p, "after \"#\" come pairs of hex digits");
		enum err e = add_byte(p, out, (uint8_t)pair);
		if (e != ERR_OK)
			return e;
	}
	skip_blanks(p);
	struct bytes in = buf_bytes(out);
	struct der_tlv tlv;
	if (der_next(&in, &tlv) != ERR_OK || in.len > 0)
		return wrong(p, "the hex digits are not one DER value");
	return is_value_end(p->text[p->at]) ? ERR_OK : wrong(p, "\",\" or \"+\" should follow");
}

/* One character of a value, escapes undone. */
static enum err read_character(struct parser *p, uint8_t *out, bool *out_is_escaped)
{
	char c = p->text[p->at];
	*out_is_escaped = c == '\\';
	if (!*out_is_escaped) {
		if (strchr("\";<>", c) != NULL)
			return wrong(p, "this character needs a \"\\\" before it");
		*out = (uint8_t)c;
		p->at++;
		return ERR_OK;
	}
	int pair = hex_pair(p, p->at + 1);
	if (pair >= 0) {
		*out = (uint8_t)pair;
		p->at += 3;
		return ERR_OK;
	}
	c = p->text[p->at + 1];
	if (c == '\0' || strchr(" \"#+,;<=>\\", c) == NULL)
		return wrong(
		    p, "after \"\\\" comes one of space \" # + , ; < = > \\ or two hex digits");
	*out = (uint8_t)c;
	p->at += 2;
	return ERR_OK;
}

static enum err read_text_value(struct parser *p, struct buf *out)
{
	size_t keep = 0; /* blanks at the end do not count unless escaped */
	while (!is_value_end(p->text[p->at])) {
		uint8_t byte = 0;
		bool is_escaped = false;
		enum err e = read_character(p, &byte, &is_escaped);
		if (e == ERR_OK)
			e = add_byte(p, out, byte);
		if (e != ERR_OK)
			return e;
		if (is_escaped || byte != ' ')
			keep = out->len;
	}
	buf_cut(out, keep);
	return ERR_OK;
}

/* Characters of a text, or false when it is no UTF-8 or has control characters. */
static bool count_characters(struct bytes text, size_t *out)
{
	uint32_t c;
	size_t count = 0;
	for (; text.len > 0; count++)
		if (!utf8_take(&text, &c) || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	*out = count;
	return true;
}

static enum err put_text(const struct parser *p, struct der_out *out, const struct name_type *type,
			 struct bytes text)
{
	size_t count;
	if (!count_characters(text, &count))
		return wrong(p, "the value before it is no UTF-8, or has control characters");
	if (count < type->least || count > type->most)
		return why_set(p->why, ERR_INVALID, "name.length",
			       "the name \"%s\" is wrong before character %zu: a value of %zu "
			       "characters where %u to %u "
			       "may stand",
			       p->text, p->at + 1, count, type->least, type->most);
	bool is_printable = text_is_printable_string(text);
	if (type->tag == DER_PRINTABLE_STRING && !is_printable)
		return wrong(
		    p, "the value before it may have letters, digits, space and '()+,-./:=? only");
	if (type->tag == DER_IA5_STRING && !text_is_ia5(text))
		return wrong(p, "the value before it may have ASCII characters only");
	uint8_t tag = is_printable ? DER_PRINTABLE_STRING : DER_UTF8_STRING;
	der_put(out, type->tag != 0 ? type->tag : tag, text.data, text.len);
	return ERR_OK;
}

/* The word or dotted OID before "="; `oid` gets the OID. */
static enum err read_type(struct parser *p, char oid[DER_OID_TEXT_MAX], struct name_type *out)
{
	static const struct name_type other = {"", "", 0, 1, 256};
	size_t from = p->at;
	while (p->text[p->at] != '\0' && strchr(",+= \"\\;<>#", p->text[p->at]) == NULL)
		p->at++;
	struct bytes word = {(const uint8_t *)p->text + from, p->at - from};
	const struct name_type *type = name_type_by_word(word);
	struct der_out test;
	der_out_init(&test, DER_OID_TEXT_MAX);
	if (type == NULL && word.len > 0 && word.len < DER_OID_TEXT_MAX) {
		memcpy(oid, word.data, word.len);
		oid[word.len] = '\0';
		der_put_oid(&test, oid);
		struct bytes in = buf_bytes(&test.bytes);
		struct der_tlv tlv;
		if (test.err == ERR_OK && der_next(&in, &tlv) == ERR_OK) {
			type = name_type_by_oid(&tlv);
			type = type != NULL ? type : &other;
		}
	} else if (type != NULL) {
		memcpy(oid, type->oid, strlen(type->oid) + 1);
	}
	der_out_clear(&test);
	if (type == NULL) {
		p->at = from;
		return wrong(p, "here stands CN, O, OU, C, ST, L, STREET, DC, UID, serialNumber, "
				"E, SN, GN, title or a "
				"dotted OID");
	}
	skip_blanks(p);
	if (p->text[p->at] != '=')
		return wrong(p, "\"=\" should follow the type");
	p->at++;
	*out = *type;
	return ERR_OK;
}

static enum err read_attribute(struct parser *p, struct der_out *out)
{
	char oid[DER_OID_TEXT_MAX];
	struct name_type type = {.most = 0};
	struct buf value;
	buf_init(&value, VALUE_MAX);
	skip_blanks(p);
	enum err e = read_type(p, oid, &type);
	if (e != ERR_OK)
		return e;
	size_t pair = der_begin(out);
	der_put_oid(out, oid);
	skip_blanks(p);
	if (p->text[p->at] == '#') {
		e = read_hex_value(p, &value);
		der_put_raw(out, value.data, value.len);
	} else {
		e = read_text_value(p, &value);
		if (e == ERR_OK)
			e = put_text(p, out, &type, buf_bytes(&value));
	}
	der_end(out, pair, DER_SEQUENCE);
	buf_clear(&value);
	return e;
}

/* Attributes joined by "+". */
static enum err read_rdn(struct parser *p, struct der_out *out)
{
	size_t rdn = der_begin(out);
	for (unsigned count = 1;; count++) {
		enum err e = read_attribute(p, out);
		if (e != ERR_OK)
			return e;
		if (p->text[p->at] != '+')
			break;
		if (count >= NAME_RDN_MAX)
			return wrong(p, "too many attributes in one RDN");
		p->at++;
	}
	der_end_set_of(out, rdn);
	return ERR_OK;
}

/* The RDNs in the text's order, each one's end in ends[]. */
static enum err read_rdns(struct parser *p, struct der_out *out, size_t ends[NAME_RDN_MAX],
			  size_t *out_count)
{
	size_t count = 0;
	skip_blanks(p);
	while (p->text[p->at] != '\0' || count > 0) {
		if (count >= NAME_RDN_MAX)
			return wrong(p, "too many parts");
		enum err e = read_rdn(p, out);
		if (e != ERR_OK)
			return e;
		ends[count++] = out->bytes.len;
		if (p->text[p->at] == '\0')
			break;
		p->at++; /* the comma; something must follow it */
	}
	*out_count = count;
	return ERR_OK;
}

enum err name_from_text(const char *text, struct buf *out_der, struct why *why)
{
	struct parser p = {.text = text, .why = why};
	size_t ends[NAME_RDN_MAX];
	size_t count = 0;
	struct der_out rdns;
	struct der_out out;
	if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return why_set(why, ERR_INVALID, "name.length", "a name of more than %d characters",
			       TEXT_MAX);
	der_out_init(&rdns, NAME_LEN_MAX);
	der_out_init(&out, NAME_LEN_MAX);
	enum err e = read_rdns(&p, &rdns, ends, &count);
	if (e == ERR_OK)
		e = rdns.err;
	if (e == ERR_OK) {
		size_t name = der_begin(&out);
		for (size_t i = count; i > 0; i--) {
			size_t from = i > 1 ? ends[i - 2] : 0;
			der_put_raw(&out, rdns.bytes.data + from, ends[i - 1] - from);
		}
		der_end(&out, name, DER_SEQUENCE);
		e = der_finish(&out, out_der);
	}
	if (e != ERR_OK && e != ERR_INVALID)
		e = why_set(why, e, "name.build", "the name \"%s\" cannot be written: %s", text,
			    err_text(e));
	der_out_clear(&out);
	der_out_clear(&rdns);
	return e;
}
