/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/store.h"
#include "client/config/ini_text.h"
#include "client/pki/hash.h"

#define META_MAX 4096 /* bytes: a dozen short lines */
#define SCHEMA 1      /* a later version must still write what this one reads */

static bool hex_nonce(const char *text, uint8_t out[SCEP_NONCE_LEN])
{
	if (strlen(text) != 2 * SCEP_NONCE_LEN)
		return false;
	for (size_t i = 0; i < SCEP_NONCE_LEN; i++) {
		char two[3] = { text[2 * i], text[2 * i + 1], '\0' };
		if (!isxdigit((unsigned char)two[0]) || !isxdigit((unsigned char)two[1]))
			return false;
		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return true;
}

struct reading {
	struct generation_meta meta;
	unsigned long schema;
};

/* Unknown keys are passed over: a newer version may have written them. */
static enum err take(void *ctx, const char *section, const char *name, const char *value, unsigned line,
                     struct why *why)
{
	struct reading *r = ctx;
	struct generation_meta *m = &r->meta;
	(void)section;
	if (name == NULL)
		return ERR_OK;
	if (strcmp(name, "schema") == 0)
		r->schema = strtoul(value, NULL, 10);
	else if (strcmp(name, "storage") == 0)
		m->is_software = strcmp(value, "software") == 0;
	else if (strcmp(name, "kind") == 0)
		m->is_renewal = strcmp(value, "renewal") == 0;
	else if (strcmp(name, "pending") == 0)
		m->is_pending = strcmp(value, "yes") == 0;
	else if (strcmp(name, "created") == 0)
		m->created = strtoll(value, NULL, 10);
	else if (strcmp(name, "sent_at") == 0)
		m->sent_at = strtoll(value, NULL, 10);
	else if (strcmp(name, "trusted_at") == 0)
		m->trusted_at = strtoll(value, NULL, 10);
	else if (strcmp(name, "message_type") == 0)
		m->message_type = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "signer") == 0)
		m->signer = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "storage_key") == 0)
		snprintf(m->storage_key, sizeof m->storage_key, "%s", value);
	else if (strcmp(name, "after_change") == 0)
		m->is_after_change = strcmp(value, "yes") == 0;
	else if (strcmp(name, "boot") == 0)
		snprintf(m->boot, sizeof m->boot, "%s", value);
	else if (strcmp(name, "boots") == 0)
		m->boots = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "transaction_id") == 0)
		snprintf(m->transaction_id, sizeof m->transaction_id, "%s", value);
	else if (strcmp(name, "nonce") == 0 && value[0] != '\0' && !hex_nonce(value, m->nonce))
		return why_set(why, ERR_INVALID, "state.meta", "meta.ini:%u: nonce is no 32 hex digits", line);
	else if (strcmp(name, "url") == 0)
		snprintf(m->url, sizeof m->url, "%s", value);
	return ERR_OK;
}

enum err generation_meta_read(const struct store *store, const char *profile, unsigned number,
                              struct generation_meta *out, struct why *why)
{
	struct reading r = { .schema = 0 };
	struct buf text;
	char path[FILE_PATH_MAX];
	buf_init(&text, META_MAX);
	enum err e = generation_path(store, profile, number, "meta.ini", path);
	if (e == ERR_OK)
		e = file_read(path, &text, why);
	if (e == ERR_OK)
		e = ini_text_read(buf_bytes(&text), path, take, &r, why);
	if (e == ERR_OK && r.schema == 0)
		e = why_set(why, ERR_INVALID, "state.meta", "%s names no schema: it is damaged", path);
	if (e == ERR_OK && r.schema != SCHEMA)
		e = why_set(why, ERR_UNSUPPORTED, "state.schema", "%s: schema %lu, not %d", path, r.schema, SCHEMA);
	if (e == ERR_OK)
		*out = r.meta;
	buf_clear(&text);
	return e;
}

static enum err write_meta(const struct store *store, const char *profile, unsigned number,
                           const struct generation_meta *meta, bool is_part, struct why *why)
{
	char nonce[2 * SCEP_NONCE_LEN + 1];
	struct buf text;
	buf_init(&text, META_MAX);
	hex_text((struct bytes){ meta->nonce, sizeof meta->nonce }, nonce);
	enum err e = buf_add_format(&text,
	                            "[generation]\nschema = %d\nstorage = %s\nkind = %s\npending = %s\n"
	                            "created = %" PRId64 "\nsent_at = %" PRId64 "\ntrusted_at = %" PRId64 "\n"
	                            "message_type = %u\nsigner = %u\n"
	                            "storage_key = %s\nafter_change = %s\nboot = %s\nboots = %u\n"
	                            "transaction_id = %s\nnonce = %s\nurl = %s\n",
	                            SCHEMA, meta->is_software ? "software" : "tpm", meta->is_renewal ? "renewal" : "enrollment",
	                            meta->is_pending ? "yes" : "no", meta->created, meta->sent_at, meta->trusted_at,
	                            meta->message_type, meta->signer, meta->storage_key, meta->is_after_change ? "yes" : "no", meta->boot,
	                            meta->boots, meta->transaction_id, nonce, meta->url);
	if (e == ERR_OK)
		e = is_part ? generation_write_part(store, profile, number, "meta.ini", buf_bytes(&text), why)
		            : generation_write(store, profile, number, "meta.ini", buf_bytes(&text), why);
	buf_clear(&text);
	return e;
}

enum err generation_meta_write(const struct store *store, const char *profile, unsigned number,
                               const struct generation_meta *meta, struct why *why)
{
	return write_meta(store, profile, number, meta, false, why);
}

enum err generation_meta_write_part(const struct store *store, const char *profile, unsigned number,
                                    const struct generation_meta *meta, struct why *why)
{
	return write_meta(store, profile, number, meta, true, why);
}
