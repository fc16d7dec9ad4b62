/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include <cstdio>
#include "client/cli/support.hpp"

TEST_GROUP(test_verb)
{
	void setup() override { fake_reset(); }
	void teardown() override { fake_clear(); }

	static struct test_result result(enum profile_kind kind, const char *name, enum signet_exit exit)
	{
		struct test_result r = {};
		r.kind = kind;
		snprintf(r.name, sizeof r.name, "%s", name);
		r.exit = exit;
		if (exit != SIGNET_DONE) {
			why_set(&r.why, ERR_DENIED, "wifi.refused", "the network refused this device");
			why_next(&r.why, "ask for the RADIUS server's log");
		}
		return r;
	}
};

TEST(test_verb, one_line_a_profile_and_the_code_of_the_first_that_failed)
{
	fake.results = {result(KIND_WIRED, "lan", SIGNET_DONE), result(KIND_WIFI, "corp", SIGNET_NOT_IN_USE)};
	struct ran r = run_signet({"test", "wifi"});
	LONGS_EQUAL(17, r.exit);
	STRCMP_EQUAL("wired lan: works\n"
		     "wifi corp: failed: the network refused this device\n"
		     "  next step: ask for the RADIUS server's log\n",
		     r.out.c_str());
	STRCMP_EQUAL("wifi *", fake.asked_test.c_str());
}

TEST(test_verb, a_profile_is_handed_on_and_json_has_the_same)
{
	fake.results = {result(KIND_WIFI, "corp", SIGNET_NOT_IN_USE)};
	struct ran r = run_signet({"--json", "test", "vpn", "corp"});
	LONGS_EQUAL(17, r.exit);
	STRCMP_EQUAL("vpn corp", fake.asked_test.c_str());
	STRCMP_EQUAL("wifi corp 17 the network refused this device ask for the RADIUS server's log",
		     json_value(r.out, "' '.join(str(v) for v in d['results'][0].values())").c_str());
}

TEST(test_verb, what_cannot_be_tried_is_wrong_usage)
{
	LONGS_EQUAL(2, run_signet({"test"}).exit);
	LONGS_EQUAL(2, run_signet({"test", "wlan"}).exit);
	CHECK(run_signet({"test", "wfi"}).err.find("did you mean 'wifi'") != std::string::npos);
	LONGS_EQUAL(2, run_signet({"test", "wifi", "nosuch"}).exit);
	LONGS_EQUAL(2, run_signet({"test", "vpn"}).exit); /* no results: there is none */
	LONGS_EQUAL(2, run_signet({"test", "scep", "corp-root"}).exit); /* no scep profile */
}
