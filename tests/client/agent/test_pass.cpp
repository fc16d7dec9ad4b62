// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include "client/agent/generation.h"
#include "client/agent/pass.h"
#include "test_folder.hpp"

#define YEAR 31556952LL

// What a pass makes of the time. untrusted_clock = nothing throughout: the machine's clock is nobody's to set here.
TEST_GROUP(pass)
{
	test_folder *folder;
	struct why why;
	struct config config;
	struct scep_profile profiles[2];
	struct pass pass;
	int64_t now;
	char empty[1], root[64];
	std::string state, run;

	void setup() override
	{
		folder = new test_folder("sgp");
		why = {};
		pass = {};
		config = {};
		empty[0] = '\0';
		state = folder->path("state");
		run = folder->path("run");
		config.agent.state_dir = &state[0];
		config.agent.run_dir = &run[0];
		config.agent.untrusted_clock = agent_config::UNTRUSTED_NOTHING;
		config.agent.clock = CLOCK_UNTRUSTED;
		config.root = empty;
		memset(profiles, 0, sizeof profiles);
		strcpy(profiles[0].name, "a");
		strcpy(profiles[1].name, "b");
		config.sceps = profiles;
		config.scep_count = 2;
		folder->run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=x -days 2 2>&1");
		open();
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		now = time(nullptr);
	}
	void teardown() override { delete folder; }
	void open() { LONGS_EQUAL_TEXT(ERR_OK, pass_open(&config, nullptr, &pass, &why), why.text); }
	void make(const char *profile, unsigned number, int64_t trusted_at)
	{
		struct generation_meta meta = {};
		std::string pem = folder->read("c.pem");
		meta.trusted_at = trusted_at;
		meta.created = 77;
		strcpy(meta.transaction_id, "T");
		LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, profile, number, &meta, &why));
		LONGS_EQUAL(ERR_OK, generation_write(&pass.store, profile, number, "cert.pem",
		                                     bytes{ reinterpret_cast<const uint8_t *>(pem.data()), pem.size() }, &why));
		LONGS_EQUAL(ERR_OK, generation_link(&pass.store, profile, "current", number, &why));
	}
	struct generation_meta meta(const char *profile, unsigned number)
	{
		struct generation_meta out = {};
		LONGS_EQUAL_TEXT(ERR_OK, generation_meta_read(&pass.store, profile, number, &out, &why), why.text);
		return out;
	}
	std::string identity() { return folder->run("stat -c %i state/scep/*/*/meta.ini"); }
};

TEST(pass, TheFloorIsTheNewestOfAllProfilesInUse)
{
	make("a", 1, now + 9000);
	make("b", 1, now + 500);
	open();
	LONGLONGS_EQUAL(now + 9000, pass.clock.floor);
	CHECK(pass.clock.now >= now + 9000);
	make("a", 2, 0); // the saved time went with its generation; its certificate is younger than the build, or was it
	open();
	LONGLONGS_EQUAL(now + 500, pass.clock.floor);
	make("b", 2, now + 16 * YEAR);
	open();
	CHECK(pass.clock.floor <= now);
	CHECK(folder->read("state/scep/a/0001/meta.ini").find("trusted_at = " + std::to_string(now + 9000) + "\n") !=
	      std::string::npos);
}

// Until time was right: NTP that lied once, or a CA. Then a boot without time must not start in that future.
TEST(pass, ASavedTimeAheadOfAConfirmedClockIsCorrectedAndNothingElse)
{
	config.agent.clock = CLOCK_TRUSTED;
	make("a", 1, now + 3 * YEAR);
	make("b", 1, now - YEAR);
	open();
	pass_mend_clock(&pass);
	CHECK(meta("a", 1).trusted_at >= now && meta("a", 1).trusted_at <= now + 60);
	LONGLONGS_EQUAL(77, meta("a", 1).created);
	STRCMP_EQUAL("T", meta("a", 1).transaction_id);
	LONGLONGS_EQUAL(now - YEAR, meta("b", 1).trusted_at);
	CHECK(pass.clock.now <= now + 60);
	std::string before = identity();
	pass_mend_clock(&pass);
	STRCMP_EQUAL(before.c_str(), identity().c_str());
	make("b", 1, now + 50); // a slow correction, no step
	before = identity();
	pass_mend_clock(&pass);
	STRCMP_EQUAL(before.c_str(), identity().c_str());
}

TEST(pass, AnotherClockCorrectsNothing)
{
	make("a", 1, now + 3 * YEAR);
	std::string before = identity();
	open();
	pass_mend_clock(&pass);
	config.agent.clock = CLOCK_TRUSTED; // that of the machine that builds an image
	snprintf(root, sizeof root, "%s", folder->path("").c_str());
	config.root = root;
	config.agent.state_dir = strcpy(&state[0], "/state");
	config.agent.run_dir = strcpy(&run[0], "/run");
	open();
	CHECK_TRUE(pass.clock.is_confirmed);
	pass_mend_clock(&pass);
	STRCMP_EQUAL(before.c_str(), identity().c_str());
	LONGS_EQUAL(0, folder->run("ls run").find("clock") != std::string::npos);
}

TEST(pass, DatesAreIgnoredWhileTheClockIsNotTrustedAndOnlyWhenAsked)
{
	CHECK_FALSE(pass_ignores_dates(&pass));
	config.agent.untrusted_clock = agent_config::UNTRUSTED_SET_FLOOR;
	CHECK_FALSE(pass_ignores_dates(&pass));
	config.agent.untrusted_clock = agent_config::UNTRUSTED_DISABLE_TIME_CHECKS;
	CHECK_TRUE(pass_ignores_dates(&pass));
	config.agent.clock = CLOCK_TRUSTED;
	open();
	CHECK_FALSE(pass_ignores_dates(&pass));
}
