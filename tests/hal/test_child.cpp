/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <fstream>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/child.h"
#include "hal/clock.h"

static int tell_parent(void *ctx, int fd)
{
	pid_t parent = getppid();
	*static_cast<int *>(ctx) = 2; /* its own copy */
	return write(fd, &parent, sizeof parent) == static_cast<ssize_t>(sizeof parent) ? 0 : 1;
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

TEST(child, HasItsOwnMemoryAndOneWayToItsParent)
{
	struct child child;
	pid_t parent;
	int number = 1;
	LONGS_EQUAL(ERR_OK, child_start(tell_parent, &number, &child));
	LONGS_EQUAL(sizeof parent, read(child.fd, &parent, sizeof parent));
	LONGS_EQUAL(getpid(), parent);
	LONGS_EQUAL(1, number);
	LONGS_EQUAL(0, read(child.fd, &parent, 1)); /* it has ended: the other end is nobody else's */
	CHECK_FALSE(child_end(&child));
}

static bool has_ended(pid_t pid)
{
	std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
	std::string line;
	return !std::getline(in, line) || line.find(") Z ") != std::string::npos || line.find(") X ") != std::string::npos;
}

TEST(child, DiesWithItsParent)
{
	int ends[2];
	pid_t pid = 0;
	char ready;
	LONGS_EQUAL(0, pipe(ends));
	pid_t parent = fork();
	if (parent == 0) {
		struct child child;
		if (child_start(never_end, nullptr, &child) != ERR_OK || read(child.fd, &ready, 1) != 1 ||
		    write(ends[1], &child.pid, sizeof child.pid) < 0)
			_exit(1);
		pause();
	}
	LONGS_EQUAL(sizeof pid, read(ends[0], &pid, sizeof pid));
	CHECK_FALSE(has_ended(pid));
	kill(parent, SIGKILL);
	waitpid(parent, nullptr, 0);
	for (int i = 0; i < 500 && !has_ended(pid); i++)
		usleep(20000);
	CHECK_TRUE(has_ended(pid));
	close(ends[0]);
	close(ends[1]);
}

TEST(child, OneThatReadsNothingDoesNotHoldItsParent)
{
	struct child child;
	char part[4096] = {};
	ssize_t n = 0;
	LONGS_EQUAL(ERR_OK, child_start(never_end, nullptr, &child));
	for (int i = 0; i < 10000 && n >= 0; i++)
		n = send(child.fd, part, sizeof part, MSG_NOSIGNAL);
	LONGS_EQUAL(-1, n);
	LONGS_EQUAL(EAGAIN, errno);
	CHECK_FALSE(child_end(&child));
}

TEST(child, SaysWhetherItsCageEndedIt)
{
	struct child child;
	char nothing;
	LONGS_EQUAL(ERR_OK, child_start([](void *, int) -> int { return kill(getppid(), 0); }, nullptr, &child));
	LONGS_EQUAL(0, read(child.fd, &nothing, 1));
	CHECK_TRUE(child_end(&child));
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
