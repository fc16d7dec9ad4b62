/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include "CppUTest/TestHarness.h"
#include "hal/child.h"
#include "hal/clock.h"

struct facts {
	int dumpable, death_signal;
	rlim_t core;
	pid_t parent;
};

static int tell_facts(void *ctx, int fd)
{
	struct facts f;
	struct rlimit core;
	memset(&f, 0, sizeof f);
	*static_cast<int *>(ctx) = 2; /* its own copy */
	getrlimit(RLIMIT_CORE, &core);
	f.core = core.rlim_max;
	f.dumpable = prctl(PR_GET_DUMPABLE);
	prctl(PR_GET_PDEATHSIG, &f.death_signal);
	f.parent = getppid();
	return write(fd, &f, sizeof f) == static_cast<ssize_t>(sizeof f) ? 0 : 1;
}

static int never_end(void *, int fd)
{
	signal(SIGTERM, SIG_IGN);
	char ready = 'r';
	while (write(fd, &ready, 1) == 1)
		pause();
	return 0;
}

TEST_GROUP(child){};

TEST(child, DiesWithItsParentAndLeavesNoCore)
{
	struct child child;
	struct facts f;
	int number = 1;
	LONGS_EQUAL(ERR_OK, child_start(tell_facts, &number, &child));
	LONGS_EQUAL(sizeof f, read(child.fd, &f, sizeof f));
	LONGS_EQUAL(0, f.dumpable);
	LONGS_EQUAL(SIGKILL, f.death_signal);
	LONGS_EQUAL(0, f.core);
	LONGS_EQUAL(getpid(), f.parent);
	LONGS_EQUAL(1, number);
	LONGS_EQUAL(0, read(child.fd, &f, 1)); /* it has ended: the other end is nobody else's */
	child_end(&child);
}

TEST(child, IsWaitedForUntilItSpeaksOrSomebodyStops)
{
	struct child child;
	char ready;
	int looks = 1;
	LONGS_EQUAL(ERR_OK, child_start(never_end, nullptr, &child));
	CHECK_TRUE(child_wait(child.fd, clock_boot_ms() + 60000, nullptr, nullptr));
	LONGS_EQUAL(1, read(child.fd, &ready, 1));
	CHECK_FALSE(child_wait(
	    child.fd, clock_boot_ms() + 60000, [](void *left) { return --*static_cast<int *>(left) < 0; }, &looks));
	LONGS_EQUAL(-1, looks);
	CHECK_TRUE(child_wait(child.fd, clock_boot_ms() - 1, nullptr, nullptr)); /* time is up: reading says so */
	child_end(&child);
}

TEST(child, IsEndedWhateverItDoes)
{
	struct child child;
	char ready;
	LONGS_EQUAL(ERR_OK, child_start(never_end, nullptr, &child));
	LONGS_EQUAL(1, read(child.fd, &ready, 1));
	child_end(&child);
	LONGS_EQUAL(-1, kill(child.pid, 0));
	LONGS_EQUAL(ESRCH, errno);
	LONGS_EQUAL(-1, read(child.fd, &ready, 1)); /* closed */
}
