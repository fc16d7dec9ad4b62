/* SPDX-License-Identifier: MIT */
#include "client/cli/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include "client/cli/inventory.h"
#include "client/pki/utf8.h"
#include "hal/clock.h"

#define TEXT_CAP 1024 /* bytes: the longest text of a view */

/* An object being written, and whether everything so far went in. */
struct json {
	cJSON *root;
	bool is_whole;
};

static void add(struct json *j, cJSON *parent, const char *name, cJSON *item)
{
	bool is_added = false;
	if (item != NULL && parent != NULL)
		is_added = name != NULL ? cJSON_AddItemToObject(parent, name, item)
					: cJSON_AddItemToArray(parent, item);
	if (!is_added)
		cJSON_Delete(item);
	j->is_whole = j->is_whole && is_added;
}

/* A container; NULL on failure, which add() bears as a parent. */
static cJSON *add_container(struct json *j, cJSON *parent, const char *name, cJSON *item)
{
	bool was_whole = j->is_whole;
	j->is_whole = true;
	add(j, parent, name, item);
	bool is_added = j->is_whole;
	j->is_whole = was_whole && is_added;
	return is_added ? item : NULL;
}

static cJSON *add_object(struct json *j, cJSON *parent, const char *name)
{
	return add_container(j, parent, name, cJSON_CreateObject());
}

static cJSON *add_array(struct json *j, cJSON *parent, const char *name)
{
	return add_container(j, parent, name, cJSON_CreateArray());
}

static void add_text(struct json *j, cJSON *parent, const char *name, const char *text)
{
	static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
	char clean[TEXT_CAP * 3 + 1];
	size_t len = 0;
	struct bytes rest = {.data = (const uint8_t *)text, .len = text != NULL ? strlen(text) : 0};
	while (rest.len > 0 && len + 4 < sizeof clean) {
		uint32_t c;
		struct bytes at = rest;
		bool is_character = utf8_take(&rest, &c);
		size_t add_len = is_character ? at.len - rest.len : sizeof unknown - 1;
		memcpy(clean + len, is_character ? (const char *)at.data : unknown, add_len);
		len += add_len;
		if (!is_character) {
			rest.data++;
			rest.len--;
		}
	}
	clean[len] = '\0';
	add(j, parent, name, text != NULL ? cJSON_CreateString(clean) : cJSON_CreateNull());
}

static void add_number(struct json *j, cJSON *parent, const char *name, unsigned value)
{
	add(j, parent, name, cJSON_CreateNumber(value));
}

/* 0 stands for "not known" in every view. */
static void add_time(struct json *j, cJSON *parent, const char *name, int64_t unix_s)
{
	char text[32];
	if (unix_s != 0)
		clock_text(unix_s, text, sizeof text);
	add_text(j, parent, name, unix_s != 0 ? text : NULL);
}

static struct json begin(void)
{
	struct json j = {.root = cJSON_CreateObject()};
	j.is_whole = j.root != NULL;
	add_number(&j, j.root, "schema", 1);
	return j;
}

static enum err finish(struct json *j, struct buf *out)
{
	char *text = j->is_whole ? cJSON_Print(j->root) : NULL;
	enum err e = text != NULL ? buf_add_format(out, "%s\n", text) : ERR_NO_MEMORY;
	cJSON_free(text);
	cJSON_Delete(j->root);
	return e;
}

static void add_certificate(struct json *j, cJSON *parent, const struct certificate_view *c)
{
	cJSON *o = add_object(j, parent, "certificate");
	add_text(j, o, "path", c->path);
	add_text(j, o, "chain_path", c->chain_path);
	add_text(j, o, "subject", c->subject);
	add_text(j, o, "issuer", c->issuer);
	add_text(j, o, "serial", c->serial);
	add_text(j, o, "sha256", c->sha256);
	add_time(j, o, "not_before", c->not_before);
	add_time(j, o, "not_after", c->not_after);
	add_time(j, o, "renew_at", c->renew_at);
	add_number(j, o, "generation", c->generation);
}

static void add_key(struct json *j, cJSON *parent, const struct key_view *key)
{
	cJSON *o = add_object(j, parent, "key");
	add_text(j, o, "type", key->type);
	add_text(j, o, "storage", key->storage);
	add_text(j, o, "path", key->path);
	add_text(j, o, "uri", key->uri);
}

static void add_server(struct json *j, cJSON *parent, const struct server_view *server)
{
	cJSON *o = add_object(j, parent, "server");
	add_text(j, o, "url", server->url);
	add_text(j, o, "state", server->state != NULL ? server->state : "unknown");
	add_time(j, o, "last_contact", server->last_contact);
	add_text(j, o, "last_error", server->last_error);
}

static void fill_profile(struct json *j, cJSON *o, const struct profile_view *p)
{
	add_text(j, o, "kind", profile_kind_text(p->kind));
	add_text(j, o, "name", p->name);
	add_text(j, o, "state", profile_state_text(p->state));
	add_text(j, o, "detail", p->detail);
	add_text(j, o, "next_step", p->next_step);
	add_time(j, o, "next_at", p->next_at);
	add_number(j, o, "exit", (unsigned)p->exit);
	if (p->has_certificate)
		add_certificate(j, o, &p->certificate);
	if (p->has_key)
		add_key(j, o, &p->key);
	if (p->has_server)
		add_server(j, o, &p->server);
}

enum err json_status(const struct device_view *view, const char *version, const char *only,
		     struct buf *out)
{
	char now[32];
	struct json j = begin();
	clock_text(view->time, now, sizeof now); /* a device's clock may well stand at 0 */
	add_text(&j, j.root, "version", version);
	add_text(&j, j.root, "device", view->name);
	add_text(&j, j.root, "time", now);
	add_text(&j, j.root, "clock", view->is_clock_trusted ? "trusted" : "untrusted");
	cJSON *tpm = add_object(&j, j.root, "tpm");
	add_text(&j, tpm, "state", view->tpm.state);
	add_text(&j, tpm, "manufacturer", view->tpm.manufacturer);
	add_text(&j, tpm, "firmware", view->tpm.firmware);
	add_text(&j, tpm, "detail", view->tpm.detail);
	cJSON *profiles = add_array(&j, j.root, "profiles");
	for (size_t i = 0; i < view->profile_count; i++)
		if (only == NULL || strcmp(only, view->profiles[i].name) == 0)
			fill_profile(&j, add_object(&j, profiles, NULL), &view->profiles[i]);
	return finish(&j, out);
}

enum err json_profile(const struct profile_view *profile, struct buf *out)
{
	struct json j = begin();
	fill_profile(&j, add_object(&j, j.root, "profile"), profile);
	return finish(&j, out);
}

enum err json_plan(const struct plan *plan, struct buf *out)
{
	struct json j = begin();
	cJSON *steps = add_array(&j, j.root, "steps");
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *s = &plan->steps[i];
		cJSON *o = add_object(&j, steps, NULL);
		add_text(&j, o, "kind", profile_kind_text(s->kind));
		add_text(&j, o, "name", s->name);
		add_text(&j, o, "action", s->action);
		add_text(&j, o, "reason", s->reason);
		add(&j, o, "waiting", cJSON_CreateBool(s->is_waiting));
	}
	return finish(&j, out);
}

enum err json_retire(const struct retire_view *view, struct buf *out)
{
	struct json j = begin();
	cJSON *retired = add_array(&j, j.root, "retired");
	for (size_t i = 0; i < view->count; i++) {
		cJSON *o = add_object(&j, retired, NULL);
		add_text(&j, o, "kind", profile_kind_text(view->items[i].kind));
		add_text(&j, o, "name", view->items[i].name);
	}
	return finish(&j, out);
}

enum err json_test(const struct test_view *view, struct buf *out)
{
	struct json j = begin();
	cJSON *results = add_array(&j, j.root, "results");
	for (size_t i = 0; i < view->count; i++) {
		const struct test_result *r = &view->results[i];
		cJSON *o = add_object(&j, results, NULL);
		add_text(&j, o, "kind", profile_kind_text(r->kind));
		add_text(&j, o, "name", r->name);
		add(&j, o, "exit", cJSON_CreateNumber(r->exit));
		add_text(&j, o, "detail", r->why.text);
		add_text(&j, o, "next_step", r->why.next_step);
	}
	return finish(&j, out);
}

static enum err write_report(const struct doctor_report *report, enum signet_exit exit, struct buf *out)
{
	struct json j = begin();
	add_number(&j, j.root, "exit", (unsigned)exit);
	add_number(&j, j.root, "failures", (unsigned)report_count(report, FINDING_FAILURE));
	add_number(&j, j.root, "warnings", (unsigned)report_count(report, FINDING_WARNING));
	add_number(&j, j.root, "unseen", (unsigned)report_count(report, FINDING_UNSEEN));
	cJSON *findings = add_array(&j, j.root, "findings");
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *f = &report->findings[i];
		cJSON *o = add_object(&j, findings, NULL);
		add_text(&j, o, "id", f->id);
		add_text(&j, o, "profile", f->about[0] != '\0' ? f->about : NULL);
		add_text(&j, o, "level", finding_level_text(f->level));
		add_text(&j, o, "detail", f->text);
		add_text(&j, o, "next_step", f->next_step);
	}
	return finish(&j, out);
}

enum err json_doctor(const struct doctor_report *report, struct buf *out)
{
	return write_report(report, report_exit(report), out);
}

enum err json_try(const struct doctor_report *report, struct buf *out)
{
	return write_report(report, report_try_exit(report), out);
}

enum err json_inventory(const struct device_view *view, struct buf *out)
{
	struct json j = begin();
	cJSON *list = add_array(&j, j.root, "certificates");
	for (size_t i = 0; i < view->profile_count; i++) {
		if (!inventory_has_row(&view->profiles[i]))
			continue;
		cJSON *o = add_object(&j, list, NULL);
		for (size_t column = 0; column < INVENTORY_COLUMNS; column++) {
			char value[INVENTORY_VALUE_MAX];
			bool is_known = inventory_value(view, &view->profiles[i], column, value);
			add_text(&j, o, inventory_column(column), is_known ? value : NULL);
		}
	}
	return finish(&j, out);
}

enum err json_error(const char *code, enum signet_exit exit, const char *message, struct buf *out)
{
	struct json j = begin();
	cJSON *o = add_object(&j, j.root, "error");
	add_text(&j, o, "code", code);
	add_number(&j, o, "exit", (unsigned)exit);
	add_text(&j, o, "message", message);
	return finish(&j, out);
}

enum err json_version(const char *version, struct buf *out)
{
	struct json j = begin();
	add_text(&j, j.root, "version", version);
	return finish(&j, out);
}

static void read_text(const cJSON *object, const char *name, char *out, size_t cap)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	snprintf(out, cap, "%s", text != NULL ? text : "");
}

enum err json_event_read(const char *line, struct event_line *out)
{
	struct event_line event;
	cJSON *object = cJSON_Parse(line);
	read_text(object, "time", event.time, sizeof event.time);
	read_text(object, "event", event.event, sizeof event.event);
	read_text(object, "profile", event.profile, sizeof event.profile);
	read_text(object, "serial", event.serial, sizeof event.serial);
	read_text(object, "old_serial", event.old_serial, sizeof event.old_serial);
	read_text(object, "reason", event.reason, sizeof event.reason);
	cJSON_Delete(object);
	if (event.time[0] == '\0' || event.event[0] == '\0')
		return ERR_INVALID;
	*out = event;
	return ERR_OK;
}

enum err json_done(struct buf *out)
{
	struct json j = begin();
	add_number(&j, j.root, "exit", SIGNET_DONE);
	return finish(&j, out);
}
