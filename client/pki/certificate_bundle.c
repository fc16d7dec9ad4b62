/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate_bundle.h"
#include "client/pki/cms.h"
#include "client/pki/pem.h"
#include "hal/der.h"

static enum err read_der(struct bytes der, struct certificate_set *out, struct why *why)
{
	struct certificate parsed;
	if (der.len > CERTIFICATE_MAX || certificate_parse(der, &parsed, NULL) != ERR_OK)
		return cms_certificates(der, out, why);
	enum err e = certificate_set_add(out, der);
	return e == ERR_OK ? e : why_set(why, e, "memory", "no memory for a certificate");
}

/* What Microsoft's page saves as "certificate chain, base64" is a bundle in PEM. */
static enum err read_pem_bundle(struct bytes text, struct certificate_set *out, struct why *why)
{
	static const char *const labels[] = { "PKCS7", "CMS" };
	enum err e = ERR_NOT_FOUND;
	struct buf der;
	buf_init(&der, CERTIFICATE_BUNDLE_MAX);
	for (size_t i = 0; i < sizeof labels / sizeof labels[0] && e == ERR_NOT_FOUND; i++) {
		struct bytes rest = text;
		e = pem_next(&rest, labels[i], &der);
	}
	if (e == ERR_OK)
		e = cms_certificates(buf_bytes(&der), out, why);
	buf_clear(&der);
	return e;
}

enum err certificate_bundle_read(struct bytes file, struct certificate_set *out, struct why *why)
{
	if (file.len > 0 && file.data[0] == DER_SEQUENCE)
		return read_der(file, out, why);
	enum err e = read_pem_bundle(file, out, why);
	return e == ERR_NOT_FOUND ? certificate_set_from_pem(file, out, why) : e;
}
