/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include <string>
#include "client/cli/events.h"
#include "client/cli/support.hpp"

static struct bytes bytes_of(const std::string &s)
{
	return {reinterpret_cast<const uint8_t *>(s.data()), s.size()};
}

static std::string line(const std::string &profile, const std::string &reason = "")
{
	return "{\"schema\":1,\"time\":\"2026-11-22T15:02:39Z\",\"event\":\"failed\",\"profile\":\"" + profile +
	       "\",\"kind\":\"scep\",\"serial\":\"0a\",\"old_serial\":\"\",\"not_after\":null,\"reason\":\"" + reason + "\"}\n";
}

static std::string new_part(const std::string &before, const std::string &now)
{
	return now.substr(events_new_at(bytes_of(before), bytes_of(now)));
}

TEST_GROUP(events)
{
	std::string conf;
	void setup() override
	{
		fake_reset();
		conf = folder() + "/events.conf";
		write_file(conf, "[agent]\nrun_dir = " + folder() + "\n");
		remove((folder() + "/events").c_str());
	}
	void teardown() override
	{
		fake_clear();
		remove((folder() + "/events").c_str());
	}
	void file(const std::string &content) { write_file(folder() + "/events", content); }
	struct ran go(std::initializer_list<const char *> words)
	{
		std::string command;
		switch (words.size()) {
		case 0:
			return run_bare({"-c", conf.c_str(), "events"});
		case 1:
			return run_bare({"-c", conf.c_str(), "events", words.begin()[0]});
		default:
			return run_bare({"-c", conf.c_str(), "events", words.begin()[0], words.begin()[1]});
		}
	}
};

TEST(events, without_a_file_there_is_nothing_and_that_is_no_failure)
{
	struct ran r = go({});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("", (r.out + r.err).c_str());
}

TEST(events, one_line_each_with_control_characters_gone)
{
	file(line("dev", "a \\\"quoted\\\" \\u001b[2J\\u009b \\n x") + line("lan"));
	STRCMP_EQUAL("2026-11-22T15:02:39Z  failed  dev  serial=0a  a \"quoted\" ?[2J? ? x\n"
		     "2026-11-22T15:02:39Z  failed  lan  serial=0a\n",
		     go({}).out.c_str());
}

TEST(events, the_last_twenty_or_as_many_as_asked_for)
{
	std::string all;
	for (int i = 100; i < 125; i++)
		all += line("p" + std::to_string(i));
	file(all);
	std::string shown = go({}).out;
	LONGS_EQUAL(20, std::stoi(shell("printf '%s' '" + shown + "' | grep -c failed")));
	CHECK(shown.find("p104") == std::string::npos && shown.find("p105") < shown.find("p124"));
	CHECK(go({"-n", "2"}).out.find("p122") == std::string::npos);
	CHECK(go({"-n2"}).out.find("p123") != std::string::npos);
	STRCMP_EQUAL("", go({"-n", "0"}).out.c_str());
	CHECK(go({"-n", "99"}).out.find("p100") != std::string::npos);
}

TEST(events, a_number_that_is_none_is_wrong_usage)
{
	for (const char *bad : {"-1", "x", "", "1x", "100001", "99999999999999999999"})
		LONGS_EQUAL(2, go({"-n", bad}).exit);
	CHECK(go({"-n", "x"}).err.find("-n x is no whole number from 0 to 100000") != std::string::npos);
}

TEST(events, json_is_line_by_line_as_it_was_told)
{
	file(line("dev", "\\\"") + line("lan"));
	STRCMP_EQUAL((line("dev", "\\\"") + line("lan")).c_str(), go({"--json"}).out.c_str());
}

TEST(events, damaged_and_half_lines_are_left_out)
{
	file("rubbish\n{\"time\":1}\n[]\n" + line("dev") + std::string(5000, 'x') + "\n" + line("lan") + "{\"schema\":1,\"ti");
	STRCMP_EQUAL("2026-11-22T15:02:39Z  failed  dev  serial=0a\n2026-11-22T15:02:39Z  failed  lan  serial=0a\n",
		     go({}).out.c_str());
	STRCMP_EQUAL((line("dev") + line("lan")).c_str(), go({"--json"}).out.c_str());
}

TEST(events, a_file_that_cannot_be_read_is_a_failure)
{
	LONGS_EQUAL(0, system(("mkdir " + folder() + "/events").c_str()));
	CHECK(go({}).exit != 0);
	LONGS_EQUAL(0, system(("rmdir " + folder() + "/events").c_str()));
}

TEST(events, what_is_new_is_found_whatever_went)
{
	const std::string a = line("a"), b = line("b"), c = line("c"), d = line("d");
	STRCMP_EQUAL(c.c_str(), new_part(a + b, a + b + c).c_str());
	STRCMP_EQUAL("", new_part(a + b, a + b).c_str());
	STRCMP_EQUAL(c.c_str(), new_part(a + b, b + c).c_str());            /* halved */
	STRCMP_EQUAL((c + d).c_str(), new_part(a + b, c + d).c_str());      /* all of it went */
	STRCMP_EQUAL(a.c_str(), new_part("", a).c_str());                   /* it was not there */
	STRCMP_EQUAL("", new_part(a, "").c_str());                          /* it is gone */
	STRCMP_EQUAL(b.c_str(), new_part(a + b + b, a + b + b + b).c_str()); /* the same twice */
	STRCMP_EQUAL(b.c_str(), new_part(a + b + b, b + b + b).c_str());
	STRCMP_EQUAL(b.c_str(), new_part(a + "\n", "\n" + b).c_str());
}
