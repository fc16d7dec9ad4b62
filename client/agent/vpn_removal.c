/* SPDX-License-Identifier: MIT */
#include "client/agent/vpn_removal.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/generation.h"
#include "client/pki/chain.h"
#include "vpn/vpn_control.h"

/* What other connections still need of the files in the same strongSwan folder. */
struct sharing {
	const struct pass *pass;
	const char *name;
	const struct placement *at;
	const char *authority; /* asked for; NULL: the certificate */
	bool is_shared, has_others;
};

/* "/etc/swanctl" of "/etc/swanctl/conf.d/60-signet-hq.conf"; 0 for a path that is not ours. */
static int folder_len(const struct placement *at)
{
	const char *end = strstr(at->path, "/conf.d/60-signet-");
	return end != NULL ? (int)(end - at->path) : 0;
}

/* "/etc" of the same. */
static int parent_len(const struct placement *at)
{
	int len = folder_len(at);
	while (len > 0 && at->path[--len] != '/')
		;
	return len;
}

static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = list; *at != '\0'; at += *at == ' ') {
		size_t word = strcspn(at, " ");
		if (word == len && strncmp(at, name, len) == 0)
			return true;
		at += word;
	}
	return false;
}

static void ask_record(void *ctx, const char *name)
{
	struct sharing *s = ctx;
	struct record r;
	int len = folder_len(s->at);
	if (strcmp(name, s->name) == 0)
		return;
	record_read(&s->pass->store, "vpn", name, &r);
	if (folder_len(&r.at) != len || strncmp(r.at.path, s->at->path, (size_t)len) != 0)
		return;
	s->has_others = true;
	s->is_shared = s->is_shared || (s->authority != NULL ? is_listed(r.at.authorities, s->authority)
	                                                     : strcmp(r.at.certificate, s->at->certificate) == 0);
}

static enum err ask_others(struct sharing *s, const char *authority, struct why *why)
{
	char folder[FILE_PATH_MAX];
	s->authority = authority;
	s->is_shared = s->has_others = false;
	enum err e = store_path(&s->pass->store, "vpn", NULL, NULL, folder);
	return e == ERR_OK ? file_list(folder, ask_record, s, why) : e;
}

/* `tail` below the first `len` characters of the path. Overwritten first when it is a key. */
static enum err drop(const struct sharing *s, int len, bool is_key, const char *tail, struct why *why)
{
	char plain[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	struct why own = { .code = "" };
	if (snprintf(plain, sizeof plain, "%.*s/%s", len, s->at->path, tail) >= (int)sizeof plain ||
	    path_in_root(path, s->pass->config->root, plain) != ERR_OK)
		return why_set(why, ERR_TOO_BIG, "config.path", "directory of [vpn %s] is too long", s->name);
	if (!file_exists(path))
		return ERR_OK;
	enum err e = is_key ? file_wipe(path, &own) : file_remove(path, &own);
	return e == ERR_OK ? e : why_set(why, e, "vpn.write", "%s", own.text);
}

static enum err drop_certificates(struct sharing *s, struct why *why)
{
	char name[PROFILE_NAME_CAP];
	char tail[PROFILE_NAME_CAP + 32];
	int len = folder_len(s->at);
	enum err e = ask_others(s, NULL, why);
	if (e == ERR_OK && !s->is_shared && s->at->certificate[0] != '\0') {
		snprintf(tail, sizeof tail, "private/signet-%s.pem", s->at->certificate);
		e = drop(s, len, true, tail, why);
		snprintf(tail, sizeof tail, "x509/signet-%s.pem", s->at->certificate);
		if (e == ERR_OK)
			e = drop(s, len, false, tail, why);
		for (int i = 1; i <= CHAIN_MAX && e == ERR_OK; i++) {
			snprintf(tail, sizeof tail, "x509ca/signet-%s.%d.pem", s->at->certificate, i);
			e = drop(s, len, false, tail, why);
		}
	}
	for (const char *at = s->at->authorities; *at != '\0' && e == ERR_OK; at += *at == ' ') {
		size_t word = strcspn(at, " ");
		snprintf(name, sizeof name, "%.*s", (int)word, at);
		snprintf(tail, sizeof tail, "x509ca/signet-%s.pem", name);
		e = ask_others(s, name, why);
		if (e == ERR_OK && !s->is_shared)
			e = drop(s, len, false, tail, why);
		at += word;
	}
	return e;
}

/* charon's own settings, beside the folder, go with the last connection. */
static enum err drop_files(const struct pass *pass, const char *name, const struct placement *at, struct why *why)
{
	struct sharing s = { .pass = pass, .name = name, .at = at };
	char tail[PROFILE_NAME_CAP + 32];
	if (folder_len(at) == 0)
		return ERR_OK; /* no path of ours: a damaged record */
	snprintf(tail, sizeof tail, "conf.d/60-signet-%s.conf", name);
	enum err e = drop(&s, folder_len(at), false, tail, why);
	if (e == ERR_OK)
		e = drop_certificates(&s, why);
	if (e == ERR_OK && !s.has_others)
		e = drop(&s, parent_len(at), false, "strongswan.d/60-signet.conf", why);
	return e;
}

enum err vpn_removal(const struct pass *pass, const char *name, const struct placement *at, bool is_key_gone,
                     struct why *why)
{
	struct generations g = { .current = 0 };
	struct buf certificate;
	char control[FILE_PATH_MAX];
	char key_id[KEY_ID_CAP] = "";
	char old_key_id[KEY_ID_CAP] = "";
	enum err e = drop_files(pass, name, at, why);
	if (e != ERR_OK || at->control[0] == '\0')
		return e;
	buf_init(&certificate, CERTIFICATE_MAX);
	e = path_in_root(control, pass->config->root, at->control);
	if (e == ERR_OK && at->certificate[0] != '\0')
		e = generations_look(&pass->store, at->certificate, &g, why);
	if (e != ERR_OK)
		goto out;
	/* on trial, or after one that was lost, charon may have either key */
	unsigned used = g.current != 0 ? g.current : g.complete;
	unsigned other = g.previous != 0 && g.previous != used ? g.previous : g.complete;
	bool is_known = used != 0 && generation_key_id(&pass->store, at->certificate, used, key_id, NULL) == ERR_OK &&
	                generation_certificate(&pass->store, at->certificate, used, &certificate, NULL) == ERR_OK;
	if (!is_known || other == used || other == 0 ||
	    generation_key_id(&pass->store, at->certificate, other, old_key_id, NULL) != ERR_OK)
		old_key_id[0] = '\0';
	const struct vpn_link link = { .control = control, .profile = name, .certificate = buf_bytes(&certificate),
		                       .key_id = key_id, .old_key_id = old_key_id, .is_key_gone = is_key_gone };
	e = vpn_control_remove(&link, why);
out:
	buf_clear(&certificate);
	return e;
}
