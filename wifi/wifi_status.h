/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_STATUS_H
#define WIFI_WIFI_STATUS_H
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Answers of wpa_supplicant 2.10 to STATUS, LIST_NETWORKS and SCAN_RESULTS. Pure: text in, structs out. */

struct wifi_status {
	int id;                 /* of the network in use; -1: none, or not yet associated */
	bool is_completed;      /* wpa_state=COMPLETED */
	bool is_interface_off;  /* wpa_state=INTERFACE_DISABLED: down, or rfkill */
	bool is_port_open;      /* suppPortStatus=Authorized */
	bool is_eap_success;    /* EAP state=SUCCESS */
	int method;             /* selectedMethod=13 (EAP-TLS); -1: none */
	char session[132];      /* eap_session_id= in hex, "" for none */
};

/** One line of LIST_NETWORKS. */
struct wifi_row {
	int id;
	char ssid[132];         /* as wpa_supplicant prints it: 32 bytes, each maybe as \xHH */
	bool is_current, is_disabled, is_resting; /* [CURRENT], [DISABLED], [TEMP-DISABLED] */
};

void wifi_status_parse(const char *text, struct wifi_status *out);
/** The next network of a LIST_NETWORKS answer; *text moves behind it. False: no more. Other lines are skipped. */
bool wifi_status_row(const char **text, struct wifi_row *out);
/** Is a network of this name, as wifi_row has it, among SCAN_RESULTS? */
bool wifi_status_is_seen(const char *scan_results, const char *ssid);

#ifdef __cplusplus
}
#endif
#endif
