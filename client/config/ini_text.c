/* SPDX-License-Identifier: MIT */
#include "client/config/ini_text.h"
#include <stdbool.h>
#include <string.h>
#include <ini.h>

#define LINE_CHARS_MAX 198 /* inih of Debian 12 cuts at 199 bytes and goes on */
#define NAME_CHARS_MAX 49  /* inih's MAX_SECTION and MAX_NAME less the NUL */

struct reading {
	struct bytes rest;
	const char *label;
	unsigned line;
	ini_key_fn each;
	void *ctx;
	enum err err;
	struct why *why;
};

static enum err refuse(struct reading *r, const char *what, const char *next)
{
	r->err = why_set(r->why, ERR_INVALID, "config.line", "%s:%u: %s", r->label, r->line, what);
	why_next(r->why, "%s", next);
	return r->err;
}

static bool has_inline_comment(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (text[i] == ';' && (text[i - 1] == ' ' || text[i - 1] == '\t'))
			return true;
	return false;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* RFC 3629, as far as a line needs it: lead bytes, continuation bytes, no overlong form. */
static bool is_utf8(const uint8_t *p, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* of 2, 3 and 4 bytes */
	for (size_t i = 0; i < len;) {
		size_t n = p[i] < 0x80 ? 1 : p[i] >= 0xf0 ? 4 : p[i] >= 0xe0 ? 3 : 2;
		uint32_t c = n == 1 ? p[i] : p[i] & (0xffu >> (n + 1));
		if (n > len - i || (n > 1 && (p[i] < 0xc0 || p[i] > 0xf4)))
			return false;
		for (size_t k = 1; k < n; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (p[i + k] & 0x3fu);
		}
		if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
		i += n;
	}
	return true;
}

static enum err announce_section(struct reading *r, const char *text, size_t len)
{
	char section[NAME_CHARS_MAX + 1];
	const char *end = memchr(text, ']', len);
	if (end == NULL)
		return refuse(r, "a section starts with [ and has no ]", "close it: [scep NAME]");
	size_t n = (size_t)(end - text) - 1;
	if (n > NAME_CHARS_MAX)
		return refuse(r, "a section name of more than 49 characters",
			      "choose a shorter profile name");
	for (size_t i = n + 2; i < len; i++)
		if (!is_blank(text[i]))
			return refuse(r, "text behind the ] of a section would be lost",
				      "put it on a line of its own");
	if (memchr(text, ';', n) != NULL)
		return refuse(r, "a comment inside [ ]", "put the comment on a line of its own");
	memcpy(section, text + 1, n);
	section[n] = '\0';
	r->err = r->each(r->ctx, section, NULL, NULL, r->line, r->why);
	return r->err;
}

static enum err guard_key(struct reading *r, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	if (equals == NULL)
		return refuse(r, "neither a section, nor a comment, nor \"key = value\"",
			      "correct the line");
	size_t n = (size_t)(equals - text);
	if (n == 0)
		return refuse(r, "no key before the \"=\"", "write \"key = value\"");
	if (n > NAME_CHARS_MAX)
		return refuse(r, "a key of more than 49 characters", "correct the key");
	if (memchr(text, ':', n) != NULL) /* inih's other separator */
		return refuse(r, "a \":\" before the \"=\"", "write \"key = value\"");
	if (has_inline_comment(equals, len - n))
		return refuse(
		    r, "a blank and \";\" inside a value would cut the value there",
		    "put the comment on a line of its own; no value can hold a blank and \";\"");
	return ERR_OK;
}

static enum err guard_characters(struct reading *r, const char *text, size_t len)
{
	if (memchr(text, '\0', len) != NULL)
		return refuse(r, "a NUL character", "save the file as plain text");
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return refuse(r, "a control character", "save the file as plain text");
	return ERR_OK;
}

/* Everything that inih would cut or join without a word. */
static enum err guard(struct reading *r, const char *text, size_t len)
{
	size_t blank = 0;
	while (blank < len && is_blank(text[blank]))
		blank++;
	if (len > LINE_CHARS_MAX)
		return refuse(r, "a line of more than 198 characters",
			      "shorten it; long values belong into files");
	if (guard_characters(r, text, len) != ERR_OK)
		return r->err;
	if (r->line == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return refuse(r, "a byte-order mark", "save the file as UTF-8 without one");
	if (blank == len || text[blank] == ';' || text[blank] == '#')
		return ERR_OK;
	if (!is_utf8((const uint8_t *)text, len))
		return refuse(r, "a character that is not UTF-8", "save the file as UTF-8");
	if (blank > 0)
		return refuse(r, "a line that starts with a blank would go on with the line before",
			      "start it in the first column");
	return text[0] == '[' ? announce_section(r, text, len) : guard_key(r, text, len);
}

/* inih's fgets: one line at a time, guarded first. NULL ends its reading. */
static char *next_line(char *str, int num, void *stream)
{
	struct reading *r = stream;
	if (r->err != ERR_OK || r->rest.len == 0)
		return NULL;
	const char *text = (const char *)r->rest.data;
	const char *end = memchr(text, '\n', r->rest.len);
	size_t len = end != NULL ? (size_t)(end - text) : r->rest.len;
	size_t used = len + (end != NULL);
	r->rest = (struct bytes){r->rest.data + used, r->rest.len - used};
	r->line++;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (guard(r, text, len) != ERR_OK)
		return NULL;
	if (len + 2 > (size_t)num) { /* an inih built with shorter lines than Debian's */
		refuse(r, "the line is too long for this system's inih", "shorten it");
		return NULL;
	}
	memcpy(str, text, len);
	str[len] = '\n';
	str[len + 1] = '\0';
	return str;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	if (r->err == ERR_OK)
		r->err = r->each(r->ctx, section, name, value, r->line, r->why);
	return r->err == ERR_OK;
}

enum err ini_text_read(struct bytes text, const char *label, ini_key_fn each, void *ctx,
		       struct why *why)
{
	struct reading r = {.rest = text, .label = label, .each = each, .ctx = ctx, .why = why};
	int line = ini_parse_stream(next_line, &r, take, &r);
	if (r.err == ERR_OK && line == -2)
		return ERR_NO_MEMORY;
	if (r.err == ERR_OK && line != 0) {
		if (line > 0)
			r.line = (unsigned)line;
		refuse(&r, "cannot be read", "correct the line");
	}
	return r.err;
}
