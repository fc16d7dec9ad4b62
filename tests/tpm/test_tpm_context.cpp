/* SPDX-License-Identifier: MIT */
#include <csignal>
#include <ctime>
#include "tpm_group.hpp"

TEST_GROUP_BASE(tpm_context, tpm_group)
{
	time_t begun = 0;
	void setup() override { begun = time(nullptr); }
	/** One enrollment's worth of private operations. */
	void enroll(const std::string &with)
	{
		make(with);
		std::string d = digest("sha256", "x");
		for (int i = 0; i < 3; i++)
			CHECK_OK(device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
		decrypt(std::string("content encryption key !"), "-pkeyopt rsa_padding_mode:pkcs1");
		close();
	}
	void check_within(int seconds) { CHECK(time(nullptr) - begun <= seconds); }
	void send_signal(int number)
	{
		LONGS_EQUAL(0, kill(std::atoi(lab.read("a/swtpm.pid").c_str()), number));
	}
};

TEST(tpm_context, OpeningAsksNothing)
{
	open("device:/nowhere");
	close();
	tpm_close(&tpm);
}

TEST(tpm_context, EnrollmentWithAPinTakesEightCommands)
{
	make(lab.tpm());
	enroll(lab.captured());
	STRCMP_EQUAL("RSA_Decrypt 1\nSign 3\nFlushContext 2\nStartAuthSession 1\nCreateLoaded 1\n"
		     "total 8\n",
		     lab.counts().c_str());
}

TEST(tpm_context, FirstEnrollmentOnAStorageKeyOfOthersTakesOneMore)
{
	make_storage_key("ecc256:aes128cfb", STORAGE "|noda");
	enroll(lab.captured());
	CHECK_HAS(lab.counts(), "ReadPublic 1\n");
	CHECK_HAS(lab.counts(), "total 9\n");
}

TEST(tpm_context, FirstEnrollmentOfAnEmptyTpmMakesTheStorageKey)
{
	enroll(lab.captured());
	CHECK_HAS(lab.counts(), "EvictControl 1\nCreatePrimary 1\n");
	CHECK_HAS(lab.counts(), "ReadPublic 2\n");
	CHECK_HAS(lab.counts(), "total 13\n");
}

TEST(tpm_context, LoadingAndSigningTakesFiveCommands)
{
	make(lab.tpm());
	open(lab.captured());
	CHECK_OK(load());
	std::string d = digest("sha256", "x");
	CHECK_OK(device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
	close();
	STRCMP_EQUAL("Load 1\nSign 1\nFlushContext 2\nStartAuthSession 1\ntotal 5\n",
		     lab.counts().c_str());
}

TEST(tpm_context, DecryptedBlockIsNotOnTheBus)
{
	enroll(lab.captured());
	/* the padding is random, so the whole block tells as much as the key in it */
	CHECK_HAS(lab.counts(hex_of(bytes_of("content encryption key !"))), " absent");
}

TEST(tpm_context, DecryptedBlockIsOnTheBusWithoutParameterEncryption)
{
	settings.without_parameter_encryption = true;
	enroll(lab.captured());
	CHECK_HAS(lab.counts(hex_of(bytes_of("content encryption key !"))), " seen");
}

TEST(tpm_context, MissingTpmIsAbsentAtOnce)
{
	for (std::string name :
	     {std::string("device:/dev/no-such-tpm"), "swtpm:path=" + lab.path("no.sock"),
	      "pcap:swtpm:path=" + lab.path("no.sock"), std::string("tabrmd:bus_name=x"),
	      std::string("no-such-tcti:x")}) {
		open(name);
		CHECK_WHY(ERR_UNREACHABLE, "tpm.absent", make_again());
		CHECK_HAS(std::string(why.text), name);
		struct tpm_facts facts;
		CHECK_WHY(ERR_UNREACHABLE, "tpm.absent", tpm_look(tpm, &facts, &why));
	}
	LONGS_EQUAL(0, blob.len);
	check_within(2);
}

TEST(tpm_context, TpmThatIsThereButDoesNotWorkIsNotAbsent)
{
	make(lab.tpm());
	close();
	send_signal(SIGKILL); /* its socket stays */
	open(lab.tpm());
	CHECK_WHY(ERR_UNREACHABLE, "tpm.io", load());
	lab.write("device", "");
	open("device:" + lab.path("device"));
	CHECK_WHY(ERR_UNREACHABLE, "tpm.io", load());
	lab.run("mkdir folder");
	open("device:" + lab.path("folder"));
	CHECK_WHY(ERR_UNREACHABLE, "tpm.io", load());
	check_within(5);
}

TEST(tpm_context, TpmThatHangsIsGivenUp)
{
	make(lab.tpm());
	settings.timeout_s = 1;
	open(lab.tpm());
	CHECK_OK(load());
	send_signal(SIGSTOP);
	begun = time(nullptr);
	std::string d = digest("sha256", "x");
	CHECK_WHY(ERR_UNREACHABLE, "tpm.timeout",
		  device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
	close(); /* must not wait for its flushes either */
	check_within(2);
	send_signal(SIGCONT);
}

TEST(tpm_context, TpmThatDiesIsAnIoError)
{
	make(lab.tpm());
	send_signal(SIGKILL);
	std::string d = digest("sha256", "x");
	CHECK_WHY(ERR_UNREACHABLE, "tpm.io",
		  device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
}

TEST(tpm_context, LookTellsMakerFirmwareAndLockoutAsTheToolsDo)
{
	struct tpm_facts facts;
	open(lab.tpm());
	CHECK_OK(tpm_look(tpm, &facts, &why));
	close();
	STRCMP_EQUAL("IBM", facts.manufacturer);
	CHECK(!facts.is_locked_out);
	LONGS_EQUAL(0, facts.lockout_counter);
	unsigned one = 0;
	unsigned two = 0;
	std::string seen = lab.tools("tpm2_getcap properties-fixed");
	LONGS_EQUAL(1, std::sscanf(seen.c_str() + seen.find("TPM2_PT_FIRMWARE_VERSION_1:"),
				   "TPM2_PT_FIRMWARE_VERSION_1:\n  raw: %x", &one));
	LONGS_EQUAL(1, std::sscanf(seen.c_str() + seen.find("TPM2_PT_FIRMWARE_VERSION_2:"),
				   "TPM2_PT_FIRMWARE_VERSION_2:\n  raw: %x", &two));
	char firmware[32];
	std::snprintf(firmware, sizeof firmware, "%u.%u.%u.%u", one >> 16, one & 0xffff, two >> 16,
		      two & 0xffff);
	STRCMP_EQUAL(firmware, facts.firmware);
	CHECK(!lab.has("srk.tr"));
}

TEST(tpm_context, LookComparesThePinAndTakesThreeCommands)
{
	struct tpm_facts facts;
	make(lab.tpm());
	open(lab.captured());
	CHECK_OK(tpm_look(tpm, &facts, &why));
	close();
	STRCMP_EQUAL("ReadPublic 1\nGetCapability 2\ntotal 3\n", lab.counts().c_str());
	lab.tools("tpm2_clear -c p");
	open(lab.tpm());
	CHECK_WHY(ERR_CHANGED, "tpm.cleared", tpm_look(tpm, &facts, &why));
	close();
	make_storage_key("ecc256:aes128cfb", STORAGE);
	open(lab.tpm());
	CHECK_WHY(ERR_CHANGED, "tpm.changed", tpm_look(tpm, &facts, &why));
}

TEST(tpm_context, LockoutIsToldAndOurKeysWorkOn)
{
	struct tpm_facts facts;
	make(lab.tpm()); /* below a storage key of ours: noDA */
	close();
	lab.tools("tpm2_dictionarylockout -Q -s -n 1 -t 100 -l 100 && "
		  "tpm2_createprimary -Q -C o -p secret -c p.ctx && tpm2_flushcontext -t");
	int status = 0;
	lab.run_status("TPM2TOOLS_TCTI=" + lab.tpm() + " tpm2_create -Q -C p.ctx -P wrong",
		       &status);
	CHECK(status != 0);
	open(lab.tpm());
	CHECK_OK(tpm_look(tpm, &facts, &why));
	CHECK(facts.is_locked_out);
	LONGS_EQUAL(1, facts.lockout_counter);
	CHECK_OK(load());
	check_sign(KEY_SHA256, "sha256");
}

TEST(tpm_context, LockoutBelowAStorageKeyWithoutNoDaIsLockedOut)
{
	make_storage_key("ecc256:aes128cfb", STORAGE);
	make(lab.tpm());
	close();
	lab.tools("tpm2_dictionarylockout -Q -s -n 1 -t 100 -l 100 && "
		  "tpm2_createprimary -Q -C o -p secret -c p.ctx && tpm2_flushcontext -t");
	int status = 0;
	lab.run_status("TPM2TOOLS_TCTI=" + lab.tpm() + " tpm2_create -Q -C p.ctx -P wrong",
		       &status);
	CHECK(status != 0);
	open(lab.tpm());
	CHECK_WHY(ERR_LOCKED_OUT, "tpm.lockout", load());
	CHECK_WHY(ERR_LOCKED_OUT, "tpm.lockout", make_again());
}

TEST(tpm_context, TheSelfTestIsReadAndNothingElse)
{
	bool is_done = false;
	open(lab.captured());
	CHECK_OK(tpm_test_result(tpm, &is_done, &why));
	close();
	STRCMP_EQUAL("GetTestResult 1\ntotal 1\n", lab.counts().c_str());
}

TEST(tpm_context, KeySizesAreAskedForAndNothingIsMade)
{
	bool is_offered = false;
	open(lab.captured());
	CHECK_OK(tpm_offers_key(tpm, 2048, &is_offered, &why));
	CHECK_TRUE(is_offered);
	CHECK_OK(tpm_offers_key(tpm, 1111, &is_offered, &why));
	CHECK_FALSE(is_offered);
	close();
	STRCMP_EQUAL("TestParms 2\ntotal 2\n", lab.counts().c_str());
}
