/* SPDX-License-Identifier: MIT */
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/hal_lab.hpp"

#define BUILD 1700000000LL	   /* 2023-11-14 */
#define LATEST (BUILD + 473354280) /* python3 -c "print(15*365.2425*86400)" */

TEST_GROUP(clock)
{
	HalLab lab;

	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }
	std::string text(int64_t t)
	{
		char out[32] = "?";
		clock_text(t, out, sizeof out);
		return out;
	}
	bool rtc_has_set()
	{
		std::filesystem::create_directories(lab.at("sys/class/rtc"));
		return clock_look(lab.folder.c_str()).has_rtc_set_clock;
	}
};

TEST(clock, TheTrustRuleIsTheTableOfTheDesign)
{
	static const struct {
		const char *what;
		int64_t now;
		bool is_synchronised, has_rtc;
		enum clock_setting setting;
		int64_t saved, own;
		bool is_trusted;
		int64_t floor, shown_now;
	} rows[] = {
	    {"1970 without anything", 5, false, false, CLOCK_AUTO, 0, 0, false, BUILD, BUILD},
	    {"plausible, but nobody set it", BUILD + 99, false, false, CLOCK_AUTO, 0, 0, false,
	     BUILD, BUILD + 99},
	    {"synchronised", BUILD + 99, true, false, CLOCK_AUTO, 0, 0, true, BUILD, BUILD + 99},
	    {"an RTC set it", BUILD + 99, false, true, CLOCK_AUTO, 0, 0, true, BUILD, BUILD + 99},
	    {"RTC at the floor", BUILD, false, true, CLOCK_AUTO, 0, 0, false, BUILD, BUILD},
	    {"RTC one second above", BUILD + 1, false, true, CLOCK_AUTO, 0, 0, true, BUILD,
	     BUILD + 1},
	    {"RTC with an empty battery", 5, false, true, CLOCK_AUTO, 0, 0, false, BUILD, BUILD},
	    {"RTC just below 15 years", LATEST - 1, false, true, CLOCK_AUTO, 0, 0, true, BUILD,
	     LATEST - 1},
	    {"RTC at 15 years", LATEST, false, true, CLOCK_AUTO, 0, 0, false, BUILD, LATEST},
	    {"RTC below the saved time", BUILD + 50, false, true, CLOCK_AUTO, BUILD + 60, 0, false,
	     BUILD + 60, BUILD + 60},
	    {"RTC below our certificate's start", BUILD + 50, false, true, CLOCK_AUTO, 0,
	     BUILD + 70, false, BUILD + 70, BUILD + 70},
	    {"the newest of three", BUILD + 90, false, true, CLOCK_AUTO, BUILD + 60, BUILD + 70,
	     true, BUILD + 70, BUILD + 90},
	    {"older than the build is nothing", BUILD + 9, true, false, CLOCK_AUTO, BUILD - 9,
	     BUILD - 5, true, BUILD, BUILD + 9},
	    {"notBefore at 15 years does not count", BUILD + 9, false, false, CLOCK_AUTO, 0, LATEST,
	     false, BUILD, BUILD + 9},
	    {"notBefore just below 15 years counts", BUILD + 9, false, false, CLOCK_AUTO, 0,
	     LATEST - 1, false, LATEST - 1, LATEST - 1},
	    {"trusted by the setting", 5, false, false, CLOCK_TRUSTED, 0, 0, true, BUILD, BUILD},
	    {"untrusted by the setting", BUILD + 9, true, true, CLOCK_UNTRUSTED, 0, 0, false, BUILD,
	     BUILD + 9},
	};
	for (const auto &row : rows) {
		struct clock_facts facts = {row.now, BUILD, row.is_synchronised, row.has_rtc};
		struct clock_view view = clock_judge(&facts, row.setting, row.saved, row.own);
		CHECK_EQUAL_TEXT(row.is_trusted, view.is_trusted, row.what);
		LONGLONGS_EQUAL_TEXT(row.floor, view.floor, row.what);
		LONGLONGS_EQUAL_TEXT(row.shown_now, view.now, row.what);
	}
}

TEST(clock, FactsAreThoseOfTheKernel)
{
	struct clock_facts facts = clock_look("");
	CHECK(facts.now - time(nullptr) <= 1 && facts.now - time(nullptr) >= -1);
	CHECK(facts.build_date > 0);
	struct timex state = {};
	CHECK_EQUAL(adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0,
		    facts.is_synchronised);
}

TEST(clock, AnyRtcThatSetTheClockCounts)
{
	CHECK_FALSE(rtc_has_set());
	lab.write("sys/class/rtc/rtc0/hctosys", "0\n");
	CHECK_FALSE(rtc_has_set());
	lab.write("sys/devices/platform/rtc/rtc1/hctosys", "1\n");
	LONGS_EQUAL(
	    0, symlink("../../devices/platform/rtc/rtc1", lab.at("sys/class/rtc/rtc1").c_str()));
	CHECK(rtc_has_set());
}

TEST(clock, BootTimeRunsOn)
{
	int64_t before = clock_boot_ms();
	usleep(30000);
	int64_t passed = clock_boot_ms() - before;
	CHECK(passed >= 29 && passed < 5000);
}

TEST(clock, TextIsRfc3339)
{
	STRCMP_EQUAL("1970-01-01T00:00:00Z", text(0).c_str());
	STRCMP_EQUAL("2026-11-22T15:02:39Z", text(1795359759).c_str()); /* date -u -d @1795359759 */
	STRCMP_EQUAL("9999-12-31T23:59:59Z", text(253402300799).c_str());
	char small[20] = "x";
	clock_text(0, small, sizeof small);
	STRCMP_EQUAL("", small);
}
