/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of a line `name`=..., or NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);
	return strncmp(line, name, n) == 0 && line[n] == '=' ? line + n + 1 : NULL;
}

static bool is_value(const char *line, const char *name, const char *value)
{
	const char *p = value_of(line, name);
	size_t n = strlen(value);
	return p != NULL && strncmp(p, value, n) == 0 && (p[n] == '\n' || p[n] == '\0');
}

static int number(const char *text)
{
	long n = text[0] >= '0' && text[0] <= '9' ? strtol(text, NULL, 10) : -1;
	return n <= 999999 ? (int)n : -1;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\n' ? line + 1 : line;
}

void wifi_status_parse(const char *text, struct wifi_status *out)
{
	*out = (struct wifi_status){.id = -1, .method = -1};
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *p;
		out->is_completed |= is_value(line, "wpa_state", "COMPLETED");
		out->is_interface_off |= is_value(line, "wpa_state", "INTERFACE_DISABLED");
		out->is_port_open |= is_value(line, "suppPortStatus", "Authorized");
		out->is_eap_success |= is_value(line, "EAP state", "SUCCESS");
		if ((p = value_of(line, "id")) != NULL)
			out->id = number(p);
		else if ((p = value_of(line, "selectedMethod")) != NULL)
			out->method = number(p);
		else if ((p = value_of(line, "eap_session_id")) != NULL)
			snprintf(out->session, sizeof out->session, "%.*s", (int)strcspn(p, "\n"),
				 p);
	}
}

/* The field behind the next tab, and its length; NULL: the line has no more. */
static const char *next_field(const char *field, size_t *len)
{
	field += strcspn(field, "\t\n");
	if (*field != '\t')
		return NULL;
	*len = strcspn(field + 1, "\t\n");
	return field + 1;
}

static bool has_flag(const char *flags, size_t len, const char *flag)
{
	return memmem(flags, len, flag, strlen(flag)) != NULL;
}

/* "0\tCONTOSO\tany\t[CURRENT]" */
bool wifi_status_row(const char **text, struct wifi_row *out)
{
	while (**text != '\0') {
		const char *line = *text;
		size_t ssid_len = 0, bssid_len = 0, flags_len = 0;
		*text = next_line(line);
		const char *ssid = next_field(line, &ssid_len);
		const char *bssid = ssid != NULL ? next_field(ssid, &bssid_len) : NULL;
		const char *flags = bssid != NULL ? next_field(bssid, &flags_len) : NULL;
		if (flags == NULL || number(line) < 0)
			continue;
		*out = (struct wifi_row){.id = number(line)};
		snprintf(out->ssid, sizeof out->ssid, "%.*s", (int)ssid_len, ssid);
		out->is_current = has_flag(flags, flags_len, "[CURRENT]");
		out->is_disabled = has_flag(flags, flags_len, "[DISABLED]");
		out->is_resting = has_flag(flags, flags_len, "[TEMP-DISABLED]");
		return true;
	}
	return false;
}

/* "02:00:00:00:00:01\t2412\t-40\t[WPA2-EAP-CCMP][ESS]\tCONTOSO" */
bool wifi_status_is_seen(const char *scan_results, const char *ssid)
{
	for (const char *line = scan_results; *line != '\0'; line = next_line(line)) {
		size_t len = 0;
		const char *field = line;
		for (int i = 0; i < 4 && field != NULL; i++)
			field = next_field(field, &len);
		if (field != NULL && len == strlen(ssid) && memcmp(field, ssid, len) == 0)
			return true;
	}
	return false;
}
