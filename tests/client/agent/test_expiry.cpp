// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <string>
#include "client/agent/expiry.h"
#include "test_folder.hpp"

TEST_GROUP(expiry)
{
	test_folder *folder;
	struct config config;
	struct pass pass;

	void setup() override
	{
		struct why why = {};
		folder = new test_folder("sgx");
		config = {};
		config.agent.expiry_warning_percent = 10;
		pass = {};
		pass.config = &config;
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		pass.clock.is_trusted = true;
		issue(1, 100);
	}
	void teardown() override { delete folder; }

	// A certificate of so many days that begins now, in use.
	void issue(unsigned number, unsigned days)
	{
		std::string n = "000" + std::to_string(number);
		folder->run("mkdir -p state/scep/dev/" + n + " && openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out state/scep/dev/" +
		            n + "/cert.pem -subj /CN=x -days " + std::to_string(days) + " && ln -sfn " + n + " state/scep/dev/current");
		start = std::stoll(folder->run("date -d \"$(openssl x509 -in state/scep/dev/" + n +
		                               "/cert.pem -noout -startdate | cut -d= -f2)\" +%s"));
	}
	int told(int64_t days)
	{
		pass.clock.now = start + days * 86400;
		expiry_watch(&pass, "dev");
		return std::stoi(folder->run("cat run/events 2>/dev/null | grep -c '\"event\":\"expiring\"' || true"));
	}
	int64_t start;
};

TEST(expiry, TheEdgeIsExact)
{
	CHECK_FALSE(expiry_is_near(0, 1000, 10, 900)); // exactly 10 percent left: not below
	CHECK_TRUE(expiry_is_near(0, 1000, 10, 901));
	CHECK_FALSE(expiry_is_near(0, 1000, 0, 1000));
	CHECK_TRUE(expiry_is_near(0, 1000, 0, 1001));
	CHECK_FALSE(expiry_is_near(0, 1000, 100, 0));
	CHECK_TRUE(expiry_is_near(0, 1000, 100, 1));
	CHECK_TRUE(expiry_is_near(1577836800, 253402300799, 100, 1577836801)); // until 9999
}

TEST(expiry, ItIsToldOnceForACertificate)
{
	LONGS_EQUAL(0, told(89));
	LONGS_EQUAL(1, told(91));
	LONGS_EQUAL(1, told(95));
	LONGS_EQUAL(1, told(101));
	issue(2, 50);
	LONGS_EQUAL(1, told(44));
	LONGS_EQUAL(2, told(46));
	folder->run("rm -r run/expiring"); // the next boot
	LONGS_EQUAL(3, told(46));
}

TEST(expiry, AClockThatIsNotTrustedTellsNothing)
{
	pass.clock.is_trusted = false;
	LONGS_EQUAL(0, told(99));
}

TEST(expiry, ThePercentageIsTheConfiguredOne)
{
	config.agent.expiry_warning_percent = 50;
	LONGS_EQUAL(0, told(49));
	LONGS_EQUAL(1, told(51));
}

TEST(expiry, AProfileWithoutACertificateHasNone)
{
	folder->run("rm -r state/scep/dev");
	LONGS_EQUAL(0, told(99));
}
