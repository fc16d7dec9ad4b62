/* SPDX-License-Identifier: MIT */
#include "client/config/config_draft.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/config/ini_text.h"

#define SECTIONS_LISTED "agent, tpm, device, trust NAME, scep NAME, wifi NAME, wired NAME, vpn NAME"

/* One file on its way into the draft. */
struct merging {
	struct config_shown *draft;
	const char *file; /* owned by the draft */
	bool is_factory;
	size_t current; /* index of the section that is open */
	bool has_current;
};

static void setting_clear(struct setting *setting)
{
	for (size_t i = 0; i < setting->count; i++)
		free(setting->items[i].text);
	free(setting->items);
	setting->items = NULL;
	setting->count = 0;
}

void config_draft_clear(struct config_shown *draft)
{
	if (draft == NULL)
		return;
	for (size_t i = 0; i < draft->section_count; i++) {
		struct draft_section *section = &draft->sections[i];
		for (size_t j = 0; j < section->setting_count; j++)
			setting_clear(&section->settings[j]);
		free(section->settings);
	}
	for (size_t i = 0; i < draft->file_count; i++)
		free(draft->files[i]);
	free(draft->sections);
	free(draft->files);
	*draft = (struct config_shown){.files = NULL};
}

bool config_name_is_good(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len >= PROFILE_NAME_CAP || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	return true;
}

void config_section_text(const struct draft_section *section, char out[SECTION_TEXT_CAP])
{
	snprintf(out, SECTION_TEXT_CAP, "[%s%s%s]", section_kind_text(section->kind),
		 section->name[0] != '\0' ? " " : "", section->name);
}

const struct setting *config_draft_find(const struct draft_section *section, const char *key)
{
	for (size_t i = 0; i < section->setting_count; i++)
		if (strcmp(section->settings[i].key->name, key) == 0)
			return &section->settings[i];
	return NULL;
}

const struct draft_section *config_draft_section(const struct config_shown *draft,
						 enum section_kind kind, const char *name)
{
	for (size_t i = 0; i < draft->section_count; i++)
		if (draft->sections[i].kind == kind && strcmp(draft->sections[i].name, name) == 0)
			return &draft->sections[i];
	return NULL;
}

/* ---- sections ---- */

static enum err refuse_section(const struct merging *m, unsigned line, const char *word,
			       struct why *why)
{
	const char *near = config_section_nearest(word);
	if (strcmp(word, "pkcs") == 0) {
		why_set(why, ERR_UNSUPPORTED, "config.version",
			"%s:%u: [pkcs] profiles are not in this version", m->file, line);
		why_next(why, "take the section out of this device's configuration");
		return ERR_UNSUPPORTED;
	}
	why_set(why, ERR_INVALID, "config.section", "%s:%u: unknown section [%s]%s%s%s", m->file,
		line, word, near != NULL ? "; did you mean [" : "", near != NULL ? near : "",
		near != NULL ? "]?" : "");
	why_next(why, "sections are %s", SECTIONS_LISTED);
	return ERR_INVALID;
}

static enum err refuse_name(const struct merging *m, unsigned line, const char *kind,
			    const char *name, struct why *why)
{
	if (name[0] == '\0') {
		why_set(why, ERR_INVALID, "config.name", "%s:%u: [%s] needs a profile name",
			m->file, line, kind);
		why_next(why, "write [%s NAME]", kind);
		return ERR_INVALID;
	}
	why_set(why, ERR_INVALID, "config.name", "%s:%u: [%s %s]: bad profile name", m->file, line,
		kind, name);
	why_next(why, "1 to 32 letters, digits, _ and -, beginning with a letter or a digit");
	return ERR_INVALID;
}

static enum err check_section(const struct merging *m, unsigned line, enum section_kind kind,
			      const char *name, struct why *why)
{
	const struct config_shown *draft = m->draft;
	const char *word = section_kind_text(kind);
	size_t profiles = 0;
	if (!section_kind_has_name(kind)) {
		if (name[0] == '\0')
			return ERR_OK;
		why_set(why, ERR_INVALID, "config.name", "%s:%u: [%s %s]: this section has no name",
			m->file, line, word, name);
		why_next(why, "write [%s]", word);
		return ERR_INVALID;
	}
	if (!config_name_is_good(name))
		return refuse_name(m, line, word, name, why);
	for (size_t i = 0; i < draft->section_count; i++) {
		const struct draft_section *other = &draft->sections[i];
		profiles += section_kind_has_name(other->kind);
		if (strcmp(other->name, name) != 0)
			continue;
		why_set(why, ERR_INVALID, "config.name",
			"%s:%u: [%s %s]: the name is taken by [%s %s] (%s:%u)", m->file, line, word,
			name, section_kind_text(other->kind), name, other->origin.file,
			other->origin.line);
		why_next(why, "names are unique over all kinds: rename one of the two");
		return ERR_INVALID;
	}
	if (profiles < CONFIG_PROFILES_MAX)
		return ERR_OK;
	why_set(why, ERR_TOO_BIG, "config.profiles", "%s:%u: [%s %s]: more than %d profiles",
		m->file, line, word, name, CONFIG_PROFILES_MAX);
	why_next(why, "take out profiles that this device does not need");
	return ERR_TOO_BIG;
}

/* "scep  corp-device" of the brackets into its two words; the name may be empty. */
static void split_section(const char *text, char word[], char name[], size_t cap)
{
	const char *blanks = " \t";
	text += strspn(text, blanks);
	size_t len = strcspn(text, blanks);
	snprintf(word, cap, "%.*s", (int)len, text);
	text += len;
	text += strspn(text, blanks);
	len = strlen(text);
	while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
		len--;
	snprintf(name, cap, "%.*s", (int)len, text);
}

static enum err open_section(struct merging *m, const char *text, unsigned line, struct why *why)
{
	char word[64];
	char name[64];
	struct config_shown *draft = m->draft;
	enum section_kind kind = SECTION_AGENT;
	split_section(text, word, name, sizeof word);
	while (kind < SECTION_COUNT && strcmp(section_kind_text(kind), word) != 0)
		kind++;
	if (kind == SECTION_COUNT)
		return refuse_section(m, line, word, why);
	m->has_current = true;
	for (m->current = 0; m->current < draft->section_count; m->current++)
		if (draft->sections[m->current].kind == kind &&
		    strcmp(draft->sections[m->current].name, name) == 0)
			return ERR_OK;
	enum err e = check_section(m, line, kind, name, why);
	if (e != ERR_OK)
		return e;
	struct draft_section *grown =
	    realloc(draft->sections, (draft->section_count + 1) * sizeof *grown);
	if (grown == NULL)
		return ERR_NO_MEMORY;
	draft->sections = grown;
	struct draft_section *section = &grown[draft->section_count++];
	*section = (struct draft_section){.kind = kind, .origin = {m->file, line}};
	memcpy(section->name, name, strlen(name) + 1); /* a good name fits */
	return ERR_OK;
}

/* ---- keys ---- */

static enum err refuse_key(const struct merging *m, const struct draft_section *section,
			   const char *name, unsigned line, struct why *why)
{
	char where[SECTION_TEXT_CAP];
	const char *near = config_key_nearest(section->kind, name);
	config_section_text(section, where);
	why_set(why, ERR_INVALID, "config.key", "%s:%u: %s: unknown key \"%s\"%s%s%s", m->file,
		line, where, name, near != NULL ? "; did you mean \"" : "",
		near != NULL ? near : "", near != NULL ? "\"?" : "");
	if (near != NULL)
		why_next(why, "write %s =", near);
	else
		why_next(why, "take the line out, or look whether it belongs to another section");
	return ERR_INVALID;
}

static enum err refuse_again(const struct merging *m, const struct draft_section *section,
			     const char *what, unsigned line, unsigned before, struct why *why)
{
	char where[SECTION_TEXT_CAP];
	config_section_text(section, where);
	why_set(why, ERR_INVALID, "config.twice", "%s:%u: %s: %s is said already in line %u",
		m->file, line, where, what, before);
	why_next(why, "keep one of the lines %u and %u", before, line);
	return ERR_INVALID;
}

static struct setting *setting_of(struct draft_section *section, const struct config_key *key)
{
	for (size_t i = 0; i < section->setting_count; i++)
		if (section->settings[i].key == key)
			return &section->settings[i];
	struct setting *grown =
	    realloc(section->settings, (section->setting_count + 1) * sizeof *grown);
	if (grown == NULL)
		return NULL;
	section->settings = grown;
	struct setting *setting = &grown[section->setting_count++];
	*setting = (struct setting){.key = key};
	return setting;
}

static enum err add_item(struct setting *setting, const char *value, struct origin origin)
{
	struct said *grown = realloc(setting->items, (setting->count + 1) * sizeof *grown);
	if (grown == NULL)
		return ERR_NO_MEMORY;
	setting->items = grown;
	grown[setting->count] = (struct said){.text = strdup(value), .origin = origin};
	if (grown[setting->count].text == NULL)
		return ERR_NO_MEMORY;
	setting->count++;
	return ERR_OK;
}

static enum err check_list(const struct merging *m, const struct draft_section *section,
			   const struct setting *setting, const char *value, unsigned line,
			   struct why *why)
{
	char what[300];
	for (size_t i = 0; i < setting->count; i++) {
		if (strcmp(setting->items[i].text, value) != 0)
			continue;
		snprintf(what, sizeof what, "%s = %s", setting->key->name, value);
		return refuse_again(m, section, what, line, setting->items[i].origin.line, why);
	}
	if (setting->count < CONFIG_LIST_MAX)
		return ERR_OK;
	config_section_text(section, what);
	why_set(why, ERR_TOO_BIG, "config.list", "%s:%u: %s: more than %d times %s", m->file, line,
		what, CONFIG_LIST_MAX, setting->key->name);
	why_next(why, "shorten the list");
	return ERR_TOO_BIG;
}

static enum err take(void *ctx, const char *section_text, const char *name, const char *value,
		     unsigned line, struct why *why)
{
	struct merging *m = ctx;
	if (name == NULL)
		return open_section(m, section_text, line, why);
	if (!m->has_current) {
		why_set(why, ERR_INVALID, "config.section",
			"%s:%u: \"%s\" stands before the first section", m->file, line, name);
		why_next(why, "put it below its section: %s", SECTIONS_LISTED);
		return ERR_INVALID;
	}
	struct draft_section *section = &m->draft->sections[m->current];
	const struct config_key *key = config_key_find(section->kind, name);
	struct origin origin = {m->file, line};
	if (key == NULL)
		return refuse_key(m, section, name, line, why);
	if (m->is_factory && section->kind == SECTION_AGENT && strcmp(name, "factory_dir") == 0) {
		why_set(why, ERR_INVALID, "config.factory",
			"%s:%u: [agent]: factory_dir cannot be set by a file of that folder",
			m->file, line);
		why_next(why, "set it in /usr/lib/signet/signet.conf");
		return ERR_INVALID;
	}
	struct setting *setting = setting_of(section, key);
	if (setting == NULL)
		return ERR_NO_MEMORY;
	bool is_again = setting->origin.file == m->file;
	if (is_again && !config_key_is_list(key))
		return refuse_again(m, section, name, line, setting->origin.line, why);
	if (!is_again) {
		setting_clear(setting);
		setting->origin = origin;
	}
	if (!config_key_is_list(key))
		return add_item(setting, value, origin);
	if (value[0] == '\0')
		return ERR_OK; /* alone it empties the list */
	enum err e = check_list(m, section, setting, value, line, why);
	return e == ERR_OK ? add_item(setting, value, origin) : e;
}

enum err config_draft_merge(struct config_shown *draft, const char *label, struct bytes text,
			    bool is_factory, struct why *why)
{
	char **grown = realloc(draft->files, (draft->file_count + 1) * sizeof *grown);
	if (grown == NULL)
		return ERR_NO_MEMORY;
	draft->files = grown;
	char *file = strdup(label);
	if (file == NULL)
		return ERR_NO_MEMORY;
	draft->files[draft->file_count++] = file;
	struct merging m = {.draft = draft, .file = file, .is_factory = is_factory};
	return ini_text_read(text, file, take, &m, why);
}
