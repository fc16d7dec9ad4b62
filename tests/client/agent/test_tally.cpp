// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstdio>
#include <cstring>
#include "client/agent/tally.h"
#include "hal/clock.h"
#include "test_folder.hpp"

static const int64_t hour = 3600 * 1000LL;

// A scheduled pass, and a profile whose last try failed.
TEST_GROUP(tally)
{
	test_folder *folder;
	struct scep_profile profile;
	struct config config;
	struct apply_options options;
	struct pass pass;
	struct tally tally;

	void setup() override
	{
		folder = new test_folder("sgy");
		profile = {};
		strcpy(profile.name, "p");
		profile.retry_delay_max_s = 3600;
		config = {};
		config.sceps = &profile;
		config.scep_count = 1;
		options = {};
		options.is_scheduled = true;
		pass = {};
		pass.config = &config;
		pass.options = &options;
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("").c_str());
		tally = {};
		tally.pass = &pass;
	}
	void teardown() override { delete folder; }

	bool rests(int64_t ms)
	{
		struct last last = {};
		last.exit = SIGNET_UNREACHABLE;
		last.failures = 1;
		last.retry_ms = clock_boot_ms() + ms;
		last_write(&pass.store, "p", &last);
		return tally_rests(&tally, "p", nullptr);
	}
};

TEST(tally, ItRestsForEveryPauseThereIs)
{
	CHECK_FALSE(rests(-1));
	CHECK_TRUE(rests(hour));
	CHECK_TRUE(rests(47 * hour)); /* Retry-After of a day, and its jitter */
	CHECK_FALSE(rests(49 * hour)); /* of another boot */
	profile.retry_delay_max_s = 604800; /* a week: the most that can be configured */
	CHECK_TRUE(rests(167 * hour));
	CHECK_FALSE(rests(169 * hour));
}

TEST(tally, WhoeverStandsBesideItDoesNotWait)
{
	options.is_scheduled = false;
	CHECK_FALSE(rests(hour));
}
