/* SPDX-License-Identifier: MIT */
#include "client/config/config.h"
#include <string.h>
#include "client/config/config_draft.h"

static enum err show_said(struct buf *out, const char *key, const char *value,
			  const struct origin *origin)
{
	return buf_add_format(out, "%s = %s    ; %s:%u\n", key, value, origin->file, origin->line);
}

static enum err show_default(struct buf *out, const char *key, const char *value, size_t len)
{
	return buf_add_format(out, "%s = %.*s    ; default\n", key, (int)len, value);
}

/* gateway_id is the only default that another key gives. */
static const char *preset_of(const struct config *config, const struct draft_section *section,
			     const struct config_key *key)
{
	if (section != NULL && section->kind == SECTION_VPN && strcmp(key->name, "gateway_id") == 0)
		for (size_t i = 0; i < config->vpn_count; i++)
			if (strcmp(config->vpns[i].name, section->name) == 0)
				return config->vpns[i].gateway_id;
	return key->preset != NULL ? key->preset : "";
}

static enum err show_key(const struct config *config, const struct draft_section *section,
			 const struct config_key *key, struct buf *out)
{
	const struct setting *setting =
	    section != NULL ? config_draft_find(section, key->name) : NULL;
	bool is_list = config_key_is_list(key);
	enum err e = ERR_OK;
	if (setting != NULL && is_list && setting->count == 0)
		return show_said(out, key->name, "", &setting->origin);
	if (setting != NULL && setting->items[0].text[0] != '\0') {
		for (size_t i = 0; i < setting->count && e == ERR_OK; i++)
			e = show_said(out, key->name, setting->items[i].text,
				      &setting->items[i].origin);
		return e;
	}
	const char *rest = preset_of(config, section, key);
	do {
		size_t len = strcspn(rest, "\n");
		e = show_default(out, key->name, rest, len);
		rest += len + (rest[len] == '\n');
	} while (e == ERR_OK && rest[0] != '\0');
	return e;
}

static enum err show_section(const struct config *config, const struct draft_section *section,
			     struct buf *out)
{
	char head[SECTION_TEXT_CAP];
	enum err e = ERR_OK;
	config_section_text(section, head);
	e = buf_add_format(out, "%s%s\n", section->kind == SECTION_AGENT ? "" : "\n", head);
	for (size_t i = 0; i < config_key_count && e == ERR_OK; i++)
		if (config_keys[i].section == section->kind)
			e = show_key(config, section, &config_keys[i], out);
	return e;
}

enum err config_show(const struct config *config, struct buf *out)
{
	const struct config_shown *draft = config->shown;
	size_t len_before = out->len;
	enum err e = ERR_OK;
	for (enum section_kind kind = 0; kind < SECTION_TRUST && e == ERR_OK; kind++) {
		const struct draft_section none = {.kind = kind};
		const struct draft_section *said = config_draft_section(draft, kind, "");
		e = show_section(config, said != NULL ? said : &none, out);
	}
	for (size_t i = 0; i < draft->section_count && e == ERR_OK; i++)
		if (section_kind_has_name(draft->sections[i].kind))
			e = show_section(config, &draft->sections[i], out);
	if (e != ERR_OK)
		buf_cut(out, len_before);
	return e;
}
