/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "client/agent/settings.h"
#include "hal/log.h"
#include "wifi/wifi_settings.h"

#define TEXT_MAX 1024 /* bytes of one expanded value */

/* A profile resolved into what wifi/ renders, and the file's text before and after. */
struct wifi_work {
	struct wifi_network network;
	struct buf identity, anonymous, psk;
	struct settings_certificate certificate;
	char ca_path[FILE_PATH_MAX], target[FILE_PATH_MAX];
	struct buf present, wanted;
};

static void work_init(struct wifi_work *w)
{
	*w = (struct wifi_work){ .target = "" };
	buf_init(&w->identity, TEXT_MAX);
	buf_init(&w->anonymous, TEXT_MAX);
	buf_init(&w->psk, 128);
	buf_init(&w->present, WIFI_CONFIG_MAX);
	buf_init(&w->wanted, WIFI_CONFIG_MAX);
}

static void work_clear(struct wifi_work *w)
{
	buf_clear(&w->identity);
	buf_clear(&w->anonymous);
	buf_clear(&w->psk);
	buf_clear(&w->present);
	buf_clear(&w->wanted);
}

static enum err resolve_psk(const struct pass *pass, const struct wifi_profile *p, struct wifi_work *w,
                            struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = path_in_root(path, pass->config->root, p->psk_file);
	if (e == ERR_OK)
		e = file_read(path, &w->psk, why);
	if (e == ERR_NOT_FOUND)
		return why_set(why, ERR_NOT_FOUND, "waiting.psk", "waits for the pass phrase in %s", path);
	while (w->psk.len > 0 && (w->psk.data[w->psk.len - 1] == '\n' || w->psk.data[w->psk.len - 1] == '\r'))
		buf_cut(&w->psk, w->psk.len - 1);
	w->network.psk = &w->psk;
	return e;
}

static enum err resolve_eap(const struct pass *pass, const struct wifi_profile *p, struct wifi_work *w,
                            struct why *why)
{
	struct wifi_network *n = &w->network;
	enum err e = settings_trust_look(pass, p->trust, w->ca_path, why);
	if (e == ERR_OK)
		e = settings_certificate_look(pass, p->certificate, &w->certificate, why);
	if (e == ERR_OK && p->key_reference == KEY_REFERENCE_FILE && !w->certificate.is_software) {
		e = why_set(why, ERR_INVALID, "wifi.key_reference",
		            "%s: key_reference = file, but the key of \"%s\" is in the TPM and no program reads it from a file",
		            p->name, p->certificate);
		why_next(why, "set key_reference = pkcs11 in [%s %s]", p->is_wired ? "wired" : "wifi", p->name);
	}
	if (e == ERR_OK)
		e = settings_expand(pass, p->identity, &w->identity, &n->identity, why);
	if (e == ERR_OK)
		e = settings_expand(pass, p->anonymous_identity, &w->anonymous, &n->anonymous_identity, why);
	if (e != ERR_OK)
		return e;
	n->server_name = p->server_name;
	n->ca_path = w->ca_path;
	n->certificate_path = w->certificate.certificate_path;
	n->private_key = w->certificate.private_key;
	n->pkcs11_engine_path = w->certificate.is_software ? "" : SIGNET_PKCS11_ENGINE;
	n->pkcs11_module_path = w->certificate.is_software ? "" : SIGNET_PKCS11_MODULE;
	n->tls_min = p->tls_min;
	n->tls_max = p->tls_max;
	return ERR_OK;
}

static enum err resolve(const struct pass *pass, const struct wifi_profile *p, struct wifi_work *w, struct why *why)
{
	static const enum wifi_security securities[] = {
		[SECURITY_WIRED] = WIFI_WIRED,         [SECURITY_WPA2] = WIFI_WPA2,
		[SECURITY_WPA3] = WIFI_WPA3,           [SECURITY_WPA2_WPA3] = WIFI_WPA2_WPA3,
		[SECURITY_WPA2_PSK] = WIFI_WPA2_PSK,   [SECURITY_WPA3_SAE] = WIFI_WPA3_SAE,
	};
	bool is_psk = p->security == SECURITY_WPA2_PSK || p->security == SECURITY_WPA3_SAE;
	w->network = (struct wifi_network){
		.profile = p->name,
		.security = securities[p->security],
		.ssid = p->ssid,
		.identity = "",
		.anonymous_identity = "",
		.server_name = "",
		.ca_path = "",
		.certificate_path = "",
		.private_key = "",
		.pkcs11_engine_path = "",
		.pkcs11_module_path = "",
		.tls_min = p->tls_min,
		.tls_max = p->tls_max,
		.priority = (int)p->priority,
		.control = p->control,
	};
	enum err e = is_psk ? resolve_psk(pass, p, w, why) : resolve_eap(pass, p, w, why);
	return e == ERR_OK ? path_in_root(w->target, pass->config->root, p->config) : e;
}

static enum err prepare(const struct pass *pass, const struct wifi_profile *p, struct wifi_work *w, struct why *why)
{
	struct buf block;
	buf_init(&block, WIFI_CONFIG_MAX);
	enum err e = resolve(pass, p, w, why);
	if (e == ERR_OK)
		e = wifi_check_owner(pass->config->root, p->interface, why);
	if (e == ERR_OK) {
		struct why own = { .code = "" };
		e = file_read(w->target, &w->present, &own);
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
		else if (e != ERR_OK)
			why_set(why, e, "wifi.read", "%s", own.text);
	}
	if (e == ERR_OK)
		e = wifi_render(&w->network, &block, why);
	if (e == ERR_OK)
		e = wifi_merge(buf_bytes(&w->present), &w->network, buf_bytes(&block), &w->wanted, why);
	buf_clear(&block);
	return e;
}

static bool is_in_place(const struct wifi_work *w)
{
	return w->present.len == w->wanted.len && memcmp(w->present.data, w->wanted.data, w->wanted.len) == 0;
}

enum err wifi_look(const struct pass *pass, const struct wifi_profile *profile, struct why *why)
{
	struct wifi_work w;
	work_init(&w);
	enum err e = prepare(pass, profile, &w, why);
	if (e == ERR_OK && !is_in_place(&w))
		e = why_set(why, ERR_NOT_FOUND, "waiting.install", "settings not written yet, or changed by somebody else");
	work_clear(&w);
	return e;
}

enum err wifi_install(const struct pass *pass, const struct wifi_profile *profile, struct why *why)
{
	struct wifi_work w;
	work_init(&w);
	enum err e = prepare(pass, profile, &w, why);
	if (e == ERR_OK && !is_in_place(&w)) {
		e = settings_write(w.target, buf_bytes(&w.wanted), 0600, "wifi.write", "config", why);
		if (e == ERR_OK) {
			log_info("wifi: wrote the settings of \"%s\" to %s", profile->name, w.target);
			pass_progress(pass, profile->name, "write settings", "ok");
		}
	}
	if (e == ERR_OK)
		e = settings_remember(pass, "wifi", profile->name, w.target, buf_bytes(&w.wanted), why);
	work_clear(&w);
	return e;
}
