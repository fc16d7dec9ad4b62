/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_NAME_TYPE_H
#define CLIENT_PKI_NAME_TYPE_H
#include "hal/der.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What name.c and name_text.c share. */

#define NAME_LEN_MAX 8192 /* bytes of one DER Name: half a certificate */
#define NAME_RDN_MAX 32	  /* RDNs of one name, and attributes of one RDN: real ones have 3 to 8 */

/** An attribute type with a word of its own. */
struct name_type {
	const char *word;
	const char *oid;
	uint8_t
	    tag; /* string type it must have; 0: PrintableString when it fits, else UTF8String */
	unsigned least, most; /* characters, RFC 5280 appendix A.1 upper bounds */
};

/** By word, any case. NULL: none of ours. */
const struct name_type *name_type_by_word(struct bytes word);
/** By type. NULL: none of ours. */
const struct name_type *name_type_by_oid(const struct der_tlv *oid);

/** One AttributeTypeAndValue. Borrowed. */
struct name_attribute {
	struct der_tlv oid, value;
};
/** Take the next attribute from the content of an RDN. ERR_INVALID, ERR_NOT_FOUND at the end. */
enum err name_attribute_next(struct bytes *in, struct name_attribute *out) MUST_CHECK;

/** Characters of a string value, one by one. */
struct name_reader {
	struct bytes in;
	uint8_t tag;
};
/** One of the string types of a DirectoryString, or IA5String. */
bool name_value_is_text(const struct der_tlv *value);
/** The next character: false at the end and at a broken one (in.len tells which). */
bool name_reader_take(struct name_reader *reader, uint32_t *out);

#ifdef __cplusplus
}
#endif
#endif
