/* SPDX-License-Identifier: MIT */
#include "client/pki/revocation_places.h"
#include <string.h>
#include <strings.h>

#define OID_OCSP "1.3.6.1.5.5.7.48.1" /* id-ad-ocsp */
#define URI DER_CONTEXT(6)            /* uniformResourceIdentifier of GeneralName */

static void add_url(struct revocation_places *out, struct bytes text)
{
	if (out->count == REVOCATION_PLACES_MAX || text.len >= REVOCATION_URL_MAX || text.len < strlen("http://x") ||
	    (strncasecmp((const char *)text.data, "http://", 7) != 0 &&
	     strncasecmp((const char *)text.data, "https://", 8) != 0))
		return;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return;
	memcpy(out->urls[out->count], text.data, text.len);
	out->urls[out->count++][text.len] = '\0';
}

/* The GeneralNames of the next point, empty for a point that is left out. */
static enum err next_point(struct bytes *in, struct bytes *out_names)
{
	struct der_tlv point;
	struct der_tlv name;
	struct der_tlv full;
	*out_names = (struct bytes){ NULL, 0 };
	if (der_expect(in, DER_SEQUENCE, &point) != ERR_OK)
		return ERR_INVALID;
	if (!der_take(&point.content, DER_CONTEXT_CONSTRUCTED(0), &name) || point.content.len > 0)
		return ERR_OK; /* no name, or with reasons [1] or cRLIssuer [2] */
	if (der_take(&name.content, DER_CONTEXT_CONSTRUCTED(0), &full) && name.content.len == 0)
		*out_names = full.content;
	return ERR_OK;
}

/* The content of the SEQUENCE that an extension holds. */
static struct bytes list_of(struct bytes value)
{
	struct der_tlv list;
	bool is_list = value.len > 0 && der_expect(&value, DER_SEQUENCE, &list) == ERR_OK && value.len == 0;
	return is_list ? list.content : (struct bytes){ NULL, 0 };
}

static void read_points(struct bytes points, struct revocation_places *out)
{
	struct bytes names;
	struct der_tlv name;
	while (points.len > 0 && next_point(&points, &names) == ERR_OK)
		while (names.len > 0 && der_next(&names, &name) == ERR_OK)
			if (name.tag == URI)
				add_url(out, name.content);
}

static void read_access(struct bytes descriptions, struct revocation_places *out)
{
	struct der_tlv description;
	struct der_tlv method;
	struct der_tlv name;
	while (descriptions.len > 0 && der_expect(&descriptions, DER_SEQUENCE, &description) == ERR_OK)
		if (der_expect(&description.content, DER_OID, &method) == ERR_OK && der_is_oid(&method, OID_OCSP) &&
		    der_take(&description.content, URI, &name))
			add_url(out, name.content);
}

void revocation_places_read(const struct certificate *cert, struct revocation_places *out)
{
	*out = (struct revocation_places){ .count = 0 };
	read_points(list_of(cert->crl_points), out);
	out->is_ocsp = out->count == 0;
	if (out->is_ocsp)
		read_access(list_of(cert->access), out);
}

bool revocation_places_name(const struct certificate *cert, struct bytes general_name)
{
	struct bytes points = list_of(cert->crl_points);
	struct bytes names;
	struct der_tlv name;
	while (points.len > 0 && next_point(&points, &names) == ERR_OK)
		while (names.len > 0 && der_next(&names, &name) == ERR_OK)
			if (bytes_equal(name.whole, general_name))
				return true;
	return false;
}
