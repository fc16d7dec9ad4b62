/* SPDX-License-Identifier: MIT */
/* The EnvelopedData of a CertRep, opened with a key that gives the content key of the corpus whatever is wrapped. */
#include "client/pki/cms.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_keys.h"

static struct certificate signer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	fuzz_load_certificate(TEST_DATA "/fuzz/certificate/signer.der", &signer);
	return 0;
}

static enum err open_with(struct bytes message, size_t key_len, struct cms_floor floor)
{
	struct why why = { .code = "" };
	struct buf out;
	buf_init(&out, 256 * 1024);
	const struct device_key key = fuzz_key(key_len);
	enum err e = cms_open_envelope(message, signer.der, &key, floor, &out, &why);
	fuzz_expect(e == ERR_OK || out.len == 0);
	fuzz_expect_why(e, &why);
	buf_clear(&out);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes message = { data, size };
	const struct cms_floor strict = { .allow_sha1 = false };
	const struct cms_floor lax = { .allow_sha1 = true, .allow_des = true };
	(void)open_with(message, 16, lax);
	(void)open_with(message, 24, lax);
	(void)open_with(message, 32, lax);
	/* single DES alone has eight bytes, and the floor is asked first */
	fuzz_expect(open_with(message, 8, strict) != ERR_OK);
	(void)open_with(message, 8, lax);
	return 0;
}
