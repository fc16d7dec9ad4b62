/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_CONFIG_TABLE_H
#define CLIENT_CONFIG_CONFIG_TABLE_H
#include "client/config/config.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Every section and key of the configuration, as one table: what is not in it is refused. */
enum section_kind {
	SECTION_AGENT,
	SECTION_TPM,
	SECTION_DEVICE,
	SECTION_TRUST,
	SECTION_SCEP,
	SECTION_WIFI,
	SECTION_WIRED,
	SECTION_VPN,
	SECTION_COUNT
};

/** A word and what it means. */
struct config_word {
	const char *text; /* NULL ends a list */
	int value;
};

enum value_kind {
	VALUE_TEXT,	/* char * */
	VALUE_TEMPLATE, /* char * with {{variables}} */
	VALUE_PATH,	/* char *, absolute or empty */
	VALUE_URL,	/* char *, http:// or https://, or empty */
	VALUE_SHA256,	/* char *, 64 hex digits or empty */
	VALUE_YES_NO,	/* bool */
	VALUE_NUMBER,	/* unsigned, min..max */
	VALUE_HANDLE,	/* uint32_t, 0x81...... */
	VALUE_WORD,	/* an enum or unsigned, by words */
	VALUE_CHOICE,	/* bool, by words with value 0 or 1 */
	VALUE_URLS,	/* struct text_list from here on */
	VALUE_NAMES,	/* profile names */
	VALUE_SHA256S,
	VALUE_TEXTS,
	VALUE_TEMPLATES,
	VALUE_BITS,  /* unsigned: words or-ed */
	VALUE_LEGACY /* two bools from `offset`: sha1, des */
};

struct config_key {
	enum section_kind section;
	const char *name;
	enum value_kind kind;
	size_t offset;
	const char *preset; /* default as text; NULL: none; lists: '\n' between entries */
	const struct config_word *words;
	unsigned min, max;
	bool is_required;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

bool config_key_is_list(const struct config_key *key);
/** "agent", "trust", ...; whether a section carries a profile name. */
const char *section_kind_text(enum section_kind kind);
bool section_kind_has_name(enum section_kind kind);
/** NULL when no such key. */
const struct config_key *config_key_find(enum section_kind section, const char *name);
#define CONFIG_NEAR_MOST 3 /* edits: more is another word */
/** Edits that make one word of the other; words over 50 characters are far from everything. */
size_t config_distance(const char *a, const char *b);
/** Nearest key of a section, or NULL when none is near. */
const char *config_key_nearest(enum section_kind section, const char *name);
/** Nearest section word, or NULL. */
const char *config_section_nearest(const char *word);

#ifdef __cplusplus
}
#endif
#endif
