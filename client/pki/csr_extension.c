/* SPDX-License-Identifier: MIT */
#include "client/pki/csr_extension.h"
#include <string.h>
#include "client/pki/utf8.h"

/* RFC 5280 section 4.2.1 */
#define OID_KEY_USAGE "2.5.29.15"
#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_EXT_KEY_USAGE "2.5.29.37"
/* Microsoft's certificate template name, as an extension (MS-WCCE) */
#define OID_ENROLL_CERTTYPE "1.3.6.1.4.1.311.20.2"

#define TEMPLATE_MAX 256 /* bytes: AD CS template names have at most 64 characters */
#define SAN_MAX 32	 /* names of one request: more is a mistake */

/* extnID, critical and the begin of the OCTET STRING. */
static size_t begin_extension(struct der_out *out, const char *oid, bool is_critical,
			      size_t *out_value)
{
	size_t extension = der_begin(out);
	der_put_oid(out, oid);
	if (is_critical)
		der_put_bool(out, true);
	*out_value = der_begin(out);
	return extension;
}

static void end_extension(struct der_out *out, size_t extension, size_t value)
{
	der_end(out, value, DER_OCTET_STRING);
	der_end(out, extension, DER_SEQUENCE);
}

void der_put_key_usage(struct der_out *out, unsigned key_usage)
{
	uint8_t bits[3] = {0}; /* unused bits, bits 0 to 7, bit 8 */
	size_t last = 0;
	for (size_t n = 0; n < 9; n++)
		if ((key_usage & 1u << n) != 0) {
			bits[1 + n / 8] |= (uint8_t)(0x80u >> n % 8);
			last = n;
		}
	bits[0] = (uint8_t)(7 - last % 8); /* X.690 section 11.2.2: no trailing zero bits */
	size_t value;
	size_t extension = begin_extension(out, OID_KEY_USAGE, true, &value);
	der_put(out, DER_BIT_STRING, bits, 2 + last / 8);
	end_extension(out, extension, value);
}

static enum err put_ekus(struct der_out *out, const struct csr_content *content, struct why *why)
{
	if (content->eku_count == 0)
		return ERR_OK;
	for (size_t i = 0; i < content->eku_count; i++)
		if (eku_oid(content->ekus[i]) == NULL)
			return why_set(why, ERR_INVALID, "csr.eku",
				       "\"%s\" is no extended key usage that signet knows "
				       "and no dotted OID",
				       content->ekus[i]);
	size_t value;
	size_t extension = begin_extension(out, OID_EXT_KEY_USAGE, false, &value);
	size_t list = der_begin(out);
	for (size_t i = 0; i < content->eku_count; i++)
		der_put_oid(out, eku_oid(content->ekus[i]));
	der_end(out, list, DER_SEQUENCE);
	end_extension(out, extension, value);
	return ERR_OK;
}

static enum err put_sans(struct der_out *out, const struct csr_content *content, struct why *why)
{
	if (content->san_count == 0 && content->raw_san.len == 0)
		return ERR_OK;
	if (content->san_count > SAN_MAX)
		return why_set(why, ERR_INVALID, "csr.san",
			       "%zu subject alternative names; at most %d go into a request",
			       content->san_count, SAN_MAX);
	bool is_subject_empty = content->subject.len == 2; /* 30 00 */
	size_t value;
	size_t extension = begin_extension(out, OID_SUBJECT_ALT_NAME, is_subject_empty, &value);
	size_t list = der_begin(out);
	enum err e = ERR_OK;
	for (size_t i = 0; i < content->san_count && e == ERR_OK; i++)
		e = san_put(out, &content->sans[i], why);
	if (content->san_count == 0)
		der_put_raw(out, content->raw_san.data, content->raw_san.len);
	der_end(out, list, DER_SEQUENCE);
	end_extension(out, extension, value);
	return e;
}

static enum err put_template(struct der_out *out, const char *name, struct why *why)
{
	if (name == NULL || name[0] == '\0')
		return ERR_OK;
	struct bytes text = {(const uint8_t *)name, strnlen(name, TEMPLATE_MAX + 1)};
	uint8_t utf16[2 * TEMPLATE_MAX];
	size_t len = 0;
	uint32_t c = 0;
	if (text.len > TEMPLATE_MAX)
		return why_set(why, ERR_INVALID, "csr.template",
			       "the template name is longer than %d bytes", TEMPLATE_MAX);
	while (text.len > 0) {
		if (!utf8_take(&text, &c) || c > 0xffff || c < 0x20)
			return why_set(why, ERR_INVALID, "csr.template",
				       "the template name \"%s\" does not fit a BMPString", name);
		utf16[len++] = (uint8_t)(c >> 8);
		utf16[len++] = (uint8_t)c;
	}
	size_t value;
	size_t extension = begin_extension(out, OID_ENROLL_CERTTYPE, false, &value);
	der_put(out, DER_BMP_STRING, utf16, len);
	end_extension(out, extension, value);
	return ERR_OK;
}

enum err csr_put_extensions(struct der_out *out, const struct csr_content *content, struct why *why)
{
	if (content->key_usage != 0)
		der_put_key_usage(out, content->key_usage);
	enum err e = put_ekus(out, content, why);
	if (e == ERR_OK)
		e = put_sans(out, content, why);
	if (e == ERR_OK)
		e = put_template(out, content->template_name, why);
	return e;
}
