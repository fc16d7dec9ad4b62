/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/hal_lab.hpp"
#include "hal/network.h"
#include "hal/wake.h"

/* In network name spaces of their own, with virtual Ethernet of the real kernel. Needs root. */
TEST_GROUP(network)
{
	/* Run `body` in a child with a name space of its own; it returns the line of what went wrong, or 0. */
	template <typename Body> void in_own_network(Body body)
	{
		pid_t child = fork();
		if (child == 0)
			_exit(unshare(CLONE_NEWNET) != 0 ? 255 : body());
		int status = 0;
		waitpid(child, &status, 0);
		CHECK(WIFEXITED(status));
		LONGS_EQUAL(0, WEXITSTATUS(status));
	}
};

static bool ip(const std::string &arguments)
{
	int status = 1;
	output_of("ip " + arguments, &status);
	return status == 0;
}

/* Has something come within a second? A carrier comes from a work queue of the kernel, the rest at once. */
static bool has_come(struct network *network, int fd)
{
	bool has = network_has_come(network, fd);
	for (int i = 0; i < 20 && !has; i++) {
		usleep(50000);
		has = network_has_come(network, fd);
	}
	return has;
}

static bool is_silent(struct network *network, int fd)
{
	usleep(300000);
	return !network_has_come(network, fd);
}

/* A network beside this one, that lives as long as the process. */
static pid_t other_network()
{
	int ready[2];
	char byte = 0;
	if (pipe(ready) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) != 0 || write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	bool is_ready = read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	return is_ready ? child : -1;
}

/* d0 with a carrier, once it is up: its peer is up always. The peer is elsewhere, for its carrier comes and goes with d0, up
 * to a second later (the kernel's linkwatch), and would be news too. */
static bool make_interface()
{
	std::string other = std::to_string(other_network());
	int status = 1;
	if (!ip("link add d0 type veth peer name d1 netns " + other))
		return false;
	output_of("nsenter -t " + other + " -n ip link set d1 up addrgenmode none", &status);
	return status == 0 && ip("link set d0 addrgenmode none");
}

#define STEP(condition)                                                                                                \
	if (!(condition))                                                                                              \
	return __LINE__ % 255 + 1

TEST(network, ALinkThatComesUpIsToldOnce)
{
	in_own_network([] {
		struct network n = {};
		int fd = network_listen();
		STEP(fd >= 0);
		STEP(make_interface() && is_silent(&n, fd)); /* there, and down */
		STEP(ip("link set d0 up") && has_come(&n, fd));
		STEP(ip("link set d0 mtu 1400") && is_silent(&n, fd)); /* told again, as at each scan of a radio */
		STEP(ip("link set d0 down") && is_silent(&n, fd));
		STEP(ip("link set d0 up") && has_come(&n, fd));
		STEP(ip("link del d0") && is_silent(&n, fd));
		STEP(ip("link set lo up") && is_silent(&n, fd));
		return 0;
	});
}

TEST(network, AnInterfaceThatIsUpWithoutACarrierIsNoNetwork)
{
	in_own_network([] {
		struct network n = {};
		int fd = network_listen();
		STEP(ip("link add v0 type veth peer name v1") && ip("link set v0 up") && is_silent(&n, fd));
		STEP(ip("link set v1 up") && has_come(&n, fd));
		return 0;
	});
}

TEST(network, AnAddressIsToldOnceUntilItWasGone)
{
	in_own_network([] {
		struct network n = {};
		int fd = network_listen();
		STEP(make_interface() && ip("link set d0 up") && has_come(&n, fd));
		STEP(ip("addr add 192.0.2.1/24 dev d0 valid_lft 600 preferred_lft 600") && has_come(&n, fd));
		STEP(ip("addr change 192.0.2.1/24 dev d0 valid_lft 900 preferred_lft 900") && is_silent(&n, fd)); /* DHCP */
		STEP(ip("addr add 192.0.2.2/24 dev d0") && has_come(&n, fd));
		STEP(ip("addr flush dev d0") && is_silent(&n, fd));
		STEP(ip("addr add 192.0.2.1/24 dev d0") && has_come(&n, fd));
		STEP(ip("addr add 192.0.2.9 peer 192.0.2.50 dev d0") && has_come(&n, fd));
		STEP(ip("addr add 192.0.2.10 peer 192.0.2.50 dev d0") && has_come(&n, fd));
		STEP(ip("-6 addr add 2001:db8::1/64 dev d0 nodad valid_lft 600 preferred_lft 600") && has_come(&n, fd));
		STEP(ip("-6 addr change 2001:db8::1/64 dev d0 valid_lft 900 preferred_lft 900") && is_silent(&n, fd));
		STEP(ip("addr add 127.0.0.9/8 dev lo") && is_silent(&n, fd));
		return 0;
	});
}

TEST(network, AnAddressThatIsStillProbedIsNotThereYet)
{
	in_own_network([] {
		struct network n = {};
		int fd = network_listen();
		STEP(ip("link add v0 type veth peer name v1") && ip("link set v0 addrgenmode none"));
		STEP(ip("-6 addr add 2001:db8::1/64 dev v0") && is_silent(&n, fd)); /* tentative: the link is down */
		return 0;
	});
}

TEST(network, LostMessagesCountAsNews)
{
	in_own_network([] {
		struct network n = {};
		int fd = network_listen();
		int small = 1;
		STEP(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
		STEP(make_interface() && ip("link set d0 up") && has_come(&n, fd));
		STEP(ip("addr add 192.0.2.1/24 dev d0") && has_come(&n, fd));
		for (int i = 0; i < 20; i++)
			STEP(ip("link set d0 mtu " + std::to_string(1300 + i)));
		STEP(ip("addr del 192.0.2.1/24 dev d0")); /* this one is among the lost */
		STEP(has_come(&n, fd));
		STEP(is_silent(&n, fd));
		STEP(ip("addr add 192.0.2.1/24 dev d0") && has_come(&n, fd));
		return 0;
	});
}

TEST(network, MoreThanItCanRememberAlwaysCountsAsNews)
{
	in_own_network([] {
		struct network n = {};
		int fd = network_listen();
		STEP(make_interface() && ip("link set d0 up") && has_come(&n, fd));
		n.count = NETWORK_SEEN_MAX;
		STEP(ip("addr add 192.0.2.1/24 dev d0 valid_lft 600 preferred_lft 600") && has_come(&n, fd));
		STEP(ip("addr change 192.0.2.1/24 dev d0 valid_lft 900 preferred_lft 900") && has_come(&n, fd));
		return 0;
	});
}

TEST(network, TheSleeperWakesOnceForALinkAndItsAddresses)
{
	in_own_network([] {
		struct wake *wake = nullptr;
		STEP(wake_open(&wake, nullptr) == ERR_OK);
		STEP(make_interface());
		STEP(wake_wait(wake, clock_boot_ms() + 300) == WAKE_TIME);
		STEP(ip("link set d0 up") && ip("addr add 192.0.2.1/24 dev d0"));
		STEP(wake_wait(wake, INT64_MAX) == WAKE_NETWORK);
		STEP(wake_wait(wake, clock_boot_ms() + 300) == WAKE_TIME);
		wake_close(&wake);
		return 0;
	});
}
