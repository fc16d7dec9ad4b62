/* SPDX-License-Identifier: MIT */
#include "client/pki/extension.h"

enum err extension_bool(const struct der_tlv *tlv, bool *out)
{
	if (tlv->content.len != 1 || (tlv->content.data[0] != 0 && tlv->content.data[0] != 0xff))
		return ERR_INVALID;
	*out = tlv->content.data[0] != 0;
	return ERR_OK;
}

static enum err next_extension(struct bytes *in, struct extension *out)
{
	struct der_tlv entry;
	struct der_tlv tlv;
	*out = (struct extension){ .is_critical = false };
	if (der_expect(in, DER_SEQUENCE, &entry) != ERR_OK || der_expect(&entry.content, DER_OID, &out->id) != ERR_OK)
		return ERR_INVALID;
	if (der_take(&entry.content, DER_BOOLEAN, &tlv) && extension_bool(&tlv, &out->is_critical) != ERR_OK)
		return ERR_INVALID;
	if (der_expect(&entry.content, DER_OCTET_STRING, &tlv) != ERR_OK || entry.content.len > 0)
		return ERR_INVALID;
	out->value = tlv.content;
	return ERR_OK;
}

enum err extensions_read(struct bytes der, enum err (*each)(const struct extension *extension, void *ctx), void *ctx)
{
	struct bytes seen[EXTENSION_MAX];
	size_t count = 0;
	struct der_tlv list;
	if (der_expect(&der, DER_SEQUENCE, &list) != ERR_OK || der.len > 0 || list.content.len == 0)
		return ERR_INVALID;
	for (struct bytes in = list.content; in.len > 0;) {
		struct extension extension;
		if (count >= EXTENSION_MAX || next_extension(&in, &extension) != ERR_OK)
			return ERR_INVALID;
		for (size_t i = 0; i < count; i++)
			if (bytes_equal(seen[i], extension.id.content))
				return ERR_INVALID;
		seen[count++] = extension.id.content;
		enum err e = each(&extension, ctx);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}
