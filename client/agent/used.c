/* SPDX-License-Identifier: MIT */
#include "client/agent/used.h"
#include <stdlib.h>
#include <string.h>
#include "hal/log.h"

#define SALT_LEN 32
#define HEX_LEN (2 * SHA256_LEN)

static enum err read_used(const struct store *store, const char *profile, char path[FILE_PATH_MAX], struct buf *out,
                          struct why *why)
{
	enum err e = store_path(store, "scep", profile, "used", path);
	return e == ERR_OK ? file_read(path, out, why) : e;
}

static enum err make_salt(const char *path, struct buf *text, struct why *why)
{
	uint8_t salt[SALT_LEN];
	char hex[2 * SALT_LEN + 2];
	enum err e = random_bytes(salt, sizeof salt);
	if (e != ERR_OK)
		return why_set(why, e, "state.random", "no random bytes for %s", path);
	hex_text((struct bytes){ salt, sizeof salt }, hex);
	strcat(hex, "\n");
	e = buf_add_text(text, hex);
	return e == ERR_OK ? file_write_atomic(path, buf_bytes(text), 0600, why) : e;
}

static enum err from_hex(struct bytes hex, struct buf *out)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i + 1 < hex.len && e == ERR_OK; i += 2) {
		char two[3] = { (char)hex.data[i], (char)hex.data[i + 1], '\0' };
		char *end;
		uint8_t byte = (uint8_t)strtoul(two, &end, 16);
		e = end == two + 2 ? buf_add(out, &byte, 1) : ERR_INVALID;
	}
	return e;
}

enum err used_salt(const struct store *store, const char *profile, struct buf *out, struct why *why)
{
	char path[FILE_PATH_MAX];
	char folder[FILE_PATH_MAX];
	struct buf text;
	buf_init(&text, USED_MAX + 4096);
	enum err e = read_used(store, profile, path, &text, why);
	if (e == ERR_NOT_FOUND) {
		e = store_path(store, "scep", profile, NULL, folder);
		if (e == ERR_OK)
			e = file_make_folder(folder, 0700, why);
		if (e == ERR_OK)
			e = make_salt(path, &text, why);
	}
	if (e == ERR_OK)
		e = text.len < 2 * SALT_LEN ? ERR_INVALID : from_hex((struct bytes){ text.data, 2 * SALT_LEN }, out);
	if (e == ERR_INVALID) {
		log_warn("scep: %s: %s is damaged and begun anew; a challenge that went out before is not known any more", profile,
		         path);
		buf_cut(&text, 0);
		buf_cut(out, 0);
		e = make_salt(path, &text, why);
		if (e == ERR_OK)
			e = from_hex((struct bytes){ text.data, 2 * SALT_LEN }, out);
	}
	buf_clear(&text);
	return e;
}

enum err used_salt_read(const struct store *store, const char *profile, struct buf *out)
{
	char path[FILE_PATH_MAX];
	struct buf text;
	buf_init(&text, USED_MAX + 4096);
	enum err e = read_used(store, profile, path, &text, NULL);
	if (e == ERR_OK)
		e = text.len < 2 * SALT_LEN ? ERR_INVALID : from_hex((struct bytes){ text.data, 2 * SALT_LEN }, out);
	buf_clear(&text);
	return e;
}

static bool has_line(const struct buf *text, const char *hex)
{
	return text->len > 0 && memmem(text->data, text->len, hex, strlen(hex)) != NULL;
}

enum err used_has(const struct store *store, const char *profile, struct bytes mark, bool *out, struct why *why)
{
	char path[FILE_PATH_MAX];
	char hex[HEX_LEN + 1];
	struct buf text;
	if (mark.len != SHA256_LEN)
		return ERR_BUG;
	hex_text(mark, hex);
	buf_init(&text, USED_MAX + 4096);
	enum err e = read_used(store, profile, path, &text, why);
	if (e == ERR_OK || e == ERR_NOT_FOUND) {
		*out = has_line(&text, hex);
		e = ERR_OK;
	}
	buf_clear(&text);
	return e;
}

/* Drop marks behind the salt until one more fits. */
static void shorten(struct buf *text)
{
	size_t keep = 2 * SALT_LEN + 1;
	while (text->len + HEX_LEN + 1 > USED_MAX && text->len > keep + HEX_LEN) {
		memmove(text->data + keep, text->data + keep + HEX_LEN + 1, text->len - keep - HEX_LEN - 1);
		buf_cut(text, text->len - HEX_LEN - 1);
	}
}

enum err used_add(const struct store *store, const char *profile, struct bytes mark, struct why *why)
{
	char path[FILE_PATH_MAX];
	char hex[HEX_LEN + 2];
	struct buf text;
	if (mark.len != SHA256_LEN)
		return ERR_BUG;
	hex_text(mark, hex);
	buf_init(&text, USED_MAX + 4096);
	enum err e = read_used(store, profile, path, &text, why);
	if (e != ERR_OK || has_line(&text, hex))
		goto out;
	strcat(hex, "\n");
	shorten(&text);
	e = buf_add_text(&text, hex);
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&text), 0600, why);
out:
	buf_clear(&text);
	return e;
}
