/* SPDX-License-Identifier: MIT */
#include "tpm_group.hpp"

TEST_GROUP_BASE(storage_key,
		tpm_group){std::string name_at_handle(const std::string &tpm_name = "a"){
    lab.tools("tpm2_readpublic -Q -c 0x81000001 -n name.bin", tpm_name);
return hex_of(bytes_of(lab.read("name.bin")));
}
void set_owner_password(const std::string &password)
{
	lab.tools("tpm2_changeauth -Q -c o " + password);
}
}
;

TEST(storage_key, IsTheOneThatTpmToolsMakeFromTheSameTemplate)
{
	make(lab.tpm());
	close();
	/* same seed, same template (unique of zero size): the same key, so the same name */
	lab.tools("tpm2_createprimary -Q -C o -G ecc256:aes128cfb -c p.ctx -a '" STORAGE
		  "|noda' && "
		  "tpm2_readpublic -Q -c p.ctx -n tools.bin && tpm2_flushcontext -t");
	STRCMP_EQUAL(hex_of(bytes_of(lab.read("tools.bin"))).c_str(), name_at_handle().c_str());
}

TEST(storage_key, PinIsPrivateAndHoldsTheName)
{
	make(lab.tpm());
	close();
	CHECK_HAS(hex_of(bytes_of(lab.read("srk.tr"))), name_at_handle());
	CHECK_HAS(lab.run("stat -c %a srk.tr"), "600");
}

TEST(storage_key, RsaKeyOfOthersIsUsedAsItIs)
{
	make_storage_key("rsa2048:aes128cfb", STORAGE "|noda");
	std::string before = name_at_handle();
	make(lab.tpm());
	check_sign(KEY_SHA256, "sha256");
	open(lab.tpm());
	CHECK_OK(load());
	close();
	STRCMP_EQUAL(before.c_str(), name_at_handle().c_str());
}

TEST(storage_key, SigningKeyAtTheHandleIsRefusedAndNotPinned)
{
	make_storage_key("rsa2048", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign");
	open(lab.tpm());
	CHECK_WHY(ERR_UNSUPPORTED, "tpm.storage_key", make_again());
	CHECK(!lab.has("srk.tr"));
}

TEST(storage_key, EccSigningKeyAtTheHandleIsRefusedAndNotPinned)
{
	make_storage_key("ecc256", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign");
	open(lab.tpm());
	CHECK_WHY(ERR_UNSUPPORTED, "tpm.storage_key", make_again());
	CHECK(!lab.has("srk.tr"));
}

TEST(storage_key, UnrestrictedDecryptionKeyAtTheHandleIsRefused)
{
	make_storage_key("rsa2048",
			 "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|decrypt");
	open(lab.tpm());
	CHECK_WHY(ERR_UNSUPPORTED, "tpm.storage_key", make_again());
	CHECK(!lab.has("srk.tr"));
}

TEST(storage_key, StorageKeyThatMayBeDuplicatedIsRefused)
{
	make_storage_key("ecc256:aes128cfb", "sensitivedataorigin|userwithauth|restricted|decrypt");
	open(lab.tpm());
	CHECK_WHY(ERR_UNSUPPORTED, "tpm.storage_key", make_again());
	CHECK(!lab.has("srk.tr"));
}

TEST(storage_key, OwnerPasswordComesFromItsFile)
{
	set_owner_password("open-sesame");
	open(lab.tpm());
	CHECK_WHY(ERR_DENIED, "tpm.owner_auth", make_again());
	lab.write("owner", "wrong\n");
	owner_auth = lab.path("owner");
	open(lab.tpm());
	CHECK_WHY(ERR_DENIED, "tpm.owner_auth", make_again());
	CHECK(!lab.has("srk.tr"));
	lab.write("owner", "open-sesame\n");
	make(lab.tpm());
	check_sign(KEY_SHA256, "sha256");
}

TEST(storage_key, OwnerPasswordIsNotAskedForAKeyThatIsThere)
{
	make_storage_key("ecc256:aes128cfb", STORAGE "|noda");
	set_owner_password("open-sesame");
	make(lab.tpm());
}

TEST(storage_key, OwnerFileThatIsMissingOrTooLongIsNamed)
{
	owner_auth = lab.path("owner");
	open(lab.tpm());
	why = {};
	LONGS_EQUAL(ERR_NOT_FOUND, make_again());
	CHECK_HAS(std::string(why.text), owner_auth);
	lab.write("owner", std::string(70, 'x'));
	open(lab.tpm());
	CHECK(make_again() != ERR_OK);
	CHECK_HAS(std::string(why.text), owner_auth);
}

TEST(storage_key, SomebodyFasterIsNoError)
{
	make(lab.relay("twice=120"));
	check_sign(KEY_SHA256, "sha256");
	close();
	STRCMP_EQUAL("- 0x81000001\n", lab.tools("tpm2_getcap handles-persistent").c_str());
	STRCMP_EQUAL("", lab.tools("tpm2_getcap handles-transient").c_str());
}

TEST(storage_key, DamagedPinIsRefusedBeforeAnyCommand)
{
	make(lab.tpm());
	close();
	const std::string good = lab.read("srk.tr");
	std::string longer = good + "x";
	std::string huge(5000, 'x');
	std::string bad[] = {"",     "x", std::string(200, '\xff'), good.substr(0, good.size() - 1),
			     longer, huge};
	for (const std::string &content : bad) {
		lab.write("srk.tr", content);
		open(lab.captured());
		why = {};
		enum err e = load();
		CHECK(e == ERR_INVALID || (content == huge && e == ERR_TOO_BIG));
		CHECK(why.text[0] != '\0');
		close();
		STRCMP_EQUAL("total 0\n", lab.counts().c_str());
	}
	lab.write("srk.tr", good);
	open(lab.tpm());
	CHECK_OK(load());
}

TEST(storage_key, PinOfAnotherHandleNamesBoth)
{
	make(lab.tpm());
	settings.srk = 0x81000002;
	open(lab.tpm());
	CHECK_WHY(ERR_UNSUPPORTED, "tpm.pin_handle", make_again());
	CHECK_HAS(std::string(why.text), "0x81000001");
	CHECK_HAS(std::string(why.text), "0x81000002");
}

TEST(storage_key, EveryCutOfAPinIsRefusedWithoutACrash)
{
	make(lab.tpm());
	close();
	const std::string good = lab.read("srk.tr");
	for (size_t len = 0; len < good.size(); len += 3) {
		lab.write("srk.tr", good.substr(0, len));
		open(lab.tpm());
		LONGS_EQUAL(ERR_INVALID, load());
		close();
	}
}
