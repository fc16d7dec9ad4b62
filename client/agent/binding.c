/* SPDX-License-Identifier: MIT */
#include "client/agent/binding.h"
#include <stdio.h>
#include <string.h>
#include "client/pki/hash.h"
#include "hal/log.h"

#define PIN_MAX 4096 /* bytes of srk.tr, as in tpm/ */
#define CHECK_S 10   /* one ReadPublic: 0.1 s on a slow chip; a busy one is asked again in the next pass */

static void mark_of(struct bytes pin, char out[BINDING_CAP])
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(pin, hex);
	snprintf(out, BINDING_CAP, "%.*s", BINDING_CAP - 1, hex);
}

void binding_now(const struct store *store, char out[BINDING_CAP])
{
	char path[FILE_PATH_MAX];
	struct buf pin;
	buf_init(&pin, PIN_MAX);
	out[0] = '\0';
	if (store_path(store, NULL, NULL, "srk.tr", path) == ERR_OK && file_read(path, &pin, NULL) == ERR_OK)
		mark_of(buf_bytes(&pin), out);
	buf_clear(&pin);
}

bool binding_is_lost(const struct pass *pass, const struct generation_meta *meta)
{
	char now[BINDING_CAP];
	if (meta->is_software || meta->storage_key[0] == '\0')
		return false;
	binding_now(&pass->store, now);
	return pass->is_tpm_changed || (now[0] != '\0' && strcmp(meta->storage_key, now) != 0);
}

/* Do keys in use, of a request under way, or that wait for one, hang on this storage key; on any at all? */
static void count_uses(const struct pass *pass, const char *mark, unsigned *out_uses, unsigned *out_all)
{
	for (size_t i = 0; i < pass->config->scep_count; i++) {
		struct generations g;
		struct generation_meta meta;
		const char *profile = pass->config->sceps[i].name;
		if (generations_look(&pass->store, profile, &g, NULL) != ERR_OK)
			continue;
		const unsigned numbers[] = { g.current, g.request, g.complete, g.unused, g.offline };
		for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
			if (numbers[n] == 0 || generation_meta_read(&pass->store, profile, numbers[n], &meta, NULL) != ERR_OK ||
			    meta.is_software || meta.storage_key[0] == '\0')
				continue;
			++*out_all;
			*out_uses += strcmp(meta.storage_key, mark) == 0;
		}
	}
}

static enum err read_storage_key(const struct pass *pass, const char *pin, struct buf *out, struct why *why)
{
	struct tpm *tpm = NULL;
	const struct tpm_settings settings = { .tcti = pass->config->tpm.tcti,
		                               .srk = pass->config->tpm.srk,
		                               .owner_auth_file = "",
		                               .pin_file = pin,
		                               .timeout_s = CHECK_S,
		                               .total_s = CHECK_S };
	enum err e = tpm_open(&settings, &tpm, why);
	if (e == ERR_OK)
		e = tpm_storage_key(tpm, out, why);
	tpm_close(&tpm);
	return e;
}

void binding_check(struct pass *pass)
{
	char path[FILE_PATH_MAX];
	char pinned[BINDING_CAP];
	char present[BINDING_CAP] = "";
	unsigned uses = 0;
	unsigned all = 0;
	struct why why = { .code = "" };
	struct buf key;
	buf_init(&key, PIN_MAX);
	binding_now(&pass->store, pinned);
	count_uses(pass, "", &uses, &all);
	if ((all == 0 && pinned[0] == '\0') || store_path(&pass->store, NULL, NULL, "srk.tr", path) != ERR_OK)
		return;
	enum err e = read_storage_key(pass, path, &key, &why);
	if (e == ERR_OK)
		mark_of(buf_bytes(&key), present);
	else if (e != ERR_CHANGED) {
		log_debug("tpm: not asked about its storage key: %s", why.text);
		goto out;
	}
	if (e == ERR_OK && strcmp(pinned, present) == 0)
		goto out;
	count_uses(pass, present, &uses, &all);
	pass->is_tpm_changed = e == ERR_CHANGED || uses == 0;
	if (pass->is_tpm_changed)
		log_warn("tpm: the storage key that the keys of this device hang on is gone: the TPM was cleared or replaced");
	else if (file_write_atomic(path, buf_bytes(&key), 0600, &why) == ERR_OK)
		log_warn("tpm: %s was missing or damaged, and is written again", path);
	else
		log_warn("tpm: %s is missing or damaged: %s", path, why.text);
out:
	buf_clear(&key);
}

enum err binding_forget(struct pass *pass, struct why *why)
{
	char pin[FILE_PATH_MAX];
	pass_release_tpm(pass);
	enum err e = store_path(&pass->store, NULL, NULL, "srk.tr", pin);
	if (e == ERR_OK)
		e = file_remove(pin, why);
	if (e == ERR_OK)
		pass->is_tpm_changed = false; /* the marks tell from here on */
	return e;
}
