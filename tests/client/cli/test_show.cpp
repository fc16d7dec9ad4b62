/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/support.hpp"

TEST_GROUP(show){void setup() override{fake_reset();
write_file(folder() + "/cert.pem", "LEAF\n");
write_file(folder() + "/chain.pem", "CHAIN\n");
}

void teardown() override { fake_clear(); }
}
;

TEST(show, pem_and_chain_are_the_installed_files)
{
	STRCMP_EQUAL("LEAF\n", run_signet({"show", "corp-device", "--pem"}).out.c_str());
	STRCMP_EQUAL("CHAIN\n", run_signet({"show", "corp-device", "--chain"}).out.c_str());
	CHECK(!fake.asked_tpm);
}

TEST(show, text_is_the_default_and_says_where_the_key_lives)
{
	struct ran r = run_signet({"show", "corp-device"});
	LONGS_EQUAL(0, r.exit);
	for (const char *line : {"subject       CN=GW-7F31,O=Contoso\n", "serial        0a1b2c\n",
				 "key           rsa2048, tpm\n",
				 "not after     2027-10-23T15:02:39Z\n", "days left     335\n"})
		CHECK_TEXT(r.out.find(line) != std::string::npos, r.out.c_str());
	STRCMP_EQUAL(r.out.c_str(), run_signet({"show", "corp-device", "--text"}).out.c_str());
}

TEST(show, json_is_the_profile_as_in_status)
{
	struct ran r = run_signet({"show", "corp-device", "--json"});
	struct ran status = run_signet({"status", "corp-device", "--json"});
	STRCMP_EQUAL(json_value(status.out, "d['profiles'][0]").c_str(),
		     json_value(r.out, "d['profile']").c_str());
}

TEST(show, without_a_certificate_the_profiles_own_code_and_sentence_come)
{
	fake.profiles[2] = make_profile(KIND_SCEP, "corp-device", STATE_PENDING);
	fake.profiles[2].exit = SIGNET_PENDING;
	snprintf(fake.profiles[2].detail, 640, "the CA has not decided");
	for (const char *form : {"--pem", "--chain", "--text"}) {
		struct ran r = run_signet({"show", "corp-device", form});
		LONGS_EQUAL(12, r.exit);
		STRCMP_EQUAL("", r.out.c_str());
		CHECK(r.err.find(
			  "'corp-device' has no certificate installed: the CA has not decided") !=
		      std::string::npos);
	}
}

TEST(show, a_missing_file_is_a_failure_that_names_it)
{
	remove((folder() + "/chain.pem").c_str());
	struct ran r = run_signet({"show", "corp-device", "--chain"});
	LONGS_EQUAL(1, r.exit);
	CHECK(r.err.find("chain.pem") != std::string::npos);
}

TEST(show, only_scep_profiles_and_one_form)
{
	LONGS_EQUAL(2, run_signet({"show", "corp"}).exit);
	LONGS_EQUAL(2, run_signet({"show", "corp-device", "--pem", "--chain"}).exit);
	LONGS_EQUAL(2, run_signet({"show", "corp-device", "--pem", "--json"}).exit);
}
