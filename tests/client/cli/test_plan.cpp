/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/support.hpp"

TEST_GROUP(plan){void setup() override{fake_reset();
}

void teardown() override { fake_clear(); }
}
;

TEST(plan, work_is_a_numbered_list_and_a_success)
{
	struct plan_step enroll = {KIND_SCEP, "corp-device", "enroll", "no certificate yet", false};
	struct plan_step wait = {KIND_WIFI, "corp", "wait", "for scep profile corp-device", true};
	fake.steps = {enroll, wait};
	struct ran r = run_signet({"plan"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("  1. scep corp-device: enroll (no certificate yet)\n"
		     "  2. wifi corp: wait (for scep profile corp-device)\n",
		     r.out.c_str());
	LONGS_EQUAL(0, fake.applies + fake.looks);
}

TEST(plan, no_work_says_so) { STRCMP_EQUAL("nothing to do\n", run_signet({"plan"}).out.c_str()); }
