/* SPDX-License-Identifier: MIT */
#include "hal/network.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 16384    /* bytes; the kernel sends one message a datagram, of some 1.5 KB for a link */
#define DATAGRAMS_MAX 1000   /* read at one time: a kernel that tells without an end must not hold the agent */
#define LINK_IS_UP 0x10000u  /* IFF_LOWER_UP of <linux/if.h>, which does not go together with <net/if.h> */

int network_listen(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
		                       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int number = errno;
	close(fd);
	errno = number;
	return -1;
}

static bool add(struct network *n, const struct network_item *item)
{
	for (size_t i = 0; i < n->count; i++)
		if (memcmp(&n->seen[i], item, sizeof *item) == 0)
			return false;
	if (n->count < NETWORK_SEEN_MAX)
		n->seen[n->count++] = *item;
	return true;
}

static void forget(struct network *n, const struct network_item *item)
{
	for (size_t i = 0; i < n->count; i++)
		if (memcmp(&n->seen[i], item, sizeof *item) == 0)
			n->seen[i--] = n->seen[--n->count];
}

static void forget_interface(struct network *n, int interface)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->seen[i].interface == interface)
			n->seen[i--] = n->seen[--n->count];
}

static bool take_link(struct network *n, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	struct network_item item;
	memset(&item, 0, sizeof item); /* its padding too: items are compared as bytes */
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *link) || (link->ifi_flags & IFF_LOOPBACK) != 0)
		return false;
	item.interface = link->ifi_index;
	item.family = AF_UNSPEC;
	if (message->nlmsg_type == RTM_DELLINK) {
		forget_interface(n, link->ifi_index);
		return false;
	}
	if ((link->ifi_flags & IFF_UP) != 0 && (link->ifi_flags & LINK_IS_UP) != 0)
		return add(n, &item);
	forget(n, &item);
	return false;
}

static bool take_address(struct network *n, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);
	struct network_item item;
	memset(&item, 0, sizeof item);
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *address) || address->ifa_scope == RT_SCOPE_HOST)
		return false;
	item.interface = (int)address->ifa_index;
	item.family = address->ifa_family;
	int len = (int)IFA_PAYLOAD(message);
	const void *first = (const char *)address + NLMSG_ALIGN(sizeof *address); /* IFA_RTA, whose cast clang refuses */
	for (const struct rtattr *a = first; RTA_OK(a, len);) {
		if ((a->rta_type == IFA_ADDRESS || a->rta_type == IFA_LOCAL) && RTA_PAYLOAD(a) <= sizeof item.address)
			memcpy(item.address, RTA_DATA(a), RTA_PAYLOAD(a)); /* the same but with a peer, the last one counts */
		int step = (int)RTA_ALIGN(a->rta_len); /* may go past the end: `len` is signed */
		a = (const struct rtattr *)(const void *)((const char *)a + step);
		len -= step;
	}
	if (message->nlmsg_type == RTM_DELADDR) {
		forget(n, &item);
		return false;
	}
	/* duplicate address detection: it comes again when it may be used */
	return (address->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0 && add(n, &item);
}

/* What the kernel tells by itself comes one message a datagram. */
static bool take(struct network *n, const struct nlmsghdr *message, size_t len)
{
	if (len < sizeof *message || message->nlmsg_len > len)
		return false;
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return take_link(n, message);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return take_address(n, message);
	default:
		return false;
	}
}

bool network_has_come(struct network *network, int fd)
{
	_Alignas(struct nlmsghdr) char data[MESSAGE_MAX];
	bool has_come = false;
	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		struct sockaddr_nl from = { .nl_pid = 0 };
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(fd, data, sizeof data, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) { /* the queue was full: what was told before may have changed */
			network->count = 0;
			has_come = true;
			continue;
		}
		if (n < 0)
			break;
		if (from.nl_pid != 0) /* not from the kernel */
			continue;
		has_come |= (size_t)n > sizeof data || take(network, (const struct nlmsghdr *)(const void *)data, (size_t)n);
	}
	return has_come;
}
