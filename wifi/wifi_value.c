/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_value.h"
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

bool wifi_value_is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"')
			return false;
	return true;
}

/* The escapes of wpa_supplicant's printf_decode(). */
static enum err add_escaped(struct buf *out, char c)
{
	unsigned char u = (unsigned char)c;
	char hex[] = {'\\', 'x', hex_digits[u >> 4], hex_digits[u & 15]};
	char escaped[] = {'\\', c};
	if (c == '"' || c == '\\')
		return buf_add(out, escaped, sizeof escaped);
	if (u < 0x20 || u > 0x7e)
		return buf_add(out, hex, sizeof hex);
	return buf_add(out, &c, 1);
}

enum err wifi_value_add_quoted(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	size_t start = out->len;
	enum err e;
	if (wifi_value_is_plain(text, len)) {
		e = buf_add_format(out, "\"%s\"", text);
	} else {
		e = buf_add_text(out, "P\"");
		for (size_t i = 0; i < len && e == ERR_OK; i++)
			e = add_escaped(out, text[i]);
		if (e == ERR_OK)
			e = buf_add_text(out, "\"");
	}
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}

enum err wifi_value_add_ssid(struct buf *out, const char *ssid)
{
	size_t len = strlen(ssid);
	size_t start = out->len;
	enum err e = ERR_OK;
	if (wifi_value_is_plain(ssid, len))
		return wifi_value_add_quoted(out, ssid);
	for (size_t i = 0; i < len && e == ERR_OK; i++) {
		unsigned char u = (unsigned char)ssid[i];
		char hex[] = {hex_digits[u >> 4], hex_digits[u & 15]};
		e = buf_add(out, hex, sizeof hex);
	}
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

bool wifi_value_is_dns_name(const char *text)
{
	size_t label = 0;
	size_t i;
	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] == '.' ? label == 0 : !is_name_character(text[i]))
			return false;
		label = text[i] == '.' ? 0 : label + 1;
		if (label > 63 || i >= 253) /* RFC 1035 section 2.3.4 */
			return false;
	}
	return label > 0;
}

bool wifi_value_is_path(const char *text)
{
	size_t len = strlen(text);
	return text[0] == '/' && wifi_value_is_plain(text, len) && strpbrk(text, "#\\ ") == NULL;
}
