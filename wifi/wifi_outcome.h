/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_OUTCOME_H
#define WIFI_WIFI_OUTCOME_H
#include "hal/why.h"
#include "wifi/wifi_attempt.h"
#include "wifi/wifi_control.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Beside the attempt, what its end means to a technician. */
struct wifi_circumstances {
	bool is_module_new; /* the file names another PKCS#11 module or engine than wpa_supplicant started with */
	bool is_seen;       /* the network's name is among the scan results */
};

/** The error and the sentence of an ended attempt. Pure. ERR_OK for WIFI_END_SUCCESS. */
enum err wifi_outcome(const struct wifi_link *link, const struct wifi_attempt *attempt,
                      const struct wifi_circumstances *around, struct why *why) MUST_CHECK;
/** ERR_AGAIN "wifi.out_of_range": a wire without a link, or an interface that is down. */
enum err wifi_outcome_no_link(const struct wifi_link *link, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
