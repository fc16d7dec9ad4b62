/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate.h"
#include "client/pki/pem.h"

#define LABEL "CERTIFICATE" /* RFC 7468 section 5.1 */

static enum err check(struct bytes der, struct why *why)
{
	struct certificate cert;
	return certificate_parse(der, &cert, why);
}

static enum err refuse(enum err e, struct why *why)
{
	if (e == ERR_NOT_FOUND)
		return why_set(why, ERR_INVALID, "certificate.no_pem",
			       "no certificate in it: neither DER nor a block \"-----BEGIN "
			       "CERTIFICATE-----\"");
	if (e == ERR_INVALID)
		return why_set(why, e, "certificate.pem",
			       "the base64 text of a CERTIFICATE block is damaged");
	if (e == ERR_TOO_BIG)
		return why_set(why, e, "certificate.too_big",
			       "a certificate above %d bytes, or more than %d of them: that is no "
			       "chain of a company",
			       CERTIFICATE_MAX, CERTIFICATE_SET_MAX);
	return e;
}

enum err certificate_from_file(struct bytes file, struct buf *out_der, struct why *why)
{
	struct buf der;
	buf_init(&der, CERTIFICATE_MAX);
	enum err e;
	if (file.len > 0 && file.data[0] == DER_SEQUENCE) {
		e = file.len > CERTIFICATE_MAX ? ERR_TOO_BIG : buf_add(&der, file.data, file.len);
	} else {
		struct bytes text = file;
		e = pem_next(&text, LABEL, &der);
	}
	if (e != ERR_OK)
		e = refuse(e, why);
	else
		e = check(buf_bytes(&der), why);
	if (e == ERR_OK)
		e = buf_add(out_der, der.data, der.len);
	buf_clear(&der);
	return e;
}

enum err certificate_to_pem(struct bytes der, struct buf *out) { return pem_add(LABEL, der, out); }

enum err certificate_set_from_pem(struct bytes pem, struct certificate_set *out, struct why *why)
{
	size_t before = out->count;
	size_t blocks = 0;
	enum err e = ERR_OK;
	struct buf der;
	buf_init(&der, CERTIFICATE_MAX);
	for (;; blocks++) {
		buf_clear(&der);
		e = pem_next(&pem, LABEL, &der);
		if (e == ERR_OK)
			e = check(buf_bytes(&der), why);
		else if (e != ERR_NOT_FOUND || blocks == 0)
			e = refuse(e, why);
		if (e != ERR_OK)
			break;
		e = certificate_set_add(out, buf_bytes(&der));
		if (e != ERR_OK) {
			e = refuse(e, why);
			break;
		}
	}
	buf_clear(&der);
	if (e == ERR_NOT_FOUND) /* the text's end */
		return ERR_OK;
	while (out->count > before)
		buf_clear(&out->der[--out->count]);
	return e;
}
