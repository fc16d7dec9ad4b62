/* SPDX-License-Identifier: MIT */
#include "client/pki/software_key.h"
#include <string>
#include "client/pki/hash.h"
#include "client/pki/openssl_tool.hpp"

TEST_GROUP(software_key)
{
	openssl_tool openssl;
	struct device_key key;
	struct buf pem;
	struct buf out;
	struct why why;
	void setup() override
	{
		key = device_key{nullptr, nullptr};
		why = {};
		buf_init(&pem, 8192);
		buf_init(&out, 8192);
	}
	void teardown() override
	{
		device_key_close(&key);
		buf_clear(&pem);
		buf_clear(&out);
	}
	void load(const std::string &name)
	{
		std::string text = openssl.read(name);
		LONGS_EQUAL_TEXT(ERR_OK, software_key_load(bytes_of(text), &key, &why), why.text);
	}
	void sign(enum key_hash hash, const std::string &text)
	{
		uint8_t digest[HASH_MAX];
		LONGS_EQUAL(ERR_OK, hash_digest(hash, bytes_of(text), digest));
		LONGS_EQUAL_TEXT(
		    ERR_OK, device_key_sign(&key, hash, {digest, key_hash_len(hash)}, &out, &why),
		    why.text);
	}
};

TEST(software_key, OpensslReadsTheMadePemAndVerifiesItsSignatures)
{
	LONGS_EQUAL_TEXT(ERR_OK, software_key_make(2048, &pem, &key, &why), why.text);
	openssl.write("key.pem", pem);
	CHECK_HAS(openssl.run("openssl rsa -check -noout -in key.pem"), "RSA key ok");
	openssl.run("openssl rsa -in key.pem -pubout -out pub.pem && printf hello >text");
	static const char *const words[] = {"sha1", "sha256", "sha384", "sha512"};
	static const enum key_hash hashes[] = {KEY_SHA1, KEY_SHA256, KEY_SHA384, KEY_SHA512};
	for (size_t i = 0; i < 4; i++) {
		buf_clear(&out);
		sign(hashes[i], "hello");
		openssl.write("sig", out);
		CHECK_HAS(openssl.run(std::string("openssl dgst -") + words[i] +
				      " -verify pub.pem -signature sig text"),
			  "Verified OK");
	}
}

TEST(software_key, ReloadedKeyHasTheSameModulus)
{
	struct public_key made;
	struct public_key again;
	struct device_key other = {nullptr, nullptr};
	LONGS_EQUAL(ERR_OK, software_key_make(2048, &pem, &key, &why));
	LONGS_EQUAL_TEXT(ERR_OK, software_key_load(buf_bytes(&pem), &other, &why), why.text);
	LONGS_EQUAL(ERR_OK, device_key_public(&key, &made, &why));
	LONGS_EQUAL(ERR_OK, device_key_public(&other, &again, &why));
	device_key_close(&other);
	device_key_close(&other);
	LONGS_EQUAL(256, made.modulus_len);
	LONGS_EQUAL(65537, made.exponent);
	MEMCMP_EQUAL(made.modulus, again.modulus, 256);
}

TEST(software_key, LoadsPkcs8OfOpenssl)
{
	openssl.run("openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "
		    "k.pem 2>/dev/null || "
		    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem");
	load("k.pem");
	sign(KEY_SHA256, "x");
	LONGS_EQUAL(256, out.len);
}

TEST(software_key, DecryptReturnsTheWholePaddedBlock)
{
	LONGS_EQUAL(ERR_OK, software_key_make(2048, &pem, &key, &why));
	openssl.write("key.pem", pem);
	openssl.run("printf secret | openssl pkeyutl -encrypt -inkey key.pem -out cipher");
	std::string cipher = openssl.read("cipher");
	LONGS_EQUAL_TEXT(ERR_OK, device_key_decrypt(&key, bytes_of(cipher), &out, &why), why.text);
	LONGS_EQUAL(256, out.len);
	BYTES_EQUAL(0, out.data[0]); /* RFC 8017 section 7.2.1: 00 02 PS 00 M */
	BYTES_EQUAL(2, out.data[1]);
	BYTES_EQUAL(0, out.data[249]);
	MEMCMP_EQUAL("secret", out.data + 250, 6);
	cipher[0] = '\xff';
	cipher[1] = '\xff';
	LONGS_EQUAL(ERR_INVALID, device_key_decrypt(&key, bytes_of(cipher), &out, &why));
	LONGS_EQUAL(256, out.len);
}

TEST(software_key, DamagedShortAndForeignKeysAreRefused)
{
	std::string nothing = "no key here";
	LONGS_EQUAL(ERR_INVALID, software_key_load(bytes_of(nothing), &key, &why));
	LONGS_EQUAL(ERR_UNSUPPORTED, software_key_make(1024, &pem, &key, &why));
	LONGS_EQUAL(0, pem.len);
	openssl.run(
	    "openssl genrsa -out short.pem 1024 && openssl genrsa -traditional -out k.pem 2048 && "
	    "openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "
	    "ec.pem");
	std::string text = openssl.read("short.pem");
	LONGS_EQUAL(ERR_UNSUPPORTED, software_key_load(bytes_of(text), &key, &why));
	text = openssl.read("ec.pem");
	LONGS_EQUAL(ERR_INVALID, software_key_load(bytes_of(text), &key, &why));
	text = openssl.read("k.pem");
	text[text.size() / 2] = text[text.size() / 2] == 'A' ? 'B' : 'A';
	LONGS_EQUAL(ERR_INVALID, software_key_load(bytes_of(text), &key, &why));
	POINTERS_EQUAL(nullptr, key.ops);
}
