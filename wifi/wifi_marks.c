/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_marks.h"
#include <string.h>
#include "wifi/wifi_settings.h"

#define BEGIN_WORDS "# BEGIN signet"
#define BEGIN_TAIL " (do not edit between these lines)"
#define END_WORDS "# END signet"
#define ID_WORDS "id_str=\"" WIFI_ID_PREFIX

static const char *const global_names[WIFI_GLOBAL_COUNT] = {
    [WIFI_CTRL_INTERFACE] = "ctrl_interface",
    [WIFI_AP_SCAN] = "ap_scan",
    [WIFI_PKCS11_ENGINE] = "pkcs11_engine_path",
    [WIFI_PKCS11_MODULE] = "pkcs11_module_path",
};

/* A line without its end, and without trailing blanks and CR. Begin with all zero. */
struct line {
	const char *text;
	size_t len;
	size_t start, next; /* offsets of this and of the following line */
	unsigned number;    /* from 1 */
};

/* What a scan holds between two lines. */
struct scan {
	struct wifi_file *file;
	struct wifi_block open;	   /* our block that has begun */
	unsigned open_line;	   /* its line; 0 outside */
	unsigned section_line;	   /* of the user's network={ or the like that is open; 0 outside */
	struct wifi_block section; /* where that begins, and whose it is */
	bool is_network;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_text(const char *p, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(p, text, len) == 0;
}

static bool is_prefix(const char *p, size_t len, const char *text)
{
	size_t n = strlen(text);
	return len >= n && memcmp(p, text, n) == 0;
}

static bool line_next(struct bytes text, struct line *line)
{
	if (line->next >= text.len)
		return false;
	const char *p = (const char *)text.data + line->next;
	size_t left = text.len - line->next;
	const char *newline = memchr(p, '\n', left);
	size_t len = newline != NULL ? (size_t)(newline - p) : left;
	line->start = line->next;
	line->next += newline != NULL ? len + 1 : len;
	line->number++;
	while (len > 0 && is_blank(p[len - 1]))
		len--;
	line->text = p;
	line->len = len;
	return true;
}

static void skip_blanks(const char **p, size_t *len)
{
	while (*len > 0 && is_blank(**p)) {
		(*p)++;
		(*len)--;
	}
}

static size_t without_comment(const char *p, size_t len)
{
	size_t from = 0;
	for (size_t i = len; i > 0 && from == 0; i--)
		if (p[i - 1] == '"')
			from = i;
	const char *comment = memchr(p + from, '#', len - from);
	if (comment != NULL)
		len = (size_t)(comment - p);
	while (len > 0 && is_blank(p[len - 1]))
		len--;
	return len;
}

/* name=value as wpa_supplicant reads it: no blank around '=', a comment behind the last quote is
 * cut off. */
static void note_global(struct wifi_global_line lines[WIFI_GLOBAL_COUNT], const struct line *line)
{
	const char *p = line->text;
	size_t len = line->len;
	skip_blanks(&p, &len);
	len = without_comment(p, len);
	for (size_t i = 0; i < WIFI_GLOBAL_COUNT; i++) {
		size_t n = strlen(global_names[i]);
		if (is_prefix(p, len, global_names[i]) && len > n && p[n] == '=')
			lines[i] = (struct wifi_global_line){
			    {(const uint8_t *)p + n + 1, len - n - 1}, line->number};
	}
}

const char *wifi_global_name(enum wifi_global which) { return global_names[which]; }

static bool is_name(const char *p, size_t len)
{
	if (len == 0 || len >= WIFI_NAME_CAP || p[0] == '_' || p[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
		      (p[i] >= '0' && p[i] <= '9') || p[i] == '_' || p[i] == '-'))
			return false;
	return true;
}

bool wifi_marks_is_name(const char *name) { return is_name(name, strlen(name)); }

enum err wifi_marks_add_begin(struct buf *out, const char *name)
{
	return buf_add_format(out, BEGIN_WORDS "%s%s" BEGIN_TAIL "\n", name != NULL ? " " : "",
			      name != NULL ? name : "");
}

enum err wifi_marks_add_end(struct buf *out, const char *name)
{
	return buf_add_format(out, END_WORDS "%s%s\n", name != NULL ? " " : "",
			      name != NULL ? name : "");
}

/* Is the line a mark of these words? Then out is the name, "" for the global lines. */
static bool is_mark(const struct line *line, const char *words, const char *tail,
		    char out[WIFI_NAME_CAP])
{
	size_t n = strlen(words);
	size_t t = strlen(tail);
	if (line->len < n + t || !is_prefix(line->text, line->len, words) ||
	    memcmp(line->text + line->len - t, tail, t) != 0)
		return false;
	const char *name = line->text + n;
	size_t len = line->len - n - t;
	if (len > 0 && (name[0] != ' ' || !is_name(name + 1, len - 1)))
		return false;
	if (len > 0)
		memcpy(out, name + 1, len - 1);
	out[len > 0 ? len - 1 : 0] = '\0';
	return true;
}

static enum err damaged(struct why *why, unsigned line, const char *text)
{
	why_set(why, ERR_INVALID, "wifi.marks", "line %u: %s", line, text);
	why_next(why, "repair the lines \"" BEGIN_WORDS "...\" and \"" END_WORDS
		      "...\" in the file, or take signet's part out by hand");
	return ERR_INVALID;
}

static enum err begin_block(struct scan *s, const struct line *line, const char *name,
			    struct why *why)
{
	if (s->open_line != 0)
		return damaged(
		    why, s->open_line,
		    "a block of signet begins here and does not end before the next begins");
	if (s->section_line != 0)
		return damaged(why, line->number,
			       "a block of signet begins inside another network");
	const struct wifi_block *other = wifi_marks_block(s->file, name);
	if (other != NULL && other->is_marked)
		return damaged(why, line->number, "this block of signet is in the file twice");
	if (s->file->block_count == WIFI_BLOCKS_MAX)
		return damaged(why, line->number, "there are too many blocks of signet");
	s->open = (struct wifi_block){.start = line->start, .is_marked = true};
	memcpy(s->open.name, name, strlen(name) + 1);
	s->open_line = line->number;
	return ERR_OK;
}

static enum err end_block(struct scan *s, const struct line *line, const char *name,
			  struct why *why)
{
	if (s->open_line == 0)
		return damaged(why, line->number, "a block of signet ends here that never began");
	if (strcmp(name, s->open.name) != 0)
		return damaged(
		    why, s->open_line,
		    "a block of signet begins here, and one of another name ends after it");
	s->open.end = line->next;
	s->file->blocks[s->file->block_count++] = s->open;
	s->open_line = 0;
	return ERR_OK;
}

/* "id_str="signet-NAME"" is the name; anything else leaves it as it was. */
static void note_id(struct wifi_block *section, const char *p, size_t len)
{
	size_t n = strlen(ID_WORDS);
	if (!is_prefix(p, len, ID_WORDS) || p[len - 1] != '"' || len < n + 2 ||
	    !is_name(p + n, len - n - 1))
		return;
	memcpy(section->name, p + n, len - n - 1);
	section->name[len - n - 1] = '\0';
}

/* A network without marks is closed: ours, or the user's. */
static enum err close_section(struct scan *s, const struct line *line, struct why *why)
{
	bool is_ours = s->is_network && s->section.name[0] != '\0';
	s->section_line = 0;
	if (!is_ours) {
		s->file->has_user_text = true;
		return ERR_OK;
	}
	if (s->file->block_count == WIFI_BLOCKS_MAX)
		return damaged(why, line->number, "there are too many networks of signet");
	s->section.end = line->next;
	s->file->blocks[s->file->block_count++] = s->section;
	return ERR_OK;
}

/* wpa_supplicant opens a section by exactly these lines, and closes it by a line "}". */
static enum err user_line(struct scan *s, const struct line *line, struct why *why)
{
	const char *p = line->text;
	size_t len = line->len;
	skip_blanks(&p, &len);
	if (len == 0)
		return ERR_OK;
	bool is_comment = p[0] == '#';
	len = is_comment ? len : without_comment(p, len);
	if (s->section_line != 0) {
		if (is_text(p, len, "}"))
			return close_section(s, line, why);
		if (!is_comment && s->is_network)
			note_id(&s->section, p, len);
		return ERR_OK;
	}
	s->is_network = is_text(p, len, "network={");
	if (s->is_network || is_text(p, len, "cred={") || is_prefix(p, len, "blob-base64-")) {
		s->section_line = line->number;
		s->section = (struct wifi_block){.start = line->start};
		return ERR_OK;
	}
	s->file->has_user_text = true;
	if (!is_comment)
		note_global(s->file->user, line);
	return ERR_OK;
}

enum err wifi_marks_find(struct bytes text, struct wifi_file *out, struct why *why)
{
	struct line line = {.text = NULL};
	char name[WIFI_NAME_CAP];
	struct wifi_file file = {.block_count = 0};
	struct scan s = {.file = &file};
	enum err e = ERR_OK;
	if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
		return why_set(
		    why, ERR_INVALID, "wifi.marks",
		    "the file holds a NUL byte: it is no configuration of wpa_supplicant");
	while (e == ERR_OK && line_next(text, &line)) {
		if (is_mark(&line, BEGIN_WORDS, BEGIN_TAIL, name))
			e = begin_block(&s, &line, name, why);
		else if (is_mark(&line, END_WORDS, "", name))
			e = end_block(&s, &line, name, why);
		else if (s.open_line == 0)
			e = user_line(&s, &line, why);
		else if (s.open.name[0] == '\0')
			note_global(file.own, &line);
	}
	if (e == ERR_OK && s.open_line != 0)
		e = damaged(why, s.open_line, "a block of signet begins here and never ends");
	if (e == ERR_OK && s.section_line != 0)
		e = why_set(why, ERR_INVALID, "wifi.marks",
			    "line %u: what begins here is not closed by a line with }",
			    s.section_line);
	if (e == ERR_OK)
		*out = file;
	return e;
}

const struct wifi_block *wifi_marks_block(const struct wifi_file *file, const char *name)
{
	const struct wifi_block *found = NULL;
	for (size_t i = 0; i < file->block_count; i++)
		if (strcmp(file->blocks[i].name, name) == 0 &&
		    (found == NULL || file->blocks[i].is_marked))
			found = &file->blocks[i];
	return found;
}
