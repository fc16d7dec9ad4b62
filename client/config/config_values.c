/* SPDX-License-Identifier: MIT */
#include "client/config/config_values.h"
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/config/variables.h"

#define SHA256_DIGITS 64
#define PERSISTENT_MASK 0xff000000u /* TCG "Registry of Reserved TPM 2.0 Handles": 0x81...... */
#define PERSISTENT_HANDLE 0x81000000u

/* Words are stored through unsigned; both bools of `allow_legacy` lie side by side. */
static_assert(sizeof(enum config_cipher) == sizeof(unsigned), "an enum is as wide as unsigned");
static_assert(offsetof(struct scep_profile, allow_des) ==
		  offsetof(struct scep_profile, allow_sha1) + sizeof(bool),
	      "allow_sha1, allow_des");

/* Where one value goes and where it comes from. */
struct place {
	const struct draft_section *section;
	const struct config_key *key;
	const struct said *said; /* NULL: the preset */
	void *field;
	struct why *why;
};

static void refuse_at(const struct draft_section *section, const struct origin *origin,
		      const char *key, struct why *why, enum err e, const char *code,
		      const char *text)
{
	char where[SECTION_TEXT_CAP];
	config_section_text(section, where);
	why_set(why, e, code, "%s:%u: %s: %s: %s", origin->file, origin->line, where, key, text);
}

enum err config_refuse(const struct draft_section *section, const char *key, const char *item,
		       struct why *why, const char *format, ...)
{
	char text[512];
	const struct setting *setting = config_draft_find(section, key);
	const struct origin *origin = setting != NULL ? &setting->origin : &section->origin;
	for (size_t i = 0; item != NULL && setting != NULL && i < setting->count; i++)
		if (strcmp(setting->items[i].text, item) == 0)
			origin = &setting->items[i].origin;
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	refuse_at(section, origin, key, why, ERR_INVALID, "config.check", text);
	return ERR_INVALID;
}

static enum err refuse(const struct place *p, const char *value, const char *what)
{
	char text[400];
	if (p->said == NULL)
		return why_set(p->why, ERR_BUG, "config.preset", "preset of %s", p->key->name);
	snprintf(text, sizeof text, "\"%s\" %s", value, what);
	refuse_at(p->section, &p->said->origin, p->key->name, p->why, ERR_INVALID, "config.value",
		  text);
	return ERR_INVALID;
}

/* ---- checks of text ---- */

static enum err check_path(const struct place *p, const char *value)
{
	if (value[0] == '\0' || value[0] == '/')
		return ERR_OK;
	enum err e = refuse(p, value, "is no absolute path");
	why_next(p->why, "begin it with /");
	return e;
}

static enum err check_url(const struct place *p, const char *value)
{
	size_t skip = strncmp(value, "http://", 7) == 0	   ? 7
		      : strncmp(value, "https://", 8) == 0 ? 8
							   : 0;
	const char *what = NULL;
	size_t host = strcspn(value + skip, "/?#");
	if (skip == 0)
		what = "is no http:// or https:// URL";
	else if (host == 0)
		what = "names no host";
	else if (memchr(value + skip, '@', host) != NULL)
		what = "holds a user or password, which belong into a file";
	else if (strpbrk(value, " \t\"<>\\^`{|}#") != NULL)
		what = "has a character that a URL cannot have";
	if (what == NULL)
		return ERR_OK;
	enum err e = refuse(p, value, what);
	why_next(p->why, "as http://HOST/certsrv/mscep/mscep.dll");
	return e;
}

static enum err check_name(const struct place *p, const char *value)
{
	if (config_name_is_good(value))
		return ERR_OK;
	enum err e = refuse(p, value, "is no profile name");
	why_next(p->why, "one name a line; a list repeats its key");
	return e;
}

/* What variables.c says gets its place in the files. */
static enum err check_template(const struct place *p, const char *value)
{
	struct why own = {.code = ""};
	enum err e = variables_check(value, &own);
	if (e != ERR_OK) {
		refuse_at(p->section, &p->said->origin, p->key->name, p->why, e, own.code,
			  own.text);
		why_next(p->why, "%s", own.next_step);
	}
	return e;
}

/* Colons as openssl prints them are taken off; small letters. */
static enum err normal_sha256(const struct place *p, const char *value, char out[])
{
	size_t n = 0;
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == ':')
			continue;
		if (!isxdigit((unsigned char)*c) || n == SHA256_DIGITS) {
			n = 0;
			break;
		}
		out[n++] = (char)tolower((unsigned char)*c);
	}
	out[n] = '\0';
	if (n == SHA256_DIGITS)
		return ERR_OK;
	enum err e = refuse(p, value, "is no SHA-256 of 64 hex digits");
	why_next(p->why, "openssl x509 -in FILE -noout -fingerprint -sha256");
	return e;
}

static enum err check_text(const struct place *p, const char *value)
{
	switch (p->key->kind) {
	case VALUE_PATH:
		return check_path(p, value);
	case VALUE_URL:
		return value[0] == '\0' ? ERR_OK : check_url(p, value);
	case VALUE_URLS:
		return check_url(p, value);
	case VALUE_NAMES:
		return check_name(p, value);
	case VALUE_TEMPLATE:
	case VALUE_TEMPLATES:
		return check_template(p, value);
	case VALUE_TEXT:
	case VALUE_TEXTS:
	case VALUE_SHA256:
	case VALUE_SHA256S:
	case VALUE_YES_NO:
	case VALUE_NUMBER:
	case VALUE_HANDLE:
	case VALUE_WORD:
	case VALUE_CHOICE:
	case VALUE_BITS:
	case VALUE_LEGACY:
		break;
	}
	return ERR_OK;
}

static enum err copy_text(const struct place *p, const char *value, char **out)
{
	char hex[SHA256_DIGITS + 1];
	bool is_hex = p->key->kind == VALUE_SHA256 || p->key->kind == VALUE_SHA256S;
	enum err e = check_text(p, value);
	if (e == ERR_OK && is_hex && value[0] != '\0') {
		e = normal_sha256(p, value, hex);
		value = hex;
	}
	char *copy = e == ERR_OK ? strdup(value) : NULL;
	if (e == ERR_OK && copy == NULL)
		e = ERR_NO_MEMORY;
	if (e == ERR_OK)
		*out = copy;
	return e;
}

/* ---- numbers and words ---- */

static enum err put_number(const struct place *p, const char *value)
{
	char what[80];
	size_t len = strlen(value);
	unsigned long number = 0;
	bool is_good = len > 0 && len <= 9 && strspn(value, "0123456789") == len;
	if (is_good)
		number = strtoul(value, NULL, 10);
	if (!is_good || number < p->key->min || number > p->key->max) {
		snprintf(what, sizeof what, "is no whole number from %u to %u", p->key->min,
			 p->key->max);
		enum err e = refuse(p, value, what);
		why_next(p->why, "the default is %s", p->key->preset);
		return e;
	}
	*(unsigned *)p->field = (unsigned)number;
	return ERR_OK;
}

static enum err put_handle(const struct place *p, const char *value)
{
	bool is_hex = strlen(value) == 10 && value[0] == '0' && (value[1] | 0x20) == 'x' &&
		      strspn(value + 2, "0123456789abcdefABCDEF") == 8;
	uint32_t handle = is_hex ? (uint32_t)strtoul(value + 2, NULL, 16) : 0;
	if ((handle & PERSISTENT_MASK) != PERSISTENT_HANDLE) {
		enum err e = refuse(p, value, "is no persistent TPM handle");
		why_next(p->why, "0x81000000 to 0x81ffffff; the default is %s", p->key->preset);
		return e;
	}
	*(uint32_t *)p->field = handle;
	return ERR_OK;
}

static enum err find_word(const struct place *p, const char *value, int *out)
{
	char all[240];
	size_t len = 0;
	for (const struct config_word *w = p->key->words; w->text != NULL; w++) {
		if (strcmp(w->text, value) == 0) {
			*out = w->value;
			return ERR_OK;
		}
		len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", len > 0 ? ", " : "",
					w->text);
		assert(len < sizeof all); /* our own table */
	}
	enum err e = refuse(p, value, "is not among the known words");
	why_next(p->why, "%s is one of %s", p->key->name, all);
	return e;
}

static enum err put_yes_no(const struct place *p, const char *value)
{
	bool is_yes = strcmp(value, "yes") == 0;
	if (!is_yes && strcmp(value, "no") != 0) {
		enum err e = refuse(p, value, "is neither yes nor no");
		why_next(p->why, "the default is %s", p->key->preset);
		return e;
	}
	*(bool *)p->field = is_yes;
	return ERR_OK;
}

static enum err put_scalar(const struct place *p, const char *value)
{
	int word = 0;
	enum err e;
	switch (p->key->kind) {
	case VALUE_YES_NO:
		return put_yes_no(p, value);
	case VALUE_NUMBER:
		return put_number(p, value);
	case VALUE_HANDLE:
		return put_handle(p, value);
	case VALUE_WORD:
		e = find_word(p, value, &word);
		if (e == ERR_OK)
			*(unsigned *)p->field = (unsigned)word;
		return e;
	case VALUE_CHOICE:
		e = find_word(p, value, &word);
		if (e == ERR_OK)
			*(bool *)p->field = word != 0;
		return e;
	case VALUE_TEXT:
	case VALUE_TEMPLATE:
	case VALUE_PATH:
	case VALUE_URL:
	case VALUE_SHA256:
		return copy_text(p, value, p->field);
	case VALUE_URLS:
	case VALUE_NAMES:
	case VALUE_SHA256S:
	case VALUE_TEXTS:
	case VALUE_TEMPLATES:
	case VALUE_BITS:
	case VALUE_LEGACY:
		break;
	}
	return ERR_BUG;
}

/* ---- lists ---- */

static enum err put_item(const struct place *p, const char *value)
{
	struct text_list *list = p->field;
	int word = 0;
	enum err e = ERR_OK;
	if (p->key->kind == VALUE_BITS || p->key->kind == VALUE_LEGACY) {
		e = find_word(p, value, &word);
		if (e == ERR_OK && p->key->kind == VALUE_BITS)
			*(unsigned *)p->field |= (unsigned)word;
		else if (e == ERR_OK)
			((bool *)p->field)[word] = true;
		return e;
	}
	char **grown = realloc(list->items, (list->count + 1) * sizeof *grown);
	if (grown == NULL)
		return ERR_NO_MEMORY;
	list->items = grown;
	e = copy_text(p, value, &grown[list->count]);
	list->count += e == ERR_OK;
	return e;
}

static enum err put_preset_list(struct place *p)
{
	char value[80];
	const char *rest = p->key->preset;
	enum err e = ERR_OK;
	while (rest != NULL && rest[0] != '\0' && e == ERR_OK) {
		size_t len = strcspn(rest, "\n");
		snprintf(value, sizeof value, "%.*s", (int)len, rest);
		rest += len + (rest[len] == '\n');
		e = put_item(p, value);
	}
	return e;
}

static enum err refuse_missing(const struct place *p)
{
	enum err e = config_refuse(p->section, p->key->name, NULL, p->why, "is missing");
	char where[SECTION_TEXT_CAP];
	config_section_text(p->section, where);
	why_next(p->why, "add %s = to %s", p->key->name, where);
	return e;
}

/* section NULL: no file has it, so every key takes its preset. */
static enum err fill_key(const struct draft_section *section, const struct config_key *key,
			 void *base, struct why *why)
{
	const struct setting *setting =
	    section != NULL ? config_draft_find(section, key->name) : NULL;
	struct place p = {section, key, NULL, (char *)base + key->offset, why};
	bool is_list = config_key_is_list(key);
	enum err e = ERR_OK;
	bool is_empty = setting == NULL || setting->count == 0 || setting->items[0].text[0] == '\0';
	if (is_empty && key->is_required && key->preset == NULL)
		return refuse_missing(&p);
	if (is_list && setting == NULL)
		return put_preset_list(&p);
	for (size_t i = 0; is_list && i < setting->count && e == ERR_OK; i++) {
		p.said = &setting->items[i];
		e = put_item(&p, p.said->text);
	}
	if (is_list)
		return e;
	p.said = is_empty ? NULL : &setting->items[0];
	return put_scalar(&p, is_empty ? key->preset : p.said->text);
}

static enum err fill_section(const struct draft_section *section, enum section_kind kind,
			     void *base, struct why *why)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < config_key_count && e == ERR_OK; i++)
		if (config_keys[i].section == kind)
			e = fill_key(section, &config_keys[i], base, why);
	return e;
}

static void clear_section(enum section_kind kind, void *base)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		void *field = (char *)base + key->offset;
		if (key->section != kind || key->kind == VALUE_BITS || key->kind == VALUE_LEGACY)
			continue;
		if (config_key_is_list(key)) {
			struct text_list *list = field;
			for (size_t k = 0; k < list->count; k++)
				free(list->items[k]);
			free(list->items);
		} else if (key->kind <= VALUE_SHA256) {
			free(*(char **)field);
		}
	}
}

/* ---- profiles ---- */

static enum err empty_text(char **field)
{
	if (*field == NULL)
		*field = strdup("");
	return *field != NULL ? ERR_OK : ERR_NO_MEMORY;
}

/* A wired network has no row for these, and no text is ever NULL. */
static enum err finish_wired(struct wifi_profile *p)
{
	p->is_wired = true;
	p->security = SECURITY_WIRED;
	enum err e = empty_text(&p->ssid);
	if (e == ERR_OK)
		e = empty_text(&p->psk_file);
	return e == ERR_OK ? empty_text(&p->only_until) : e;
}

static enum err finish_vpn(struct vpn_profile *p)
{
	if (p->gateway_id[0] != '\0')
		return ERR_OK;
	char *copy = strdup(p->gateway);
	if (copy == NULL)
		return ERR_NO_MEMORY;
	free(p->gateway_id);
	p->gateway_id = copy;
	return ERR_OK;
}

static enum err fill_profile(struct config *config, const struct draft_section *section,
			     struct why *why)
{
	struct trust_profile *trust = &config->trusts[config->trust_count];
	struct scep_profile *scep = &config->sceps[config->scep_count];
	struct wifi_profile *wifi = &config->wifis[config->wifi_count];
	struct vpn_profile *vpn = &config->vpns[config->vpn_count];
	enum err e = ERR_OK;
	switch (section->kind) {
	case SECTION_TRUST:
		config->trust_count++;
		memcpy(trust->name, section->name, sizeof trust->name);
		trust->origin = section->origin;
		return fill_section(section, section->kind, trust, why);
	case SECTION_SCEP:
		config->scep_count++;
		memcpy(scep->name, section->name, sizeof scep->name);
		scep->origin = section->origin;
		return fill_section(section, section->kind, scep, why);
	case SECTION_WIFI:
	case SECTION_WIRED:
		config->wifi_count++;
		memcpy(wifi->name, section->name, sizeof wifi->name);
		wifi->origin = section->origin;
		e = fill_section(section, section->kind, wifi, why);
		return e == ERR_OK && section->kind == SECTION_WIRED ? finish_wired(wifi) : e;
	case SECTION_VPN:
		config->vpn_count++;
		memcpy(vpn->name, section->name, sizeof vpn->name);
		vpn->origin = section->origin;
		e = fill_section(section, section->kind, vpn, why);
		return e == ERR_OK ? finish_vpn(vpn) : e;
	case SECTION_AGENT:
	case SECTION_TPM:
	case SECTION_DEVICE:
	case SECTION_COUNT:
		break;
	}
	return ERR_OK;
}

/* One more than there are: &array[count] is then a place also when all are filled. */
static bool make_room(struct config *config)
{
	size_t room = config->shown->section_count + 1;
	config->trusts = calloc(room, sizeof *config->trusts);
	config->sceps = calloc(room, sizeof *config->sceps);
	config->wifis = calloc(room, sizeof *config->wifis);
	config->vpns = calloc(room, sizeof *config->vpns);
	return config->trusts != NULL && config->sceps != NULL && config->wifis != NULL &&
	       config->vpns != NULL;
}

enum err config_values_fill(struct config *config, struct why *why)
{
	const struct config_shown *shown = config->shown;
	enum err e = make_room(config) ? ERR_OK : ERR_NO_MEMORY;
	for (enum section_kind kind = 0; kind < SECTION_TRUST && e == ERR_OK; kind++)
		e = fill_section(config_draft_section(shown, kind, ""), kind, config, why);
	for (size_t i = 0; i < shown->section_count && e == ERR_OK; i++)
		e = fill_profile(config, &shown->sections[i], why);
	return e;
}

void config_values_clear(struct config *config)
{
	for (enum section_kind kind = 0; kind < SECTION_TRUST; kind++)
		clear_section(kind, config);
	for (size_t i = 0; i < config->trust_count; i++)
		clear_section(SECTION_TRUST, &config->trusts[i]);
	for (size_t i = 0; i < config->scep_count; i++)
		clear_section(SECTION_SCEP, &config->sceps[i]);
	for (size_t i = 0; i < config->wifi_count; i++) /* [wired] has a part of [wifi]'s keys */
		clear_section(SECTION_WIFI, &config->wifis[i]);
	for (size_t i = 0; i < config->vpn_count; i++)
		clear_section(SECTION_VPN, &config->vpns[i]);
	free(config->trusts);
	free(config->sceps);
	free(config->wifis);
	free(config->vpns);
}
