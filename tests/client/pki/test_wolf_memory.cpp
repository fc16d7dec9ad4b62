/* SPDX-License-Identifier: MIT */
#include "client/pki/wolf_memory.h"
#include <cstdlib>
#include <string>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/memory.h>
#include "client/pki/certificate.h"
#include "client/pki/hash.h"
#include "client/pki/openssl_tool.hpp"
#include "client/pki/software_key.h"

/* wolfCrypt's n-th allocation from now on fails; 0: none. */
static unsigned left_until_none;

static bool is_none(void)
{
	return left_until_none != 0 && --left_until_none == 0;
}
static void *test_malloc(size_t size)
{
	return is_none() ? nullptr : malloc(size);
}
static void *test_realloc(void *block, size_t size)
{
	return is_none() ? nullptr : realloc(block, size);
}

TEST_GROUP(wolf_memory)
{
	openssl_tool openssl;
	struct why why;
	void setup() override
	{
		why = {};
		left_until_none = 0;
		LONGS_EQUAL(0, wolfSSL_SetAllocators(test_malloc, free, test_realloc));
	}
	void teardown() override
	{
		wolfSSL_SetAllocators(malloc, free, realloc);
	}
	/* Each allocation of `work` fails once: it ends with `wanted`, or did without. How many there were. */
	template <typename Work> unsigned each_fails(enum err wanted, Work work)
	{
		for (unsigned n = 1; n < 1000; n++) {
			left_until_none = n;
			enum err e = work();
			bool was_none = left_until_none == 0;
			left_until_none = 0;
			if (!was_none) {
				LONGS_EQUAL(ERR_OK, e);
				return n - 1;
			}
			CHECK_TEXT(e == wanted || e == ERR_OK, why.text);
		}
		FAIL("it never ends");
		return 0;
	}
};

TEST(wolf_memory, OnlyAFailureSinceTheLastWatchCounts)
{
	uint8_t digest[HASH_MAX];
	wolf_memory_watch();
	LONGS_EQUAL(ERR_INVALID, wolf_memory_error(ERR_INVALID));
	left_until_none = 1;
	wolfSSL_Free(wolfSSL_Malloc(1));
	LONGS_EQUAL(ERR_NO_MEMORY, wolf_memory_error(ERR_INVALID));
	LONGS_EQUAL(ERR_OK, hash_digest(KEY_SHA256, {digest, 0}, digest));
	LONGS_EQUAL(ERR_INVALID, wolf_memory_error(ERR_INVALID));
}

TEST(wolf_memory, ASignatureThatThereIsNoMemoryForIsNotCalledForged)
{
	for (const char *kind : {"rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"}) {
		openssl.run("openssl req -x509 -nodes -keyout k -subj /CN=x -outform DER -out c.der -newkey " +
			    std::string(kind));
		std::string der = openssl.read("c.der");
		struct certificate cert;
		LONGS_EQUAL(ERR_OK, certificate_parse(bytes_of(der), &cert, &why));
		unsigned count = each_fails(ERR_NO_MEMORY, [&] { return certificate_verify_signature(&cert, &cert, &why); });
		CHECK_TEXT(count > 0, kind);
	}
}

TEST(wolf_memory, AKeyThatThereIsNoMemoryForIsNotCalledDamaged)
{
	openssl.run("openssl genrsa -traditional -out key.pem 2048");
	std::string pem = openssl.read("key.pem");
	unsigned count = each_fails(ERR_NO_MEMORY, [&] {
		struct device_key key = {nullptr, nullptr};
		enum err e = software_key_load(bytes_of(pem), &key, &why);
		device_key_close(&key);
		return e;
	});
	CHECK(count > 0);
}
