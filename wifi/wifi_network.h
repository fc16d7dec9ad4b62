/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_NETWORK_H
#define WIFI_WIFI_NETWORK_H
#include "wifi/wifi_status.h"
#include "wifi/wpa_control.h"
#ifdef __cplusplus
extern "C" {
#endif

#define WIFI_NETWORKS_MAX 256 /* networks of one wpa_supplicant looked through; more is none of a device's */

/** Our network of the running daemon, by its id_str "signet-PROFILE"; id -1: it has none. */
enum err wifi_network_find(struct wpa_control *control, const char *profile, struct wifi_row *out,
                           struct why *why) MUST_CHECK;
/** The same, where none is ERR_NOT_FOUND "wifi.no_network". */
enum err wifi_network_need(struct wpa_control *control, const char *profile, struct wifi_row *out,
                           struct why *why) MUST_CHECK;
/** SET_NETWORK `id` `name` "value". ERR_INVALID: a value that would need escapes; ERR_IO: refused. */
enum err wifi_network_set(struct wpa_control *control, int id, const char *name, const char *value,
                          struct why *why) MUST_CHECK;
/** STATUS. */
enum err wifi_network_status(struct wpa_control *control, struct wifi_status *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
