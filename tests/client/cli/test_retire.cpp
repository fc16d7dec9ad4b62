/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/retire.h"
#include "client/cli/support.hpp"
#include <cstring>
#include <pty.h>
#include <unistd.h>

static struct retire_item item(enum profile_kind kind, const char *name)
{
	struct retire_item i = {};
	i.kind = kind;
	snprintf(i.name, sizeof i.name, "%s", name);
	return i;
}

TEST_GROUP(retire)
{
	void setup() override
	{
		fake_reset();
		fake.retired = {item(KIND_VPN, "hq"), item(KIND_SCEP, "corp-device")};
	}
	void teardown() override { fake_clear(); }

	/* A technician at a terminal who types `typed`. */
	int at_terminal(const char *typed, std::string &shown)
	{
		int master, slave;
		LONGS_EQUAL(0, openpty(&master, &slave, nullptr, nullptr, nullptr));
		LONGS_EQUAL(static_cast<long>(strlen(typed)), write(master, typed, strlen(typed)));
		std::string conf = folder() + "/signet.conf";
		run_signet({"plan"}); // writes it
		FILE *err = fdopen(dup(slave), "w");
		struct cli_streams streams = {tmpfile(), err, slave};
		const char *argv[] = {"signet", "-c", conf.c_str(), "retire", "corp-device", nullptr};
		int exit = cli_main(5, argv, &streams);
		fclose(err);
		fclose(streams.out);
		close(slave);
		char all[4096];
		ssize_t n = 0;
		shown.clear();
		while ((n = read(master, all, sizeof all)) > 0)
			shown.append(all, static_cast<size_t>(n));
		close(master);
		return exit;
	}
};

TEST(retire, with_yes_it_is_done_and_listed)
{
	struct ran r = run_signet({"retire", "corp-device", "--yes"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("retired:\n  vpn    hq\n  scep   corp-device\n", r.out.c_str());
	STRCMP_EQUAL("corp-device", fake.done_retire.c_str());
	STRCMP_EQUAL("", run_signet({"-q", "retire", "corp-device", "--yes"}).out.c_str());
	run_signet({"retire", "--all", "--yes"});
	STRCMP_EQUAL("*", fake.done_retire.c_str());
}

TEST(retire, json_has_kinds_and_names)
{
	struct ran r = run_signet({"--json", "retire", "--all", "--yes"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("[{'kind': 'vpn', 'name': 'hq'}, {'kind': 'scep', 'name': 'corp-device'}]",
		     json_value(r.out, "d['retired']").c_str());
	STRCMP_EQUAL("1", json_value(r.out, "d['schema']").c_str());
}

TEST(retire, without_a_terminal_it_needs_yes)
{
	struct ran r = run_signet({"retire", "corp-device"}, "y\n");
	LONGS_EQUAL(2, r.exit);
	CHECK(r.err.find("--yes") != std::string::npos);
	STRCMP_EQUAL("", fake.done_retire.c_str());
	r = run_signet({"--json", "retire", "corp-device"});
	STRCMP_EQUAL("usage.confirm 2", json_value(r.out, "d['error']['code'], d['error']['exit']").c_str());
}

TEST(retire, what_is_not_there_needs_no_question)
{
	fake.retired.clear();
	struct ran r = run_signet({"retire", "corp-device"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("nothing of it was on this device\n", r.out.c_str());
	STRCMP_EQUAL("corp-device", fake.done_retire.c_str()); // it stays off from now on
}

TEST(retire, one_profile_or_all_and_not_both)
{
	LONGS_EQUAL(2, run_signet({"retire", "--yes"}).exit);
	LONGS_EQUAL(2, run_signet({"retire", "corp-device", "--all", "--yes"}).exit);
	LONGS_EQUAL(2, run_signet({"retire", "corp-device", "hq", "--yes"}).exit);
	STRCMP_EQUAL("", fake.asked_retire.c_str());
}

TEST(retire, at_a_terminal_it_lists_and_asks)
{
	std::string shown;
	LONGS_EQUAL(0, at_terminal("y\n", shown));
	STRCMP_EQUAL("corp-device", fake.done_retire.c_str());
	CHECK(shown.find("scep   corp-device") != std::string::npos);
	CHECK(shown.find("[y/N]") != std::string::npos);
}

TEST(retire, anything_but_yes_changes_nothing)
{
	for (const char *typed : {"n\n", "\n", "yy\n", "Y E S and much more than fits\n", "\x04"}) {
		std::string shown;
		LONGS_EQUAL(1, at_terminal(typed, shown));
		STRCMP_EQUAL("", fake.done_retire.c_str());
		CHECK(shown.find("nothing was changed") != std::string::npos);
	}
}

TEST(retire, failures_have_their_code)
{
	static const struct {
		enum err err;
		const char *code;
		int exit;
	} cases[] = {{ERR_NOT_FOUND, "usage.profile", 2}, {ERR_INVALID, "usage.in_use", 2},
		     {ERR_DENIED, "file.write", 4},	  {ERR_BUSY, "file.lock", 6},
		     {ERR_IO, "wifi.control", 17},	  {ERR_IO, "file.remove", 1}};
	for (const auto &c : cases) {
		fake.err = c.err;
		why_set(&fake.why, c.err, c.code, "because");
		struct ran r = run_signet({"retire", "corp-device", "--yes"});
		LONGS_EQUAL_TEXT(c.exit, r.exit, c.code);
		CHECK(r.err.find("because") != std::string::npos);
	}
}
