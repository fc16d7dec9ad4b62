/* SPDX-License-Identifier: MIT */
#include "tpm/key_file.h"
#include <stdbool.h>
#include "hal/der.h"
#include "tpm/next_step.h"

/* TCG id-loadablekey, 2.23.133.10.1.3, in DER */
static const uint8_t loadable_key[] = {DER_OID, 6, 0x67, 0x81, 0x05, 0x0a, 0x01, 0x03};

enum err key_file_write(const struct key_file *file, struct buf *out)
{
	struct der_out der;
	der_out_init(&der, KEY_FILE_MAX);
	size_t begin = der_begin(&der);
	der_put_raw(&der, loadable_key, sizeof loadable_key);
	size_t empty_auth = der_begin(&der);
	der_put_bool(&der, true);
	der_end(&der, empty_auth, DER_CONTEXT_CONSTRUCTED(0));
	der_put_small(&der, file->parent);
	der_put(&der, DER_OCTET_STRING, file->public_area.data, file->public_area.len);
	der_put(&der, DER_OCTET_STRING, file->private_area.data, file->private_area.len);
	der_end(&der, begin, DER_SEQUENCE);
	return der_finish(&der, out);
}

/* [0] EXPLICIT BOOLEAN TRUE; DER writes TRUE as ff (X.690 section 11.1). */
static bool is_empty_auth(struct bytes *in)
{
	struct der_tlv outer;
	struct der_tlv flag;
	return der_expect(in, DER_CONTEXT_CONSTRUCTED(0), &outer) == ERR_OK &&
	       der_expect(&outer.content, DER_BOOLEAN, &flag) == ERR_OK && outer.content.len == 0 &&
	       flag.content.len == 1 && flag.content.data[0] == 0xff;
}

static bool read_parts(struct bytes der, struct key_file *out)
{
	struct der_tlv outer;
	struct der_tlv part;
	struct bytes in;
	if (der.len > KEY_FILE_MAX || der_expect(&der, DER_SEQUENCE, &outer) != ERR_OK ||
	    der.len != 0)
		return false;
	in = outer.content;
	if (der_next(&in, &part) != ERR_OK ||
	    !bytes_equal(part.whole, (struct bytes){loadable_key, sizeof loadable_key}) ||
	    !is_empty_auth(&in) || der_next(&in, &part) != ERR_OK ||
	    der_small(&part, &out->parent) != ERR_OK ||
	    der_expect(&in, DER_OCTET_STRING, &part) != ERR_OK)
		return false;
	out->public_area = part.content;
	if (der_expect(&in, DER_OCTET_STRING, &part) != ERR_OK || in.len != 0)
		return false;
	out->private_area = part.content;
	return true;
}

enum err key_file_read(struct bytes der, struct key_file *out, struct why *why)
{
	struct key_file file;
	if (read_parts(der, &file)) {
		*out = file;
		return ERR_OK;
	}
	why_set(why, ERR_INVALID, "tpm.key_file",
		"the key file is no TSS2 private key with empty authorisation");
	NEXT_STEP(why,
		  "restore it from a backup of this device, or retire the profile and enroll anew");
	return ERR_INVALID;
}
