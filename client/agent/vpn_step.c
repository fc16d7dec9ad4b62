/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/consumer.h"
#include "client/agent/generation.h"
#include "client/agent/settings.h"
#include "client/agent/vpn_removal.h"
#include "client/pki/chain.h"
#include "client/pki/hash.h"
#include "hal/local_socket.h"
#include "hal/log.h"
#include "vpn/vpn_control.h"
#include "vpn/vpn_settings.h"

#define VPN_FILE_MAX (64 * 1024) /* bytes of one file we write */
#define VPN_FILES_MAX (4 + CONFIG_LIST_MAX + CHAIN_MAX)
#define KEY_PEM_MAX 8192 /* bytes: PEM of an RSA-4096 key is 3.3 KiB */

/* One file below the strongSwan folder, as it should be. */
struct vpn_file {
	char path[FILE_PATH_MAX];
	unsigned mode;
	struct buf content;
};

struct vpn_work {
	struct vpn_file files[VPN_FILES_MAX]; /* the connection's own is the last */
	size_t count;
};

static void work_clear(struct vpn_work *w)
{
	for (size_t i = 0; i < w->count; i++)
		buf_clear(&w->files[i].content);
}

static enum err add_file(const struct pass *pass, struct vpn_work *w, unsigned mode, struct buf **out,
                         const char *folder, const char *name, struct why *why)
{
	char plain[FILE_PATH_MAX];
	if (w->count == VPN_FILES_MAX)
		return why_set(why, ERR_TOO_BIG, "vpn.files", "more than %d files for one connection", VPN_FILES_MAX);
	struct vpn_file *f = &w->files[w->count];
	if (snprintf(plain, sizeof plain, "%s/%s", folder, name) >= (int)sizeof plain ||
	    path_in_root(f->path, pass->config->root, plain) != ERR_OK)
		return why_set(why, ERR_TOO_BIG, "vpn.path", "directory is too long");
	f->mode = mode;
	buf_init(&f->content, VPN_FILE_MAX);
	w->count++;
	*out = &f->content;
	return ERR_OK;
}

static enum err copy_in(const char *path, struct buf *out, struct why *why)
{
	struct why own = { .code = "" };
	enum err e = file_read(path, out, &own);
	return e == ERR_OK ? e : why_set(why, e, "vpn.read", "%s", own.text);
}

static enum err add_copy(const struct pass *pass, const struct vpn_profile *p, struct vpn_work *w, unsigned mode,
                         const char *folder, const char *name, const char *from, struct why *why)
{
	char relative[64];
	struct buf *content;
	snprintf(relative, sizeof relative, "%s/%s", folder, name);
	enum err e = add_file(pass, w, mode, &content, p->directory, relative, why);
	return e == ERR_OK ? copy_in(from, content, why) : e;
}

/* Of a CA that was renewed, which is no trust profile: signet-PROFILE.1.pem and so on; no trust profile has a dot. */
static enum err add_own_chain(const struct pass *pass, const struct vpn_profile *p, const struct scep_profile *scep,
                              struct vpn_work *w, struct why *why)
{
	char name[PROFILE_NAME_CAP + 40];
	struct certificate_set trusted = { .count = 0 };
	struct certificate_set own = { .count = 0 };
	struct buf *content;
	enum err e = trust_anchors(pass, &scep->trust, &trusted, why);
	if (e == ERR_OK)
		e = settings_own_chain(pass, p->certificate, 0, &trusted, &own, why);
	for (size_t i = 0; i < own.count && e == ERR_OK; i++) {
		snprintf(name, sizeof name, "x509ca/signet-%s.%zu.pem", p->certificate, i + 1);
		e = add_file(pass, w, 0644, &content, p->directory, name, why);
		if (e == ERR_OK)
			e = certificate_to_pem(buf_bytes(&own.der[i]), content);
	}
	certificate_set_clear(&own);
	certificate_set_clear(&trusted);
	return e;
}

/* charon sends what it finds in x509ca as its own chain; what it trusts for the gateway is cacerts alone. */
static enum err add_certificates(const struct pass *pass, const struct vpn_profile *p, struct vpn_work *w,
                                 bool is_software, struct why *why)
{
	const struct scep_profile *scep = config_find_scep(pass->config, p->certificate);
	char from[FILE_PATH_MAX];
	char name[PROFILE_NAME_CAP + 16];
	enum err e = store_path(&pass->store, "scep", p->certificate, "current/cert.pem", from);
	snprintf(name, sizeof name, "signet-%s.pem", p->certificate);
	if (e == ERR_OK)
		e = add_copy(pass, p, w, 0644, "x509", name, from, why);
	if (e == ERR_OK && is_software) {
		e = store_path(&pass->store, "scep", p->certificate, "current/key.pem", from);
		if (e == ERR_OK)
			e = add_copy(pass, p, w, 0600, "private", name, from, why);
	}
	for (size_t i = 0; e == ERR_OK && scep != NULL && i <= scep->trust.count; i++) {
		const char *trust = i < scep->trust.count ? scep->trust.items[i] : p->trust;
		bool is_there = false;
		for (size_t j = 0; i == scep->trust.count && j < i; j++)
			is_there = is_there || strcmp(scep->trust.items[j], trust) == 0;
		if (is_there)
			break;
		snprintf(name, sizeof name, "signet-%s.pem", trust);
		e = trust_path(pass, trust, from);
		if (e == ERR_OK)
			e = add_copy(pass, p, w, 0644, "x509ca", name, from, why);
	}
	return e == ERR_OK && scep != NULL ? add_own_chain(pass, p, scep, w, why) : e;
}

static enum err render(const struct pass *pass, const struct vpn_profile *p, struct vpn_work *w, bool is_software,
                       struct why *why)
{
	static const enum vpn_revocation revocations[] = { [REVOCATION_RELAXED] = VPN_RELAXED,
		                                           [REVOCATION_IFURI] = VPN_IFURI,
		                                           [REVOCATION_STRICT] = VPN_STRICT };
	char handle[2 * PROFILE_NAME_CAP + 1];
	char ca_file[PROFILE_NAME_CAP + 16];
	char key_file[PROFILE_NAME_CAP + 16];
	char name[PROFILE_NAME_CAP + 32];
	struct buf local_id;
	struct buf *content;
	buf_init(&local_id, 1024);
	hex_text((struct bytes){ (const uint8_t *)p->certificate, strlen(p->certificate) }, handle);
	snprintf(ca_file, sizeof ca_file, "signet-%s.pem", p->trust);
	snprintf(key_file, sizeof key_file, "signet-%s.pem", p->certificate);
	snprintf(name, sizeof name, "conf.d/60-signet-%s.conf", p->name);
	struct vpn_connection c = {
		.profile = p->name,
		.gateway = p->gateway,
		.gateway_id = p->gateway_id,
		.ca_file = ca_file,
		.key_handle_hex = is_software ? "" : handle,
		.key_file = is_software ? key_file : "",
		.ike = (const char *const *)p->ike.items,
		.ike_count = p->ike.count,
		.esp = (const char *const *)p->esp.items,
		.esp_count = p->esp.count,
		.remote_networks = (const char *const *)p->remote_network.items,
		.remote_network_count = p->remote_network.count,
		.has_virtual_ip = p->virtual_ip,
		.is_on_demand = p->is_on_demand,
		.is_user_tunnel = p->is_user_tunnel,
		.revocation = revocations[p->revocation],
	};
	enum err e = settings_expand(pass, p->local_id, &local_id, &c.local_id, why);
	if (e == ERR_OK)
		e = add_file(pass, w, 0600, &content, p->directory, name, why);
	if (e == ERR_OK)
		e = vpn_render(&c, content, why);
	buf_clear(&local_id);
	return e;
}

/* charon's own settings stand beside the swanctl folder; a system without that folder loads the module its own way. */
static enum err add_daemon_settings(const struct pass *pass, const struct vpn_profile *p, struct vpn_work *w,
                                    struct why *why)
{
	char folder[FILE_PATH_MAX];
	char rooted[FILE_PATH_MAX];
	struct buf *content;
	const char *slash = strrchr(p->directory, '/');
	int len = slash != NULL ? (int)(slash - p->directory) : 0;
	if (snprintf(folder, sizeof folder, "%.*s/strongswan.d", len, p->directory) >= (int)sizeof folder ||
	    path_in_root(rooted, pass->config->root, folder) != ERR_OK || !file_exists(rooted))
		return ERR_OK;
	enum err e = add_file(pass, w, 0644, &content, folder, "60-signet.conf", why);
	return e == ERR_OK ? vpn_render_daemon(SIGNET_PKCS11_MODULE, content) : e;
}

static enum err prepare(const struct pass *pass, const struct vpn_profile *p, struct vpn_work *w, struct why *why)
{
	struct settings_certificate certificate;
	char ca_path[FILE_PATH_MAX];
	enum err e = settings_trust_look(pass, p->trust, ca_path, why);
	if (e == ERR_OK)
		e = settings_certificate_look(pass, p->certificate, &certificate, why);
	if (e == ERR_OK)
		e = add_certificates(pass, p, w, certificate.is_software, why);
	if (e == ERR_OK && !certificate.is_software)
		e = add_daemon_settings(pass, p, w, why);
	return e == ERR_OK ? render(pass, p, w, certificate.is_software, why) : e;
}

static enum err look(const struct pass *pass, const struct consumer *c, struct why *why)
{
	struct vpn_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return why_set(why, ERR_NO_MEMORY, "vpn.memory", "no memory for the settings");
	enum err e = prepare(pass, c->vpn, w, why);
	for (size_t i = 0; i < w->count && e == ERR_OK; i++)
		if (!settings_is_same(w->files[i].path, buf_bytes(&w->files[i].content)))
			e = why_set(why, ERR_NOT_FOUND, "waiting.install", "settings not written yet, or changed by somebody else");
	work_clear(w);
	free(w);
	return e;
}

/* Subfolders are ours to make; the strongSwan folder itself is not. */
static enum err make_folders(const struct pass *pass, const struct vpn_profile *p, const struct vpn_work *w,
                             struct why *why)
{
	char folder[FILE_PATH_MAX];
	enum err e = path_in_root(folder, pass->config->root, p->directory);
	if (e == ERR_OK && !file_exists(folder)) {
		e = why_set(why, ERR_NOT_FOUND, "vpn.write", "%s is not there: is strongSwan (swanctl) installed?", folder);
		why_next(why, "install it, or set directory in [vpn %s]", p->name);
	}
	for (size_t i = 0; i < w->count && e == ERR_OK; i++) {
		struct why own = { .code = "" };
		snprintf(folder, sizeof folder, "%s", w->files[i].path);
		*strrchr(folder, '/') = '\0';
		e = file_make_folder(folder, 0755, &own);
		if (e != ERR_OK)
			why_set(why, e, "vpn.write", "%s", own.text);
	}
	return e;
}

static enum err place(const struct consumer *c, const struct config *config, struct placement *out, struct why *why)
{
	const struct vpn_profile *p = c->vpn;
	const struct scep_profile *scep = config_find_scep(config, p->certificate);
	struct placement at = { .path = "" };
	if (snprintf(at.path, sizeof at.path, "%s/conf.d/60-signet-%s.conf", p->directory, c->name) >= (int)sizeof at.path ||
	    snprintf(at.control, sizeof at.control, "%s", p->control) >= (int)sizeof at.control)
		return why_set(why, ERR_TOO_BIG, "config.path", "directory or control of [vpn %s] is too long", c->name);
	snprintf(at.certificate, sizeof at.certificate, "%s", p->certificate);
	int len = snprintf(at.authorities, sizeof at.authorities, "%s", p->trust);
	for (size_t i = 0; scep != NULL && i < scep->trust.count; i++)
		len += snprintf(at.authorities + len, sizeof at.authorities - (size_t)len, " %s", scep->trust.items[i]);
	*out = at;
	return ERR_OK;
}

static enum err install(const struct pass *pass, const struct consumer *c, char out[65], struct why *why)
{
	struct vpn_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return why_set(why, ERR_NO_MEMORY, "vpn.memory", "no memory for the settings");
	bool has_written = false;
	enum err e = prepare(pass, c->vpn, w, why);
	if (e == ERR_OK)
		e = make_folders(pass, c->vpn, w, why);
	for (size_t i = 0; i < w->count && e == ERR_OK; i++) {
		const struct vpn_file *f = &w->files[i];
		if (settings_is_same(f->path, buf_bytes(&f->content)))
			continue;
		e = settings_write(f->path, buf_bytes(&f->content), f->mode, "vpn.write", "directory", why);
		has_written = true;
	}
	if (e == ERR_OK && has_written) {
		log_info("vpn: wrote the settings of \"%s\" to %s", c->name, c->vpn->directory);
		pass_progress(pass, c->name, "write settings", "ok");
	}
	if (e == ERR_OK)
		sha256_hex(buf_bytes(&w->files[w->count - 1].content), out);
	work_clear(w);
	free(w);
	return e;
}

/* ---- the running daemon ---- */

/* What vpn/ is told of the profile, and what it borrows from. */
struct vpn_call {
	struct vpn_link link;
	struct vpn_work files;
	struct buf certificate, trust, key;
	struct certificate_set chain, own_chain;
	struct bytes authorities[CERTIFICATE_SET_MAX + CHAIN_MAX];
	size_t authority_count;
	char control[FILE_PATH_MAX], key_id[KEY_ID_CAP], old_key_id[KEY_ID_CAP];
};

static void call_clear(struct vpn_call *call)
{
	if (call == NULL)
		return;
	buf_clear(&call->certificate);
	buf_clear(&call->trust);
	buf_clear(&call->key);
	certificate_set_clear(&call->chain);
	certificate_set_clear(&call->own_chain);
	work_clear(&call->files);
	free(call);
}

static void add_authorities(struct vpn_call *call, const struct certificate_set *set)
{
	for (size_t i = 0; i < set->count && call->authority_count < sizeof call->authorities / sizeof call->authorities[0]; i++)
		call->authorities[call->authority_count++] = buf_bytes(&set->der[i]);
}

/* Own certificate, the chain that charon sends with it, and a software key as it stands in its file. */
static enum err fill_credentials(const struct pass *pass, const struct consumer *c, const struct move *move,
                                 bool is_software, struct vpn_call *call, struct why *why)
{
	const char *profile = c->vpn->certificate;
	const struct scep_profile *scep = config_find_scep(pass->config, profile);
	enum err e = generation_certificate(&pass->store, profile, move->to, &call->certificate, why);
	if (e == ERR_OK)
		e = generation_key_id(&pass->store, profile, move->to, call->key_id, why);
	if (e == ERR_OK && move->from != 0 &&
	    generation_key_id(&pass->store, profile, move->from, call->old_key_id, NULL) != ERR_OK)
		call->old_key_id[0] = '\0'; /* its certificate is gone: charon may keep the key, which is then of no use */
	if (strcmp(call->old_key_id, call->key_id) == 0)
		call->old_key_id[0] = '\0';
	if (e == ERR_OK)
		e = trust_read(pass, c->vpn->trust, &call->trust, why);
	if (e == ERR_OK && scep != NULL)
		e = trust_anchors(pass, &scep->trust, &call->chain, why);
	if (e == ERR_OK && scep != NULL)
		e = settings_own_chain(pass, profile, move->to, &call->chain, &call->own_chain, why);
	add_authorities(call, &call->chain);
	add_authorities(call, &call->own_chain);
	if (e == ERR_OK && is_software)
		e = generation_read(&pass->store, profile, move->to, "key.pem", &call->key, why);
	return e;
}

static enum err call_new(const struct pass *pass, const struct consumer *c, const struct move *move,
                         struct vpn_call **out, struct why *why)
{
	struct settings_certificate certificate;
	struct vpn_call *call = calloc(1, sizeof *call);
	if (call == NULL)
		return why_set(why, ERR_NO_MEMORY, "vpn.memory", "no memory for a connection");
	buf_init(&call->certificate, CERTIFICATE_MAX);
	buf_init(&call->trust, CERTIFICATE_MAX);
	buf_init(&call->key, KEY_PEM_MAX);
	enum err e = path_in_root(call->control, pass->config->root, c->vpn->control);
	if (e != ERR_OK)
		why_set(why, e, "config.path", "control of [vpn %s] is too long", c->name);
	if (e == ERR_OK)
		e = settings_certificate_look(pass, c->vpn->certificate, &certificate, why);
	if (e == ERR_OK)
		e = fill_credentials(pass, c, move, certificate.is_software, call, why);
	if (e == ERR_OK)
		e = prepare(pass, c->vpn, &call->files, why);
	if (e != ERR_OK) {
		call_clear(call);
		return e;
	}
	call->link = (struct vpn_link){
		.control = call->control,
		.profile = c->name,
		.settings = buf_bytes(&call->files.files[call->files.count - 1].content),
		.certificate = buf_bytes(&call->certificate),
		.trust = buf_bytes(&call->trust),
		.authorities = call->authorities,
		.authority_count = call->authority_count,
		.key = buf_bytes(&call->key),
		.key_id = call->key_id,
		.old_key_id = call->old_key_id,
		.is_on_demand = c->vpn->is_on_demand,
		.timeout_s = move->timeout_s,
	};
	*out = call; /* handed to the caller */
	return ERR_OK;
}

static enum err call_daemon(const struct pass *pass, const struct consumer *c, const struct move *move,
                            enum err (*function)(const struct vpn_link *link, struct why *why), struct why *why)
{
	struct vpn_call *call = NULL;
	enum err e = call_new(pass, c, move, &call, why);
	if (e == ERR_OK)
		e = function(&call->link, why);
	call_clear(call);
	return e;
}

static enum err use(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	return call_daemon(pass, c, move, vpn_control_switch, why);
}

static enum err test(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	return call_daemon(pass, c, move, vpn_control_try, why);
}

/* To look at a connection its name is enough. */
static enum err name_only(const struct pass *pass, const struct consumer *c, char control[FILE_PATH_MAX],
                          struct vpn_link *out, struct why *why)
{
	*out = (struct vpn_link){ .control = control, .profile = c->name, .key_id = "", .old_key_id = "",
		                  .is_on_demand = c->vpn->is_on_demand };
	enum err e = path_in_root(control, pass->config->root, c->vpn->control);
	return e == ERR_OK ? e : why_set(why, e, "config.path", "control of [vpn %s] is too long", c->name);
}

static enum err look_at(const struct pass *pass, const struct consumer *c, struct vpn_state *out, struct why *why)
{
	char control[FILE_PATH_MAX];
	struct vpn_link link;
	enum err e = name_only(pass, c, control, &link, why);
	return e == ERR_OK ? vpn_control_look(&link, out, why) : e;
}

/* Is it there? A tunnel that came up by itself proves nothing: charon does not say by which certificate, and a try that
 * hung may have begun with the one before. To authenticate once more costs no gap. */
static enum err state(const struct pass *pass, const struct consumer *c, struct daemon_state *out, struct why *why)
{
	struct vpn_state s = { .is_up = false };
	enum err e = look_at(pass, c, &s, why);
	if (e == ERR_OK)
		*out = (struct daemon_state){ .is_authenticated = false };
	return e;
}

/* charon never comes back by itself after a refusal or a TPM that failed; and it may have been started without our
 * files. */
static enum err keep(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why)
{
	struct vpn_state s = { .is_up = false };
	enum err e = look_at(pass, c, &s, why);
	if (e != ERR_OK || (s.is_loaded && (s.is_up || c->vpn->is_on_demand)))
		return e;
	return call_daemon(pass, c, move, c->vpn->is_on_demand ? vpn_control_switch : vpn_control_start, why);
}

static bool is_present(const struct pass *pass, const struct consumer *c)
{
	char path[FILE_PATH_MAX];
	return path_in_root(path, pass->config->root, c->vpn->control) == ERR_OK && local_socket_is_served(path, false);
}

const struct consumer_ops vpn_consumer = {
	.folder = "vpn",
	.look = look,
	.place = place,
	.install = install,
	.state = state,
	.use = use,
	.arm = NULL, /* make before break: nothing is cut */
	.keep = keep,
	.test = test,
	.remove = vpn_removal,
	.is_present = is_present,
};
