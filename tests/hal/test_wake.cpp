/* SPDX-License-Identifier: MIT */
#include <csignal>
#include <cstdint>
#include <sys/wait.h>
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/file.h"
#include "hal/hal_lab.hpp"
#include "hal/wake.h"

/*
 * With the kernel's own objects. WAKE_CLOCK is not tested here: it takes setting the clock of the machine. An
 * interface that comes up: test_network.cpp.
 */
TEST_GROUP(wake)
{
	HalLab lab;
	struct why why = {};
	struct wake *wake = nullptr;

	void setup() override
	{
		lab.open();
		LONGS_EQUAL(ERR_OK, wake_open(&wake, &why));
	}
	void teardown() override
	{
		wake_close(&wake);
		wake_close(&wake);
		lab.close();
	}
	void watch(const std::string &name, bool is_own = false)
	{
		LONGS_EQUAL(ERR_OK, wake_watch(wake, lab.at(name).c_str(), is_own, &why));
	}
	/* What has come. The kernel queues file events and signals before the call that makes them returns. */
	unsigned next() { return wake_wait(wake, clock_boot_ms() + 100); }
	void shell(const std::string &command)
	{
		int status = 1;
		output_of("cd " + lab.folder + " && " + command, &status);
		LONGS_EQUAL(0, status);
	}
	void put(const std::string &name, const std::string &text)
	{
		LONGS_EQUAL(ERR_OK, file_write_atomic(lab.at(name).c_str(), bytes_of(text), 0600, &why));
	}
};

TEST(wake, SleepsUntilTheMomentAndNotShorter)
{
	int64_t until = clock_boot_ms() + 300;
	LONGS_EQUAL(WAKE_TIME, wake_wait(wake, until));
	CHECK(clock_boot_ms() >= until);
	CHECK(clock_boot_ms() < until + 20000);
}

TEST(wake, AMomentThatIsPastComesAtOnce)
{
	LONGS_EQUAL(WAKE_TIME, wake_wait(wake, clock_boot_ms() - 5));
	LONGS_EQUAL(WAKE_TIME, wake_wait(wake, 0));
	LONGS_EQUAL(WAKE_TIME, wake_wait(wake, INT64_MIN));
}

TEST(wake, SignalsEndASleepWithoutAnEnd)
{
	kill(getpid(), SIGHUP);
	LONGS_EQUAL(WAKE_RELOAD, wake_wait(wake, INT64_MAX));
	kill(getpid(), SIGTERM);
	LONGS_EQUAL(WAKE_STOP, wake_wait(wake, INT64_MAX));
	kill(getpid(), SIGINT);
	kill(getpid(), SIGHUP);
	LONGS_EQUAL(WAKE_STOP | WAKE_RELOAD, wake_wait(wake, INT64_MAX));
	LONGS_EQUAL(WAKE_TIME, next());
}

TEST(wake, ASignalFromOutsideWakesTheSleeper)
{
	pid_t parent = getpid();
	pid_t other = fork();
	if (other == 0) {
		usleep(300000);
		kill(parent, SIGHUP);
		_exit(0);
	}
	LONGS_EQUAL(WAKE_RELOAD, wake_wait(wake, INT64_MAX));
	int status = -1;
	waitpid(other, &status, 0);
	LONGS_EQUAL(0, status);
}

TEST(wake, AStopIsSeenInTheMiddleOfAPassAndStillReturned)
{
	CHECK_FALSE(wake_is_stopping(wake));
	kill(getpid(), SIGHUP);
	CHECK_FALSE(wake_is_stopping(wake));
	kill(getpid(), SIGTERM);
	CHECK(wake_is_stopping(wake));
	CHECK(wake_is_stopping(wake));
	wake_forget(wake);
	LONGS_EQUAL(WAKE_STOP | WAKE_RELOAD, wake_wait(wake, INT64_MAX));
	CHECK_FALSE(wake_is_stopping(wake));
}

TEST(wake, ClosingGivesTheSignalsBack)
{
	sigset_t during, after;
	sigprocmask(SIG_SETMASK, nullptr, &during);
	wake_close(&wake);
	sigprocmask(SIG_SETMASK, nullptr, &after);
	for (int number : {SIGHUP, SIGTERM, SIGINT}) {
		LONGS_EQUAL(1, sigismember(&during, number));
		LONGS_EQUAL(0, sigismember(&after, number));
	}
}

TEST(wake, ASecondTermDoesNotKillWhoIsClosing)
{
	pid_t child = fork();
	if (child == 0) {
		kill(getpid(), SIGTERM);
		wake_wait(wake, INT64_MAX);
		kill(getpid(), SIGTERM);
		kill(getpid(), SIGHUP);
		wake_close(&wake);
		_exit(7);
	}
	int status = 0;
	waitpid(child, &status, 0);
	CHECK(WIFEXITED(status));
	LONGS_EQUAL(7, WEXITSTATUS(status));
}

TEST(wake, AFileIsSeenWhenItIsWrittenReplacedRemovedOrMade)
{
	lab.write("etc/f", "old");
	watch("etc/f");
	LONGS_EQUAL(WAKE_TIME, next());
	lab.write("etc/f", "new");
	LONGS_EQUAL(WAKE_FILE, next());
	put("etc/f", "by rename");
	LONGS_EQUAL(WAKE_FILE, next());
	put("etc/f", "and again");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("rm etc/f");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("ln etc/../etc/f etc/g 2>/dev/null || : > etc/g"); /* a neighbour is nobody's business */
	LONGS_EQUAL(WAKE_TIME, next());
	shell("mv etc/g etc/f");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("mv etc/f etc/h");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, ReadingAFileIsNoEvent)
{
	lab.write("f", "x");
	watch("f");
	lab.read("f");
	shell("cat f; ls; chmod 600 f");
	LONGS_EQUAL(WAKE_TIME, next());
}

TEST(wake, AFolderIsSeenWithWhatIsDirectlyInIt)
{
	lab.write("conf.d/sub/deep", "x");
	watch("conf.d");
	lab.write("conf.d/sub/deep", "y");
	LONGS_EQUAL(WAKE_TIME, next());
	lab.write("conf.d/10.conf", "x");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("rm conf.d/10.conf");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, AFolderThatIsReplacedIsFoundAgain)
{
	lab.write("conf.d/a", "x");
	lab.write("other/a", "x");
	watch("conf.d");
	shell("mv conf.d gone && mv other conf.d");
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("gone/b", "x");
	LONGS_EQUAL(WAKE_TIME, next());
	lab.write("conf.d/b", "x");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("rm -r conf.d");
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("conf.d/c", "x");
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("conf.d/c", "y");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, AFolderFurtherUpThatIsReplacedWithoutAWordIsFoundAtTheNextWaking)
{
	lab.write("a/b/f", "x");
	watch("a/b/f");
	shell("mv a gone && mkdir -p a/b && echo y > a/b/f"); /* nothing happened in the a/b that is watched */
	kill(getpid(), SIGHUP);
	LONGS_EQUAL(WAKE_RELOAD | WAKE_FILE, wake_wait(wake, INT64_MAX));
	lab.write("a/b/f", "z");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, WhatIsNotThereYetIsWatchedForByItsNearestParent)
{
	watch("a/b/challenge");
	lab.write("other", "x");
	LONGS_EQUAL(WAKE_TIME, next());
	shell("mkdir a");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("mkdir a/b");
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("a/b/challenge", "secret");
	LONGS_EQUAL(WAKE_FILE, next());
	shell("rm -r a");
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("a/b/challenge", "secret"); /* all in one go */
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("a/b/challenge", "another");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, ASymlinkIsSeenToMoveAndItsTargetToChange)
{
	lab.write("data/one", "x");
	lab.write("data/two", "x");
	shell("mkdir etc && ln -s ../data/one etc/f");
	watch("etc/f");
	lab.write("data/one", "y");
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("data/two", "y");
	LONGS_EQUAL(WAKE_TIME, next());
	LONGS_EQUAL(ERR_OK, file_switch_link(lab.at("etc/f").c_str(), "../data/two", &why));
	LONGS_EQUAL(WAKE_FILE, next());
	lab.write("data/two", "z");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, ABurstComesAsOne)
{
	watch("f");
	pid_t writer = fork();
	if (writer == 0) { /* steps closer together than the quiet time */
		for (int i = 0; i < 8; i++) {
			lab.write("f", std::to_string(i));
			usleep(20000);
		}
		_exit(0);
	}
	LONGS_EQUAL(WAKE_FILE, wake_wait(wake, INT64_MAX));
	STRCMP_EQUAL("7", lab.read("f").c_str());
	waitpid(writer, nullptr, 0);
	LONGS_EQUAL(WAKE_TIME, next());
}

TEST(wake, WhoNeverStopsWritingHoldsNobody)
{
	watch("f");
	pid_t writer = fork();
	if (writer == 0)
		for (;;) {
			lab.write("f", "x");
			usleep(10000);
		}
	int64_t start = clock_boot_ms();
	LONGS_EQUAL(WAKE_FILE, wake_wait(wake, INT64_MAX));
	int64_t took = clock_boot_ms() - start;
	kill(writer, SIGKILL);
	waitpid(writer, nullptr, 0);
	CHECK(took >= 1500); /* it waited for quiet */
	CHECK(took < 20000);
}

TEST(wake, AStopDoesNotWaitForTheEndOfABurst)
{
	watch("f");
	lab.write("f", "x");
	kill(getpid(), SIGTERM);
	LONGS_EQUAL(WAKE_FILE | WAKE_STOP, wake_wait(wake, INT64_MAX));
}

TEST(wake, OwnWritingIsForgottenAndForeignIsKept)
{
	watch("own", true);
	watch("foreign");
	put("own", "x");
	wake_forget(wake);
	LONGS_EQUAL(WAKE_TIME, next());
	put("own", "x");
	lab.write("foreign", "x");
	wake_forget(wake);
	wake_forget(wake);
	LONGS_EQUAL(WAKE_FILE, next());
	LONGS_EQUAL(WAKE_TIME, next());
	put("own", "by somebody else, while asleep");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, InAFolderOfOursAForeignFileStaysForeign)
{
	lab.write("d/own", "x");
	watch("d", true);
	watch("d/challenge");
	put("d/own", "x");
	wake_forget(wake);
	LONGS_EQUAL(WAKE_TIME, next());
	lab.write("d/challenge", "x");
	wake_forget(wake);
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, EndedWatchesAreSilentAndNewOnesAreNot)
{
	watch("f");
	lab.write("f", "before");
	wake_forget(wake); /* foreign: it is kept */
	lab.write("f", "before");
	wake_unwatch(wake);
	lab.write("f", "after");
	LONGS_EQUAL(WAKE_TIME, next());
	watch("g");
	lab.write("f", "x");
	LONGS_EQUAL(WAKE_TIME, next());
	lab.write("g", "x");
	LONGS_EQUAL(WAKE_FILE, next());
}

TEST(wake, ThereIsALimitAndItIsNamed)
{
	for (int i = 0; i < 256; i++)
		watch("f" + std::to_string(i));
	LONGS_EQUAL(ERR_TOO_BIG, wake_watch(wake, lab.at("one-more").c_str(), false, &why));
	CHECK(std::string(why.text).find("one-more") != std::string::npos);
	lab.write("one-more", "x");
	LONGS_EQUAL(WAKE_TIME, next());
	lab.write("f255", "x");
	LONGS_EQUAL(WAKE_FILE, next());
	wake_unwatch(wake);
	watch("one-more");
	LONGS_EQUAL(ERR_TOO_BIG, wake_watch(wake, ("/" + std::string(2000, 'x')).c_str(), false, &why));
	LONGS_EQUAL(ERR_IO, wake_watch(wake, ("/" + std::string(256, 'x')).c_str(), false, &why));
	CHECK(std::string(why.text).find("too long") != std::string::npos);
}

TEST(wake, LostEventsCountAsAForeignOne)
{
	int status = 0;
	int most = atoi(output_of("cat /proc/sys/fs/inotify/max_queued_events", &status).c_str());
	lab.write("d/a", "x");
	lab.write("d/b", "x");
	watch("d", true);
	for (int i = 0; i <= most; i++) /* two names in turn: equal neighbours are merged */
		CHECK(rename(lab.at("d/a").c_str(), lab.at("d/b").c_str()) == 0 ? rename(lab.at("d/b").c_str(), lab.at("d/a").c_str()) == 0 : false);
	wake_forget(wake);
	LONGS_EQUAL(WAKE_FILE, next());
	LONGS_EQUAL(WAKE_TIME, next());
}
