/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_objects.h"
#include <algorithm>
#include "pkcs11_lab.hpp"

TEST_GROUP_BASE(pkcs11_objects, pkcs11_group){};

TEST(pkcs11_objects, EachProfileHasThreeObjects)
{
	profile("dev", 1);
	profile("vpn", 2);
	lab.run("mkdir -p state/scep/soft/0001 state/scep/.hidden; touch state/scep/soft/0001/key.pem");
	use("soft", "0001");
	start();
	LONGS_EQUAL(2, find(CKO_PRIVATE_KEY).size());
	LONGS_EQUAL(2, find(CKO_PUBLIC_KEY).size());
	LONGS_EQUAL(2, find(CKO_CERTIFICATE).size());
	LONGS_EQUAL(6, search({}).size());
	LONGS_EQUAL(1, find(CKO_CERTIFICATE, "vpn").size());
	LONGS_EQUAL(0, find(CKO_CERTIFICATE, "vp").size());
	LONGS_EQUAL(0, find(CKO_DATA).size());
	LONGS_EQUAL(0, pkcs11_lines().size());
}

TEST(pkcs11_objects, WithoutCertificateThereAreTheKeys)
{
	profile("dev", 1);
	lab.run("rm state/scep/dev/0001/cert.pem");
	start();
	LONGS_EQUAL(2, search({}).size());
	LONGS_EQUAL(2, search({}).size());
	LONGS_EQUAL(1, pkcs11_lines().size()); // told once
	CHECK_HAS(pkcs11_lines()[0], "signet-pkcs11: scep/dev/cert.pem: ");
}

TEST(pkcs11_objects, SearchByIdAndModulusAndNothingElse)
{
	profile("dev", 1);
	start();
	CK_BBOOL yes = CK_TRUE;
	std::string id = "dev";
	std::string modulus = value(key_of("dev"), CKA_MODULUS);
	LONGS_EQUAL(3, search({{CKA_ID, &id[0], 3}}).size());
	LONGS_EQUAL(2, search({{CKA_ID, &id[0], 3}, {CKA_MODULUS, &modulus[0], modulus.size()}}).size());
	LONGS_EQUAL(1, search({{CKA_DECRYPT, &yes, 1}}).size());
	LONGS_EQUAL(0, search({{CKA_TRUSTED, &yes, 1}}).size());
	LONGS_EQUAL(0, search({{CKA_PRIVATE_EXPONENT, &modulus[0], modulus.size()}}).size());
	CK_ATTRIBUTE bad = {CKA_ID, nullptr, 3};
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, &bad, 1));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, nullptr, 1));
}

TEST(pkcs11_objects, HandlesStayWhileNothingChanges)
{
	profile("dev", 1);
	start();
	auto first = search({});
	use("dev", "0001");
	CHECK(first == search({}));
}

TEST(pkcs11_objects, NewKeyIsSeenByTheNextSearchWithNewHandlesAndTheOldOnesStayUsable)
{
	profile("dev", 1);
	start();
	auto old = search({});
	std::string modulus = value(old[0], CKA_MODULUS);
	profile("dev", 2);
	auto fresh = search({});
	LONGS_EQUAL(3, fresh.size());
	for (auto handle : fresh)
		CHECK(handle > *std::max_element(old.begin(), old.end()));
	CHECK(value(fresh[0], CKA_MODULUS) != modulus);
	CHECK(value(old[0], CKA_MODULUS) == modulus);
	LONGS_EQUAL(CKR_OK, sign_init(old[0], {CKM_RSA_PKCS, nullptr, 0}));
}

TEST(pkcs11_objects, OldKeyThatComesBackGetsANewHandleAsWell)
{
	profile("dev", 1);
	start();
	auto first = key_of("dev");
	profile("dev", 2);
	auto second = key_of("dev");
	use("dev", "0001");
	auto third = key_of("dev");
	CHECK(first < second && second < third);
	CHECK(value(first, CKA_MODULUS) == value(third, CKA_MODULUS));
	lab.run("mv state/scep/dev state/dev");
	LONGS_EQUAL(0, search({}).size());
	lab.run("mv state/dev state/scep/dev");
	CHECK(key_of("dev") > third);
}

TEST(pkcs11_objects, NewCertificateForTheSameKeyIsNewToo)
{
	profile("dev", 1);
	start();
	auto first = search({});
	put("dev", "0007", key_der(1));
	use("dev", "0007");
	auto second = search({});
	CHECK(second[0] > first[2]);
	CHECK(value(first[2], CKA_VALUE) != value(second[2], CKA_VALUE));
	CHECK(value(first[0], CKA_MODULUS) == value(second[0], CKA_MODULUS));
}

TEST(pkcs11_objects, ProfileThatWasNotThereAtTheStartIsFound)
{
	start();
	LONGS_EQUAL(0, search({}).size());
	profile("late", 1);
	LONGS_EQUAL(1, find(CKO_PRIVATE_KEY, "late").size());
}

TEST(pkcs11_objects, HandlesAreNotGivenAgainAfterFinalize)
{
	profile("dev", 1);
	start();
	auto first = key_of("dev");
	LONGS_EQUAL(CKR_OK, p11->C_Finalize(nullptr));
	start();
	CHECK(key_of("dev") > first);
	STRCMP_EQUAL("0x82", value(first, CKA_CLASS).c_str()); // CKR_OBJECT_HANDLE_INVALID
}

TEST(pkcs11_objects, TooManyHiddenKeysGoTheLongestUnusedFirst)
{
	profile("dev", 1);
	start();
	std::vector<CK_OBJECT_HANDLE> seen = {key_of("dev")};
	for (unsigned char i = 2; i <= PKCS11_HIDDEN_MAX + 3; i++) {
		lab.write("state/scep/dev/0001/key.der", key_der(i));
		seen.push_back(key_of("dev"));
		CHECK_TEXT(value(seen[0], CKA_LABEL) == "dev", "a key that is used must not go");
	}
	LONGS_EQUAL(PKCS11_HIDDEN_MAX + 3, seen.size());
	STRCMP_EQUAL("0x82", value(seen[1], CKA_CLASS).c_str());
	STRCMP_EQUAL("0x82", value(seen[2], CKA_CLASS).c_str());
	for (size_t i = 3; i < seen.size(); i++)
		CHECK(value(seen[i], CKA_LABEL) == "dev");
}

TEST(pkcs11_objects, ProfilesAreLimited)
{
	profile("dev", 1);
	lab.run("cd state/scep; for i in $(seq " + std::to_string(PKCS11_PROFILES_MAX + 4) +
		"); do cp -r dev p$i; done");
	start();
	LONGS_EQUAL(PKCS11_PROFILES_MAX, find(CKO_PRIVATE_KEY).size());
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], "more than 256 profiles");
}

TEST(pkcs11_objects, FoldersWithoutACertificateTakeNoPlaceFromAKey)
{
	profile("dev", 1);
	lab.run("cd state/scep; for i in $(seq 600); do mkdir p$i; done");
	start();
	LONGS_EQUAL(1, find(CKO_PRIVATE_KEY).size());
	LONGS_EQUAL(0, pkcs11_lines().size());
}

TEST(pkcs11_objects, GenerationsAreLimitedOverAllProfiles)
{
	profile("dev", 1);
	const unsigned n = PKCS11_PROFILES_MAX - 1;
	const std::string copies = "; do cp -r dev x$i; done";
	start();
	auto first = key_of("dev");
	for (const char *round : {"a", "b", "c"}) { // 255 profiles that are renamed twice
		lab.run("cd state/scep; rm -rf [abc]*; for i in $(seq " + std::to_string(n) + "); do cp -r dev " + round +
			"$i; done");
		LONGS_EQUAL(n + 1, find(CKO_PRIVATE_KEY).size());
	}
	unsigned kept = 0;
	for (CK_OBJECT_HANDLE h = first; h < first + 3 * (3 * n + 1); h += 3)
		kept += value(h, CKA_LABEL).substr(0, 2) != "0x";
	LONGS_EQUAL(PKCS11_GENERATIONS_MAX, kept);
}

TEST(pkcs11_objects, DamagedProfileIsToldOnceAndTheOthersServed)
{
	profile("bad", 1);
	profile("dev", 2);
	lab.write("state/scep/bad/0001/key.der", "damaged");
	start();
	for (int i = 0; i < 3; i++)
		LONGS_EQUAL(1, find(CKO_PRIVATE_KEY).size());
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], "signet-pkcs11: scep/bad/key.der: ");
	lab.write("state/scep/bad/0001/key.der", key_der(1));
	LONGS_EQUAL(2, find(CKO_PRIVATE_KEY).size());
	lab.write("state/scep/bad/0001/key.der", "damaged");
	LONGS_EQUAL(1, find(CKO_PRIVATE_KEY).size());
	LONGS_EQUAL(2, pkcs11_lines().size()); // it was well in between
}

TEST(pkcs11_objects, StateFolderThatIsMissingIsEmptyAndTold)
{
	lab.run("rm -rf state");
	start();
	LONGS_EQUAL(0, search({}).size());
	LONGS_EQUAL(0, search({}).size());
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], state + "/scep");
}
