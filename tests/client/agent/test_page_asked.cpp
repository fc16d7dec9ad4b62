// SPDX-License-Identifier: MIT
#include "client/agent/page_asked.h"
#include <cstring>
#include <ctime>
#include <string>
#include "CppUTest/TestHarness.h"
#include "test_folder.hpp"

TEST_GROUP(page_asked)
{
	test_folder *folder;
	struct store store;
	struct why why;

	void setup() override
	{
		folder = new test_folder("sga");
		store = {};
		why = {};
		snprintf(store.state, sizeof store.state, "%s", folder->path("state").c_str());
		folder->run("mkdir -p state/scep/p");
	}
	void teardown() override { delete folder; }
	enum err asked(long long at)
	{
		folder->write("state/scep/p/page_asked", std::to_string(at) + "\n");
		return page_asked_now(&store, "p", &why);
	}
};

TEST(page_asked, OnceAnHourOnBothSidesOfTheLastTime)
{
	long long now = time(nullptr);
	LONGS_EQUAL(ERR_OK, page_asked_now(&store, "p", &why));
	LONGS_EQUAL(ERR_AGAIN, page_asked_now(&store, "p", &why));
	STRCMP_EQUAL("challenge.page_wait", why.code);
	LONGS_EQUAL(ERR_AGAIN, asked(now - PAGE_INTERVAL_S / 2));
	LONGS_EQUAL(ERR_AGAIN, asked(now + PAGE_INTERVAL_S / 2));
	LONGS_EQUAL(ERR_OK, asked(now - 2 * PAGE_INTERVAL_S));
	LONGS_EQUAL(ERR_OK, asked(now + 2 * PAGE_INTERVAL_S));
	LONGS_EQUAL(ERR_OK, asked(-1));
}

TEST(page_asked, AFileThatHoldsNoMomentIsNoTime)
{
	for (const char *text : { "", "x\n", "99999999999999999999999\n" }) {
		folder->write("state/scep/p/page_asked", text);
		LONGS_EQUAL_TEXT(ERR_OK, page_asked_now(&store, "p", &why), text);
		LONGS_EQUAL(ERR_AGAIN, page_asked_now(&store, "p", &why));
	}
	folder->write("state/scep/p/page_asked", std::string(1000, '1'));
	LONGS_EQUAL(ERR_OK, page_asked_now(&store, "p", &why));
}

TEST(page_asked, WhereItCannotBeNotedNoPageIsAsked)
{
	folder->run("mkdir state/scep/p/page_asked"); // no file: root reads and writes all of those
	CHECK(page_asked_now(&store, "p", &why) != ERR_OK);
	folder->run("rm -r state/scep/p");
	CHECK(page_asked_now(&store, "p", &why) != ERR_OK);
}
