/* SPDX-License-Identifier: MIT */
/* The page of mscep_admin. What is taken for a challenge is 8 to 128 hex digits; what is not says why. */
#include "client/scep/challenge_page.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why = { .code = "" };
	struct buf challenge;
	buf_init(&challenge, 256);
	enum err e = challenge_page_parse((struct bytes){ data, size }, &challenge, &why);
	fuzz_expect(e == ERR_OK ? challenge.len >= 8 && challenge.len <= 128 : challenge.len == 0);
	fuzz_expect_why(e, &why);
	for (size_t i = 0; i < challenge.len; i++)
		fuzz_expect(strchr("0123456789abcdefABCDEF", challenge.data[i]) != NULL && challenge.data[i] != '\0');
	buf_clear(&challenge);
	return 0;
}
