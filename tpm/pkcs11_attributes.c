/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_attributes.h"
#include <string.h>
#include <p11-kit/pkcs11.h>

#define CATEGORY_TOKEN_USER                                                                        \
	1ul /* PKCS#11 v2.40 base, 4.6.2: the certificate of the token's user                      \
	     */

#define ON_PRIVATE (1u << PKCS11_PRIVATE_KEY)
#define ON_PUBLIC (1u << PKCS11_PUBLIC_KEY)
#define ON_CERTIFICATE (1u << PKCS11_CERTIFICATE)
#define ON_KEYS (ON_PRIVATE | ON_PUBLIC)
#define ON_ALL (ON_KEYS | ON_CERTIFICATE)

enum kind {
	NO,
	YES,
	NUMBER,
	NAME,
	MODULUS,
	MODULUS_BITS,
	EXPONENT,
	CERT,
	SUBJECT,
	ISSUER,
	SERIAL,
	SECRET
};

static const struct row { /* small types: there are many rows and the numbers are small */
	uint16_t type;
	uint8_t on, kind, number;
} rows[] = {
    {CKA_CLASS, ON_PRIVATE, NUMBER, CKO_PRIVATE_KEY},
    {CKA_CLASS, ON_PUBLIC, NUMBER, CKO_PUBLIC_KEY},
    {CKA_CLASS, ON_CERTIFICATE, NUMBER, CKO_CERTIFICATE},
    {CKA_TOKEN, ON_ALL, YES, 0},
    {CKA_PRIVATE, ON_ALL, NO, 0}, /* seen without login */
    {CKA_MODIFIABLE, ON_ALL, NO, 0},
    {CKA_COPYABLE, ON_ALL, NO, 0},
    {CKA_DESTROYABLE, ON_ALL, NO, 0},
    {CKA_LABEL, ON_ALL, NAME, 0},
    {CKA_ID, ON_ALL, NAME, 0}, /* constant: a renewal changes no configuration */
    {CKA_SUBJECT, ON_ALL, SUBJECT, 0},

    {CKA_KEY_TYPE, ON_KEYS, NUMBER, CKK_RSA},
    {CKA_MODULUS, ON_KEYS, MODULUS, 0},
    {CKA_PUBLIC_EXPONENT, ON_KEYS, EXPONENT, 0},
    {CKA_LOCAL, ON_KEYS, YES, 0},
    {CKA_KEY_GEN_MECHANISM, ON_KEYS, NUMBER, CKM_RSA_PKCS_KEY_PAIR_GEN},
    {CKA_DERIVE, ON_KEYS, NO, 0},

    {CKA_SIGN, ON_PRIVATE, YES, 0},
    {CKA_DECRYPT, ON_PRIVATE, YES, 0},
    {CKA_SIGN_RECOVER, ON_PRIVATE, NO, 0},
    {CKA_UNWRAP, ON_PRIVATE, NO, 0},
    {CKA_SENSITIVE, ON_PRIVATE, YES, 0},
    {CKA_ALWAYS_SENSITIVE, ON_PRIVATE, YES, 0},
    {CKA_EXTRACTABLE, ON_PRIVATE, NO, 0},
    {CKA_NEVER_EXTRACTABLE, ON_PRIVATE, YES, 0},
    {CKA_ALWAYS_AUTHENTICATE, ON_PRIVATE, NO, 0},
    {CKA_WRAP_WITH_TRUSTED, ON_PRIVATE, NO, 0},
    {CKA_PRIVATE_EXPONENT, ON_PRIVATE, SECRET, 0},
    {CKA_PRIME_1, ON_PRIVATE, SECRET, 0},
    {CKA_PRIME_2, ON_PRIVATE, SECRET, 0},
    {CKA_EXPONENT_1, ON_PRIVATE, SECRET, 0},
    {CKA_EXPONENT_2, ON_PRIVATE, SECRET, 0},
    {CKA_COEFFICIENT, ON_PRIVATE, SECRET, 0},

    {CKA_MODULUS_BITS, ON_PUBLIC, MODULUS_BITS, 0},
    {CKA_VERIFY, ON_PUBLIC, NO, 0}, /* consumers do that themselves */
    {CKA_ENCRYPT, ON_PUBLIC, NO, 0},
    {CKA_VERIFY_RECOVER, ON_PUBLIC, NO, 0},
    {CKA_WRAP, ON_PUBLIC, NO, 0},

    /* strongSwan takes a certificate without CKA_TRUSTED for a trust anchor */
    {CKA_TRUSTED, ON_PUBLIC | ON_CERTIFICATE, NO, 0},
    {CKA_CERTIFICATE_TYPE, ON_CERTIFICATE, NUMBER, CKC_X_509},
    {CKA_CERTIFICATE_CATEGORY, ON_CERTIFICATE, NUMBER, CATEGORY_TOKEN_USER},
    {CKA_VALUE, ON_CERTIFICATE, CERT, 0},
    {CKA_ISSUER, ON_CERTIFICATE, ISSUER, 0},
    {CKA_SERIAL_NUMBER, ON_CERTIFICATE, SERIAL, 0},
};

static void set_number(struct pkcs11_value *out, unsigned long number)
{
	out->number = number;
	out->data = &out->number;
	out->len = sizeof out->number;
}

static void set_bytes(struct pkcs11_value *out, struct bytes bytes)
{
	out->data = bytes.data;
	out->len = bytes.len;
}

/* "Big integer" (PKCS#11 v2.40 base, section 3.3): no leading zeros. */
static void set_exponent(struct pkcs11_value *out, uint32_t exponent)
{
	size_t len = exponent > 0xffffff ? 4 : exponent > 0xffff ? 3 : exponent > 0xff ? 2 : 1;
	for (size_t i = 0; i < len; i++)
		out->small[i] = (unsigned char)(exponent >> 8 * (len - 1 - i));
	out->data = out->small;
	out->len = len;
}

static void set_flag(struct pkcs11_value *out, bool is_true)
{
	out->small[0] = is_true;
	out->data = out->small;
	out->len = 1;
}

static void set(struct pkcs11_value *out, const struct row *row, const struct pkcs11_generation *g)
{
	switch ((enum kind)row->kind) {
	case NO:
	case YES:
		set_flag(out, row->kind == YES);
		break;
	case NUMBER:
		set_number(out, row->number);
		break;
	case NAME:
		set_bytes(out, (struct bytes){(const uint8_t *)g->name, strlen(g->name)});
		break;
	case MODULUS:
		set_bytes(out, (struct bytes){g->pub.modulus, g->pub.modulus_len});
		break;
	case MODULUS_BITS:
		set_number(out, g->pub.modulus_len * 8);
		break;
	case EXPONENT:
		set_exponent(out, g->pub.exponent);
		break;
	case CERT:
		set_bytes(out, buf_bytes(&g->certificate));
		break;
	case SUBJECT:
		set_bytes(out, g->subject);
		break;
	case ISSUER:
		set_bytes(out, g->issuer);
		break;
	case SERIAL:
		set_bytes(out, g->serial);
		break;
	case SECRET: /* never reaches here */
		break;
	}
}

unsigned long pkcs11_attribute(const struct pkcs11_object *object, unsigned long type,
			       struct pkcs11_value *out)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].type != type || (rows[i].on & 1u << object->class_) == 0)
			continue;
		if (rows[i].kind == SECRET)
			return CKR_ATTRIBUTE_SENSITIVE;
		set(out, &rows[i], object->generation);
		return CKR_OK;
	}
	return CKR_ATTRIBUTE_TYPE_INVALID;
}
