// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <ctime>
#include <string>
#include "client/agent/due.h"
#include "client/agent/tally.h"
#include "test_folder.hpp"

#define HOUR_MS (3600 * 1000LL)

// Pauses between two tries of a profile, and what wakes the agent when they are over.
TEST_GROUP(tally)
{
	test_folder *folder;
	struct why why;
	struct config config;
	struct trust_profile trust;
	struct apply_options options;
	struct pass pass;
	struct tally tally;
	char empty[1];
	std::string state, run;

	void setup() override
	{
		folder = new test_folder("sgt");
		why = {};
		config = {};
		trust = {};
		options = {};
		pass = {};
		tally = {};
		empty[0] = '\0';
		state = folder->path("state");
		run = folder->path("run");
		config.agent.state_dir = &state[0];
		config.agent.run_dir = &run[0];
		config.agent.clock = CLOCK_TRUSTED;
		config.root = empty;
		strcpy(trust.name, "t");
		config.trusts = &trust;
		config.trust_count = 1;
		options.is_scheduled = true;
		LONGS_EQUAL_TEXT(ERR_OK, pass_open(&config, &options, &pass, &why), why.text);
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		tally.pass = &pass;
	}
	void teardown() override
	{
		pass_close(&pass);
		delete folder;
	}
	/** The profile failed, and is to be left alone for so long from now. */
	void pause(int64_t ms)
	{
		struct last last = {};
		last.exit = SIGNET_UNREACHABLE;
		last.failures = 3;
		last.retry_ms = clock_boot_ms() + ms;
		last_write(&pass.store, "t", &last);
	}
	int64_t due_in() { return due_ms(&pass) - clock_boot_ms(); }
};

// retry_delay_max goes up to a week, and Retry-After up to two days with its jitter.
TEST(tally, ALongPauseIsAPauseToo)
{
	pause(6 * 24 * HOUR_MS);
	CHECK_TRUE(tally_rests(&tally, "t", nullptr));
	pause(-1);
	CHECK_FALSE(tally_rests(&tally, "t", nullptr));
}

TEST(tally, APauseEndsWithItsBoot)
{
	struct last last;
	pause(HOUR_MS);
	folder->run("boot=$(cat /proc/sys/kernel/random/boot_id) && grep -q $boot run/last/t && "
	            "sed -i s/$boot/00000000-1111-2222-3333-444444444444/ run/last/t");
	CHECK_FALSE(tally_rests(&tally, "t", nullptr));
	LONGS_EQUAL(ERR_OK, last_read(&pass.store, "t", &last));
	LONGS_EQUAL(SIGNET_UNREACHABLE, last.exit);
	LONGS_EQUAL(3, last.failures);
	CHECK(due_in() > HOUR_MS / 2);
}

TEST(tally, APauseThatEndedDuringThePassIsNotForgotten)
{
	pause(10 * 60 * 1000);
	CHECK(due_in() <= 10 * 60 * 1000);
	CHECK(due_in() > 9 * 60 * 1000);
	pause(-1000);
	CHECK(due_in() <= 60 * 1000);
	CHECK(due_in() > 0);
}

// What waits for a challenge is woken by it, and must not rest then.
TEST(tally, WhoAskedNobodyDoesNotRest)
{
	const struct {
		enum err e;
		const char *code;
		bool rests;
	} rows[] = { { ERR_DENIED, "expired.wait", false },    { ERR_DENIED, "revoked.stop", false },
		     { ERR_CHANGED, "tpm.key_lost", false },   { ERR_NOT_FOUND, "challenge.missing", false },
		     { ERR_UNREACHABLE, "tpm.absent", true },  { ERR_DENIED, "scep.refused", true },
		     { ERR_UNREACHABLE, "http.connect", true } };
	for (const auto &row : rows) {
		struct last last = {};
		pause(-1);
		why_set(&why, row.e, row.code, "x");
		tally_count(&tally, KIND_TRUST, "t", row.e, &why);
		CHECK_EQUAL_TEXT(row.rests, tally_rests(&tally, "t", nullptr), row.code);
		LONGS_EQUAL(ERR_OK, last_read(&pass.store, "t", &last));
		STRCMP_EQUAL(row.code, last.why.code);
	}
}

TEST(tally, AChallengeThatWasHandedInSinceEndsThePause)
{
	struct scep_profile scep = {};
	std::string file = folder->path("challenge");
	struct last last = {};
	strcpy(scep.name, "s");
	scep.challenge_file = &file[0];
	config.sceps = &scep;
	config.scep_count = 1;
	last.exit = SIGNET_REFUSED;
	last.at = time(nullptr);
	last.retry_ms = clock_boot_ms() + HOUR_MS;
	last_write(&pass.store, "s", &last);
	CHECK_TRUE(tally_rests(&tally, "s", nullptr)); // no file
	folder->run("echo x > challenge && touch -d '1 minute ago' challenge");
	CHECK_TRUE(tally_rests(&tally, "s", nullptr)); // the try had it
	folder->run("touch challenge");
	CHECK_FALSE(tally_rests(&tally, "s", nullptr));
	folder->run("touch -d '1 day' challenge");
	CHECK_TRUE(tally_rests(&tally, "s", nullptr)); // of a clock that was ahead
}
