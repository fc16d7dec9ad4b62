/* SPDX-License-Identifier: MIT */
#include "client/pki/hash.h"
#include <cstring>
#include <string>
#include "CppUTest/TestHarness.h"
#include "client/pki/openssl_tool.hpp"

TEST_GROUP(hash)
{
	uint8_t out[HASH_MAX];
	char hex[2 * HASH_MAX + 1];
	const char *digest(enum key_hash h, const std::string &in)
	{
		LONGS_EQUAL(ERR_OK, hash_digest(h, bytes_of(in), out));
		hex_text({out, key_hash_len(h)}, hex);
		return hex;
	}
};

TEST(hash, DigestsOfAbcAreThoseOfFips180)
{
	STRCMP_EQUAL("a9993e364706816aba3e25717850c26c9cd0d89d", digest(KEY_SHA1, "abc"));
	STRCMP_EQUAL("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		     digest(KEY_SHA256, "abc"));
	STRCMP_EQUAL("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7c"
		     "c2358baeca134c825a7",
		     digest(KEY_SHA384, "abc"));
	STRCMP_EQUAL("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		     digest(KEY_SHA512, "abc"));
}

TEST(hash, EmptyInputWithoutAPointerHasADigest)
{
	struct bytes nothing = {nullptr, 0};
	sha256_hex(nothing, hex);
	STRCMP_EQUAL("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hex);
}

TEST(hash, HmacIsThatOfRfc4231)
{
	std::string key = "Jefe"; // test case 2
	std::string data = "what do ya want for nothing?";
	LONGS_EQUAL(ERR_OK, hmac_sha256(bytes_of(key), bytes_of(data), out));
	hex_text({out, SHA256_LEN}, hex);
	STRCMP_EQUAL("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", hex);
	key = std::string(131, '\xaa'); // test case 6: a key above the block size
	data = "Test Using Larger Than Block-Size Key - Hash Key First";
	LONGS_EQUAL(ERR_OK, hmac_sha256(bytes_of(key), bytes_of(data), out));
	hex_text({out, SHA256_LEN}, hex);
	STRCMP_EQUAL("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", hex);
}

TEST(hash, DigestInfoIsWhatOpensslParses)
{
	openssl_tool openssl;
	static const struct {
		enum key_hash hash;
		const char *word;
	} cases[] = {{KEY_SHA1, ":sha1"},
		     {KEY_SHA256, ":sha256"},
		     {KEY_SHA384, ":sha384"},
		     {KEY_SHA512, ":sha512"}};
	for (const auto &c : cases) {
		uint8_t info[HASH_DIGEST_INFO_MAX];
		std::string sum = digest(c.hash, "abc");
		size_t len = hash_digest_info(c.hash, {out, key_hash_len(c.hash)}, info);
		openssl.write("info", std::string(reinterpret_cast<char *>(info), len));
		std::string text = openssl.run("openssl asn1parse -inform DER -in info");
		CHECK_HAS(text, c.word);
		for (char &x : sum)
			x = static_cast<char>(std::toupper(x));
		CHECK_HAS(text, "[HEX DUMP]:" + sum);
		LONGS_EQUAL(0, hash_digest_info(c.hash, {out, 19}, info));
	}
}

TEST(hash, RandomBytesDifferEachTime)
{
	uint8_t a[16] = {};
	uint8_t b[16] = {};
	LONGS_EQUAL(ERR_OK, random_bytes(a, sizeof a));
	LONGS_EQUAL(ERR_OK, random_bytes(b, sizeof b));
	CHECK(memcmp(a, b, sizeof a) != 0);
	LONGS_EQUAL(ERR_BUG, random_bytes(a, 1u << 20));
}
