/* SPDX-License-Identifier: MIT */
/* What a CertRep's envelope holds: the input is sealed under the harness' own content key, opened as a reply is, read as
 * certificates and judged against the corpus' request. With the signatures as they are nothing but the corpus' own
 * certificate may pass; then every signature is good, which shows the checks behind them. */
#include "client/pki/cms.h"
#include "client/pki/cms_algorithm.h"
#include "client/pki/cms_cipher.h"
#include "client/scep/issued.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_keys.h"
#include "tests/fuzz/fuzz_signatures.h"

#define NOW 1800000000 /* within the validity of the corpus */
#define BLOCK 16       /* bytes: AES */

static struct certificate signer, leaf;
static struct certificate_set anchors;
static struct request_record record;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	fuzz_load_certificate(TEST_DATA "/fuzz/certificate/signer.der", &signer);
	fuzz_load_certificate(TEST_DATA "/fuzz/certificate/leaf.der", &leaf);
	fuzz_load_into(TEST_DATA "/fuzz/certificate/root.der", &anchors);
	fuzz_load_into(TEST_DATA "/fuzz/certificate/issuing.der", &anchors);
	struct bytes stored = fuzz_load(TEST_DATA "/fuzz/state/record-request.der");
	stored.data++; /* the letter that picks the reader in fuzz_state */
	stored.len--;
	if (request_record_read(stored, &record, NULL) != ERR_OK)
		abort();
	return 0;
}

/* AES-128-CBC and PKCS#7 padding (RFC 5652 section 6.3) in an EnvelopedData for `signer`. */
static void seal(struct bytes content, struct buf *out)
{
	static const uint8_t wrapped[FUZZ_MODULUS_LEN] = { 0x7f };
	static const uint8_t iv[BLOCK];
	uint8_t cek[BLOCK];
	size_t len = content.len / BLOCK * BLOCK + BLOCK;
	uint8_t *text = malloc(len);
	struct der_out der;
	if (text == NULL)
		abort();
	memset(cek, FUZZ_CEK, sizeof cek);
	memset(text, (int)(len - content.len), len);
	if (content.len > 0)
		memcpy(text, content.data, content.len);
	fuzz_expect(cms_cipher_encrypt(CMS_AES128, cek, iv, text, len) == ERR_OK);
	der_out_init(&der, out->max);
	size_t outer = der_begin(&der);
	der_put_oid(&der, OID_ENVELOPED_DATA);
	size_t tagged = der_begin(&der);
	size_t enveloped = der_begin(&der);
	der_put_small(&der, 0);
	size_t set = der_begin(&der);
	size_t recipient = der_begin(&der);
	der_put_small(&der, 0);
	size_t identifier = der_begin(&der);
	der_put_raw(&der, signer.issuer.data, signer.issuer.len);
	der_put(&der, DER_INTEGER, signer.serial.data, signer.serial.len);
	der_end(&der, identifier, DER_SEQUENCE);
	size_t wrap = der_begin(&der);
	der_put_oid(&der, OID_RSA_ENCRYPTION);
	der_put_null(&der);
	der_end(&der, wrap, DER_SEQUENCE);
	der_put(&der, DER_OCTET_STRING, wrapped, sizeof wrapped);
	der_end(&der, recipient, DER_SEQUENCE);
	der_end(&der, set, DER_SET);
	size_t info = der_begin(&der);
	der_put_oid(&der, OID_DATA);
	size_t cipher = der_begin(&der);
	der_put_oid(&der, cms_cipher_oid(CMS_AES128));
	der_put(&der, DER_OCTET_STRING, iv, sizeof iv);
	der_end(&der, cipher, DER_SEQUENCE);
	der_put(&der, DER_CONTEXT(0), text, len);
	der_end(&der, info, DER_SEQUENCE);
	der_end(&der, enveloped, DER_SEQUENCE);
	der_end(&der, tagged, DER_CONTEXT_CONSTRUCTED(0));
	der_end(&der, outer, DER_SEQUENCE);
	fuzz_expect(der_finish(&der, out) == ERR_OK);
	der_out_clear(&der);
	free(text);
}

static void judge(const struct certificate_set *certificates, bool subject_exact)
{
	const struct scep_server server = { .anchors = &anchors, .ca_sha256 = "", .now = NOW, .is_clock_trusted = true,
		                            .time_floor = NOW };
	const struct bytes none = { NULL, 0 };
	struct issued issued = { .path.count = 0 };
	struct certificate got;
	struct why why = { .code = "" };
	enum err e = issued_judge(&server, &record, subject_exact, none, certificates, &issued, &why);
	fuzz_expect_why(e, &why);
	if (e != ERR_OK)
		return;
	fuzz_expect(fuzz_every_signature_good || bytes_equal(buf_bytes(&issued.leaf), leaf.der));
	fuzz_expect(certificate_parse(buf_bytes(&issued.leaf), &got, NULL) == ERR_OK);
	fuzz_expect(bytes_equal(got.spki, record.spki) && !got.is_ca && got.not_before <= NOW && got.not_after > NOW);
	fuzz_expect(certificate_has_eku(&got, OID_EKU_CLIENT_AUTH));
	issued_clear(&issued);
}

/* As a reply is opened: what was sealed comes out again. */
static void open_sealed(struct bytes inner)
{
	const struct cms_floor floor = { .allow_sha1 = false };
	const struct device_key key = fuzz_key(BLOCK);
	struct buf envelope, opened;
	buf_init(&envelope, 256 * 1024);
	buf_init(&opened, 256 * 1024);
	seal(inner, &envelope);
	fuzz_expect(cms_open_envelope(buf_bytes(&envelope), signer.der, &key, floor, &opened, NULL) == ERR_OK);
	fuzz_expect(bytes_equal(buf_bytes(&opened), inner));
	buf_clear(&opened);
	buf_clear(&envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes inner = { data, size };
	struct certificate_set set = { .count = 0 };
	if (size > 200 * 1024)
		return 0;
	if (size % 7 == 0) /* one in seven: seeding wolfCrypt's DRBG each time would be most of the work */
		open_sealed(inner);
	enum err e = cms_certificates(inner, &set, NULL);
	fuzz_expect((e == ERR_OK) == (set.count > 0));
	if (e == ERR_OK) {
		fuzz_every_signature_good = false;
		judge(&set, true);
		fuzz_every_signature_good = true;
		judge(&set, true);
		judge(&set, false);
	}
	certificate_set_clear(&set);
	return 0;
}
