/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <string>
#include <vector>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/hal_lab.hpp"
#include "hal/run.h"

TEST_GROUP(run)
{
	HalLab lab;
	struct why why = {};
	struct buf out;
	int status = -1;

	void setup() override
	{
		lab.open();
		buf_init(&out, 100000);
	}
	void teardown() override
	{
		buf_clear(&out);
		lab.close();
	}
	enum err sh(const std::string &script, unsigned timeout_s)
	{
		const char *const argv[] = {"/bin/sh", "-c", script.c_str(), nullptr};
		return run_program(argv, nullptr, timeout_s, &out, &status, &why);
	}
	std::string printed() { return text_of(buf_bytes(&out)); }
	/* a process of the script wrote its number; true when it is gone within 2 s */
	bool is_gone(const std::string &file)
	{
		pid_t pid = atoi(lab.read(file).c_str());
		for (int i = 0; pid > 0 && i < 100; i++) {
			std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
			std::string text;
			if (!std::getline(in, text) || text.find(") Z") != std::string::npos)
				return true;
			usleep(20000);
		}
		return false;
	}
};

TEST(run, GivesOutputAndExitStatus)
{
	LONGS_EQUAL(ERR_OK, buf_add_text(&out, ">"));
	LONGS_EQUAL(ERR_OK, sh("echo hello; exit 7", 10));
	LONGS_EQUAL(7, status);
	STRCMP_EQUAL(">hello\n", printed().c_str());
}

TEST(run, ASignalCountsAsTheShellCountsIt)
{
	LONGS_EQUAL(ERR_OK, sh("kill -9 $$", 10));
	LONGS_EQUAL(137, status);
}

TEST(run, OutputMayBeDroppedAndMoreThanAPipeHolds)
{
	const char *const argv[] = {"/bin/sh", "-c", "head -c 300000 /dev/zero; exit 3", nullptr};
	LONGS_EQUAL(ERR_OK, run_program(argv, nullptr, 10, nullptr, &status, &why));
	LONGS_EQUAL(3, status);
	LONGS_EQUAL(ERR_OK, sh("head -c 99999 /dev/zero", 10));
	LONGS_EQUAL(99999, out.len);
}

TEST(run, TooMuchOutputEndsItAndLeavesNothing)
{
	int64_t start = clock_boot_ms();
	LONGS_EQUAL(ERR_TOO_BIG, sh("exec cat /dev/zero", 30));
	CHECK(clock_boot_ms() - start < 5000);
	LONGS_EQUAL(0, out.len);
	LONGS_EQUAL(-1, status);
	STRCMP_EQUAL("run.output", why.code);
}

TEST(run, ATimeoutEndsTheProgramAndItsChildren)
{
	int64_t start = clock_boot_ms();
	LONGS_EQUAL(ERR_UNREACHABLE,
		    sh("sleep 60 & echo $! > " + lab.at("pid") + "; echo part; wait", 1));
	int64_t took = clock_boot_ms() - start;
	CHECK(took >= 1000 && took < 2500); /* TERM sufficed */
	STRCMP_EQUAL("run.timeout", why.code);
	STRCMP_EQUAL("/bin/sh did not end within 1 s", why.text);
	LONGS_EQUAL(0, out.len);
	LONGS_EQUAL(-1, status);
	CHECK(is_gone("pid"));
}

TEST(run, WhoIgnoresTermIsKilledTwoSecondsLater)
{
	int64_t start = clock_boot_ms();
	LONGS_EQUAL(
	    ERR_UNREACHABLE,
	    sh("trap '' TERM; echo $$ > " + lab.at("pid") + "; while :; do sleep 0.1; done", 1));
	int64_t took = clock_boot_ms() - start;
	CHECK(took >= 2900 && took < 6000);
	CHECK(is_gone("pid"));
}

TEST(run, AProcessLeftInTheBackgroundDoesNotHoldUs)
{
	int64_t start = clock_boot_ms();
	LONGS_EQUAL(ERR_OK, sh("sleep 30 & echo $! > " + lab.at("pid") + "; echo done", 20));
	CHECK(clock_boot_ms() - start < 5000);
	STRCMP_EQUAL("done\n", printed().c_str());
	kill(atoi(lab.read("pid").c_str()), SIGKILL); /* ours: started a line above */
}

TEST(run, WhatCannotBeStartedIsNamed)
{
	std::string missing = lab.at("missing");
	const char *const none[] = {missing.c_str(), nullptr};
	LONGS_EQUAL(ERR_NOT_FOUND, run_program(none, nullptr, 5, &out, &status, &why));
	CHECK(std::string(why.text).find(missing) != std::string::npos);
	std::string plain = lab.write("plain", "#!/bin/sh\n");
	const char *const no_x[] = {plain.c_str(), nullptr};
	LONGS_EQUAL(ERR_DENIED, run_program(no_x, nullptr, 5, nullptr, &status, &why));
	const char *const relative[] = {"sh", nullptr};
	LONGS_EQUAL(ERR_BUG, run_program(relative, nullptr, 5, nullptr, &status, &why));
	LONGS_EQUAL(-1, status);
}

TEST(run, TheEnvironmentIsOnlyWhatIsGiven)
{
	setenv("SIGNET_TEST_LEAK", "1", 1);
	const char *const argv[] = {"/usr/bin/env", nullptr};
	LONGS_EQUAL(ERR_OK, run_program(argv, nullptr, 5, &out, &status, &why));
	STRCMP_EQUAL("PATH=/usr/sbin:/usr/bin:/sbin:/bin\n", printed().c_str());
	buf_cut(&out, 0);
	const char *const env[] = {"A=b", "C=d e", nullptr};
	LONGS_EQUAL(ERR_OK, run_program(argv, env, 5, &out, &status, &why));
	STRCMP_EQUAL("A=b\nC=d e\n", printed().c_str());
	unsetenv("SIGNET_TEST_LEAK");
}

TEST(run, ItGetsNoDescriptorOfOursAndAnEmptyInput)
{
	int leak = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC, as from a careless parent */
	CHECK(leak > 2);
	LONGS_EQUAL(ERR_OK,
		    sh("ls -l /proc/$$/fd | grep -c passwd; wc -c; readlink /proc/self/fd/0", 10));
	close(leak);
	STRCMP_EQUAL("0\n0\n/dev/null\n", printed().c_str());
}

TEST(run, ItStartsWithNothingIgnoredOrBlockedAndInAGroupOfItsOwn)
{
	sigset_t blocked, old;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &old);
	sighandler_t pipe_handler = signal(SIGPIPE, SIG_IGN);
	sighandler_t hup_handler = signal(SIGHUP, SIG_IGN);
	const char *const argv[] = {"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status",
				    nullptr};
	LONGS_EQUAL(ERR_OK, run_program(argv, nullptr, 5, &out, &status, &why));
	signal(SIGPIPE, pipe_handler);
	signal(SIGHUP, hup_handler);
	sigprocmask(SIG_SETMASK, &old, nullptr);
	STRCMP_EQUAL("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", printed().c_str());
	buf_cut(&out, 0);
	LONGS_EQUAL(ERR_OK, sh("cut -d' ' -f5 /proc/$$/stat; echo $$", 5));
	std::string two = printed();
	std::string group = two.substr(0, two.find('\n'));
	STRCMP_EQUAL((group + "\n" + group + "\n").c_str(), two.c_str());
}
