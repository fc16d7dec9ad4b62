/* SPDX-License-Identifier: MIT */
/* A certificate, as DER and as PEM text, and all that is read from one: names as text, keys, key identifiers, places of
 * revocation, and its signature under its own key by the CMS and certificate verifiers. */
#include "client/pki/certificate_key_id.h"
#include "client/pki/cms_signature.h"
#include "client/pki/cms_algorithm.h"
#include "client/pki/csr.h"
#include "client/pki/name.h"
#include "client/pki/revocation_places.h"
#include "tests/fuzz/fuzz.h"
#include "tpm/pkcs11_certificate.h"

static void read_name(struct bytes name)
{
	struct buf text;
	buf_init(&text, 64 * 1024);
	(void)name_to_text(name, &text);
	for (size_t i = 0; i < text.len; i++)
		fuzz_expect(text.data[i] >= 0x20);
	(void)name_equal(name, name);
	buf_clear(&text);
}

static void use(const struct certificate *cert)
{
	struct public_key key;
	struct revocation_places places;
	struct bytes serial, issuer, subject;
	char id[KEY_ID_CAP];
	read_name(cert->subject);
	read_name(cert->issuer);
	(void)name_equal(cert->subject, cert->issuer);
	fuzz_expect(certificate_rsa_key(cert->spki, &key) != ERR_OK || (key.modulus_len > 0 && key.exponent % 2 == 1));
	(void)certificate_key_id(cert, id);
	revocation_places_read(cert, &places);
	fuzz_expect(places.count <= REVOCATION_PLACES_MAX);
	(void)certificate_verify_signature(cert, cert, NULL);
	if (cms_signature_oid(OID_RSA_ENCRYPTION, KEY_SHA256) != NULL)
		(void)cms_signature_verify(cert, cms_signature_oid(OID_RSA_ENCRYPTION, KEY_SHA256), KEY_SHA256, cert->tbs,
		                           cert->signature);
	/* the PKCS#11 module has its own reader: what this one takes, that one must show as the same */
	if (pkcs11_certificate_parts(cert->der, &serial, &issuer, &subject) == ERR_OK)
		fuzz_expect(bytes_equal(issuer, cert->issuer) && bytes_equal(subject, cert->subject));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes in = { data, size };
	struct bytes serial, issuer, subject, san, spki;
	struct certificate cert;
	struct certificate_set set = { .count = 0 };
	struct buf der;
	struct why why = { .code = "" };
	enum err e = certificate_parse(in, &cert, &why);
	fuzz_expect_why(e, &why);
	if (e == ERR_OK)
		use(&cert);
	(void)pkcs11_certificate_parts(in, &serial, &issuer, &subject);
	(void)csr_read(in, &subject, &san, &spki, &why);
	buf_init(&der, CERTIFICATE_MAX);
	if (certificate_from_file(in, &der, &why) == ERR_OK && certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK)
		use(&cert);
	buf_cut(&der, 0);
	(void)pkcs11_certificate_decode(in, &der);
	buf_clear(&der);
	e = certificate_set_from_pem(in, &set, &why);
	fuzz_expect((e == ERR_OK) == (set.count > 0));
	certificate_set_clear(&set);
	return 0;
}
