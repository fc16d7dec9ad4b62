/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_event.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prefix {
	const char *text;
	enum wifi_event_kind kind;
};

static const struct prefix prefixes[] = {
    {"CTRL-EVENT-SCAN-STARTED", WIFI_EVENT_SCAN},
    {"CTRL-EVENT-SCAN-RESULTS", WIFI_EVENT_SCAN},
    {"CTRL-EVENT-NETWORK-NOT-FOUND", WIFI_EVENT_NOT_FOUND},
    {"Trying to associate with", WIFI_EVENT_ASSOCIATING},
    {"SME: Trying to authenticate with", WIFI_EVENT_ASSOCIATING},
    {"Associated with", WIFI_EVENT_ASSOCIATED},
    {"CTRL-EVENT-ASSOC-REJECT", WIFI_EVENT_REJECTED},
    {"CTRL-EVENT-AUTH-REJECT", WIFI_EVENT_REJECTED},
    {"CTRL-EVENT-EAP-STARTED", WIFI_EVENT_EAP_STARTED},
    {"CTRL-EVENT-EAP-PROPOSED-METHOD",
     WIFI_EVENT_EAP_STARTED}, /* a server need not ask for an identity first */
    {"CTRL-EVENT-EAP-METHOD", WIFI_EVENT_EAP_GOES_ON},
    {"CTRL-EVENT-EAP-PEER-CERT", WIFI_EVENT_EAP_GOES_ON},
    {"CTRL-EVENT-EAP-STATUS status='remote certificate verification'", WIFI_EVENT_EAP_GOES_ON},
    {"CTRL-EVENT-EAP-STATUS status='local TLS alert' parameter='internal error'",
     WIFI_EVENT_OWN_FAULT},
    {"CTRL-EVENT-EAP-TLS-CERT-ERROR", WIFI_EVENT_SERVER_REFUSED},
    {"CTRL-EVENT-EAP-SUCCESS", WIFI_EVENT_EAP_SUCCESS},
    {"CTRL-EVENT-EAP-FAILURE", WIFI_EVENT_EAP_FAILURE},
    {"CTRL-EVENT-CONNECTED", WIFI_EVENT_CONNECTED},
    {"CTRL-EVENT-DISCONNECTED", WIFI_EVENT_DISCONNECTED},
    {"CTRL-EVENT-SSID-TEMP-DISABLED", WIFI_EVENT_DISABLED},
    {"CTRL-REQ-", WIFI_EVENT_ASKS},
    {"CTRL-EVENT-TERMINATING", WIFI_EVENT_TERMINATING},
};

/* What follows the last `name` of the line: names of networks and certificates may hold anything
 * before it. */
static const char *behind_last(const char *line, const char *name)
{
	const char *found = NULL;
	for (const char *p = strstr(line, name); p != NULL; p = strstr(p + 1, name))
		found = p + strlen(name);
	return found;
}

static int number(const char *text)
{
	char *end;
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	long n = strtol(text, &end, 10);
	return n >= 0 && n <= 999999 ? (int)n : -1;
}

/* [p, end) copied, cut where it does not fit. */
static void copy(char *out, size_t cap, const char *p, const char *end)
{
	size_t len = p != NULL && end != NULL && end > p ? (size_t)(end - p) : 0;
	if (len >= cap)
		len = cap - 1;
	if (len > 0)
		memcpy(out, p, len);
	out[len] = '\0';
}

/* "reason=4 depth=0 subject='/CN=radius' err='certificate has expired'" */
static void parse_server(const char *line, struct wifi_event *out)
{
	const char *reason = strstr(line, " reason=");
	const char *depth = strstr(line, " depth=");
	const char *subject = strstr(line, " subject='");
	const char *text = behind_last(line, "' err='");
	out->reason = reason != NULL ? number(reason + 8) : -1;
	out->depth = depth != NULL ? number(depth + 7) : -1;
	if (subject != NULL)
		subject += 10;
	copy(out->text, sizeof out->text, text, text != NULL ? strrchr(text, '\'') : NULL);
	copy(out->subject, sizeof out->subject, subject,
	     text != NULL      ? text - 7
	     : subject != NULL ? subject + strlen(subject)
			       : NULL);
}

void wifi_event_parse(const char *line, struct wifi_event *out)
{
	const char *p;
	*out = (struct wifi_event){.kind = WIFI_EVENT_OTHER, .id = -1, .reason = -1, .depth = -1};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(line, prefixes[i].text, strlen(prefixes[i].text)) == 0)
			out->kind = prefixes[i].kind;
	if (out->kind == WIFI_EVENT_SERVER_REFUSED) {
		parse_server(line, out);
	} else if (out->kind ==
		   WIFI_EVENT_CONNECTED) { /* "... completed [id=0 id_str=signet-lan]" */
		out->id = number(behind_last(line, "[id="));
	} else if (out->kind == WIFI_EVENT_DISABLED) { /* " id=0 ssid="..." ... reason=WRONG_KEY" */
		p = strstr(line, " id=");
		out->id = p != NULL ? number(p + 4) : -1;
		p = behind_last(line, " reason=");
		copy(out->word, sizeof out->word, p, p != NULL ? p + strcspn(p, " ") : NULL);
	} else if (out->kind == WIFI_EVENT_ASKS) { /* "CTRL-REQ-PASSPHRASE-0:Private key passphrase
						      needed ..." */
		p = line + strlen("CTRL-REQ-");
		const char *colon = strchr(p, ':');
		const char *dash = colon;
		while (dash != NULL && dash > p && *dash != '-')
			dash--;
		copy(out->word, sizeof out->word, p, dash);
		out->id = dash != NULL ? number(dash + 1) : -1;
	}
}
