/* SPDX-License-Identifier: MIT */
/* The body of GetCACaps, and what is chosen by it: never below the floor. */
#include "client/scep/capabilities.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scep_capabilities caps = scep_capabilities_parse((struct bytes){ data, size });
	const struct cms_floor strict = { .allow_sha1 = false };
	const struct cms_floor lax = { .allow_sha1 = true, .allow_des = true };
	bool has_word = caps.has_aes || caps.has_des3 || caps.has_post || caps.has_renewal || caps.has_sha1 ||
	                caps.has_sha256 || caps.has_sha512 || caps.has_next_ca;
	fuzz_expect(caps.is_known || !has_word);
	fuzz_expect(caps.is_known || scep_capabilities_post(&caps));
	enum cms_cipher cipher = scep_capabilities_cipher(&caps, strict);
	fuzz_expect(cipher == CMS_AES128 || cipher == CMS_DES3);
	fuzz_expect(scep_capabilities_digest(&caps, KEY_SHA256, strict) != KEY_SHA1);
	(void)scep_capabilities_cipher(&caps, lax);
	(void)scep_capabilities_digest(&caps, KEY_SHA512, lax);
	return 0;
}
