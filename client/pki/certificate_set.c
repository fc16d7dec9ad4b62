/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate.h"

enum err certificate_set_add(struct certificate_set *set, struct bytes der)
{
	for (size_t i = 0; i < set->count; i++)
		if (certificate_equal(buf_bytes(&set->der[i]), der))
			return ERR_OK;
	if (set->count >= CERTIFICATE_SET_MAX)
		return ERR_TOO_BIG;
	struct buf copy;
	buf_init(&copy, CERTIFICATE_MAX);
	enum err e = buf_add(&copy, der.data, der.len);
	if (e == ERR_OK)
		set->der[set->count++] = copy; /* handed to the set */
	return e;
}

void certificate_set_clear(struct certificate_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count && i < CERTIFICATE_SET_MAX; i++)
		buf_clear(&set->der[i]);
	*set = (struct certificate_set){.count = 0};
}
