/* SPDX-License-Identifier: MIT */
#include "tpm/device_key.h"
#include "fakes/fake_key.h"
#include "key_contract.hpp"

TEST_GROUP_BASE(device_key, key_contract)
{
	struct fake_key fake;
	void setup() override
	{
		fake_key_init(&fake);
		key = fake_key_open(&fake);
	}
	void teardown() override { device_key_close(&key); }
};

KEY_CONTRACT(device_key)

TEST(device_key, FakeRecordsWhatItWasAskedToSign)
{
	std::string d = digest("sha384", "x");
	CHECK_OK(device_key_sign(&key, KEY_SHA384, bytes_of(d), &out, &why));
	LONGS_EQUAL(1, fake.sign_count);
	LONGS_EQUAL(KEY_SHA384, fake.hash);
	LONGS_EQUAL(48, fake.digest_len);
	MEMCMP_EQUAL(d.data(), fake.digest, 48);
}

TEST(device_key, FakeFailsWhereTheTestSaysSo)
{
	std::string d = digest("sha256", "x");
	fake.failure = ERR_LOCKED_OUT;
	fake.failure_code = "tpm.lockout";
	LONGS_EQUAL(ERR_LOCKED_OUT, device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
	STRCMP_EQUAL("tpm.lockout", why.code);
	LONGS_EQUAL(0, out.len);
}

TEST(device_key, CipherOutOfRangeNeverReachesTheKey)
{
	check_refusals();
	LONGS_EQUAL(0, fake.decrypt_count);
	LONGS_EQUAL(0, fake.sign_count);
}

TEST(device_key, KnowsTheDigestLengthsOfFips180)
{
	LONGS_EQUAL(20, key_hash_len(KEY_SHA1));
	LONGS_EQUAL(32, key_hash_len(KEY_SHA256));
	LONGS_EQUAL(48, key_hash_len(KEY_SHA384));
	LONGS_EQUAL(64, key_hash_len(KEY_SHA512));
}
