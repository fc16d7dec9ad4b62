/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/options.h"
#include "client/cli/support.hpp"

TEST_GROUP(apply)
{
	std::string path;

	void setup() override
	{
		fake_reset();
		path = folder() + "/challenge";
	}

	void teardown() override
	{
		fake_clear();
		std::string().swap(path);
	}
};

TEST(apply, all_profiles_in_one_pass_unless_told_otherwise)
{
	struct ran r = run_signet({"apply"});
	LONGS_EQUAL(0, r.exit);
	LONGS_EQUAL(1, fake.applies);
	LONGS_EQUAL(0, fake.asked_profiles.size());
	LONGS_EQUAL(0, fake.wait_s);
	CHECK(!fake.has_challenge && !fake.force && !fake.only_renewal);
	STRCMP_EQUAL("done: every profile is in place\n", r.out.c_str());
	STRCMP_EQUAL("", run_signet({"-q", "apply"}).out.c_str());
}

TEST(apply, profiles_and_wait_are_handed_on)
{
	LONGS_EQUAL(0, run_signet({"apply", "corp", "--wait=30", "hq"}).exit);
	LONGS_EQUAL(2, fake.asked_profiles.size());
	STRCMP_EQUAL("hq", fake.asked_profiles[1].c_str());
	LONGS_EQUAL(30, fake.wait_s);
	run_signet({"apply", "--wait"});
	LONGS_EQUAL(WAIT_MAX_S, fake.wait_s);
}

TEST(apply, what_is_not_in_place_gives_code_sentence_and_remedy)
{
	fake.exit = SIGNET_REFUSED;
	why_set(&fake.why, ERR_DENIED, "scep.challenge_refused", "ndes1 refused the challenge");
	why_next(&fake.why, "fetch a new one");
	struct ran r = run_signet({"apply"});
	LONGS_EQUAL(13, r.exit);
	STRCMP_EQUAL("", r.out.c_str());
	STRCMP_EQUAL("signet: ndes1 refused the challenge\n  next: fetch a new one\n",
		     r.err.c_str());
	r = run_signet({"apply", "--json"});
	LONGS_EQUAL(13, r.exit);
	STRCMP_EQUAL(
	    "scep.challenge_refused 13 ndes1 refused the challenge",
	    json_value(r.out, "d['error']['code'], d['error']['exit'], d['error']['message']")
		.c_str());
}

TEST(apply, every_code_of_the_table_goes_through_and_has_a_sentence_of_its_own)
{
	for (int code : {1, 3, 4, 6, 10, 11, 12, 13, 14, 15, 16, 17, 18}) {
		fake.exit = static_cast<enum signet_exit>(code);
		struct ran r = run_signet({"apply"});
		LONGS_EQUAL(code, r.exit);
		CHECK(r.err.size() > sizeof "signet: \n");
	}
}

TEST(apply, an_unknown_profile_is_wrong_usage_and_nothing_is_done)
{
	LONGS_EQUAL(2, run_signet({"apply", "corp", "nobody"}).exit);
	LONGS_EQUAL(2, run_signet({"renew", "nobody"}).exit);
	LONGS_EQUAL(2, run_signet({"renew", "corp"}).exit);
	LONGS_EQUAL(2, run_signet({"enroll", "corp-root"}).exit);
	LONGS_EQUAL(0, fake.applies);
}

TEST(apply, renew_asks_for_a_renewal_only)
{
	LONGS_EQUAL(0, run_signet({"renew", "corp-device"}).exit);
	CHECK(fake.only_renewal && !fake.force);
	LONGS_EQUAL(0, run_signet({"renew", "corp-device", "--force"}).exit);
	CHECK(fake.only_renewal && fake.force);
}

TEST(apply, enroll_hands_in_the_challenge_of_a_file_without_its_newline)
{
	for (const char *end : {"", "\n", "\r\n"}) {
		write_file(path, std::string("SECRET 1 ") + end);
		struct ran r =
		    run_signet({"enroll", "corp-device", "--challenge-file", path.c_str()});
		LONGS_EQUAL(0, r.exit);
		STRCMP_EQUAL("SECRET 1 ", fake.challenge.c_str());
		CHECK((r.out + r.err).find("SECRET") == std::string::npos);
	}
}

TEST(apply, enroll_reads_standard_input_for_a_dash)
{
	LONGS_EQUAL(
	    0, run_signet({"enroll", "corp-device", "--challenge-file", "-"}, "FROM-STDIN\n").exit);
	STRCMP_EQUAL("FROM-STDIN", fake.challenge.c_str());
}

TEST(apply, enroll_without_a_file_uses_the_profiles_own_source)
{
	LONGS_EQUAL(0, run_signet({"enroll", "corp-device"}).exit);
	CHECK(!fake.has_challenge);
}

TEST(apply, what_is_no_challenge_is_refused)
{
	std::string wide("S\0E\0", 4);
	for (const std::string &bad :
	     {std::string(), std::string("\n"), std::string("a\nb\n"), wide}) {
		write_file(path, bad);
		LONGS_EQUAL(
		    2,
		    run_signet({"enroll", "corp-device", "--challenge-file", path.c_str()}).exit);
		LONGS_EQUAL(
		    2, run_signet({"enroll", "corp-device", "--challenge-file", "-"}, bad).exit);
	}
	LONGS_EQUAL(0, fake.applies);
}

TEST(apply, a_challenge_of_16_kib_is_the_most)
{
	write_file(path, std::string(16384, 'c'));
	LONGS_EQUAL(0,
		    run_signet({"enroll", "corp-device", "--challenge-file", path.c_str()}).exit);
	LONGS_EQUAL(16384, fake.challenge.size());
	write_file(path, std::string(16385, 'c'));
	LONGS_EQUAL(2,
		    run_signet({"enroll", "corp-device", "--challenge-file", path.c_str()}).exit);
	LONGS_EQUAL(2, run_signet({"enroll", "corp-device", "--challenge-file", "-"},
				  std::string(16385, 'c'))
			   .exit);
	LONGS_EQUAL(1, fake.applies);
}

TEST(apply, a_missing_challenge_file_is_named)
{
	struct ran r = run_signet({"enroll", "corp-device", "--challenge-file", "/nonexistent/c"});
	LONGS_EQUAL(1, r.exit);
	CHECK(r.err.find("/nonexistent/c") != std::string::npos);
}
