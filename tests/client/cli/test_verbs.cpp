/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/support.hpp"
#include "client/cli/verbs.h"

static const char *const built[] = {"status", "agent", "plan", "apply", "enroll", "renew", "show", "inventory", "test",
				    "retire", "events", "doctor", "bundle", "config", "csr", "import", "version", "help"};
static const char *const later[] = {"import-graph"};

static void fits(const std::string &text, size_t max_lines)
{
	size_t lines = 0, column = 0;
	for (char c : text) {
		CHECK(c == '\n' || (c >= 0x20 && c < 0x7f));
		column = c == '\n' ? 0 : column + 1;
		lines += c == '\n';
		CHECK_TEXT(column <= 80, text.c_str());
	}
	CHECK_TEXT(lines <= max_lines, text.c_str());
}

TEST_GROUP(verbs){void setup() override{fake_reset();
}

void teardown() override { fake_clear(); }
}
;

TEST(verbs, help_lists_every_verb_of_the_interface_and_fits_a_serial_console)
{
	struct ran r = run_bare({"help"});
	LONGS_EQUAL(0, r.exit);
	fits(r.out, 24);
	for (const char *name : built)
		CHECK_TEXT(r.out.find(std::string("\n  ") + name + " ") != std::string::npos, name);
	std::string rest = r.out.substr(r.out.find("not in this version:"));
	for (const char *name : later)
		CHECK_TEXT(rest.find(std::string(" ") + name) != std::string::npos, name);
	STRCMP_EQUAL(r.out.c_str(), run_bare({"--help"}).out.c_str());
}

TEST(verbs, help_of_a_verb_shows_its_arguments_and_options)
{
	for (const char *name : built) {
		struct ran r = run_bare({"help", name});
		LONGS_EQUAL(0, r.exit);
		fits(r.out, 24);
		CHECK(r.out.find(std::string("usage: signet ") + name) == 0);
		STRCMP_EQUAL(r.out.c_str(), run_bare({name, "--help"}).out.c_str());
	}
	CHECK(run_bare({"help", "enroll"}).out.find("--challenge-file FILE") != std::string::npos);
	CHECK(run_bare({"help", "apply"}).out.find("--wait[=SECONDS]") != std::string::npos);
}

TEST(verbs, help_of_a_later_verb_says_that_it_is_not_in_this_version)
{
	for (const char *name : later) {
		struct ran r = run_bare({"help", name});
		LONGS_EQUAL(0, r.exit);
		fits(r.out, 24);
		CHECK(r.out.find("not in this version") != std::string::npos);
	}
	LONGS_EQUAL(2, run_bare({"help", "frobnicate"}).exit);
}

TEST(verbs, version_prints_name_and_version)
{
	STRCMP_EQUAL((std::string("signet ") + cli_version() + "\n").c_str(),
		     run_bare({"version"}).out.c_str());
	struct ran r = run_bare({"version", "--json"});
	STRCMP_EQUAL("schema\nversion\n", json_keys(r.out).c_str());
	STRCMP_EQUAL(cli_version(), json_value(r.out, "d['version']").c_str());
}
