/* SPDX-License-Identifier: MIT */
#include "tpm/key_file.h"
#include "hal/der.h"

#define OID_LOADABLE_KEY "2.23.133.10.1.3" /* TCG id-loadablekey */

enum err key_file_write(const struct key_file *file, struct buf *out)
{
	struct der_out der;
	der_out_init(&der, KEY_FILE_MAX);
	size_t begin = der_begin(&der);
	der_put_oid(&der, OID_LOADABLE_KEY);
	size_t empty_auth = der_begin(&der);
	der_put_bool(&der, true);
	der_end(&der, empty_auth, DER_CONTEXT_CONSTRUCTED(0));
	der_put_small(&der, file->parent);
	der_put(&der, DER_OCTET_STRING, file->public_area.data, file->public_area.len);
	der_put(&der, DER_OCTET_STRING, file->private_area.data, file->private_area.len);
	der_end(&der, begin, DER_SEQUENCE);
	return der_finish(&der, out);
}

enum err key_file_read(struct bytes der, struct key_file *out, struct why *why)
{
	struct key_file f;
	struct der_tlv outer;
	struct der_tlv part;
	struct der_tlv flag;
	enum err e = der_expect(&der, DER_SEQUENCE, &outer);
	struct bytes in = e == ERR_OK ? outer.content : der;
	if (e != ERR_OK || der.len != 0 || der_next(&in, &part) != ERR_OK || !der_is_oid(&part, OID_LOADABLE_KEY) ||
	    der_expect(&in, DER_CONTEXT_CONSTRUCTED(0), &part) != ERR_OK ||
	    der_expect(&part.content, DER_BOOLEAN, &flag) != ERR_OK || flag.content.len != 1 || flag.content.data[0] == 0 ||
	    der_next(&in, &part) != ERR_OK || der_small(&part, &f.parent) != ERR_OK ||
	    der_expect(&in, DER_OCTET_STRING, &part) != ERR_OK)
		goto bad;
	f.public_area = part.content;
	if (der_expect(&in, DER_OCTET_STRING, &part) != ERR_OK || in.len != 0)
		goto bad;
	f.private_area = part.content;
	*out = f;
	return ERR_OK;
bad:
	e = why_set(why, ERR_INVALID, "tpm.key_file", "the key file is no TSS2 private key with empty authorisation");
	why_next(why, "restore it from a backup of this device, or retire the profile and enroll anew");
	return e;
}
