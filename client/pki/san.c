/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>
#include "client/pki/csr_extension.h"
#include "client/pki/utf8.h"

#define VALUE_MAX 1024 /* bytes of one name: a URI of Intune's strong mapping has about 90 */
#define DNS_MAX 253    /* characters, RFC 1035 section 2.3.4 without the root's dot */
#define LABEL_MAX 63   /* characters, RFC 1035 section 2.3.4 */
#define OID_UPN "1.3.6.1.4.1.311.20.2.3" /* Microsoft's user principal name */

/* GeneralName, RFC 5280 section 4.2.1.6 */
#define TAG_OTHER_NAME DER_CONTEXT_CONSTRUCTED(0)
#define TAG_RFC822 DER_CONTEXT(1)
#define TAG_DNS DER_CONTEXT(2)
#define TAG_URI DER_CONTEXT(6)
#define TAG_IP DER_CONTEXT(7)

static const char *kind_word(enum san_kind kind)
{
	switch (kind) {
	case SAN_DNS:
		return "dns";
	case SAN_UPN:
		return "upn";
	case SAN_EMAIL:
		return "email";
	case SAN_IP:
		return "ip";
	case SAN_URI:
		return "uri";
	}
	return "unknown";
}

/* Labels of letters, digits, '-' and '_' (Windows host names have it); "*" may be the first label.
 */
static bool is_dns_name(const char *text, size_t len)
{
	size_t label = 0;
	if (len > DNS_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char c = text[i];
		if (c == '.' || c == '\0') {
			if (label == 0 || label > LABEL_MAX || text[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		bool is_alnum =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		bool is_star = c == '*' && i == 0 && text[1] == '.';
		if (!is_alnum && c != '_' && !is_star && (c != '-' || label == 0))
			return false;
		label++;
	}
	return true;
}

static bool has_at_sign_inside(struct bytes text)
{
	const uint8_t *at = memchr(text.data, '@', text.len);
	return at != NULL && at > text.data && at < text.data + text.len - 1;
}

/* scheme ":" something, RFC 3986 section 3.1; no white space. */
static bool is_uri(struct bytes text)
{
	size_t i = 0;
	while (i < text.len && text.data[i] != ':')
		i++;
	bool is_letter = (text.data[0] | 0x20) >= 'a' && (text.data[0] | 0x20) <= 'z';
	return is_letter && i + 1 < text.len && memchr(text.data, ' ', text.len) == NULL;
}

static bool put_ip(struct der_out *out, const char *text)
{
	uint8_t address[16];
	if (inet_pton(AF_INET, text, address) == 1)
		der_put(out, TAG_IP, address, 4);
	else if (inet_pton(AF_INET6, text, address) == 1)
		der_put(out, TAG_IP, address, 16);
	else
		return false;
	return true;
}

static bool put_upn(struct der_out *out, struct bytes text)
{
	if (!utf8_is_valid(text) || !has_at_sign_inside(text))
		return false;
	size_t name = der_begin(out);
	der_put_oid(out, OID_UPN);
	size_t value = der_begin(out);
	der_put(out, DER_UTF8_STRING, text.data, text.len);
	der_end(out, value, DER_CONTEXT_CONSTRUCTED(0));
	der_end(out, name, TAG_OTHER_NAME);
	return true;
}

static bool put_ia5(struct der_out *out, uint8_t tag, struct bytes text, bool is_good)
{
	if (is_good)
		der_put(out, tag, text.data, text.len);
	return is_good;
}

enum err san_put(struct der_out *out, const struct san *san, struct why *why)
{
	struct bytes text = {(const uint8_t *)san->value, strnlen(san->value, VALUE_MAX + 1)};
	bool is_good = text.len > 0 && text.len <= VALUE_MAX;
	bool is_ia5 = text_is_ia5(text);
	if (is_good)
		switch (san->kind) {
		case SAN_DNS:
			is_good = put_ia5(out, TAG_DNS, text,
					  is_ia5 && is_dns_name(san->value, text.len));
			break;
		case SAN_UPN:
			is_good = put_upn(out, text);
			break;
		case SAN_EMAIL:
			is_good =
			    put_ia5(out, TAG_RFC822, text, is_ia5 && has_at_sign_inside(text));
			break;
		case SAN_IP:
			is_good = put_ip(out, san->value);
			break;
		case SAN_URI:
			is_good = put_ia5(out, TAG_URI, text, is_ia5 && is_uri(text));
			break;
		}
	if (is_good)
		return ERR_OK;
	return why_set(why, ERR_INVALID, "csr.san",
		       "the subject alternative name %s:\"%s\" is not of that kind "
		       "(or empty, or longer than %d bytes)",
		       kind_word(san->kind), san->value, VALUE_MAX);
}
