/* SPDX-License-Identifier: MIT */
#include "client/agent/metrics.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/note.h"
#include "hal/log.h"

#define METRICS_MAX (512 * 1024) /* bytes: 256 profiles with a dozen lines of 100 each */
#define FOLDER "renewals"

/* ---- counters, in RUN: a counter that starts at 0 with the boot is what Prometheus expects ---- */

/* What is not there, or damaged, counts from 0. */
static struct renewal_count read_count(const struct store *store, const char *profile)
{
	struct renewal_count count = { .success = 0 };
	struct buf text;
	buf_init(&text, NOTE_MAX);
	const char *t = note_read(store, FOLDER, profile, &text);
	if (t != NULL && sscanf(t, "%" SCNu64 " %" SCNu64, &count.success, &count.failure) != 2)
		count = (struct renewal_count){ .success = 0 };
	buf_clear(&text);
	return count;
}

void metrics_count_renewal(const struct store *store, const char *profile, bool is_success)
{
	struct renewal_count count = read_count(store, profile);
	count.success += is_success;
	count.failure += !is_success;
	note_write(store, FOLDER, profile, "%" PRIu64 " %" PRIu64 "\n", count.success, count.failure);
}

/* ---- text ---- */

/* Writer with a sticky error. */
struct writer {
	struct buf *out;
	enum err err;
};

static void put(struct writer *w, const char *text)
{
	if (w->err == ERR_OK)
		w->err = buf_add_text(w->out, text);
}

static void put_family(struct writer *w, const char *name, const char *type, const char *help)
{
	if (w->err == ERR_OK)
		w->err = buf_add_format(w->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line end are escaped (exposition format, "Comments, help text, and type"). */
static void put_label(struct writer *w, const char *before, const char *name, const char *value)
{
	put(w, before);
	put(w, name);
	put(w, "=\"");
	for (const char *p = value; *p != '\0'; p++) {
		const char one[2] = { *p, '\0' };
		put(w, *p == '\\' ? "\\\\" : *p == '"' ? "\\\"" : *p == '\n' ? "\\n" : one);
	}
	put(w, "\"");
}

static void put_value(struct writer *w, const char *end_of_labels, int64_t value)
{
	if (w->err == ERR_OK)
		w->err = buf_add_format(w->out, "%s %" PRId64 "\n", end_of_labels, value);
}

/* A family with one sample a certificate, of the time that `of` picks; 0: not known, no sample. */
static void put_times(struct writer *w, const struct device_view *view, const char *name, const char *help,
                      int64_t (*of)(const struct certificate_view *c))
{
	bool is_begun = false;
	for (size_t i = 0; i < view->profile_count; i++) {
		const struct profile_view *p = &view->profiles[i];
		if (!p->has_certificate || of(&p->certificate) == 0)
			continue;
		if (!is_begun)
			put_family(w, name, "gauge", help);
		is_begun = true;
		put(w, name);
		put_label(w, "{", "profile", p->name);
		put_value(w, "}", of(&p->certificate));
	}
}

static int64_t not_after_of(const struct certificate_view *c)
{
	return c->not_after;
}

static int64_t asked_at_of(const struct certificate_view *c)
{
	return c->asked_at;
}

static void put_states(struct writer *w, const struct device_view *view)
{
	static const char name[] = "signet_profile_state";
	put_family(w, name, "gauge", "1 for the state that the profile is in, 0 for the others.");
	for (size_t i = 0; i < view->profile_count; i++) {
		const struct profile_view *p = &view->profiles[i];
		for (int state = STATE_INSTALLED; state <= STATE_ABSENT; state++) {
			put(w, name);
			put_label(w, "{", "profile", p->name);
			put_label(w, ",", "kind", profile_kind_text(p->kind));
			put_label(w, ",", "state", profile_state_text((enum profile_state)state));
			put_value(w, "}", (int)p->state == state);
		}
	}
}

static void put_renewals(struct writer *w, const struct device_view *view, const struct renewal_count *renewals)
{
	static const char name[] = "signet_renewals_total";
	put_family(w, name, "counter", "Renewals since boot by how they ended.");
	for (size_t i = 0; i < view->profile_count; i++) {
		const struct profile_view *p = &view->profiles[i];
		for (int is_success = 1; p->kind == KIND_SCEP && is_success >= 0; is_success--) {
			put(w, name);
			put_label(w, "{", "profile", p->name);
			put_label(w, ",", "result", is_success ? "success" : "failure");
			put_value(w, "}", (int64_t)(is_success ? renewals[i].success : renewals[i].failure));
		}
	}
}

enum err metrics_text(const struct device_view *view, const char *version, const struct renewal_count *renewals,
                      struct buf *out)
{
	struct writer w = { .out = out, .err = ERR_OK };
	put_family(&w, "signet_build_info", "gauge", "Version of the program; always 1.");
	put_label(&w, "signet_build_info{", "version", version);
	put_value(&w, "}", 1);
	put_times(&w, view, "signet_certificate_not_after_seconds", "End of the certificate in use, unix time.", not_after_of);
	put_states(&w, view);
	put_renewals(&w, view, renewals);
	put_times(&w, view, "signet_last_success_timestamp_seconds",
	          "When the certificate in use was asked for, unix time by the clock of the device.", asked_at_of);
	put_family(&w, "signet_clock_trusted", "gauge", "1 if the system's time is trusted.");
	put_value(&w, "signet_clock_trusted", view->is_clock_trusted);
	if (view->tpm.has_lockout_counter) {
		put_family(&w, "signet_tpm_lockout_counter", "gauge", "Failed authorisations that the TPM counts (TPM2_PT_LOCKOUT_COUNTER).");
		put_value(&w, "signet_tpm_lockout_counter", view->tpm.lockout_counter);
	}
	return w.err;
}

void metrics_write(const struct store *store, const struct device_view *view, const char *version)
{
	char path[FILE_PATH_MAX];
	struct why why = { .code = "" };
	struct buf text;
	struct buf present;
	buf_init(&text, METRICS_MAX);
	buf_init(&present, METRICS_MAX);
	struct renewal_count *renewals = calloc(view->profile_count + 1, sizeof *renewals);
	for (size_t i = 0; i < view->profile_count && renewals != NULL; i++)
		if (view->profiles[i].kind == KIND_SCEP)
			renewals[i] = read_count(store, view->profiles[i].name);
	enum err e = renewals != NULL ? metrics_text(view, version, renewals, &text) : ERR_NO_MEMORY;
	if (e == ERR_OK)
		e = path_join(path, store->run, "signet.prom");
	bool is_same = e == ERR_OK && file_read(path, &present, NULL) == ERR_OK && present.len == text.len &&
	               memcmp(present.data, text.data, text.len) == 0;
	if (e == ERR_OK && !is_same)
		e = file_write_atomic(path, buf_bytes(&text), 0644, &why);
	if (e != ERR_OK)
		log_warn("agent: no metrics: %s", why.text[0] != '\0' ? why.text : err_text(e));
	free(renewals);
	buf_clear(&present);
	buf_clear(&text);
}
