/* SPDX-License-Identifier: MIT */
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/hal_lab.hpp"

using namespace std::string_literals;

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
		return clock_look(lab.folder.c_str(), nullptr).has_rtc_set_clock;
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
	    {"a saved time at 15 years does not count", BUILD + 9, false, false, CLOCK_AUTO, LATEST,
	     0, false, BUILD, BUILD + 9},
	    {"a saved time just below 15 years counts", BUILD + 9, false, false, CLOCK_AUTO,
	     LATEST - 1, 0, false, LATEST - 1, LATEST - 1},
	    {"synchronised below a saved time: that one was wrong", BUILD + 9, true, false,
	     CLOCK_AUTO, BUILD + 99, 0, true, BUILD + 99, BUILD + 9},
	    {"synchronised below our certificate's start: the CA was wrong", BUILD + 9, true, true,
	     CLOCK_AUTO, 0, BUILD + 99, true, BUILD + 99, BUILD + 9},
	    {"synchronised, but older than this program", BUILD - 9, true, false, CLOCK_AUTO, 0, 0,
	     true, BUILD, BUILD},
	    {"synchronised after 15 years", LATEST + 9, true, false, CLOCK_AUTO, 0, 0, true, BUILD,
	     LATEST + 9},
	    {"trusted by the setting", 5, false, false, CLOCK_TRUSTED, 0, 0, true, BUILD, BUILD},
	    {"untrusted by the setting", BUILD + 9, true, true, CLOCK_UNTRUSTED, 0, 0, false, BUILD,
	     BUILD + 9},
	};
	for (const auto &row : rows) {
		struct clock_facts facts = {
		    row.now, BUILD, row.is_synchronised, row.has_rtc, 0, false, 0};
		struct clock_view view = clock_judge(&facts, row.setting, row.saved, row.own);
		CHECK_EQUAL_TEXT(row.is_trusted, view.is_trusted, row.what);
		LONGLONGS_EQUAL_TEXT(row.floor, view.floor, row.what);
		LONGLONGS_EQUAL_TEXT(row.shown_now, view.now, row.what);
	}
}

TEST(clock, FactsAreThoseOfTheKernel)
{
	struct clock_facts facts = clock_look("", nullptr);
	CHECK(facts.now - time(nullptr) <= 1 && facts.now - time(nullptr) >= -1);
	CHECK(facts.build_date > 0);
	struct timex state = {};
	CHECK_EQUAL(adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0,
		    facts.is_synchronised);
}

TEST(clock, AnyRtcThatSetTheClockCounts)
{
	CHECK_FALSE(rtc_has_set());
	std::string now = std::to_string(time(nullptr)) + "\n";
	lab.write("sys/class/rtc/rtc0/hctosys", "0\n");
	lab.write("sys/class/rtc/rtc0/since_epoch", now);
	CHECK_FALSE(rtc_has_set());
	lab.write("sys/devices/platform/rtc/rtc1/since_epoch", now);
	lab.write("sys/devices/platform/rtc/rtc1/hctosys", "1\n");
	LONGS_EQUAL(
	    0, symlink("../../devices/platform/rtc/rtc1", lab.at("sys/class/rtc/rtc1").c_str()));
	CHECK(rtc_has_set());
}

/* An empty battery, and systemd or we have moved the clock to a floor since: hctosys still says 1. */
TEST(clock, AnRtcThatSaysAnotherTimeDidNotSetTheClockAsItIs)
{
	static const struct {
		const char *since_epoch;
		int64_t apart;
		bool is_set;
	} rows[] = {{"", 86300, true}, {"", -86300, true}, {"", 86500, false}, {"", -86500, false},
		    {"37\n", 0, false}, {"\n", 0, false}};
	lab.write("sys/class/rtc/rtc0/hctosys", "1\n");
	CHECK_FALSE(rtc_has_set());
	for (const auto &row : rows) {
		lab.write("sys/class/rtc/rtc0/since_epoch",
			  row.apart != 0 ? std::to_string(time(nullptr) + row.apart) : row.since_epoch);
		CHECK_EQUAL(row.is_set, rtc_has_set());
	}
}

/* Synchronised once in this boot; what has the wall clock done since, against boot time? */
TEST(clock, ASynchronisationIsRememberedUntilTheClockIsSteppedBack)
{
	static const struct {
		int64_t step, now;
		bool is_trusted, is_confirmed;
	} rows[] = {
	    {0, BUILD + 99, true, true},	   {-60, BUILD + 99, true, true},
	    {-61, BUILD + 99, false, false},	   {60, BUILD + 99, true, true},
	    {61, BUILD + 99, true, false},	   {5 * 31556952, BUILD + 99, true, false},
	    {-5 * 31556952, BUILD + 99, false, false},
	    {61, BUILD, false, false}, /* as an RTC: above the floor */
	    {61, LATEST, false, false}, /* and below 15 years */
	    {0, LATEST, true, true},	   {0, BUILD, true, false}};
	for (const auto &row : rows) {
		struct clock_facts facts = {row.now, BUILD, false, false, 1000 + row.step, true, 1000};
		struct clock_view view = clock_judge(&facts, CLOCK_AUTO, 0, 0);
		CHECK_EQUAL(row.is_trusted, view.is_trusted);
		CHECK_EQUAL(row.is_confirmed, view.is_confirmed);
		facts.is_synchronised = true;
		CHECK_TRUE(clock_judge(&facts, CLOCK_AUTO, 0, 0).is_trusted);
		CHECK_FALSE(clock_judge(&facts, CLOCK_UNTRUSTED, 0, 0).is_trusted);
	}
}

TEST(clock, AnRtcIsTrustedAndNeverConfirmed)
{
	struct clock_facts facts = {BUILD + 3 * 31556952, BUILD, false, true, 0, false, 0};
	struct clock_view view = clock_judge(&facts, CLOCK_AUTO, 0, 0);
	CHECK_TRUE(view.is_trusted);
	CHECK_FALSE(view.is_confirmed);
	LONGLONGS_EQUAL(LATEST, view.latest);
}

TEST(clock, TheMemoryIsOfThisBootAndWrittenForNewsOnly)
{
	std::string path = lab.at("clock");
	struct clock_facts facts = clock_look("", path.c_str());
	CHECK_FALSE(facts.was_synchronised);
	facts.is_synchronised = false;
	clock_remember(path.c_str(), &facts);
	LONGS_EQUAL(0, lab.count());
	facts.is_synchronised = true;
	clock_remember(path.c_str(), &facts);
	struct clock_facts again = clock_look("", path.c_str());
	CHECK_TRUE(again.was_synchronised);
	LONGLONGS_EQUAL(facts.offset, again.offset_then);
	CHECK(std::llabs(again.offset - again.offset_then) <= 1);
	std::string text = lab.read("clock");
	std::ifstream boot("/proc/sys/kernel/random/boot_id");
	std::string id;
	boot >> id;
	STRCMP_EQUAL((id + " " + std::to_string(facts.offset) + "\n").c_str(), text.c_str());

	again.is_synchronised = true;
	for (int64_t moved : {5, -5, 6}) {
		again.offset = again.offset_then + moved;
		clock_remember(path.c_str(), &again);
		CHECK_EQUAL(std::llabs(moved) > 5, text != lab.read("clock"));
	}
	LONGLONGS_EQUAL(facts.offset + 6, clock_look("", path.c_str()).offset_then);

	for (const std::string &bad : {"00000000-0000-0000-0000-000000000000 5\n"s, id + " \n", id + " 5",
				       id + "\n", ""s, id, std::string(200, 'x')}) {
		lab.write("clock", bad);
		CHECK_FALSE_TEXT(clock_look("", path.c_str()).was_synchronised, bad.c_str());
	}
	clock_remember("/nowhere/clock", &facts); /* no right to write: nothing happens */
}

TEST(clock, AnUntrustedClockMovesIntoAValidityAsFarAsTheFloorAllows)
{
	struct clock_view view = {false, false, 1000, 9000, 0};
	LONGLONGS_EQUAL(2000, clock_within(&view, 1000, 2000, 3000));
	LONGLONGS_EQUAL(2500, clock_within(&view, 2500, 2000, 3000));
	LONGLONGS_EQUAL(2999, clock_within(&view, 3000, 2000, 3000));
	LONGLONGS_EQUAL(2999, clock_within(&view, 99999, 2000, 3000));
	LONGLONGS_EQUAL(1000, clock_within(&view, 99999, 500, 1001));
	LONGLONGS_EQUAL(99999, clock_within(&view, 99999, 500, 1000)); /* over at the floor: expired */
	view.is_trusted = true;
	LONGLONGS_EQUAL(1000, clock_within(&view, 1000, 2000, 3000));
	LONGLONGS_EQUAL(99999, clock_within(&view, 99999, 2000, 3000));
}

TEST(clock, AServersDateStartsWhatIsDueOnceADay)
{
	static const struct {
		const char *what;
		int64_t date, due_at, last_date, last_ago_s;
		bool is_allowed;
	} rows[] = {
	    {"due", BUILD + 50, BUILD + 40, 0, -1, true},
	    {"due this second", BUILD + 40, BUILD + 40, 0, -1, true},
	    {"not due", BUILD + 39, BUILD + 40, 0, -1, false},
	    {"no date", 0, 0, 0, -1, false},
	    {"the floor itself", BUILD, BUILD - 9, 0, -1, false},
	    {"one above", BUILD + 1, BUILD - 9, 0, -1, true},
	    {"15 years", LATEST, BUILD, 0, -1, false},
	    {"one less", LATEST - 1, BUILD, 0, -1, true},
	    {"again in a loop of boots", BUILD + 86400, BUILD, BUILD + 1, -1, false},
	    {"a day later, by the server's date", BUILD + 86401, BUILD, BUILD + 1, -1, true},
	    {"the same in one boot", BUILD + 86401, BUILD, BUILD + 1, 86400, true},
	    {"a server that runs ahead of boot time", BUILD + 99999, BUILD, BUILD + 1, 86399, false},
	    {"a server that stands still", BUILD + 1, BUILD, BUILD + 1, 99999, false},
	    {"an older lie locks nobody out", BUILD + 50, BUILD, LATEST - 1, 86400, true},
	};
	struct clock_view view = {false, false, BUILD, LATEST, BUILD};
	for (const auto &row : rows)
		CHECK_EQUAL_TEXT(row.is_allowed,
				 clock_hint_allows(&view, row.date, row.due_at, row.last_date,
						   row.last_ago_s),
				 row.what);
	view.is_trusted = true;
	CHECK_FALSE(clock_hint_allows(&view, BUILD + 50, BUILD + 40, 0, -1));
}

/* The real clock is nobody's to set here: a time that the kernel refuses. */
TEST(clock, WhatTheSystemDoesNotSetIsSaid)
{
	struct why why = {};
	CHECK(clock_set(-1, &why) != ERR_OK);
	STRCMP_EQUAL("clock.set", why.code);
	STRCMP_CONTAINS("1969-12-31T23:59:59Z", why.text);
}

TEST(clock, BootTimeRunsOn)
{
	int64_t before = clock_boot_ms();
	usleep(30000);
	int64_t passed = clock_boot_ms() - before;
	CHECK(passed >= 29 && passed < 5000);
}

TEST(clock, AMomentIsOfTheYears1970To9999)
{
	CHECK_TRUE(clock_is_moment(0));
	CHECK_TRUE(clock_is_moment(253402300799)); /* date -u -d 9999-12-31T23:59:59Z +%s */
	CHECK_FALSE(clock_is_moment(253402300800));
	CHECK_FALSE(clock_is_moment(-1));
	CHECK_FALSE(clock_is_moment(INT64_MIN));
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
