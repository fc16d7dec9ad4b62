/* SPDX-License-Identifier: MIT */
/* The outer SignedData of a CertRep. With the signature as it is, what is believed must say what one of the corpus' own
 * messages says; then every signature of a certificate that counts is good, which opens all that stands behind it. */
#include "client/pki/cms.h"
#include "client/pki/cms_signature.h"
#include "tests/fuzz/fuzz.h"

#define TRANSACTION "0123456789ABCDEF0123456789ABCDEF01234567"

static const uint8_t nonce[SCEP_NONCE_LEN] = "0123456789abcdef";
static const struct cms_floor lax = { .allow_sha1 = true, .allow_des = true };
static const char *const names[] = { "success", "short", "sha512", "sha1", "pending", "failure" };
static struct cms_reply own[sizeof names / sizeof names[0]];
static struct certificate_set agents;
static bool is_every_signature_good;

enum err __real_cms_signature_verify(const struct certificate *signer, const char *signature_oid, enum key_hash hash,
                                     struct bytes message, struct bytes signature);
enum err __wrap_cms_signature_verify(const struct certificate *signer, const char *signature_oid, enum key_hash hash,
                                     struct bytes message, struct bytes signature);

enum err __wrap_cms_signature_verify(const struct certificate *signer, const char *signature_oid, enum key_hash hash,
                                     struct bytes message, struct bytes signature)
{
	return is_every_signature_good ? ERR_OK
	                               : __real_cms_signature_verify(signer, signature_oid, hash, message, signature);
}

static struct why why; /* of the last verify() */

static enum err verify(struct bytes message, struct cms_floor floor, struct cms_reply *out)
{
	why = (struct why){ .code = "" };
	enum err e = cms_verify_reply(message, TRANSACTION, nonce, &agents, &agents, floor, out, &why);
	fuzz_expect_why(e, &why);
	return e;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	fuzz_load_into(TEST_DATA "/fuzz/certificate/ra.der", &agents);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[512];
		snprintf(path, sizeof path, TEST_DATA "/fuzz/certrep_outer/%s.der", names[i]);
		struct bytes message = fuzz_load(path);
		if (verify(message, lax, &own[i]) != ERR_OK)
			fuzz_broken(path);
		free((void *)message.data);
	}
	return 0;
}

static bool is_own(const struct cms_reply *reply)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (reply->status == own[i].status && reply->fail_info == own[i].fail_info &&
		    strcmp(reply->microsoft_text, own[i].microsoft_text) == 0 &&
		    bytes_equal(buf_bytes(&reply->envelope), buf_bytes(&own[i].envelope)))
			return true;
	return false;
}

static void check(const struct cms_reply *reply)
{
	fuzz_expect((reply->status == SCEP_SUCCESS) == (reply->envelope.len > 0));
	fuzz_expect(reply->fail_info >= -1 && reply->fail_info <= 4);
	fuzz_expect(strpbrk(reply->fail_info_text, "\n\r\t\x1b\x7f") == NULL);
	fuzz_expect(strpbrk(reply->microsoft_text, "\n\r\t\x1b\x7f") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes message = { data, size };
	const struct cms_floor strict = { .allow_sha1 = false };
	struct cms_reply reply = { .fail_info = -1 };
	struct certificate_set set = { .count = 0 };
	is_every_signature_good = false;
	if (verify(message, lax, &reply) == ERR_OK) {
		fuzz_expect(is_own(&reply));
		cms_reply_clear(&reply);
	}
	if (strcmp(why.code, "cms.format") == 0)
		return 0; /* no signature was come to: all that follows would end there too */
	is_every_signature_good = true;
	if (verify(message, lax, &reply) == ERR_OK) {
		check(&reply);
		cms_reply_clear(&reply);
		if (verify(message, strict, &reply) == ERR_OK)
			cms_reply_clear(&reply);
	}
	/* an announcement has the same outside (RFC 8894 section 4.7.1) */
	if (cms_signed_certificates(message, &agents, NULL, lax, &set, NULL) != ERR_OK)
		fuzz_expect(set.count == 0);
	certificate_set_clear(&set);
	return 0;
}
