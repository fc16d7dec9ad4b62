// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/hal_lab.hpp"
#include "hal/http.h"

namespace {
bool start_loopback()
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	strcpy(request.ifr_name, "lo");
	request.ifr_flags = IFF_UP;
	bool is_up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return is_up;
}

/* A name server that takes questions and never answers; open until the process ends. */
bool start_name_server(const char *address)
{
	struct sockaddr_in own = {};
	own.sin_family = AF_INET;
	own.sin_port = htons(53);
	own.sin_addr.s_addr = inet_addr(address);
	return bind(socket(AF_INET, SOCK_DGRAM, 0), reinterpret_cast<struct sockaddr *>(&own), sizeof own) == 0;
}

/* In name spaces of its own: 0 when the exchange ended by its own timeout. */
int ask(const char *resolv_conf)
{
	char real[PATH_MAX];
	struct http_request request = {};
	struct http_reply reply = {};
	struct why why = {};
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
	    realpath("/etc/resolv.conf", real) == nullptr || mount(resolv_conf, real, nullptr, MS_BIND, nullptr) != 0 ||
	    !start_loopback() || !start_name_server("127.0.0.51") || !start_name_server("127.0.0.52"))
		return 2;
	request.url = "http://scep.corp.example/";
	request.proxy = "none";
	request.timeout_ms = 1000;
	alarm(60); /* the resolver's own time is 5 minutes */
	enum err e = http_exchange(&request, &reply, &why);
	return e == ERR_UNREACHABLE && strcmp(why.code, "http.timeout") == 0 ? 0 : 3;
}
}

TEST_GROUP(http_resolve)
{
	HalLab lab;
	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }
};

TEST(http_resolve, ASilentNameServerTakesNoLongerThanTheTimeout)
{
	int status = -1;
	LONGS_EQUAL_TEXT(0, geteuid(), "needs root: for a network of its own");
	std::string conf = lab.write("resolv.conf", "nameserver 127.0.0.51\nnameserver 127.0.0.52\noptions timeout:30 attempts:5\n");
	pid_t pid = fork();
	if (pid == 0)
		_exit(ask(conf.c_str()));
	waitpid(pid, &status, 0);
	CHECK_FALSE(WIFSIGNALED(status));
	LONGS_EQUAL(0, WEXITSTATUS(status));
}
