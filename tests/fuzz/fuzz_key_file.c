/* SPDX-License-Identifier: MIT */
/* key.der ("TSS2 PRIVATE KEY") with its public area, which the TSS unmarshals, and key.pem of a software key. */
#include "client/pki/software_key.h"
#include "tests/fuzz/fuzz.h"
#include "tpm/key_file.h"
#include "tpm/roca.h"
#include "tpm/tpm.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	return 0;
}

static void read_blob(struct bytes in)
{
	struct key_file file;
	struct public_key key;
	struct buf again;
	struct why why = { .code = "" };
	buf_init(&again, 64 * 1024);
	enum err e = key_file_read(in, &file, &why);
	fuzz_expect_why(e, &why);
	if (e == ERR_OK)
		fuzz_expect(key_file_write(&file, &again) == ERR_OK && again.len <= in.len + 8);
	e = tpm_key_file_public(in, &key, &why);
	fuzz_expect_why(e, &why);
	if (e == ERR_OK)
		(void)roca_is_vulnerable(key.modulus, key.modulus_len);
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes in = { data, size };
	struct device_key key = { .ops = NULL };
	struct public_key pub;
	struct why why = { .code = "" };
	read_blob(in);
	enum err e = software_key_load(in, &key, &why);
	fuzz_expect_why(e, &why);
	if (e == ERR_OK)
		fuzz_expect(device_key_public(&key, &pub, &why) == ERR_OK && pub.modulus_len > 0);
	device_key_close(&key);
	return 0;
}
