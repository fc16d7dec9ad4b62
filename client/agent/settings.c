/* SPDX-License-Identifier: MIT */
#include "client/agent/settings.h"
#include <stdio.h>
#include <string.h>
#include "client/config/variables.h"
#include "client/pki/chain.h"
#include "client/scep/ra.h"
#include "hal/log.h"

#define SETTINGS_FILE_MAX (256 * 1024) /* bytes of a target file we compare with */

enum err settings_certificate_look(const struct pass *pass, const char *profile, struct settings_certificate *out,
                                   struct why *why)
{
	struct generations g;
	struct generation_meta meta;
	struct settings_certificate c;
	const char *state = pass->config->agent.state_dir;
	enum err e = generations_look(&pass->store, profile, &g, why);
	if (e != ERR_OK)
		return e;
	if (g.current == 0)
		return why_set(why, ERR_NOT_FOUND, "waiting.certificate", "waits for the certificate \"%s\"", profile);
	e = generation_meta_read(&pass->store, profile, g.current, &meta, why);
	if (e != ERR_OK)
		return e;
	c.is_software = meta.is_software;
	int n = snprintf(c.certificate_path, sizeof c.certificate_path, "%s/scep/%s/current/chain.pem", state, profile);
	int m = snprintf(c.key_path, sizeof c.key_path, "%s/scep/%s/current/%s", state, profile,
	                 meta.is_software ? "key.pem" : "key.der");
	if (n >= FILE_PATH_MAX || m >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "config.path", "state_dir is too long");
	if (meta.is_software)
		memcpy(c.private_key, c.key_path, sizeof c.private_key);
	else
		snprintf(c.private_key, sizeof c.private_key, "pkcs11:token=signet;object=%s;type=private", profile);
	*out = c;
	return ERR_OK;
}

enum err settings_trust_look(const struct pass *pass, const char *name, char out[FILE_PATH_MAX], struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = trust_path(pass, name, path);
	if (e != ERR_OK || !file_exists(path))
		return why_set(why, ERR_NOT_FOUND, "waiting.trust", "waits for the trust profile \"%s\"", name);
	if (snprintf(out, FILE_PATH_MAX, "%s/trust/%s.pem", pass->config->agent.state_dir, name) >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "config.path", "state_dir is too long");
	return ERR_OK;
}

static bool is_ours_to_send(const struct pass *pass, struct bytes der, const struct certificate_set *chain,
                            const struct certificate_set *trusted)
{
	struct certificate cert;
	for (size_t i = 0; i < trusted->count; i++)
		if (certificate_equal(buf_bytes(&trusted->der[i]), der))
			return false;
	if (certificate_parse(der, &cert, NULL) != ERR_OK || !cert.is_ca)
		return false;
	const struct scep_server server = { .anchors = trusted, .now = pass->clock.now,
		                            .is_clock_trusted = pass->clock.is_trusted, .time_floor = pass->clock.floor };
	int64_t at = ra_check_time(&server, &cert);
	return chain_build(der, chain, trusted, at, NULL, NULL) == ERR_OK;
}

enum err settings_own_chain(const struct pass *pass, const char *profile, unsigned number,
                            const struct certificate_set *trusted, struct certificate_set *out, struct why *why)
{
	struct certificate_set chain = { .count = 0 };
	struct certificate_set own = { .count = 0 };
	struct generations g = { .current = number };
	struct why damaged = { .code = "" };
	struct buf pem;
	buf_init(&pem, SETTINGS_FILE_MAX);
	enum err e = number == 0 ? generations_look(&pass->store, profile, &g, why) : ERR_OK;
	if (e == ERR_OK)
		e = generation_read(&pass->store, profile, g.current, "chain.pem", &pem, why);
	if (e == ERR_NOT_FOUND) /* nothing to send; that it is missing is told elsewhere */
		e = ERR_OK;
	if (e == ERR_OK && pem.len > 0 && certificate_set_from_pem(buf_bytes(&pem), &chain, &damaged) == ERR_NO_MEMORY)
		e = why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for the chain of \"%s\"", profile);
	if (damaged.code[0] != '\0')
		log_warn("scep: %s: chain.pem is passed over: %s", profile, damaged.text);
	for (size_t i = 0; i < chain.count && e == ERR_OK; i++)
		if (is_ours_to_send(pass, buf_bytes(&chain.der[i]), &chain, trusted))
			e = certificate_set_add(&own, buf_bytes(&chain.der[i]));
	if (e == ERR_OK) {
		*out = own; /* handed to the caller */
		own = (struct certificate_set){ .count = 0 };
	}
	certificate_set_clear(&own);
	certificate_set_clear(&chain);
	buf_clear(&pem);
	return e;
}

enum err settings_expand(const struct pass *pass, const char *text, struct buf *out, const char **out_text,
                         struct why *why)
{
	enum err e = variables_expand(pass->config, text, PLACE_TEXT, out, why);
	if (e != ERR_OK)
		return e;
	const char *s = buf_text(out);
	if (s == NULL)
		return ERR_NO_MEMORY;
	*out_text = s;
	return ERR_OK;
}

bool settings_is_same(const char *path, struct bytes content)
{
	struct buf present;
	buf_init(&present, SETTINGS_FILE_MAX);
	bool is_same = file_read(path, &present, NULL) == ERR_OK && present.len == content.len &&
	               (content.len == 0 || memcmp(present.data, content.data, content.len) == 0);
	buf_clear(&present);
	return is_same;
}

enum err settings_write(const char *path, struct bytes content, unsigned mode, const char *code, const char *key,
                        struct why *why)
{
	struct why own = { .code = "" };
	enum err e = file_write_atomic(path, content, mode, &own);
	if (e == ERR_OK)
		return e;
	why_set(why, e, code, "%s", own.text);
	why_next(why, "make the folder and let it be writable, or set %s to a place that is", key);
	return e;
}
