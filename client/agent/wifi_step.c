/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "client/agent/consumer.h"
#include "client/agent/settings.h"
#include "client/pki/hash.h"
#include "hal/local_socket.h"
#include "hal/log.h"
#include "wifi/wifi_control.h"
#include "wifi/wifi_settings.h"

#define TEXT_MAX 1024 /* bytes of one expanded value */

/* A profile resolved into what wifi/ renders, and the file's text before and after. */
struct wifi_work {
	struct wifi_network network;
	struct buf identity, anonymous, psk;
	struct settings_certificate certificate;
	char ca_path[FILE_PATH_MAX], target[FILE_PATH_MAX];
	struct buf block, present, wanted;
};

static void work_init(struct wifi_work *w)
{
	*w = (struct wifi_work){ .target = "" };
	buf_init(&w->identity, TEXT_MAX);
	buf_init(&w->anonymous, TEXT_MAX);
	buf_init(&w->psk, 128);
	buf_init(&w->block, WIFI_CONFIG_MAX);
	buf_init(&w->present, WIFI_CONFIG_MAX);
	buf_init(&w->wanted, WIFI_CONFIG_MAX);
}

static void work_clear(struct wifi_work *w)
{
	buf_clear(&w->identity);
	buf_clear(&w->anonymous);
	buf_clear(&w->psk);
	buf_clear(&w->block);
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

static enum wifi_key_way key_way(const struct wifi_profile *p, const struct settings_certificate *c)
{
	return c->is_software                                ? WIFI_KEY_FILE
	       : p->key_reference == KEY_REFERENCE_PROVIDER ? WIFI_KEY_PROVIDER
	                                                     : WIFI_KEY_ENGINE;
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
	bool is_pkcs11 = key_way(p, &w->certificate) == WIFI_KEY_ENGINE;
	n->private_key = is_pkcs11 ? w->certificate.private_key : w->certificate.key_path;
	n->pkcs11_engine_path = is_pkcs11 ? SIGNET_PKCS11_ENGINE : "";
	n->pkcs11_module_path = is_pkcs11 ? SIGNET_PKCS11_MODULE : "";
	n->tls_min = p->tls_min;
	n->tls_max = p->tls_max;
	n->ignores_dates = pass_ignores_dates(pass);
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

static enum err read_present(struct wifi_work *w, struct why *why)
{
	struct why own = { .code = "" };
	enum err e = file_read(w->target, &w->present, &own);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		return ERR_OK;
	return why_set(why, e, "wifi.read", "%s", own.text);
}

static enum err prepare(const struct pass *pass, const struct wifi_profile *p, struct wifi_work *w, struct why *why)
{
	enum err e = resolve(pass, p, w, why);
	if (e == ERR_OK)
		e = wifi_check_owner(pass->config->root, p->interface, why);
	if (e == ERR_OK)
		e = read_present(w, why);
	if (e == ERR_OK)
		e = wifi_render(&w->network, &w->block, why);
	return e == ERR_OK ? wifi_merge(buf_bytes(&w->present), &w->network, buf_bytes(&w->block), &w->wanted, why) : e;
}

static bool is_in_place(const struct wifi_work *w)
{
	return w->present.len == w->wanted.len &&
	       (w->wanted.len == 0 || memcmp(w->present.data, w->wanted.data, w->wanted.len) == 0);
}

static enum err look(const struct pass *pass, const struct consumer *c, struct why *why)
{
	struct wifi_work w;
	work_init(&w);
	enum err e = prepare(pass, c->wifi, &w, why);
	if (e == ERR_OK && !is_in_place(&w))
		e = why_set(why, ERR_NOT_FOUND, "waiting.install", "settings not written yet, or changed by somebody else");
	work_clear(&w);
	return e;
}

static enum err place(const struct consumer *c, const struct config *config, struct placement *out, struct why *why)
{
	const struct wifi_profile *p = c->wifi;
	struct placement at = { .is_wired = p->is_wired };
	(void)config;
	if (snprintf(at.path, sizeof at.path, "%s", p->config) >= (int)sizeof at.path ||
	    snprintf(at.control, sizeof at.control, "%s", p->control) >= (int)sizeof at.control)
		return why_set(why, ERR_TOO_BIG, "config.path", "config or control of [%s %s] is too long",
		               profile_kind_text(c->kind), c->name);
	snprintf(at.interface, sizeof at.interface, "%s", p->interface);
	snprintf(at.certificate, sizeof at.certificate, "%s", p->certificate);
	*out = at;
	return ERR_OK;
}

static enum err install(const struct pass *pass, const struct consumer *c, char out[65], struct why *why)
{
	struct wifi_work w;
	work_init(&w);
	enum err e = prepare(pass, c->wifi, &w, why);
	if (e == ERR_OK && !is_in_place(&w)) {
		e = settings_write(w.target, buf_bytes(&w.wanted), 0600, "wifi.write", "config", why);
		if (e == ERR_OK) {
			log_info("wifi: wrote the settings of \"%s\" to %s", c->name, w.target);
			pass_progress(pass, c->name, "write settings", "ok");
		}
	}
	if (e == ERR_OK)
		sha256_hex(buf_bytes(&w.block), out);
	work_clear(&w);
	return e;
}

/* ---- the running daemon ---- */

/* What wifi/ is told of the profile; `control` holds the path. */
static enum err link_of(const struct pass *pass, const struct consumer *c, char control[FILE_PATH_MAX],
                        struct wifi_link *out, struct why *why)
{
	const struct wifi_profile *p = c->wifi;
	struct settings_certificate certificate = { .is_software = true };
	bool is_open = p->certificate[0] == '\0';
	enum err e = path_in_root(control, pass->config->root, p->control);
	if (e != ERR_OK)
		return why_set(why, ERR_TOO_BIG, "config.path", "control of [%s %s] is too long", profile_kind_text(c->kind),
		               c->name);
	if (!is_open)
		e = settings_certificate_look(pass, p->certificate, &certificate, why);
	*out = (struct wifi_link){ .control = control,
		                   .interface = p->interface,
		                   .profile = p->name,
		                   .is_wired = p->is_wired,
		                   .is_open = is_open,
		                   .key = key_way(p, &certificate) };
	return e;
}

static enum err state(const struct pass *pass, const struct consumer *c, struct daemon_state *out, struct why *why)
{
	char control[FILE_PATH_MAX];
	struct wifi_link link;
	struct wifi_state s = { .session = "" };
	enum err e = link_of(pass, c, control, &link, why);
	if (e == ERR_OK)
		e = wifi_control_look(&link, &s, why);
	if (e != ERR_OK)
		return e;
	out->is_authenticated = s.is_current && s.is_authorised;
	snprintf(out->session, sizeof out->session, "%s", s.session);
	return ERR_OK;
}

static enum err use(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	char control[FILE_PATH_MAX];
	struct wifi_link link;
	enum err e = link_of(pass, c, control, &link, why);
	link.timeout_s = move->timeout_s;
	return e == ERR_OK ? wifi_control_switch(&link, why) : e;
}

/* The generation's own path: wpa_supplicant reads a file anew only when its name changes. */
static enum err arm(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	char control[FILE_PATH_MAX];
	char certificate[FILE_PATH_MAX];
	char key[FILE_PATH_MAX];
	struct wifi_link link;
	const char *state_dir = pass->config->agent.state_dir;
	enum err e = link_of(pass, c, control, &link, why);
	int n = snprintf(certificate, sizeof certificate, "%s/scep/%s/%04u/chain.pem", state_dir, c->certificate, move->to);
	snprintf(key, sizeof key, "%s/scep/%s/%04u/%s", state_dir, c->certificate, move->to,
	         link.key == WIFI_KEY_FILE ? "key.pem" : "key.der");
	if (e == ERR_OK && n >= FILE_PATH_MAX)
		e = why_set(why, ERR_TOO_BIG, "config.path", "state_dir is too long");
	return e == ERR_OK ? wifi_control_arm(&link, certificate, link.key == WIFI_KEY_ENGINE ? NULL : key, why) : e;
}

static enum err test(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	char control[FILE_PATH_MAX];
	struct wifi_link link;
	enum err e = link_of(pass, c, control, &link, why);
	link.timeout_s = move->timeout_s;
	return e == ERR_OK ? wifi_control_try(&link, why) : e;
}

static enum err remove_block(const struct pass *pass, const char *name, const struct placement *at, struct why *why)
{
	struct wifi_work w;
	work_init(&w);
	enum err e = path_in_root(w.target, pass->config->root, at->path);
	if (e == ERR_OK)
		e = read_present(&w, why);
	if (e == ERR_OK)
		e = wifi_remove(buf_bytes(&w.present), name, &w.wanted, why);
	if (e == ERR_OK && !is_in_place(&w))
		e = settings_write(w.target, buf_bytes(&w.wanted), 0600, "wifi.write", "config", why);
	work_clear(&w);
	return e;
}

static enum err remove_network(const struct pass *pass, const char *name, const struct placement *at, bool is_key_gone,
                               struct why *why)
{
	char control[FILE_PATH_MAX];
	const struct wifi_link link = { .control = control, .interface = at->interface, .profile = name,
		                        .is_wired = at->is_wired };
	(void)is_key_gone; /* wpa_supplicant has the key only while it authenticates */
	enum err e = remove_block(pass, name, at, why);
	if (e != ERR_OK || at->control[0] == '\0')
		return e;
	e = path_in_root(control, pass->config->root, at->control);
	if (e == ERR_OK)
		e = wifi_control_remove(&link, why);
	return e == ERR_NOT_FOUND ? ERR_OK : e; /* no daemon: it will read its file */
}

static bool is_present(const struct pass *pass, const struct consumer *c)
{
	char plain[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	return path_join(plain, c->wifi->control, c->wifi->interface) == ERR_OK &&
	       path_in_root(path, pass->config->root, plain) == ERR_OK && local_socket_is_served(path, true);
}

const struct consumer_ops wifi_consumer = {
	.folder = "wifi",
	.look = look,
	.place = place,
	.install = install,
	.state = state,
	.use = use,
	.arm = arm,
	.keep = NULL, /* wpa_supplicant keeps itself up */
	.test = test,
	.remove = remove_network,
	.is_present = is_present,
};
