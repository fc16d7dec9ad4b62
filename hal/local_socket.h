/* SPDX-License-Identifier: MIT */
#ifndef HAL_LOCAL_SOCKET_H
#define HAL_LOCAL_SOCKET_H
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Does somebody serve the AF_UNIX socket at `path`? A file that a killed daemon left behind is not enough. Sends
 * nothing and does not block; a queue that is full counts as served. `is_datagram` as the daemon made it.
 */
bool local_socket_is_served(const char *path, bool is_datagram);

#ifdef __cplusplus
}
#endif
#endif
