/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/support.hpp"

TEST_GROUP(check){void setup() override{fake_reset();
}

void teardown() override
{
	LONGS_EQUAL(0, fake.looks + fake.plans + fake.applies);
	fake_clear();
}
}
;

TEST(check, a_good_configuration_is_counted)
{
	struct ran r = run_signet({"config", "check"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("the configuration is good: 2 trust, 1 scep, 1 wifi, 0 wired, 1 vpn\n",
		     r.out.c_str());
}

TEST(check, below_a_root_the_configuration_of_that_root_is_meant_and_nothing_is_written)
{
	std::string root = folder() + "/image";
	shell("mkdir -p " + root + "/etc/signet");
	run_signet({"version"});
	shell("cp " + folder() + "/signet.conf " + root + "/etc/signet/signet.conf");
	std::string before = shell("find " + root + " | sort");
	LONGS_EQUAL(0, run_bare({"--root", root.c_str(), "config", "check"}).exit);
	STRCMP_EQUAL(before.c_str(), shell("find " + root + " | sort").c_str());
	write_file(root + "/etc/signet/signet.conf", "[wifl corp]\nssid = X\n");
	LONGS_EQUAL(3, run_bare({"--root", root.c_str(), "config", "check"}).exit);
}

TEST(check, show_prints_the_effective_configuration)
{
	struct ran r = run_signet({"config", "show"});
	LONGS_EQUAL(0, r.exit);
	CHECK(r.out.find("state_dir = /var/lib/signet") != std::string::npos);
	LONGS_EQUAL(2, run_signet({"config", "show", "--json"}).exit);
}

TEST(check, another_word_is_wrong_usage)
{
	struct ran r = run_signet({"config", "chek"});
	LONGS_EQUAL(2, r.exit);
	CHECK(r.err.find("did you mean 'check'?") != std::string::npos);
}
