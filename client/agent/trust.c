/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "client/agent/pass.h"
#include "client/pki/chain.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"
#include "hal/log.h"
#include "hal/run.h"

#define STORE_COMMAND_S 120 /* update-ca-certificates walks the whole store */

enum err trust_path(const struct pass *pass, const char *name, char out[FILE_PATH_MAX])
{
	char file[PROFILE_NAME_CAP + 8];
	snprintf(file, sizeof file, "%s.pem", name);
	return store_path(&pass->store, "trust", NULL, file, out);
}

enum err trust_source(const struct pass *pass, const struct trust_profile *p, struct buf *out_der, struct why *why)
{
	char path[FILE_PATH_MAX];
	char hex[SHA256_HEX_LEN];
	struct buf file;
	buf_init(&file, 4 * CERTIFICATE_MAX);
	enum err e = path_in_root(path, pass->config->root, p->certificate);
	if (e == ERR_OK)
		e = file_read(path, &file, why);
	if (e == ERR_NOT_FOUND) {
		e = why_set(why, ERR_NOT_FOUND, "trust.missing", "trust %s: %s is not there", p->name, path);
		why_next(why, "put the CA certificate (DER or PEM) there, or correct certificate in [trust %s]", p->name);
	}
	if (e == ERR_OK)
		e = certificate_from_file(buf_bytes(&file), out_der, why);
	if (e == ERR_OK && p->sha256[0] != '\0') {
		sha256_hex(buf_bytes(out_der), hex);
		if (strcasecmp(hex, p->sha256) != 0) {
			e = why_set(why, ERR_UNTRUSTED, "trust.sha256", "trust %s: SHA-256 of %s is %s, not %s as the profile says",
			            p->name, path, hex, p->sha256);
			why_next(why, "find out who changed the file before changing sha256");
		}
	}
	buf_clear(&file);
	return e;
}

enum err trust_read(const struct pass *pass, const char *name, struct buf *out_der, struct why *why)
{
	char path[FILE_PATH_MAX];
	struct buf pem;
	buf_init(&pem, TRUST_PEM_MAX);
	enum err e = trust_path(pass, name, path);
	if (e == ERR_OK)
		e = file_read(path, &pem, why);
	if (e == ERR_OK)
		e = certificate_from_file(buf_bytes(&pem), out_der, why);
	buf_clear(&pem);
	return e;
}

enum err trust_look(const struct pass *pass, const struct trust_profile *profile, struct why *why)
{
	struct buf installed;
	struct buf source;
	buf_init(&installed, CERTIFICATE_MAX);
	buf_init(&source, CERTIFICATE_MAX);
	enum err e = trust_source(pass, profile, &source, why);
	if (e == ERR_OK && (trust_read(pass, profile->name, &installed, NULL) != ERR_OK ||
	                    !certificate_equal(buf_bytes(&installed), buf_bytes(&source))))
		e = why_set(why, ERR_NOT_FOUND, "waiting.install", "not installed yet");
	buf_clear(&source);
	buf_clear(&installed);
	return e;
}

static void all_installed(const struct pass *pass, const char *but, struct certificate_set *out)
{
	for (size_t i = 0; i < pass->config->trust_count; i++) {
		struct buf der;
		buf_init(&der, CERTIFICATE_MAX);
		if (strcmp(pass->config->trusts[i].name, but) != 0 &&
		    trust_read(pass, pass->config->trusts[i].name, &der, NULL) == ERR_OK &&
		    certificate_set_add(out, buf_bytes(&der)) != ERR_OK)
			log_warn("trust: more than %d installed certificates; %s is not looked at", CERTIFICATE_SET_MAX,
			         pass->config->trusts[i].name);
		buf_clear(&der);
	}
}

/* STATE/trust/NAME.leaving: the file is to be taken out of the system's store, or was, and the store does not know yet. */
static enum err leaving_path(const struct pass *pass, const char *name, char out[FILE_PATH_MAX])
{
	char file[PROFILE_NAME_CAP + 16];
	snprintf(file, sizeof file, "%s.leaving", name);
	return store_path(&pass->store, "trust", NULL, file, out);
}

/* Bring the system's store to `pem`, or without it to none of ours. Debian and its kin, then Fedora and its kin. A
 * failure is a warning: nothing of ours reads that store. A cut leaves what the next pass does again: the caller makes and
 * removes the profile's own file last. */
static void in_system_store(const struct pass *pass, const char *name, const struct bytes *pem)
{
	static const struct {
		const char *program, *argument, *folder;
	} ways[] = {
		{ "/usr/sbin/update-ca-certificates", NULL, "/usr/local/share/ca-certificates" },
		{ "/usr/bin/update-ca-trust", "extract", "/etc/pki/ca-trust/source/anchors" },
	};
	struct why why = { .code = "" };
	char path[FILE_PATH_MAX];
	char leaving[FILE_PATH_MAX];
	int status = 0;
	if (leaving_path(pass, name, leaving) != ERR_OK)
		return;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if (!file_exists(ways[i].program))
			continue;
		const char *argv[] = { ways[i].program, ways[i].argument, NULL };
		snprintf(path, sizeof path, "%s/signet-%s.crt", ways[i].folder, name);
		if (pem == NULL && !file_exists(path) && !file_exists(leaving))
			return;
		enum err e = pem != NULL ? file_write_atomic(path, *pem, 0644, &why)
		                         : file_write_atomic(leaving, (struct bytes){ NULL, 0 }, 0600, &why);
		if (e == ERR_OK && pem == NULL && file_exists(path))
			e = file_remove(path, &why);
		pass_busy(pass, STORE_COMMAND_S);
		if (e == ERR_OK)
			e = run_program(argv, NULL, STORE_COMMAND_S, NULL, &status, &why);
		if (e != ERR_OK || status != 0)
			log_warn("trust: %s is not %s the system's store: %s (exit %d)", name, pem != NULL ? "in" : "out of",
			         why.text, status);
		if (file_exists(leaving) && file_remove(leaving, &why) != ERR_OK)
			log_warn("trust: %s", why.text);
		return;
	}
	if (pem != NULL)
		log_warn("trust: system_store of %s: this system has no update-ca-certificates or update-ca-trust", name);
}

enum err trust_install(const struct pass *pass, const struct trust_profile *profile, struct why *why)
{
	char path[FILE_PATH_MAX];
	struct certificate_set others = { .count = 0 };
	struct buf der;
	struct buf pem;
	buf_init(&der, CERTIFICATE_MAX);
	buf_init(&pem, TRUST_PEM_MAX);
	enum err e = trust_source(pass, profile, &der, why);
	if (e != ERR_OK)
		goto out;
	all_installed(pass, profile->name, &others);
	int64_t now = pass->clock.now;
	struct certificate cert;
	e = certificate_parse(buf_bytes(&der), &cert, why);
	if (e == ERR_OK)
		now = clock_within(&pass->clock, now, cert.not_before, cert.not_after);
	if (e == ERR_OK) {
		struct why own = { .code = "" };
		e = chain_check_ca(buf_bytes(&der), &others, now, &own);
		if (e != ERR_OK) {
			why_set(why, e, "trust.refused", "trust %s: %s: %s", profile->name, profile->certificate, own.text);
			why_next(why, "install the root before its intermediates; replace a certificate that is no CA or expired");
		}
	}
	if (e == ERR_OK)
		e = certificate_to_pem(buf_bytes(&der), &pem);
	if (e == ERR_OK)
		e = trust_path(pass, profile->name, path);
	const struct bytes text = buf_bytes(&pem);
	if (e == ERR_OK && profile->system_store && pass->config->root[0] == '\0')
		in_system_store(pass, profile->name, &text);
	if (e == ERR_OK)
		e = file_write_atomic(path, text, 0644, why);
	if (e == ERR_OK) {
		log_info("trust: installed \"%s\" from %s", profile->name, profile->certificate);
		pass_progress(pass, profile->name, "install", "ok");
	}
out:
	buf_clear(&pem);
	buf_clear(&der);
	certificate_set_clear(&others);
	return e;
}

enum err trust_remove(const struct pass *pass, const char *name, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = trust_path(pass, name, path);
	if (e != ERR_OK || !file_exists(path))
		return e;
	if (pass->config->root[0] == '\0')
		in_system_store(pass, name, NULL);
	e = file_remove(path, why);
	if (e == ERR_OK)
		log_info("trust: took \"%s\" off", name);
	return e;
}

static bool is_self_signed_source(const struct pass *pass, const struct trust_profile *p)
{
	struct certificate cert;
	struct buf der;
	buf_init(&der, CERTIFICATE_MAX);
	bool is_root = trust_source(pass, p, &der, NULL) == ERR_OK &&
	               certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK && name_equal(cert.subject, cert.issuer);
	buf_clear(&der);
	return is_root;
}

void trust_order(const struct pass *pass, size_t out[])
{
	size_t at = 0;
	for (int want_root = 1; want_root >= 0; want_root--)
		for (size_t i = 0; i < pass->config->trust_count; i++)
			if (is_self_signed_source(pass, &pass->config->trusts[i]) == (want_root == 1))
				out[at++] = i;
}

static enum err wait_for(const char *name, struct why *why)
{
	return why_set(why, ERR_NOT_FOUND, "waiting.trust", "waits for the trust profile \"%s\"", name);
}

enum err trust_tls(const struct pass *pass, const char *tls_trust, struct buf *out_pem, struct why *why)
{
	char path[FILE_PATH_MAX];
	if (strcmp(tls_trust, "system") == 0)
		return ERR_OK;
	enum err e = trust_path(pass, tls_trust, path);
	if (e == ERR_OK)
		e = file_read(path, out_pem, why);
	return e == ERR_NOT_FOUND ? wait_for(tls_trust, why) : e;
}

enum err trust_anchors(const struct pass *pass, const struct text_list *names, struct certificate_set *out,
                       struct why *why)
{
	struct certificate_set set = { .count = 0 };
	enum err e = ERR_OK;
	for (size_t i = 0; i < names->count && e == ERR_OK; i++) {
		struct buf der;
		buf_init(&der, CERTIFICATE_MAX);
		e = trust_read(pass, names->items[i], &der, why);
		if (e == ERR_OK)
			e = certificate_set_add(&set, buf_bytes(&der));
		else if (e != ERR_NO_MEMORY) /* it may well be there */
			e = wait_for(names->items[i], why);
		buf_clear(&der);
	}
	if (e == ERR_OK)
		*out = set; /* handed to the caller */
	else
		certificate_set_clear(&set);
	return e;
}
