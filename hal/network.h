/* SPDX-License-Identifier: MIT */
#ifndef HAL_NETWORK_H
#define HAL_NETWORK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define NETWORK_SEEN_MAX 128 /* links and addresses of a large gateway; of more each message counts as new */

/**
 * What rtnetlink has told about links and addresses. The kernel repeats itself: at each scan of a wireless
 * interface, each router advertisement, each DHCP renewal. Zero-initialise; plain data.
 */
struct network {
	size_t count;
	struct network_item {
		int interface;
		unsigned char family; /* AF_UNSPEC: the link itself */
		uint8_t address[16];
	} seen[NETWORK_SEEN_MAX];
};

/** A non-blocking rtnetlink socket for links and addresses, the caller's; -1 when the kernel refuses (errno). */
int network_listen(void);
/**
 * Read all that is there. True: an interface other than loopback got its link, or an address that is ready for use;
 * or messages were lost, so that one may have. What is there already counts once, when it is first told about.
 */
bool network_has_come(struct network *network, int fd);

#ifdef __cplusplus
}
#endif
#endif
