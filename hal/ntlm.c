/* SPDX-License-Identifier: MIT */
#include "hal/ntlm.h"
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* CHALLENGE_MESSAGE, MS-NLMP section 2.2.1.2; numbers are little-endian */
#define TYPE_AT 8
#define FLAGS_AT 20
#define INFO_LEN_AT 40
#define INFO_OFFSET_AT 44
#define FIXED_LEN 48                       /* bytes before the first payload */
#define NEGOTIATE_TARGET_INFO 0x00800000u  /* section 2.2.2.5, flag S */

static const char header[] = "WWW-Authenticate:";
static const char scheme[] = "NTLM";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 4648 table 1; -1 for a character that is none of it */
static int six_bits(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(alphabet, c) : NULL;
	return found != NULL ? (int)(found - alphabet) : -1;
}

/* The first bytes of the base64 at `text`. Returns how many bytes all of it has, 0 when it is none. */
static size_t decode(const char *text, size_t len, uint8_t out[FIXED_LEN])
{
	size_t padding = 0;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	if (len == 0 || len % 4 != 0)
		return 0;
	size_t whole = len / 4 * 3 - padding;
	uint32_t bits = 0;
	size_t done = 0;
	for (size_t i = 0; i < len - padding; i++) {
		int value = six_bits(text[i]);
		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 == 0)
			continue;
		if (done < FIXED_LEN)
			out[done] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
		done++;
	}
	return whole;
}

static uint32_t number(const uint8_t *at, unsigned bytes)
{
	uint32_t value = 0;
	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

static bool has_target_info(const char *text, size_t len)
{
	uint8_t head[FIXED_LEN] = { 0 };
	size_t whole = decode(text, len, head);
	if (whole < FIXED_LEN || memcmp(head, "NTLMSSP", 8) != 0 || number(head + TYPE_AT, 4) != 2)
		return false;
	size_t info_len = number(head + INFO_LEN_AT, 2);
	size_t offset = number(head + INFO_OFFSET_AT, 4);
	return (number(head + FLAGS_AT, 4) & NEGOTIATE_TARGET_INFO) != 0 && info_len > 0 && offset >= FIXED_LEN &&
	       offset <= whole && info_len <= whole - offset;
}

/* One header may list several schemes; a challenge is all that follows its scheme's name. */
bool ntlm_is_weak(const char *line, size_t len)
{
	size_t name_len = sizeof header - 1;
	size_t scheme_len = sizeof scheme - 1;
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	if (len < name_len || strncasecmp(line, header, name_len) != 0)
		return false;
	for (size_t i = name_len; i + scheme_len < len; i++) {
		bool is_start = i == name_len || is_blank(line[i - 1]) || line[i - 1] == ',';
		if (!is_start || strncasecmp(line + i, scheme, scheme_len) != 0)
			continue;
		size_t at = i + scheme_len;
		if (!is_blank(line[at]))
			continue;
		while (is_blank(line[at]))
			at++;
		if (line[at] != ',' && !has_target_info(line + at, len - at))
			return true;
	}
	return false;
}
