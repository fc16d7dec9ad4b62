/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_certificate.h"
#include <string.h>
#include "hal/der.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

/* RFC 4648 section 4; -1: no digit. */
static int digit(uint8_t c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* Four digits make three bytes; '=' only at the very end. */
static enum err decode(struct bytes in, struct buf *out)
{
	uint32_t bits = 0;
	size_t have = 0;
	size_t pad = 0;
	enum err e = ERR_OK;
	for (size_t i = 0; i < in.len && e == ERR_OK; i++) {
		uint8_t c = in.data[i];
		if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
			continue;
		int value = c == '=' ? 0 : digit(c);
		pad += c == '=';
		if (value < 0 || pad > 2 || (pad > 0 && c != '='))
			return ERR_INVALID;
		bits = bits << 6 | (uint32_t)value;
		if (++have % 4 != 0)
			continue;
		const uint8_t three[] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8),
					 (uint8_t)bits};
		e = buf_add(out, three, 3 - pad);
	}
	return e != ERR_OK ? e : have == 0 || have % 4 != 0 ? ERR_INVALID : ERR_OK;
}

enum err pkcs11_certificate_decode(struct bytes pem, struct buf *out_der)
{
	size_t len_before = out_der->len;
	const uint8_t *begin = memmem(pem.data, pem.len, BEGIN, strlen(BEGIN));
	if (begin == NULL)
		return ERR_INVALID;
	begin += strlen(BEGIN);
	size_t left = pem.len - (size_t)(begin - pem.data);
	const uint8_t *end = memmem(begin, left, END, strlen(END));
	if (end == NULL)
		return ERR_INVALID;
	enum err e = decode((struct bytes){begin, (size_t)(end - begin)}, out_der);
	if (e != ERR_OK)
		buf_cut(out_der, len_before);
	return e;
}

enum err pkcs11_certificate_parts(struct bytes der, struct bytes *out_serial,
				  struct bytes *out_issuer, struct bytes *out_subject)
{
	struct der_tlv whole;
	struct der_tlv tbs;
	struct der_tlv serial;
	struct der_tlv issuer;
	struct der_tlv subject;
	struct der_tlv skipped;
	if (der_expect(&der, DER_SEQUENCE, &whole) != ERR_OK || der.len != 0 ||
	    der_expect(&whole.content, DER_SEQUENCE, &tbs) != ERR_OK)
		return ERR_INVALID;
	struct bytes in = tbs.content;
	der_take(&in, DER_CONTEXT_CONSTRUCTED(0), &skipped); /* version */
	if (der_expect(&in, DER_INTEGER, &serial) != ERR_OK ||
	    der_expect(&in, DER_SEQUENCE, &skipped) != ERR_OK || /* signature algorithm */
	    der_expect(&in, DER_SEQUENCE, &issuer) != ERR_OK ||
	    der_expect(&in, DER_SEQUENCE, &skipped) != ERR_OK || /* validity */
	    der_expect(&in, DER_SEQUENCE, &subject) != ERR_OK)
		return ERR_INVALID;
	*out_serial = serial.whole;
	*out_issuer = issuer.whole;
	*out_subject = subject.whole;
	return ERR_OK;
}
