/* SPDX-License-Identifier: MIT */
#include "client/scep/challenge_page.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define PAGE_MAX (64 * 1024)  /* bytes: the page of NDES is below 4 KiB */
#define CHALLENGE_DIGITS_MIN 8
#define CHALLENGE_DIGITS_MAX 64

/* The page names itself UTF-8 and is UTF-16LE: believe the zero bytes, not the name. */
static bool is_utf16le(struct bytes page)
{
	if (page.len >= 2 && page.data[0] == 0xff && page.data[1] == 0xfe)
		return true;
	size_t zeros = 0;
	for (size_t i = 1; i < page.len; i += 2)
		zeros += page.data[i] == 0;
	return page.len >= 4 && zeros * 10 >= page.len / 2 * 9;
}

/* Characters beyond ASCII become '?': no part of a challenge, tag or known sentence has one. */
static enum err to_ascii(struct bytes page, struct buf *out)
{
	size_t step = is_utf16le(page) ? 2 : 1;
	enum err e = ERR_OK;
	for (size_t i = 0; i + step <= page.len && e == ERR_OK; i += step) {
		uint8_t c = page.data[i];
		bool is_ascii = c != 0 && c < 0x80 && (step == 1 || page.data[i + 1] == 0);
		e = buf_add(out, is_ascii ? &c : (const uint8_t *)"?", 1);
	}
	return e;
}

static bool is_challenge(const char *text, size_t len)
{
	if (len < CHALLENGE_DIGITS_MIN || len > CHALLENGE_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static unsigned find_bold(const char *text, const char **out, size_t *out_len)
{
	unsigned found = 0;
	for (const char *at = text; (at = strcasestr(at, "<b>")) != NULL;) {
		at += 3;
		const char *end = strcasestr(at, "</b>");
		if (end == NULL)
			break;
		const char *first = at;
		const char *last = end;
		while (first < last && isspace((unsigned char)*first))
			first++;
		while (last > first && isspace((unsigned char)last[-1]))
			last--;
		if (is_challenge(first, (size_t)(last - first))) {
			*out = first;
			*out_len = (size_t)(last - first);
			found++;
		}
		at = end;
	}
	return found;
}

enum err challenge_page_parse(struct bytes page, struct buf *out_challenge, struct why *why)
{
	struct buf text;
	buf_init(&text, PAGE_MAX + 1);
	const char *found = NULL;
	size_t found_len = 0;
	enum err e = page.len > PAGE_MAX ? ERR_TOO_BIG : to_ascii(page, &text);
	if (e != ERR_OK) {
		e = why_set(why, e, "challenge.page", "the challenge page has %zu bytes, more than any NDES sends", page.len);
		goto out;
	}
	const char *ascii = buf_text(&text);
	if (ascii == NULL) {
		e = ERR_NO_MEMORY;
		goto out;
	}
	unsigned count = find_bold(ascii, &found, &found_len);
	if (count == 1) {
		e = buf_add(out_challenge, found, found_len);
	} else if (strcasestr(ascii, "password cache is full") != NULL) {
		e = why_set(why, ERR_DENIED, "challenge.cache_full",
		            "the server's cache of unused challenges is full");
		why_next(why, "wait until old challenges expire (60 minutes by default), or have PasswordMax raised on NDES");
	} else if (strcasestr(ascii, "sufficient permission") != NULL) {
		e = why_set(why, ERR_DENIED, "challenge.no_permission",
		            "the account of challenge_credentials_file may not get challenges from this server");
		why_next(why, "give the account Enroll on the templates of NDES");
	} else {
		e = why_set(why, ERR_UNREACHABLE, "challenge.page",
		            "the challenge page shows %u texts that look like a challenge, not one", count);
		why_next(why, "open challenge_url in a browser: is it the mscep_admin page?");
	}
out:
	buf_clear(&text);
	return e;
}
