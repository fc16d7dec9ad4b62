/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_network.h"
#include <stdio.h>
#include <string.h>
#include "wifi/wifi_settings.h"
#include "wifi/wifi_value.h"

#define COMMAND_MAX 4096 /* bytes of a command: wpa_supplicant 2.10 reads them into 4096 */

static enum err is_ours(struct wpa_control *c, int id, const char *wanted, bool *out,
			struct why *why)
{
	char command[64];
	char reply[WPA_REPLY_MAX];
	snprintf(command, sizeof command, "GET_NETWORK %d id_str", id);
	enum err e = wpa_control_request(c, command, reply, why);
	if (e == ERR_OK)
		*out = strcmp(reply, wanted) == 0;
	return e;
}

/* LIST_NETWORKS fills one answer; what did not fit is asked for with LAST_ID. */
enum err wifi_network_find(struct wpa_control *c, const char *profile, struct wifi_row *out,
			   struct why *why)
{
	char command[64] = "LIST_NETWORKS";
	char reply[WPA_REPLY_MAX];
	char wanted[sizeof WIFI_ID_PREFIX + 64];
	struct wifi_row row = {.id = -1};
	snprintf(wanted, sizeof wanted, "\"%s%.32s\"", WIFI_ID_PREFIX, profile);
	for (int count = 0; count < WIFI_NETWORKS_MAX;) {
		int last = row.id;
		enum err e = wpa_control_request(c, command, reply, why);
		for (const char *p = reply;
		     e == ERR_OK && wifi_status_row(&p, &row) && count < WIFI_NETWORKS_MAX;
		     count++) {
			bool is_found = false;
			e = is_ours(c, row.id, wanted, &is_found, why);
			if (e == ERR_OK && is_found) {
				*out = row;
				return ERR_OK;
			}
		}
		if (e != ERR_OK)
			return e;
		if (row.id <= last)
			break;
		snprintf(command, sizeof command, "LIST_NETWORKS LAST_ID=%d", row.id);
	}
	*out = (struct wifi_row){.id = -1};
	return ERR_OK;
}

enum err wifi_network_need(struct wpa_control *c, const char *profile, struct wifi_row *out,
			   struct why *why)
{
	struct wifi_row row;
	enum err e = wifi_network_find(c, profile, &row, why);
	if (e != ERR_OK)
		return e;
	if (row.id < 0) {
		why_set(why, ERR_NOT_FOUND, "wifi.no_network",
			"wpa_supplicant at %s has no network with id_str \"%s%s\"", c->path,
			WIFI_ID_PREFIX, profile);
		why_next(why, "it was started with another file: compare its -c (ps ax | grep "
			      "wpa_supplicant) with the file "
			      "that signet writes, and set config to it");
		return ERR_NOT_FOUND;
	}
	*out = row;
	return ERR_OK;
}

enum err wifi_network_set(struct wpa_control *c, int id, const char *name, const char *value,
			  struct why *why)
{
	char command[COMMAND_MAX];
	int n = snprintf(command, sizeof command, "SET_NETWORK %d %s \"%s\"", id, name, value);
	if (n < 0 || (size_t)n >= sizeof command || !wifi_value_is_plain(value, strlen(value)))
		return why_set(why, ERR_INVALID, "wifi.value", "%s cannot be set to \"%s\"", name,
			       value);
	return wpa_control_command(c, command, why);
}

enum err wifi_network_status(struct wpa_control *c, struct wifi_status *out, struct why *why)
{
	char reply[WPA_REPLY_MAX];
	enum err e = wpa_control_request(c, "STATUS", reply, why);
	if (e == ERR_OK)
		wifi_status_parse(reply, out);
	return e;
}
