/* SPDX-License-Identifier: MIT */
#include "client/agent/hooks.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "client/agent/generation.h"
#include "client/agent/hook_event.h"
#include "hal/log.h"
#include "hal/run.h"

#define VARIABLES 10                     /* those of the interface, section 4, and PATH */
#define VARIABLE_MAX (FILE_PATH_MAX + 128) /* bytes: a path below the state folder with its name */
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* ---- which files are hooks ---- */

static enum err refuse(const char *path, const char *because, struct why *why)
{
	enum err e = why_set(why, ERR_DENIED, "hook.refused", "%s %s: it is not run as a hook", path, because);
	why_next(why, "chown root:root and chmod go-w it, or take it out of hooks_dir");
	return e;
}

static enum err check_owner(const char *path, const struct stat *info, struct why *why)
{
	if (info->st_uid != 0)
		return refuse(path, "is not owned by root", why);
	return (info->st_mode & OTHERS_WRITE) != 0 ? refuse(path, "can be written by others than root", why) : ERR_OK;
}

/* The folders that a hook's own name, or the file behind a symlink, lies in: who may write one may replace what is below. In a
 * sticky one (/tmp) what is root's stays; but not for the hook itself, for others may link a program of root's there. */
static enum err check_folders_of(const char *path, struct why *why)
{
	char folder[PATH_MAX];
	struct stat info;
	enum err e = ERR_OK;
	snprintf(folder, sizeof folder, "%s", path);
	for (bool is_direct = true; e == ERR_OK && folder[1] != '\0'; is_direct = false) {
		char *slash = strrchr(folder, '/');
		if (slash == NULL)
			break;
		slash[slash == folder] = '\0';
		if (stat(folder, &info) != 0)
			return refuse(folder, "cannot be looked at", why);
		if (!is_direct && (info.st_mode & S_ISVTX) != 0)
			info.st_mode &= ~(mode_t)OTHERS_WRITE;
		e = check_owner(folder, &info, why);
	}
	return e;
}

/* *out_is_hook: false for what is no program, a README or a folder say. */
static enum err check_hook(const char *path, bool *out_is_hook, struct why *why)
{
	char real[PATH_MAX];
	struct stat info;
	*out_is_hook = true;
	if (realpath(path, real) == NULL || stat(real, &info) != 0)
		return refuse(path, "points nowhere", why);
	*out_is_hook = !S_ISDIR(info.st_mode) && (info.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
	if (!*out_is_hook)
		return ERR_OK;
	if (!S_ISREG(info.st_mode))
		return refuse(path, "is no regular file", why);
	enum err e = check_owner(real, &info, why);
	if (e == ERR_OK)
		e = check_folders_of(real, why);
	return e == ERR_OK ? check_folders_of(path, why) : e;
}

static void see_any(void *ctx, const char *name)
{
	*(bool *)ctx = *(bool *)ctx || name[0] != '.';
}

bool hooks_are_there(const struct store *store)
{
	bool is_there = false;
	return store->hooks[0] != '\0' && file_list(store->hooks, see_any, &is_there, NULL) == ERR_OK && is_there;
}

/* ---- one event, all hooks ---- */

struct telling {
	const struct pass *pass;
	const struct event *event;
	const char *const *environment;
	unsigned count; /* hooks seen */
	enum err err;   /* the first trouble */
	struct why why;
};

static void trouble(struct telling *t, enum err e, const struct why *why)
{
	log_warn("agent: %s", why->text);
	if (t->err != ERR_OK)
		return;
	t->err = e;
	t->why = *why;
}

static void run_hook(struct telling *t, const char *path)
{
	const char *event = event_text(t->event->kind);
	const char *const argv[] = { path, event, t->event->profile, NULL };
	int status = 0;
	struct why why = { .code = "" };
	pass_busy(t->pass, HOOK_TIMEOUT_S);
	enum err e = run_program(argv, t->environment, HOOK_TIMEOUT_S, NULL, &status, &why);
	pass_progress(t->pass, t->event->profile, "hook", e == ERR_OK && status == 0 ? "ok" : "failed");
	if (e == ERR_OK && status == 0)
		return;
	struct why own = { .code = "" };
	if (e == ERR_OK)
		why_set(&own, ERR_DENIED, "hook.failed", "hook %s %s %s: exit status %d", path, event, t->event->profile, status);
	else
		why_set(&own, ERR_DENIED, "hook.failed", "hook %s %s %s: %s", path, event, t->event->profile, why.text);
	why_next(&own, "mend the hook; it is run again at each pass until it ends with 0: signet apply");
	trouble(t, ERR_DENIED, &own);
}

static void take_entry(void *ctx, const char *name)
{
	struct telling *t = ctx;
	char path[FILE_PATH_MAX];
	bool is_hook = false;
	struct why why = { .code = "" };
	if (name[0] == '.' || path_join(path, t->pass->store.hooks, name) != ERR_OK)
		return;
	enum err e = check_hook(path, &is_hook, &why);
	if (!is_hook)
		return;
	if (e == ERR_OK && pass_is_stopping(t->pass))
		e = why_set(&why, ERR_AGAIN, "hook.stopped", "%s is run by the next start of the agent", path);
	if (e == ERR_OK && ++t->count > HOOKS_MAX) {
		e = why_set(&why, ERR_DENIED, "hook.count", "%s is not run: a pass runs at most %d hooks", path, HOOKS_MAX);
		why_next(&why, "let one hook call the others");
	}
	if (e == ERR_OK)
		run_hook(t, path);
	else
		trouble(t, e, &why);
}

static void fill_environment(const struct pass *pass, const struct event *event,
                             char variables[VARIABLES][VARIABLE_MAX])
{
	char not_after[32] = "";
	char folder[VARIABLE_MAX - 64] = "";
	bool has_certificate = event->profile_kind == KIND_SCEP;
	if (event->not_after != 0)
		clock_text(event->not_after, not_after, sizeof not_after);
	if (has_certificate) /* no --root here: what consumers see */
		snprintf(folder, sizeof folder, "%s/scep/%s/current/", pass->store.state, event->profile);
	const struct {
		const char *name, *value, *more;
	} rows[VARIABLES] = { { "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "" },
		              { "SIGNET_EVENT", event_text(event->kind), "" },
		              { "SIGNET_PROFILE", event->profile, "" },
		              { "SIGNET_KIND", profile_kind_text(event->profile_kind), "" },
		              { "SIGNET_CERTIFICATE", folder, has_certificate ? "cert.pem" : "" },
		              { "SIGNET_CHAIN", folder, has_certificate ? "chain.pem" : "" },
		              { "SIGNET_SERIAL", event->serial, "" },
		              { "SIGNET_OLD_SERIAL", event->old_serial, "" },
		              { "SIGNET_NOT_AFTER", not_after, "" },
		              { "SIGNET_REASON", event->reason, "" } };
	for (size_t i = 0; i < VARIABLES; i++)
		snprintf(variables[i], VARIABLE_MAX, "%s=%s%s", rows[i].name, rows[i].value, rows[i].more);
}

static enum err tell_all(const struct pass *pass, const struct event *event, struct why *why)
{
	char variables[VARIABLES][VARIABLE_MAX];
	const char *environment[VARIABLES + 1] = { NULL };
	struct telling t = { .pass = pass, .event = event, .environment = environment };
	fill_environment(pass, event, variables);
	for (size_t i = 0; i < VARIABLES; i++)
		environment[i] = variables[i];
	enum err e = file_list(pass->store.hooks, take_entry, &t, why);
	if (e == ERR_NOT_FOUND)
		return ERR_OK; /* no hooks any more: nobody to be told */
	if (e == ERR_OK && t.err != ERR_OK && why != NULL)
		*why = t.why;
	return e == ERR_OK ? t.err : e;
}

/* ---- all events that wait ---- */

struct round {
	const struct pass *pass;
	const char *folder;
	enum err err; /* the first trouble */
	struct why why;
};

static void keep_first(struct round *r, enum err e, const struct why *why)
{
	if (r->err != ERR_OK)
		return;
	r->err = e;
	r->why = *why;
}

/* The file is written before the links change. Was it cut there, then the step that makes up for it comes first. */
static bool has_happened(const struct store *store, const struct event *event)
{
	struct generations g;
	struct event now = { .profile = event->profile };
	if (event->profile_kind != KIND_SCEP || event->serial[0] == '\0' ||
	    generations_look(store, event->profile, &g, NULL) != ERR_OK)
		return true;
	event_take_certificate(&now, store, g.current);
	bool is_current = strcmp(now.serial, event->serial) == 0;
	if (event->kind == EVENT_INSTALLED)
		return g.current != 0;
	if (event->kind == EVENT_RENEWED)
		return strcmp(now.serial, event->old_serial) != 0 && /* taken back since */
		       (!is_current || trial_state_of(&g) != TRIAL_OPEN);
	return event->kind != EVENT_RETIRED || !is_current;
}

static void take_event(void *ctx, const char *file)
{
	struct round *r = ctx;
	char path[FILE_PATH_MAX];
	char name[NAME_MAX + 1];
	struct event event;
	struct why why = { .code = "" };
	snprintf(name, sizeof name, "%s", file);
	if (file[0] == '.') /* a write that was cut off (hal/file.h); the next one makes up for it */
		return;
	if (path_join(path, r->folder, file) != ERR_OK)
		return;
	enum err e = hook_event_read(r->folder, name, &event);
	if (e != ERR_OK) {
		log_warn("agent: %s is damaged; hooks are not told of it", path);
		e = ERR_OK;
	} else if (!has_happened(&r->pass->store, &event)) {
		return;
	} else {
		e = tell_all(r->pass, &event, &why);
	}
	if (e == ERR_OK)
		e = file_drop(path, &why); /* back after a cut, it is told once more */
	if (e != ERR_OK)
		keep_first(r, e, &why);
}

enum err hooks_run(const struct pass *pass, struct why *why)
{
	const char *const bases[] = { pass->store.state, pass->store.run };
	char folder[FILE_PATH_MAX];
	struct round r = { .pass = pass, .folder = folder };
	for (size_t i = 0; i < sizeof bases / sizeof bases[0] && pass->store.hooks[0] != '\0'; i++) {
		struct why own = { .code = "" };
		enum err e = hook_event_folder(bases[i], folder);
		if (e == ERR_OK)
			e = file_list(folder, take_event, &r, &own);
		if (e != ERR_OK && e != ERR_NOT_FOUND)
			keep_first(&r, e, &own);
	}
	if (r.err != ERR_OK && why != NULL)
		*why = r.why;
	return r.err;
}
