/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_SCHEDULE_H
#define CLIENT_AGENT_SCHEDULE_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * When a certificate is to be renewed; pure (design, "Fleets"). The window opens when `threshold_percent` of the
 * lifetime is left; the moment lies in the first `spread_percent` of the window, where `identity` (any
 * number that differs from device to device) puts it. unix s.
 */
int64_t schedule_renew_at(int64_t not_before, int64_t not_after, unsigned threshold_percent, unsigned spread_percent,
                          uint32_t identity);

#ifdef __cplusplus
}
#endif
#endif
