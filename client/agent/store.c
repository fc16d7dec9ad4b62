/* SPDX-License-Identifier: MIT */
#include "client/agent/store.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "hal/log.h"

enum err store_open(const struct config *config, struct store *out, struct why *why)
{
	struct store store = { .hooks = "" };
	bool has_root = config->root[0] != '\0';
	enum err e = path_in_root(store.state, config->root, config->agent.state_dir);
	if (e == ERR_OK)
		e = path_in_root(store.run, config->root, config->agent.run_dir);
	if (e == ERR_OK && !has_root && snprintf(store.hooks, FILE_PATH_MAX, "%s", config->agent.hooks_dir) >= FILE_PATH_MAX)
		e = ERR_TOO_BIG;
	if (e != ERR_OK)
		return why_set(why, e, "config.path", "state_dir, run_dir or hooks_dir: %s", err_text(e));
	*out = store;
	return ERR_OK;
}

enum err store_prepare(const struct store *store, struct why *why)
{
	static const char *const folders[] = { "trust", "scep", "wifi", "vpn" };
	enum err e = file_make_folder(store->state, 0700, why);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0] && e == ERR_OK; i++) {
		char path[FILE_PATH_MAX];
		e = path_join(path, store->state, folders[i]);
		if (e == ERR_OK)
			e = file_make_folder(path, 0700, why);
	}
	return e == ERR_OK ? file_make_folder(store->run, 0755, why) : e;
}

/* The state folder, those below it, a profile's below scep/, a generation's below that. */
struct level {
	const char *folder;
	unsigned below; /* how many levels may follow */
};

static void tidy_entry(void *ctx, const char *name);

static void tidy_level(const struct level *level)
{
	struct why why = { .code = "" };
	enum err e = file_sweep_leftovers(level->folder, &why);
	if (e == ERR_OK && level->below > 0)
		e = file_list(level->folder, tidy_entry, (void *)level, &why);
	if (e != ERR_OK && e != ERR_NOT_FOUND) /* that is a file */
		log_debug("store: what a cut left stays: %s", why.text);
}

static void tidy_entry(void *ctx, const char *name)
{
	const struct level *level = ctx;
	char path[FILE_PATH_MAX];
	struct level next = { path, level->below - 1 };
	if (path_join(path, level->folder, name) == ERR_OK)
		tidy_level(&next);
}

void store_tidy(const struct store *store)
{
	const struct level top = { store->state, 3 };
	tidy_level(&top);
}

enum err store_path(const struct store *store, const char *folder, const char *profile, const char *name,
                    char out[FILE_PATH_MAX])
{
	int n = snprintf(out, FILE_PATH_MAX, "%s%s%s%s%s%s%s", store->state, folder != NULL ? "/" : "",
	                 folder != NULL ? folder : "", profile != NULL ? "/" : "", profile != NULL ? profile : "",
	                 name != NULL ? "/" : "", name != NULL ? name : "");
	return n >= 0 && n < FILE_PATH_MAX ? ERR_OK : ERR_TOO_BIG;
}

enum err generation_path(const struct store *store, const char *profile, unsigned number, const char *name,
                         char out[FILE_PATH_MAX])
{
	char tail[128];
	int n = snprintf(tail, sizeof tail, "%04u%s%s", number, name != NULL ? "/" : "", name != NULL ? name : "");
	if (number == 0 || number > GENERATION_MAX || n < 0 || (size_t)n >= sizeof tail)
		return ERR_BUG;
	return store_path(store, "scep", profile, tail, out);
}

static unsigned number_of(const char *name)
{
	if (strlen(name) != 4)
		return 0;
	unsigned number = 0;
	for (const char *p = name; *p != '\0'; p++) {
		if (!isdigit((unsigned char)*p))
			return 0;
		number = number * 10 + (unsigned)(*p - '0');
	}
	return number;
}

unsigned generation_named(const struct store *store, const char *profile, const char *name)
{
	char path[FILE_PATH_MAX];
	char target[64];
	if (store_path(store, "scep", profile, name, path) != ERR_OK ||
	    file_read_link(path, target, sizeof target, NULL) != ERR_OK)
		return 0;
	return number_of(target);
}

static bool has(const struct store *store, const char *profile, unsigned number, const char *name)
{
	char path[FILE_PATH_MAX];
	return generation_path(store, profile, number, name, path) == ERR_OK && file_exists(path);
}

struct survey {
	const struct store *store;
	const char *profile;
	struct generations *out;
};

static void survey_entry(void *ctx, const char *name)
{
	struct survey *s = ctx;
	unsigned number = number_of(name);
	if (number == 0)
		return;
	if (number > s->out->newest)
		s->out->newest = number;
	if (number <= s->out->current)
		return;
	if (has(s->store, s->profile, number, "cert.pem")) {
		if (number > s->out->complete)
			s->out->complete = number;
	} else if (has(s->store, s->profile, number, "message.der") && number > s->out->request) {
		s->out->request = number;
	} else if (has(s->store, s->profile, number, "request.csr")) {
		if (number > s->out->offline)
			s->out->offline = number;
	} else if (has(s->store, s->profile, number, "meta.ini") && !has(s->store, s->profile, number, "message.der") &&
	           number > s->out->unused) {
		s->out->unused = number;
	}
}

enum err generations_look(const struct store *store, const char *profile, struct generations *out, struct why *why)
{
	char folder[FILE_PATH_MAX];
	struct generations g = { .current = generation_named(store, profile, "current"),
		                 .previous = generation_named(store, profile, "previous") };
	struct survey survey = { store, profile, &g };
	if (g.current != 0 && !has(store, profile, g.current, "cert.pem"))
		g.current = 0; /* points nowhere: as if there were none */
	enum err e = store_path(store, "scep", profile, NULL, folder);
	if (e == ERR_OK)
		e = file_list(folder, survey_entry, &survey, why);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	struct generation_meta meta;
	if (e == ERR_OK && g.request != 0 && generation_meta_read(store, profile, g.request, &meta, NULL) == ERR_OK &&
	    meta.is_renewal)
		g.signer = meta.signer != 0 ? meta.signer : g.current; /* 0: written before signer was */
	g.is_refused = g.complete != 0 && has(store, profile, g.complete, "refused") /* REFUSED of refusal.h */;
	if (e == ERR_OK)
		*out = g;
	return e;
}

enum err generation_read(const struct store *store, const char *profile, unsigned number, const char *name,
                         struct buf *out, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = generation_path(store, profile, number, name, path);
	return e == ERR_OK ? file_read(path, out, why) : why_set(why, e, "state.path", "no path for %s", name);
}

static enum err file_of(const struct store *store, const char *profile, unsigned number, const char *name,
                        char out[FILE_PATH_MAX], struct why *why)
{
	char folder[FILE_PATH_MAX];
	enum err e = generation_path(store, profile, number, NULL, folder);
	if (e == ERR_OK)
		e = file_make_folder(folder, 0700, why);
	return e == ERR_OK ? generation_path(store, profile, number, name, out) : e;
}

enum err generation_write(const struct store *store, const char *profile, unsigned number, const char *name,
                          struct bytes content, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = file_of(store, profile, number, name, path, why);
	return e == ERR_OK ? file_write_atomic(path, content, 0600, why) : e;
}

enum err generation_write_part(const struct store *store, const char *profile, unsigned number, const char *name,
                               struct bytes content, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = file_of(store, profile, number, name, path, why);
	return e == ERR_OK ? file_write_part(path, content, 0600, why) : e;
}

enum err generation_link(const struct store *store, const char *profile, const char *name, unsigned number,
                         struct why *why)
{
	char path[FILE_PATH_MAX];
	char target[16];
	enum err e = store_path(store, "scep", profile, name, path);
	if (e != ERR_OK)
		return why_set(why, e, "state.path", "no path for %s", name);
	if (number == 0)
		return file_remove(path, why);
	snprintf(target, sizeof target, "%04u", number);
	return file_switch_link(path, target, why);
}

struct sweep {
	const struct store *store;
	const char *profile;
	const struct generations *keep;
	enum err err;
	struct why *why;
};

static void sweep_entry(void *ctx, const char *name)
{
	struct sweep *s = ctx;
	char path[FILE_PATH_MAX];
	unsigned number = number_of(name);
	const struct generations *k = s->keep;
	/* what a link names stays, even if its certificate is gone: its key may be all that is left */
	if (number == 0 || number == generation_named(s->store, s->profile, "current") ||
	    number == generation_named(s->store, s->profile, "previous") || number == k->request || number == k->signer ||
	    number == k->complete || number == k->unused || number == k->offline || s->err != ERR_OK)
		return;
	s->err = generation_path(s->store, s->profile, number, NULL, path);
	if (s->err == ERR_OK)
		s->err = file_drop_folder(path, s->why); /* back after a cut, it is swept again */
}

enum err generations_sweep(const struct store *store, const char *profile, const struct generations *keep,
                           struct why *why)
{
	char folder[FILE_PATH_MAX];
	struct sweep sweep = { store, profile, keep, ERR_OK, why };
	enum err e = store_path(store, "scep", profile, NULL, folder);
	if (e == ERR_OK)
		e = file_list(folder, sweep_entry, &sweep, why);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e != ERR_OK ? e : sweep.err;
}

enum err generation_certificate(const struct store *store, const char *profile, unsigned number, struct buf *out,
                                struct why *why)
{
	struct buf pem;
	buf_init(&pem, CERTIFICATE_MAX * 2);
	enum err e = generation_read(store, profile, number, "cert.pem", &pem, why);
	if (e == ERR_OK)
		e = certificate_from_file(buf_bytes(&pem), out, why);
	buf_clear(&pem);
	return e;
}

enum err generation_signer(const struct store *store, const char *profile, const struct generations *g, struct buf *out,
                           struct why *why)
{
	return g->signer != 0 ? generation_certificate(store, profile, g->signer, out, why)
	                      : generation_read(store, profile, g->request, "signer.der", out, why);
}
