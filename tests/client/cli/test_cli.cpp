/* SPDX-License-Identifier: MIT */
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include "CppUTest/TestHarness.h"
#include "client/cli/cli.h"
#include "client/cli/support.hpp"

static bool has(const std::string &text, const char *part)
{
	return text.find(part) != std::string::npos;
}

TEST_GROUP(cli){void setup() override{fake_reset();
}

void teardown() override
{
	fake_clear();
	unsetenv("JOURNAL_STREAM");
}
}
;

TEST(cli, without_a_verb_it_is_status)
{
	struct ran r = run_signet({});
	LONGS_EQUAL(0, r.exit);
	LONGS_EQUAL(1, fake.looks);
	CHECK(fake.asked_tpm);
	CHECK(has(r.out, "GW-7F31"));
	STRCMP_EQUAL("", r.err.c_str());
}

TEST(cli, an_unknown_verb_names_the_nearest_and_is_wrong_usage)
{
	struct ran r = run_bare({"stauts"});
	LONGS_EQUAL(2, r.exit);
	STRCMP_EQUAL("signet: no verb 'stauts'; did you mean 'status'?\n  next: 'signet help' "
		     "lists the verbs\n",
		     r.err.c_str());
	STRCMP_EQUAL("", r.out.c_str());
}

TEST(cli, a_verb_that_resembles_nothing_gets_no_suggestion)
{
	struct ran r = run_bare({"xylophone"});
	LONGS_EQUAL(2, r.exit);
	CHECK(!has(r.err, "did you mean"));
}

TEST(cli, every_verb_of_the_interface_that_is_not_built_says_so)
{
	for (const char *verb : {"import-graph"}) {
		struct ran r = run_bare({verb});
		LONGS_EQUAL(2, r.exit);
		CHECK(has(r.err, (std::string("'") + verb + "' is not in this version").c_str()));
	}
}

TEST(cli, options_are_taken_in_front_of_and_behind_the_verb)
{
	struct ran front = run_signet({"--json", "status"});
	struct ran behind = run_signet({"status", "--json"});
	LONGS_EQUAL(0, front.exit);
	STRCMP_EQUAL(front.out.c_str(), behind.out.c_str());
	STRCMP_EQUAL("1", json_value(front.out, "d['schema']").c_str());
}

TEST(cli, an_option_of_another_verb_is_refused)
{
	struct ran r = run_signet({"plan", "--force"});
	LONGS_EQUAL(2, r.exit);
	CHECK(has(r.err, "'plan' takes no --force"));
	LONGS_EQUAL(0, fake.plans);
}

TEST(cli, too_few_and_too_many_arguments_are_wrong_usage)
{
	LONGS_EQUAL(2, run_signet({"renew"}).exit);
	LONGS_EQUAL(2, run_signet({"renew", "corp-device", "corp-device"}).exit);
	LONGS_EQUAL(2, run_signet({"plan", "corp-device"}).exit);
	LONGS_EQUAL(2, run_signet({"config"}).exit);
	LONGS_EQUAL(2, run_signet({"version", "please"}).exit);
	LONGS_EQUAL(0, fake.applies + fake.plans);
}

TEST(cli, a_refused_configuration_ends_with_3_before_anything_is_looked_at)
{
	write_file(folder() + "/bad.conf", "[wifl corp]\nssid = X\n");
	std::string path = folder() + "/bad.conf";
	struct ran r = run_bare({"-c", path.c_str(), "status"});
	LONGS_EQUAL(3, r.exit);
	CHECK(has(r.err, "signet: "));
	LONGS_EQUAL(0, fake.looks);
}

TEST(cli, a_configuration_that_is_not_there_ends_with_3)
{
	LONGS_EQUAL(3, run_bare({"-c", "/nonexistent/signet.conf", "plan"}).exit);
	LONGS_EQUAL(0, fake.plans);
}

TEST(cli, verbs_that_need_no_configuration_work_without_one)
{
	LONGS_EQUAL(0, run_bare({"-c", "/nonexistent/signet.conf", "version"}).exit);
	LONGS_EQUAL(0, run_bare({"-c", "/nonexistent/signet.conf", "help"}).exit);
}

TEST(cli, a_failure_under_json_is_one_object_on_stdout)
{
	struct ran r = run_bare({"stauts", "--json"});
	LONGS_EQUAL(2, r.exit);
	STRCMP_EQUAL("", r.err.c_str());
	STRCMP_EQUAL("schema\nerror\nerror.code\nerror.exit\nerror.message\n",
		     json_keys(r.out).c_str());
	STRCMP_EQUAL(
	    "1 usage.verb 2",
	    json_value(r.out, "d['schema'], d['error']['code'], d['error']['exit'], sep=' '")
		.c_str());
}

TEST(cli, an_option_error_is_json_too_wherever_json_stands)
{
	struct ran r = run_bare({"status", "--frob", "--json"});
	LONGS_EQUAL(2, r.exit);
	STRCMP_EQUAL("usage.option", json_value(r.out, "d['error']['code']").c_str());
}

TEST(cli, a_full_disk_behind_stdout_is_a_failure)
{
	const char *const argv[] = {"signet", "version", nullptr};
	struct cli_streams streams = {fopen("/dev/full", "w"), tmpfile(), 0};
	LONGS_EQUAL(SIGNET_FAILED, cli_main(2, argv, &streams));
	CHECK(ftell(streams.err) > 0);
	fclose(streams.out);
	fclose(streams.err);
}

TEST(cli, a_root_that_is_no_folder_is_wrong_usage)
{
	LONGS_EQUAL(2, run_bare({"--root", "/nonexistent", "config", "check"}).exit);
	LONGS_EQUAL(2, run_bare({"--root", "/etc/passwd", "config", "check"}).exit);
	LONGS_EQUAL(2, run_bare({"--root", "", "config", "check"}).exit);
	LONGS_EQUAL(2, run_bare({"--root"}).exit);
}

TEST(cli, a_failure_of_the_agent_is_translated_to_its_exit_code)
{
	fake.err = ERR_BUSY;
	why_set(&fake.why, ERR_BUSY, "file.lock", "/run/signet/lock is held");
	LONGS_EQUAL(6, run_signet({"apply"}).exit);
	fake.err = ERR_DENIED;
	why_set(&fake.why, ERR_DENIED, "store.denied", "/var/lib/signet: Permission denied");
	LONGS_EQUAL(4, run_signet({"apply"}).exit);
	LONGS_EQUAL(4, run_signet({"status"}).exit);
	LONGS_EQUAL(4, run_signet({"plan"}).exit);
	LONGS_EQUAL(4, run_signet({"inventory"}).exit);
	LONGS_EQUAL(4, run_signet({"show", "corp-device"}).exit);
}

TEST(cli, into_the_journal_an_error_carries_its_priority)
{
	const char *const argv[] = {"signet", "frobnicate", nullptr};
	struct cli_streams streams = {tmpfile(), tmpfile(), 0};
	int fd = fileno(streams.err);
	setenv("JOURNAL_STREAM",
	       shell("stat -L -c '%d:%i' /proc/" + std::to_string(getpid()) + "/fd/" +
		     std::to_string(fd) + " | tr -d '\\n'")
		   .c_str(),
	       1);
	cli_main(2, argv, &streams);
	char line[16] = "";
	rewind(streams.err);
	CHECK(fgets(line, sizeof line, streams.err) != nullptr);
	STRCMP_EQUAL("<3>signet: no ve", (std::string(line) + "e").c_str());
	fclose(streams.out);
	fclose(streams.err);
	CHECK(!has(run_bare({"frobnicate"}).err, "<3>"));
}

TEST(cli, progress_and_colour_come_on_a_terminal_only)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	LONGS_EQUAL(0, grantpt(master) | unlockpt(master));
	FILE *terminal = fopen(ptsname(master), "w");
	std::string path = folder() + "/signet.conf";
	run_signet({"version"}); /* writes the configuration */
	const char *const apply[] = {"signet", "-c", path.c_str(), "apply", nullptr};
	const char *const status[] = {"signet", "-c", path.c_str(), "status", nullptr};
	struct cli_streams streams = {tmpfile(), terminal, 0};
	LONGS_EQUAL(0, cli_main(4, apply, &streams));
	fflush(terminal);
	char seen[512] = "";
	CHECK(read(master, seen, sizeof seen - 1) > 0);
	STRNCMP_EQUAL("[  0.", seen, 5);
	CHECK(has(seen, " s] corp-device  GetCACert  ok"));
	setenv("TERM", "vt100", 1);
	unsetenv("NO_COLOR");
	struct cli_streams colored = {terminal, streams.err, 0};
	LONGS_EQUAL(0, cli_main(4, status, &colored));
	CHECK(read(master, seen, sizeof seen - 1) > 0);
	CHECK(has(seen, "\033["));
	for (const char *quiet : {"NO_COLOR=1", "TERM=dumb"}) {
		std::string word = quiet;
		setenv(word.substr(0, word.find('=')).c_str(),
		       word.substr(word.find('=') + 1).c_str(), 1);
		LONGS_EQUAL(0, cli_main(4, status, &colored));
		ssize_t n = read(master, seen, sizeof seen - 1);
		seen[n > 0 ? n : 0] = '\0';
		CHECK(n > 0 && !has(seen, "\033["));
		unsetenv("NO_COLOR");
	}
	fclose(terminal);
	fclose(streams.out);
	close(master);
	run_signet({"apply"});
	CHECK(!fake.reports_progress);
}
