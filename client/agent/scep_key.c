/* SPDX-License-Identifier: MIT */
#include "client/agent/scep_key.h"
#include <string.h>
#include "client/agent/binding.h"
#include "client/pki/software_key.h"
#include "hal/log.h"

#define KEY_FILE_MAX 8192 /* bytes: PEM of an RSA-4096 key is 3.3 KiB */

static const char *file_of(const struct generation_meta *meta)
{
	return meta->is_software ? "key.pem" : "key.der";
}

static enum err read_key(const struct pass *pass, const char *profile, unsigned generation, struct generation_meta *meta,
                         struct buf *out, struct why *why)
{
	enum err e = generation_meta_read(&pass->store, profile, generation, meta, why);
	return e == ERR_OK ? generation_read(&pass->store, profile, generation, file_of(meta), out, why) : e;
}

enum err scep_load_key(struct pass *pass, const char *profile, unsigned generation, struct device_key *out,
                       struct why *why)
{
	struct generation_meta meta;
	struct tpm *tpm;
	struct buf file;
	buf_init(&file, KEY_FILE_MAX);
	enum err e = read_key(pass, profile, generation, &meta, &file, why);
	if (e == ERR_OK && meta.is_software)
		e = software_key_load(buf_bytes(&file), out, why);
	else if (e == ERR_OK) {
		e = pass_tpm(pass, &tpm, why);
		if (e == ERR_OK)
			e = tpm_load_key(tpm, buf_bytes(&file), out, why);
	}
	buf_clear(&file);
	return e;
}

static enum err make_by_storage(struct pass *pass, const struct scep_profile *p, struct generation_meta *meta,
                                struct buf *blob, struct device_key *out, struct why *why)
{
	struct tpm *tpm;
	meta->is_software = p->key_storage == KEY_STORAGE_SOFTWARE;
	if (!meta->is_software) {
		struct why own = { .code = "" };
		enum err e = pass->is_tpm_changed ? binding_forget(pass, &own) : ERR_OK;
		if (e == ERR_OK)
			e = pass_tpm(pass, &tpm, &own);
		if (e == ERR_OK)
			e = tpm_make_key(tpm, p->key_bits, blob, out, &own);
		bool is_absent = e == ERR_UNREACHABLE && strcmp(own.code, "tpm.absent") == 0;
		if (e == ERR_OK || p->key_storage == KEY_STORAGE_TPM || !is_absent) {
			if (e != ERR_OK && why != NULL)
				*why = own;
			return e;
		}
		log_warn("scep: %s: this device has no TPM; the key is a software key, as key_storage allows", p->name);
		meta->is_software = true;
	}
	return software_key_make(p->key_bits, blob, out, why);
}

enum err scep_make_key(struct pass *pass, const struct scep_profile *profile, unsigned generation,
                       struct generation_meta *meta, struct device_key *out, struct why *why)
{
	struct device_key key = { .ops = NULL };
	struct buf blob;
	buf_init(&blob, KEY_FILE_MAX);
	enum err e = make_by_storage(pass, profile, meta, &blob, &key, why);
	if (e == ERR_OK && !meta->is_software)
		binding_now(&pass->store, meta->storage_key);
	if (e == ERR_OK)
		e = generation_write_part(&pass->store, profile->name, generation, file_of(meta), buf_bytes(&blob), why);
	if (e == ERR_OK) {
		log_info("scep: %s: made an RSA-%u key (%s)", profile->name, profile->key_bits,
		         meta->is_software ? "software" : "in the TPM");
		pass_progress(pass, profile->name, "key", meta->is_software ? "ok, software" : "ok, in the TPM");
		*out = key; /* handed to the caller */
		key = (struct device_key){ .ops = NULL };
	}
	device_key_close(&key);
	buf_clear(&blob);
	return e;
}

enum err scep_copy_key(struct pass *pass, const char *profile, unsigned from, unsigned generation,
                       struct generation_meta *meta, struct why *why)
{
	struct generation_meta before;
	struct buf file;
	buf_init(&file, KEY_FILE_MAX);
	enum err e = read_key(pass, profile, from, &before, &file, why);
	if (e == ERR_OK)
		e = generation_write_part(&pass->store, profile, generation, file_of(&before), buf_bytes(&file), why);
	if (e == ERR_OK) {
		meta->is_software = before.is_software;
		memcpy(meta->storage_key, before.storage_key, sizeof meta->storage_key);
	}
	buf_clear(&file);
	return e;
}
