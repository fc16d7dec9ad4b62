/* SPDX-License-Identifier: MIT */
#include "client/scep/challenge_page.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define PAGE_MAX (64 * 1024)  /* bytes: the page of NDES is below 4 KiB */
#define CHALLENGE_DIGITS_MIN 8   /* 4 bytes: a bold "60" or "FACE" is no challenge; NDES makes 16 digits */
#define CHALLENGE_DIGITS_MAX 128 /* 64 bytes; PasswordLength of NDES may be raised */
#define TITLE_MAX 80             /* characters of a page's title in a sentence */

/* The page names itself UTF-8 and is UTF-16LE: believe the bytes, not the name. A Japanese one has few zeros, but begins
 * with a tag. */
static bool is_utf16le(struct bytes page)
{
	static const uint8_t beginnings[][2] = { { 0xff, 0xfe }, { '<', 0 } };
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (page.len >= 2 && memcmp(page.data, beginnings[i], 2) == 0)
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

/* Behind the next <b>, with or without attributes; not <body>. NULL when there is none. */
static const char *behind_bold_tag(const char *at)
{
	while ((at = strcasestr(at, "<b")) != NULL) {
		at += 2;
		if (*at != '>' && !isspace((unsigned char)*at))
			continue;
		at = strchr(at, '>');
		return at != NULL ? at + 1 : NULL;
	}
	return NULL;
}

/* *first, *len: the text without blanks around it. */
static void trim(const char **first, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)**first)) {
		(*first)++;
		(*len)--;
	}
	while (*len > 0 && isspace((unsigned char)(*first)[*len - 1]))
		(*len)--;
}

static unsigned find_bold(const char *text, const char **out, size_t *out_len)
{
	unsigned found = 0;
	for (const char *at = text; (at = behind_bold_tag(at)) != NULL;) {
		const char *end = strcasestr(at, "</b>");
		if (end == NULL)
			break;
		const char *first = at;
		size_t len = (size_t)(end - at);
		trim(&first, &len);
		if (is_challenge(first, len)) {
			*out = first;
			*out_len = len;
			found++;
		}
		at = end;
	}
	return found;
}

/* The page of NDES in whatever language: its introduction names the protocol. */
static bool is_of_ndes(const char *text)
{
	return strstr(text, "(SCEP)") != NULL;
}

static void say_other_page(const char *text, struct why *why)
{
	const char *title = strcasestr(text, "<title>");
	size_t len = 0;
	if (title != NULL) {
		title += strlen("<title>");
		len = strcspn(title, "<");
		trim(&title, &len);
	}
	why_set(why, ERR_UNREACHABLE, "challenge.page", "challenge_url leads to a page that is not the one of NDES: \"%.*s\"",
	        (int)(len < TITLE_MAX ? len : TITLE_MAX), len > 0 ? title : "");
	why_next(why, "open challenge_url in a browser; it should be .../certsrv/mscep_admin/");
}

static enum err say_why_none(const char *text, struct why *why)
{
	if (strcasestr(text, "password cache is full") != NULL) {
		why_set(why, ERR_DENIED, "challenge.cache_full", "the server's cache of unused challenges is full");
		why_next(why, "wait until old challenges expire (60 minutes by default), or have PasswordMax raised on NDES");
	} else if (strcasestr(text, "sufficient permission") != NULL) {
		why_set(why, ERR_DENIED, "challenge.no_permission",
		        "the account of challenge_credentials_file may not get challenges from this server");
		why_next(why, "give the account Enroll on the templates of NDES");
	} else if (is_of_ndes(text)) {
		why_set(why, ERR_DENIED, "challenge.none", "the challenge page shows no challenge, in a language not known here");
		why_next(why, "open it in a browser: is the cache of challenges full (wait 60 minutes), or has the account of "
		              "challenge_credentials_file no Enroll on the templates?");
	} else {
		say_other_page(text, why);
		return ERR_UNREACHABLE;
	}
	return ERR_DENIED;
}

enum err challenge_page_parse(struct bytes page, struct buf *out_challenge, struct why *why)
{
	struct buf text;
	buf_init(&text, PAGE_MAX + 1);
	const char *found = NULL;
	size_t found_len = 0;
	enum err e = page.len > PAGE_MAX ? ERR_TOO_BIG : to_ascii(page, &text);
	if (e != ERR_OK) {
		e = why_set(why, e == ERR_TOO_BIG ? ERR_UNREACHABLE : e, "challenge.page",
		            "the challenge page has %zu bytes, more than any NDES sends", page.len);
		why_next(why, "open challenge_url in a browser; it should be .../certsrv/mscep_admin/");
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
	} else if (count == 0) {
		e = say_why_none(ascii, why);
	} else {
		e = why_set(why, ERR_UNREACHABLE, "challenge.page",
		            "the challenge page shows %u texts that look like a challenge, not one", count);
		why_next(why, "hand one in: signet enroll PROFILE --challenge-file FILE");
	}
out:
	buf_clear(&text);
	return e;
}
