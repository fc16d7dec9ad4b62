/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_EVENT_H
#define WIFI_WIFI_EVENT_H
#ifdef __cplusplus
extern "C" {
#endif

/* What wpa_supplicant 2.10 says by itself, as far as it matters here. Pure: a line goes in, a struct comes out. */

enum wifi_event_kind {
	WIFI_EVENT_OTHER,
	WIFI_EVENT_SCAN,        /* a scan begins or has results */
	WIFI_EVENT_NOT_FOUND,   /* a scan found no network that fits */
	WIFI_EVENT_ASSOCIATING, /* "Trying to associate", "Trying to authenticate" */
	WIFI_EVENT_ASSOCIATED,
	WIFI_EVENT_REJECTED,    /* the access point refused before any EAP */
	WIFI_EVENT_EAP_STARTED, /* the authenticator asked who we are, or proposed a method */
	WIFI_EVENT_EAP_GOES_ON,
	WIFI_EVENT_OWN_FAULT,   /* our TLS broke off with "internal error": the key did not sign */
	WIFI_EVENT_SERVER_REFUSED, /* CTRL-EVENT-EAP-TLS-CERT-ERROR: we refuse the server's certificate */
	WIFI_EVENT_EAP_SUCCESS,
	WIFI_EVENT_EAP_FAILURE,
	WIFI_EVENT_CONNECTED,
	WIFI_EVENT_DISCONNECTED,
	WIFI_EVENT_DISABLED, /* CTRL-EVENT-SSID-TEMP-DISABLED */
	WIFI_EVENT_ASKS,     /* CTRL-REQ-...: it lacks a pass phrase, a PIN, ...: the key does not load */
	WIFI_EVENT_TERMINATING
};

/* reason= of CTRL-EVENT-EAP-TLS-CERT-ERROR: enum tls_fail_reason of wpa_supplicant's src/crypto/tls.h. */
enum wifi_server_fault {
	WIFI_FAULT_UNSPECIFIED = 0,
	WIFI_FAULT_UNTRUSTED = 1,
	WIFI_FAULT_REVOKED = 2,
	WIFI_FAULT_NOT_YET_VALID = 3,
	WIFI_FAULT_EXPIRED = 4,
	WIFI_FAULT_SUBJECT = 5,
	WIFI_FAULT_ALT_SUBJECT = 6,
	WIFI_FAULT_BAD_CERTIFICATE = 7,
	WIFI_FAULT_PROBE = 8,
	WIFI_FAULT_NAME_SUFFIX = 9,
	WIFI_FAULT_NAME = 10,
	WIFI_FAULT_KEY_LENGTH = 11,
	WIFI_FAULT_DN = 12
};

struct wifi_event {
	enum wifi_event_kind kind;
	int id;            /* of the network; -1: the line names none */
	int reason, depth; /* WIFI_EVENT_SERVER_REFUSED: enum wifi_server_fault, 0 = the server itself */
	char word[24];     /* DISABLED: its reason=, "WRONG_KEY"; ASKS: what for, "PASSPHRASE" */
	char subject[160]; /* SERVER_REFUSED: of the certificate. From the network: whatever it likes */
	char text[120];    /* SERVER_REFUSED: the TLS library's words */
};

/** Never fails: a line that is not known, cut or broken is WIFI_EVENT_OTHER or lacks the part. */
void wifi_event_parse(const char *line, struct wifi_event *out);

#ifdef __cplusplus
}
#endif
#endif
