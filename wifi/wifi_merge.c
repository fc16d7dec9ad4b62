/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "wifi/wifi_marks.h"
#include "wifi/wifi_settings.h"
#include "wifi/wifi_value.h"

/* A part of the present text and what stands there afterwards: nothing when text is empty. */
struct edit {
	size_t start, end; /* equal: an insertion */
	struct bytes text; /* whole lines */
};

/* In the order of the file. */
struct edits {
	struct edit list[WIFI_BLOCKS_MAX + 2];
	size_t count;
};

static struct bytes bytes_of_text(const char *text)
{
	return (struct bytes){(const uint8_t *)text, text != NULL ? strlen(text) : 0};
}

static bool is_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* What a network needs outside of itself; a user's own line of the name wins, and must then say the
 * same. */
static enum err want_path(const struct wifi_network *n, const struct wifi_file *file,
			  enum wifi_global which, const char *path,
			  struct bytes wanted[WIFI_GLOBAL_COUNT], struct why *why)
{
	const struct wifi_global_line *user = &file->user[which];
	if (path == NULL || path[0] == '\0')
		return ERR_OK;
	if (!wifi_value_is_path(path) || strlen(path) > WIFI_GLOBAL_LINE_MAX - 32)
		return why_set(why, ERR_INVALID, "wifi.value", "%s: \"%s\" cannot be written as %s",
			       n->profile, path, wifi_global_name(which));
	wanted[which] = bytes_of_text(path);
	if (user->line == 0 || which == WIFI_CTRL_INTERFACE || is_equal(user->value, wanted[which]))
		return ERR_OK;
	why_set(why, ERR_DENIED, "wifi.conflict",
		"line %u: the file's own %s is \"%.*s\", profile \"%s\" needs \"%s\"", user->line,
		wifi_global_name(which), (int)user->value.len, (const char *)user->value.data,
		n->profile, path);
	why_next(why, "take that line out, or set config to another file");
	return ERR_DENIED;
}

static enum err want_globals(const struct wifi_network *n, const struct wifi_file *file,
			     struct bytes wanted[WIFI_GLOBAL_COUNT], struct why *why)
{
	bool is_new = !file->has_user_text && file->block_count == 0;
	enum err e = ERR_OK;
	for (size_t i = 0; i < WIFI_GLOBAL_COUNT; i++)
		wanted[i] = file->own[i].value; /* another network of ours may need it */
	if (is_new || file->own[WIFI_CTRL_INTERFACE].line != 0)
		e = want_path(n, file, WIFI_CTRL_INTERFACE, n->control, wanted, why);
	if (is_new && n->security == WIFI_WIRED)
		wanted[WIFI_AP_SCAN] = bytes_of_text("0");
	if (e == ERR_OK)
		e = want_path(n, file, WIFI_PKCS11_ENGINE, n->pkcs11_engine_path, wanted, why);
	if (e == ERR_OK)
		e = want_path(n, file, WIFI_PKCS11_MODULE, n->pkcs11_module_path, wanted, why);
	for (size_t i = 0; i < WIFI_GLOBAL_COUNT; i++)
		if (file->user[i].line != 0)
			wanted[i] = (struct bytes){NULL, 0};
	return e;
}

/* The block of global lines, empty when nothing is wanted. */
static enum err render_globals(const struct bytes wanted[WIFI_GLOBAL_COUNT], struct buf *out)
{
	bool is_begun = false;
	enum err e = ERR_OK;
	for (size_t i = 0; i < WIFI_GLOBAL_COUNT && e == ERR_OK; i++) {
		if (wanted[i].len == 0)
			continue;
		if (!is_begun)
			e = wifi_marks_add_begin(out, NULL);
		is_begun = true;
		if (e == ERR_OK)
			e = buf_add_format(out, "%s=%.*s\n", wifi_global_name((enum wifi_global)i),
					   (int)wanted[i].len, (const char *)wanted[i].data);
	}
	return e == ERR_OK && is_begun ? wifi_marks_add_end(out, NULL) : e;
}

static bool ends_open(struct bytes text) { return text.len > 0 && text.data[text.len - 1] != '\n'; }

/*
 * A file whose last line has no newline keeps that habit: what we add behind it begins with the
 * newline that was missing and ends without one. Taking it out again gives the first file back,
 * byte for byte.
 */
static enum err apply_edit(struct bytes present, const struct edit *edit, size_t *at,
			   struct buf *out)
{
	bool is_last = edit->end == present.len && ends_open(present);
	size_t start = edit->start;
	struct bytes text = edit->text;
	enum err e;
	if (is_last && text.len == 0 && start > *at && edit->end > start &&
	    present.data[start - 1] == '\n')
		start--;
	e = start > *at ? buf_add(out, present.data + *at, start - *at) : ERR_OK;
	if (e == ERR_OK && is_last && text.len > 0) {
		if (edit->end == edit->start)
			e = buf_add_text(out, "\n");
		text.len--;
	}
	if (e == ERR_OK && text.len > 0)
		e = buf_add(out, text.data, text.len);
	*at = edit->end;
	return e;
}

static void add_edit(struct edits *edits, struct edit edit)
{
	size_t i = edits->count++;
	for (; i > 0 && edits->list[i - 1].start > edit.start; i--)
		edits->list[i] = edits->list[i - 1];
	edits->list[i] = edit;
}

static enum err apply_edits(struct bytes present, const struct edits *edits, struct buf *out)
{
	size_t start = out->len;
	size_t at = 0;
	enum err e = ERR_OK;
	for (size_t i = 0; i < edits->count && e == ERR_OK; i++)
		e = apply_edit(present, &edits->list[i], &at, out);
	if (e == ERR_OK && at < present.len)
		e = buf_add(out, present.data + at, present.len - at);
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}

/* Put `text` where our block of the name stands, or would stand; others of the name, without marks,
 * go. */
static void edit_block(struct edits *edits, const struct wifi_file *file, const char *name,
		       size_t otherwise, struct bytes text)
{
	const struct wifi_block *block = wifi_marks_block(file, name);
	struct bytes nothing = {NULL, 0};
	if (block == NULL)
		add_edit(edits, (struct edit){otherwise, otherwise, text});
	for (size_t i = 0; i < file->block_count; i++) {
		const struct wifi_block *b = &file->blocks[i];
		if (strcmp(b->name, name) == 0)
			add_edit(edits,
				 (struct edit){b->start, b->end, b == block ? text : nothing});
	}
}

static enum err find(struct bytes present, struct wifi_file *file, struct why *why)
{
	if (present.len > WIFI_CONFIG_MAX)
		return why_set(why, ERR_TOO_BIG, "wifi.file", "the file has more than %d bytes",
			       WIFI_CONFIG_MAX);
	return wifi_marks_find(present, file, why);
}

enum err wifi_merge(struct bytes present, const struct wifi_network *network, struct bytes block,
		    struct buf *out, struct why *why)
{
	struct wifi_file file;
	struct bytes wanted[WIFI_GLOBAL_COUNT];
	struct edits edits = {.count = 0};
	struct buf globals;
	if (block.data == NULL || block.len == 0)
		return wifi_remove(present, network->profile, out, why);
	buf_init(&globals, 8 * WIFI_GLOBAL_LINE_MAX);
	enum err e = find(present, &file, why);
	if (e == ERR_OK)
		e = want_globals(network, &file, wanted, why);
	if (e == ERR_OK)
		e = render_globals(wanted, &globals);
	if (e == ERR_OK) {
		edit_block(&edits, &file, "", 0, buf_bytes(&globals));
		edit_block(&edits, &file, network->profile, present.len, block);
		e = apply_edits(present, &edits, out);
	}
	buf_clear(&globals);
	return e;
}

enum err wifi_remove(struct bytes present, const char *profile, struct buf *out, struct why *why)
{
	struct wifi_file file;
	struct bytes nothing = {NULL, 0};
	struct edits edits = {.count = 0};
	enum err e = find(present, &file, why);
	if (e != ERR_OK)
		return e;
	size_t left = 0;
	for (size_t i = 0; i < file.block_count; i++)
		left += file.blocks[i].name[0] != '\0' && strcmp(file.blocks[i].name, profile) != 0;
	if (left == 0)
		edit_block(&edits, &file, "", 0, nothing);
	edit_block(&edits, &file, profile, present.len, nothing);
	return apply_edits(present, &edits, out);
}
