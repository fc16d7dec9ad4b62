/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TPM_KEY_CONTRACT_HPP
#define TESTS_TPM_KEY_CONTRACT_HPP
#include <cstring>
#include "tpm/device_key.h"
#include "tpm_lab.hpp"

/**
 * What every device_key must do, the fake as the real one: the same body runs against both.
 * A group of it opens `key` in setup().
 */
struct key_contract : public Utest {
	tpm_lab lab;
	struct device_key key = {nullptr, nullptr};
	struct public_key pub = {};
	struct buf out;
	struct why why = {};

	key_contract() { buf_init(&out, 8192); }
	~key_contract() override { buf_clear(&out); }

	std::string digest(const char *hash, const std::string &text)
	{
		lab.write("text", text);
		lab.run(std::string("openssl dgst -") + hash + " -binary -out digest text");
		return lab.read("digest");
	}
	/** Sign and let openssl judge. */
	void check_sign(enum key_hash hash, const char *word)
	{
		CHECK_OK(device_key_public(&key, &pub, &why));
		lab.write_public(pub);
		std::string d = digest(word, "the seal that only its owner can press");
		buf_clear(&out);
		CHECK_OK(device_key_sign(&key, hash, bytes_of(d), &out, &why));
		LONGS_EQUAL(pub.modulus_len, out.len);
		lab.write("sig", text_of(buf_bytes(&out)));
		CHECK_HAS(lab.run(std::string("openssl dgst -") + word +
				  " -verify pub.pem -signature sig text"),
			  "Verified OK");
	}
	void check_all_hashes()
	{
		check_sign(KEY_SHA1, "sha1");
		check_sign(KEY_SHA256, "sha256");
		check_sign(KEY_SHA384, "sha384");
		check_sign(KEY_SHA512, "sha512");
	}
	/** `plain` encrypted by openssl with these options, decrypted by the key. */
	void decrypt(const std::string &plain, const std::string &options)
	{
		CHECK_OK(device_key_public(&key, &pub, &why));
		lab.write_public(pub);
		lab.write("plain", plain);
		lab.run("openssl pkeyutl -encrypt -pubin -inkey pub.pem -in plain -out cipher " +
			options);
		buf_clear(&out);
		std::string cipher = lab.read("cipher");
		CHECK_OK(device_key_decrypt(&key, bytes_of(cipher), &out, &why));
		LONGS_EQUAL(pub.modulus_len, out.len);
	}
	void check_decrypt_pkcs1()
	{
		const std::string secret = "0123456789abcdef";
		decrypt(secret, "-pkeyopt rsa_padding_mode:pkcs1");
		std::string block = text_of(buf_bytes(&out));
		LONGS_EQUAL(0, block[0]);
		LONGS_EQUAL(2, block[1]); /* RFC 8017 section 7.2.1 */
		LONGS_EQUAL(block.size() - secret.size() - 1, block.find('\0', 2));
		CHECK(block.substr(block.size() - secret.size()) == secret);
	}
	void check_decrypt_small_number()
	{
		std::string block(256, '\0');
		block.replace(250, 6, "signet");
		decrypt(block, "-pkeyopt rsa_padding_mode:none");
		CHECK(text_of(buf_bytes(&out)) == block);
	}
	void check_appends()
	{
		std::string d = digest("sha256", "x");
		LONGS_EQUAL(ERR_OK, buf_add_text(&out, "before"));
		CHECK_OK(device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
		LONGS_EQUAL(6 + 256, out.len);
		MEMCMP_EQUAL("before", out.data, 6);
	}
	void check_no_room()
	{
		struct buf small;
		std::string d = digest("sha256", "x");
		std::string cipher(256, '\1');
		buf_init(&small, 100);
		LONGS_EQUAL(ERR_OK, buf_add_text(&small, "before"));
		enum err sign = device_key_sign(&key, KEY_SHA256, bytes_of(d), &small, &why);
		enum err decrypted = device_key_decrypt(&key, bytes_of(cipher), &small, &why);
		size_t len = small.len;
		buf_clear(&small);
		LONGS_EQUAL(ERR_TOO_BIG, sign);
		LONGS_EQUAL(ERR_TOO_BIG, decrypted);
		LONGS_EQUAL(6, len);
		CHECK(why.text[0] != '\0');
	}
	void check_refusals()
	{
		std::string d = digest("sha256", "x");
		LONGS_EQUAL(ERR_BUG, device_key_sign(&key, KEY_SHA384, bytes_of(d), &out, &why));
		CHECK_OK(device_key_public(&key, &pub, &why));
		std::string modulus(reinterpret_cast<char *>(pub.modulus), pub.modulus_len);
		std::string one(255, '\0');
		one += '\1';
		for (const std::string &cipher :
		     {modulus, std::string(256, '\xff'), one, std::string(256, '\0'),
		      std::string(255, '\1'), std::string(257, '\1'), std::string()})
			LONGS_EQUAL(ERR_INVALID,
				    device_key_decrypt(&key, bytes_of(cipher), &out, &why));
		LONGS_EQUAL(0, out.len);
	}
	void check_public()
	{
		struct public_key again;
		CHECK_OK(device_key_public(&key, &pub, &why));
		CHECK_OK(device_key_public(&key, &again, &why));
		LONGS_EQUAL(256, pub.modulus_len);
		LONGS_EQUAL(65537, pub.exponent);
		CHECK((pub.modulus[0] & 0x80) != 0);
		MEMCMP_EQUAL(pub.modulus, again.modulus, pub.modulus_len);
	}
	void check_close()
	{
		device_key_close(&key);
		CHECK(key.ops == nullptr && key.self == nullptr);
		device_key_close(&key);
		device_key_close(nullptr);
	}
};

#define KEY_CONTRACT(group)                                                                        \
	TEST(group, ContractPublicHalfIsAnRsa2048KeyAndStaysTheSame) { check_public(); }           \
	TEST(group, ContractOpensslVerifiesSignaturesOfEveryHash) { check_all_hashes(); }          \
	TEST(group, ContractSignatureIsAppended) { check_appends(); }                              \
	TEST(group, ContractBlockOfAPkcs1CipherKeepsItsPadding) { check_decrypt_pkcs1(); }         \
	TEST(group, ContractSmallBlockIsPaddedOnTheLeft) { check_decrypt_small_number(); }         \
	TEST(group, ContractBufferWithoutRoomStaysUntouched) { check_no_room(); }                  \
	TEST(group, ContractWrongLengthsAndRangesAreRefused) { check_refusals(); }                 \
	TEST(group, ContractCloseIsSafeTwice) { check_close(); }

#endif
