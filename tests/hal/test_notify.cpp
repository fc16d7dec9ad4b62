/* SPDX-License-Identifier: MIT */
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/hal_lab.hpp"
#include "hal/notify.h"

/* The service manager's end of sd_notify(3). */
TEST_GROUP(notify)
{
	HalLab lab;
	int manager = -1;

	void setup() override { lab.open(); }
	void teardown() override
	{
		for (const char *name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
			unsetenv(name);
		notify_open();
		if (manager >= 0)
			close(manager);
		lab.close();
	}
	void listen_at(const std::string &name)
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, name.data(), name.size());
		if (name[0] == '@')
			address.sun_path[0] = '\0';
		socklen_t len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + name.size() +
		                                       (name[0] == '/' ? 1 : 0));
		manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		LONGS_EQUAL(0, bind(manager, reinterpret_cast<struct sockaddr *>(&address), len));
		setenv("NOTIFY_SOCKET", name.c_str(), 1);
	}
	std::string told()
	{
		char text[8192];
		ssize_t n = recv(manager, text, sizeof text, 0);
		return n < 0 ? "(nothing)" : std::string(text, static_cast<size_t>(n));
	}
	int64_t watchdog(const char *usec, const std::string &pid)
	{
		setenv("WATCHDOG_USEC", usec, 1);
		if (!pid.empty())
			setenv("WATCHDOG_PID", pid.c_str(), 1);
		if (manager < 0)
			listen_at(lab.at("notify"));
		else
			setenv("NOTIFY_SOCKET", lab.at("notify").c_str(), 1);
		notify_open();
		return notify_watchdog_ms();
	}
};

TEST(notify, TellsAPathSocketInOneDatagram)
{
	listen_at(lab.at("notify"));
	notify_open();
	notify_send("READY=1\nSTATUS=%s, %d to do", "all well", 0);
	STRCMP_EQUAL("READY=1\nSTATUS=all well, 0 to do", told().c_str());
	STRCMP_EQUAL("(nothing)", told().c_str());
}

TEST(notify, TellsAnAbstractSocket)
{
	listen_at("@signet-test-" + std::to_string(getpid()));
	notify_open();
	notify_send("WATCHDOG=1");
	STRCMP_EQUAL("WATCHDOG=1", told().c_str());
}

TEST(notify, ThePathMayFillTheAddress)
{
	std::string longest = lab.folder + "/" + std::string(107 - lab.folder.size() - 1, 's');
	listen_at(longest);
	notify_open();
	notify_send("READY=1");
	STRCMP_EQUAL("READY=1", told().c_str());
	setenv("NOTIFY_SOCKET", (longest + "s").c_str(), 1);
	notify_open();
	notify_send("READY=1");
	STRCMP_EQUAL("(nothing)", told().c_str());
}

TEST(notify, NothingIsLeftForChildrenToInherit)
{
	LONGS_EQUAL(30000, watchdog("30000000", std::to_string(getpid())));
	POINTERS_EQUAL(nullptr, getenv("NOTIFY_SOCKET"));
	POINTERS_EQUAL(nullptr, getenv("WATCHDOG_USEC"));
	POINTERS_EQUAL(nullptr, getenv("WATCHDOG_PID"));
	notify_send("READY=1");
	STRCMP_EQUAL("READY=1", told().c_str());
}

TEST(notify, WordsOfAServerAssignNothing)
{
	listen_at(lab.at("notify"));
	notify_open();
	notify_send("STATUS=%s\nWATCHDOG_USEC=%d\nX=%s", "a\nREADY=1\r\033[2J\n\n", 300, "b\nMAINPID=1");
	STRCMP_EQUAL("STATUS=a?READY=1??[2J??\nWATCHDOG_USEC=300\nX=b?MAINPID=1", told().c_str());
	notify_send("STATUS=%s%%\nREADY=1", "100 \xff");
	STRCMP_EQUAL("STATUS=100 ?%\nREADY=1", told().c_str());
	notify_send("STATUS=%s\nREADY=1", "");
	STRCMP_EQUAL("STATUS=\nREADY=1", told().c_str());
}

TEST(notify, ALongTextIsCutInsideItsOwnLine)
{
	listen_at(lab.at("notify"));
	notify_open();
	std::string text = std::string(3000, 'x') + "\nREADY=1";
	notify_send("WATCHDOG=1\nSTATUS=%s\nREADY=1", text.c_str());
	STRCMP_EQUAL(("WATCHDOG=1\nSTATUS=" + std::string(2047 - 18, 'x')).c_str(), told().c_str());
}

TEST(notify, TheWatchdogIsInMillisecondsAndForThisProcess)
{
	LONGS_EQUAL(1500, watchdog("1500000", ""));
	LONGS_EQUAL(1500, watchdog("1500999", std::to_string(getpid())));
	LONGS_EQUAL(0, watchdog("1500000", std::to_string(getpid() + 1)));
	LONGS_EQUAL(0, watchdog("1500000", "x"));
	LONGS_EQUAL(1, watchdog("999", ""));
	for (const char *bad : {"0", "", "-5", "5s", "99999999999999999999999"})
		LONGS_EQUAL(0, watchdog(bad, ""));
}

TEST(notify, WhoAskedForNothingIsToldNothing)
{
	setenv("WATCHDOG_USEC", "1000000", 1);
	notify_open();
	LONGS_EQUAL(0, notify_watchdog_ms()); /* no socket to ping */
	notify_send("READY=1");
	for (const char *bad : {"", "/", "@", "relative", "vsock:2:1234"}) {
		setenv("NOTIFY_SOCKET", bad, 1);
		notify_open();
		notify_send("READY=1");
		POINTERS_EQUAL(nullptr, getenv("NOTIFY_SOCKET"));
	}
}

TEST(notify, AFullOrDeadManagerBlocksNobody)
{
	listen_at(lab.at("notify"));
	notify_open();
	for (int i = 0; i < 5000; i++) /* net.unix.max_dgram_qlen is 10 or 512 */
		notify_send("WATCHDOG=1");
	STRCMP_EQUAL("WATCHDOG=1", told().c_str());
	close(manager);
	manager = -1;
	notify_send("WATCHDOG=1");
}
