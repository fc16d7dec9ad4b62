/* SPDX-License-Identifier: MIT */
#include <ctime>
#include "tpm_group.hpp"

TEST_GROUP_BASE(tpm_key, tpm_group){void setup() override{make(lab.tpm());
}
/** public.bin, private.bin of the blob */
void split()
{
	struct key_file file;
	CHECK_OK(key_file_read(buf_bytes(&blob), &file, &why));
	LONGS_EQUAL(SRK_HANDLE, file.parent);
	lab.write("public.bin", text_of(file.public_area));
	lab.write("private.bin", text_of(file.private_area));
}
}
;

KEY_CONTRACT(tpm_key)

TEST(tpm_key, TpmToolsSeeTheAttributesInTheTpmItself)
{
	split();
	close();
	std::string seen =
	    lab.tools("tpm2_load -Q -C 0x81000001 -u public.bin -r private.bin -c k.ctx "
		      "&& tpm2_readpublic -c k.ctx");
	CHECK_HAS(
	    seen,
	    "value: fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|decrypt|sign\n");
	CHECK_HAS(seen, "scheme:\n  value: null\n");
	CHECK_HAS(seen, "bits: 2048");
	CHECK_HAS_NOT(seen, "authorization policy");
}

TEST(tpm_key, NothingStaysInTheTpmButTheStorageKey)
{
	close();
	STRCMP_EQUAL("- 0x81000001\n", lab.tools("tpm2_getcap handles-persistent").c_str());
	STRCMP_EQUAL("", lab.tools("tpm2_getcap handles-transient").c_str());
	STRCMP_EQUAL("", lab.tools("tpm2_getcap handles-loaded-session").c_str());
}

TEST(tpm_key, ReloadedKeyHasTheSamePublicHalfAndSigns)
{
	struct public_key made;
	struct public_key alone;
	CHECK_OK(device_key_public(&key, &made, &why));
	CHECK_OK(tpm_key_file_public(buf_bytes(&blob), &alone, &why));
	open(lab.tpm());
	CHECK_OK(load());
	check_sign(KEY_SHA256, "sha256");
	MEMCMP_EQUAL(made.modulus, pub.modulus, 256);
	MEMCMP_EQUAL(made.modulus, alone.modulus, 256);
	LONGS_EQUAL(65537, alone.exponent);
}

TEST(tpm_key, KeyOutlivesAReboot)
{
	close();
	lab.run(TEST_LAB "/swtpm.sh stop a && " TEST_LAB "/swtpm.sh start a");
	open(lab.tpm());
	CHECK_OK(load());
	check_sign(KEY_SHA256, "sha256");
}

TEST(tpm_key, KeyOfAnotherTpmIsForeign)
{
	pin = lab.path("other.tr");
	make_storage_key("ecc256:aes128cfb", STORAGE, "b");
	open(lab.tpm("b"));
	CHECK_WHY(ERR_CHANGED, "tpm.foreign_key", load());
	CHECK(!lab.has("other.tr"));
}

TEST(tpm_key, OtherTpmWithoutStorageKeyIsToldAsCleared)
{
	open(lab.tpm("b"));
	CHECK_WHY(ERR_CHANGED, "tpm.cleared", load());
	open(lab.tpm("b"));
	CHECK_WHY(ERR_CHANGED, "tpm.cleared", make_again());
	close();
	STRCMP_EQUAL("", lab.tools("tpm2_getcap handles-persistent", "b").c_str());
}

TEST(tpm_key, OtherTpmWithItsOwnStorageKeyIsToldAsChanged)
{
	make_storage_key("ecc256:aes128cfb", STORAGE, "b");
	open(lab.tpm("b"));
	CHECK_WHY(ERR_CHANGED, "tpm.changed", load());
	open(lab.tpm("b"));
	CHECK_WHY(ERR_CHANGED, "tpm.changed", make_again());
}

TEST(tpm_key, OtherTpmWithAnRsaStorageKeyIsToldAsChanged)
{
	make_storage_key("rsa2048:aes128cfb", STORAGE, "b");
	open(lab.tpm("b"));
	CHECK_WHY(ERR_CHANGED, "tpm.changed", load());
}

TEST(tpm_key, ClearedTpmIsToldAsCleared)
{
	close();
	lab.tools("tpm2_clear -c p");
	open(lab.tpm());
	CHECK_WHY(ERR_CHANGED, "tpm.cleared", load());
}

TEST(tpm_key, ClearedTpmWithANewStorageKeyIsToldAsChanged)
{
	close();
	lab.tools("tpm2_clear -c p");
	make_storage_key("ecc256:aes128cfb", STORAGE);
	open(lab.tpm());
	CHECK_WHY(ERR_CHANGED, "tpm.changed", load());
}

TEST(tpm_key, DamagedPrivatePartIsForeignWhileTheStorageKeyIsOurs)
{
	blob.data[blob.len - 5] ^= 1;
	open(lab.tpm());
	CHECK_WHY(ERR_CHANGED, "tpm.foreign_key", load());
}

TEST(tpm_key, FourthKeyWithoutResourceManagerNamesTheManager)
{
	struct device_key more[2] =
	    {}; /* the third of its slots is for the TPM's own use of the parent */
	enum err e = ERR_OK;
	open(lab.tpm());
	for (auto &one : more)
		if (e == ERR_OK)
			e = tpm_load_key(tpm, buf_bytes(&blob), &one, &why);
	LONGS_EQUAL_TEXT(ERR_OK, e, why.text);
	CHECK_WHY(ERR_UNREACHABLE, "tpm.no_resource_manager", load());
	CHECK_HAS(std::string(why.next_step), "/dev/tpmrm0");
	for (auto &one : more)
		device_key_close(&one);
	CHECK_OK(load());
}

TEST(tpm_key, Rsa3072SignsToo)
{
	open(lab.tpm());
	buf_clear(&blob);
	CHECK_OK(tpm_make_key(tpm, 3072, &blob, &key, &why));
	check_sign(KEY_SHA256, "sha256");
	LONGS_EQUAL(384, pub.modulus_len);
}

TEST(tpm_key, SizeThatTheTpmLacksIsNamed)
{
	/* libtpms 0.9 of Debian 12 ends at 3072 */
	open(lab.tpm());
	CHECK_WHY(ERR_UNSUPPORTED, "tpm.key_size", tpm_make_key(tpm, 4096, &blob, &key, &why));
	CHECK_HAS(std::string(why.text), "4096");
	LONGS_EQUAL(ERR_BUG, tpm_make_key(tpm, 1024, &blob, &key, &why));
}

TEST(tpm_key, OldTpmWithoutCreateLoadedMakesAKeyByTwoCommands)
{
	make(lab.relay("refuse=191:143"));
	check_sign(KEY_SHA256, "sha256");
	make(lab.relay("refuse=191:b0143")); /* as Linux' resource manager says it */
	check_sign(KEY_SHA256, "sha256");
}

TEST(tpm_key, TpmWithoutTheHashSignsByTheRawOperation)
{
	make(lab.relay("refuse=15d:2c3")); /* TPM_RC_HASH, parameter 2 */
	check_all_hashes();
}

TEST(tpm_key, LostSessionIsReplacedOnce)
{
	for (const char *rules : {"refuse1=15d:918", "refuse1=15d:984", "refuse1=157:918"}) {
		open(lab.relay(rules));
		CHECK_OK(load());
		check_sign(KEY_SHA256, "sha256");
	}
	open(lab.relay("refuse1=159:918"));
	CHECK_OK(load());
	check_decrypt_pkcs1();
	open(lab.relay("refuse=15d:918"));
	CHECK_OK(load());
	std::string d = digest("sha256", "x");
	CHECK_WHY(ERR_UNREACHABLE, "tpm.restarted",
		  device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
}

TEST(tpm_key, ChangedAnswerIsNoticed)
{
	open(lab.relay("flip=15d"));
	CHECK_OK(load());
	std::string d = digest("sha256", "x");
	std::string cipher(256, '\1');
	CHECK_WHY(ERR_UNREACHABLE, "tpm.answer_forged",
		  device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
	open(lab.relay("flip=159")); /* ESYS 3.2 takes no further command after that */
	CHECK_OK(load());
	CHECK_WHY(ERR_UNREACHABLE, "tpm.answer_forged",
		  device_key_decrypt(&key, bytes_of(cipher), &out, &why));
	LONGS_EQUAL(0, out.len);
}

TEST(tpm_key, FileOfAnotherToolWithOtherAttributesIsRefused)
{
	close();
	lab.tools("tpm2_create -Q -C 0x81000001 -G rsa2048 -u o.pub -r o.priv "
		  "-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|decrypt'");
	std::string public_area = lab.read("o.pub");
	std::string private_area = lab.read("o.priv");
	struct key_file file = {SRK_HANDLE, bytes_of(public_area), bytes_of(private_area)};
	buf_clear(&blob);
	LONGS_EQUAL(ERR_OK, key_file_write(&file, &blob));
	open(lab.tpm());
	CHECK_WHY(ERR_INVALID, "tpm.key_file", load());
	CHECK_WHY(ERR_INVALID, "tpm.key_file", tpm_key_file_public(buf_bytes(&blob), &pub, &why));
}

// TCG Part 2, 12.2.4: type, nameAlg, attributes, policy, symmetric, scheme, bits and exponent come before the modulus.
TEST(tpm_key, PublicAreaThatWasChangedIsRefusedWhateverTheByte)
{
	struct key_file file;
	struct buf other;
	CHECK_OK(key_file_read(buf_bytes(&blob), &file, &why));
	const std::string good = text_of(file.public_area);
	const size_t head = good.size() - 256; /* the modulus is last */
	buf_init(&other, KEY_FILE_MAX);
	for (size_t i = 0; i <= head; i++)
		for (int bit : {0x01, 0x04, 0x40, 0x80}) {
			bool is_modulus = i == head;
			if (is_modulus && bit != 0x80) /* of which the first bit alone is known */
				continue;
			std::string bad = good;
			bad[i] = static_cast<char>(bad[i] ^ bit);
			file.public_area = bytes_of(bad);
			buf_clear(&other);
			LONGS_EQUAL(ERR_OK, key_file_write(&file, &other));
			LONGS_EQUAL_TEXT(ERR_INVALID, tpm_key_file_public(buf_bytes(&other), &pub, &why),
					 std::to_string(i).c_str());
			STRCMP_EQUAL("tpm.key_file", why.code);
		}
	buf_clear(&other);
}

TEST(tpm_key, KeyFileBelowAnotherHandleNamesBoth)
{
	struct key_file file;
	struct buf other;
	CHECK_OK(key_file_read(buf_bytes(&blob), &file, &why));
	file.parent = 0x81000002;
	buf_init(&other, KEY_FILE_MAX);
	LONGS_EQUAL(ERR_OK, key_file_write(&file, &other));
	open(lab.tpm());
	why = {};
	enum err e = tpm_load_key(tpm, buf_bytes(&other), &key, &why);
	buf_clear(&other);
	LONGS_EQUAL(ERR_UNSUPPORTED, e);
	STRCMP_EQUAL("tpm.pin_handle", why.code);
	CHECK_HAS(std::string(why.text), "0x81000002");
}
