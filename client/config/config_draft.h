/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_CONFIG_DRAFT_H
#define CLIENT_CONFIG_CONFIG_DRAFT_H
#include "client/config/config_table.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the files say, merged, before anything is believed: sections and keys are known ones and
 * their names are good, values are still text. It stays with the configuration, for config_show().
 */

/** One value as written. */
struct said {
	char *text; /* owned */
	struct origin origin;
};

/** One key of one section: a scalar has one item; a list that was emptied has none. */
struct setting {
	const struct config_key *key;
	struct origin origin; /* the first line of the last file that says it */
	struct said *items;   /* owned */
	size_t count;
};

struct draft_section {
	enum section_kind kind;
	char name[PROFILE_NAME_CAP]; /* "" where the kind has none */
	struct origin origin;	     /* the line that names it first */
	struct setting *settings;    /* owned */
	size_t setting_count;
};

struct config_shown {
	char **files; /* owned: every origin points at one of them */
	size_t file_count;
	struct draft_section *sections; /* owned; in the order in which the files name them */
	size_t section_count;
};

/**
 * Merge one file's text on top of what is there (interface, section 2). `label` is copied: it is
 * the file's name in every message. is_factory: the file comes from factory_dir, which it cannot
 * move. ERR_INVALID, ERR_UNSUPPORTED as config_load(); ERR_TOO_BIG; the draft may be half merged
 * then and is good for config_draft_clear() only.
 */
enum err config_draft_merge(struct config_shown *draft, const char *label, struct bytes text,
			    bool is_factory, struct why *why) MUST_CHECK;
void config_draft_clear(struct config_shown *draft);

/** NULL when no file says the key. */
const struct setting *config_draft_find(const struct draft_section *section, const char *key);
/** NULL when there is none; name "" for a section without a name. */
const struct draft_section *config_draft_section(const struct config_shown *draft,
						 enum section_kind kind, const char *name);
/** [A-Za-z0-9][A-Za-z0-9_-]{0,31} */
bool config_name_is_good(const char *name);

#define SECTION_TEXT_CAP (PROFILE_NAME_CAP + 16)
/** "[scep corp-device]" */
void config_section_text(const struct draft_section *section, char out[SECTION_TEXT_CAP]);

#ifdef __cplusplus
}
#endif
#endif
