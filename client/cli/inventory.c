/* SPDX-License-Identifier: MIT */
#include "client/cli/inventory.h"
#include <string.h>
#include "client/agent/agent.h"
#include "client/cli/json.h"
#include "hal/clock.h"
#include "hal/file.h"

#define INVENTORY_FILE_MODE 0644 /* certificates are public; the list is carried away */

enum column {
	COLUMN_DEVICE,
	COLUMN_PROFILE,
	COLUMN_KIND,
	COLUMN_STATE,
	COLUMN_SUBJECT,
	COLUMN_ISSUER,
	COLUMN_SERIAL,
	COLUMN_SHA256,
	COLUMN_NOT_BEFORE,
	COLUMN_NOT_AFTER,
	COLUMN_RENEW_AT,
	COLUMN_KEY,
	COLUMN_SERVER,
	COLUMN_LAST_CONTACT,
	COLUMN_LAST_ERROR
};

static const char *const column_names[INVENTORY_COLUMNS] = {
    "device",	"profile", "kind",   "state",	     "subject",
    "issuer",	"serial",  "sha256", "not_before",   "not_after",
    "renew_at", "key",	   "server", "last_contact", "last_error",
};

const char *inventory_column(size_t column) { return column_names[column]; }

bool inventory_has_row(const struct profile_view *profile) { return profile->kind == KIND_SCEP; }

static bool put_text(bool is_there, const char *text, char *out)
{
	snprintf(out, INVENTORY_VALUE_MAX, "%s", is_there ? text : "");
	return out[0] != '\0';
}

static bool put_time(bool is_there, int64_t unix_s, char *out)
{
	out[0] = '\0';
	if (!is_there || unix_s == 0)
		return false;
	clock_text(unix_s, out, INVENTORY_VALUE_MAX);
	return true;
}

static bool put_key(const struct profile_view *p, char *out)
{
	char text[sizeof p->key.type + sizeof p->key.storage + 1];
	snprintf(text, sizeof text, "%s %s", p->key.type, p->key.storage);
	return put_text(p->has_key, text, out);
}

bool inventory_value(const struct device_view *view, const struct profile_view *p, size_t column,
		     char out[INVENTORY_VALUE_MAX])
{
	const struct certificate_view *c = &p->certificate;
	switch ((enum column)column) {
	case COLUMN_DEVICE:
		return put_text(true, view->name, out);
	case COLUMN_PROFILE:
		return put_text(true, p->name, out);
	case COLUMN_KIND:
		return put_text(true, profile_kind_text(p->kind), out);
	case COLUMN_STATE:
		return put_text(true, profile_state_text(p->state), out);
	case COLUMN_SUBJECT:
		return put_text(p->has_certificate, c->subject, out);
	case COLUMN_ISSUER:
		return put_text(p->has_certificate, c->issuer, out);
	case COLUMN_SERIAL:
		return put_text(p->has_certificate, c->serial, out);
	case COLUMN_SHA256:
		return put_text(p->has_certificate, c->sha256, out);
	case COLUMN_NOT_BEFORE:
		return put_time(p->has_certificate, c->not_before, out);
	case COLUMN_NOT_AFTER:
		return put_time(p->has_certificate, c->not_after, out);
	case COLUMN_RENEW_AT:
		return put_time(p->has_certificate, c->renew_at, out);
	case COLUMN_KEY:
		return put_key(p, out);
	case COLUMN_SERVER:
		return put_text(p->has_server, p->server.url, out);
	case COLUMN_LAST_CONTACT:
		return put_time(p->has_server, p->server.last_contact, out);
	case COLUMN_LAST_ERROR:
		return put_text(p->has_server, p->server.last_error, out);
	}
	out[0] = '\0';
	return false;
}

static void csv_field(struct text_out *out, const char *value)
{
	bool is_formula = value[0] != '\0' && strchr("=+-@\t\r", value[0]) != NULL;
	bool is_quoted = strpbrk(value, ",\"\r\n") != NULL;
	text_put_raw(out, "\"", is_quoted);
	text_put_raw(out, "'", is_formula);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '"')
			text_put_raw(out, "\"", 1);
		text_put_raw(out, p, 1);
	}
	text_put_raw(out, "\"", is_quoted);
}

void inventory_csv_header(struct text_out *out)
{
	for (size_t i = 0; i < INVENTORY_COLUMNS; i++)
		text_put(out, "%s%s", column_names[i], i + 1 < INVENTORY_COLUMNS ? "," : "\r\n");
}

void inventory_csv_rows(const struct device_view *view, struct text_out *out)
{
	for (size_t i = 0; i < view->profile_count; i++) {
		if (!inventory_has_row(&view->profiles[i]))
			continue;
		for (size_t column = 0; column < INVENTORY_COLUMNS; column++) {
			char value[INVENTORY_VALUE_MAX];
			inventory_value(view, &view->profiles[i], column, value);
			csv_field(out, value);
			text_put_raw(out, column + 1 < INVENTORY_COLUMNS ? "," : "\r\n",
				     column + 1 < INVENTORY_COLUMNS ? 1 : 2);
		}
	}
}

/* For eyes: a block a certificate, what is not known left out. */
static void put_blocks(const struct device_view *view, struct text_out *out)
{
	size_t count = 0;
	for (size_t i = 0; i < view->profile_count; i++) {
		if (!inventory_has_row(&view->profiles[i]))
			continue;
		text_put_raw(out, "\n", count++ > 0);
		for (size_t column = 0; column < INVENTORY_COLUMNS; column++) {
			char value[INVENTORY_VALUE_MAX];
			if (!inventory_value(view, &view->profiles[i], column, value))
				continue;
			text_put(out, "%-13s ", column_names[column]);
			text_put_wrapped(out, value, 14, 14, 0);
		}
	}
	if (count == 0)
		text_put(out, "no certificate profiles\n");
}

/* What is in the file already, checked to be a list of ours; the header when there is nothing. */
static enum err take_old_rows(const char *path, struct text_out *out, struct why *why)
{
	struct text_out header;
	struct why unread = {.code = ""};
	text_init(&header);
	inventory_csv_header(&header);
	enum err e = file_read(path, &out->bytes, &unread);
	size_t len = out->bytes.len;
	bool is_ours = len >= header.bytes.len &&
		       memcmp(out->bytes.data, header.bytes.data, header.bytes.len) == 0;
	if (e == ERR_NOT_FOUND || (e == ERR_OK && len == 0)) {
		inventory_csv_header(out);
		e = ERR_OK;
	} else if (e != ERR_OK) {
		*why = unread;
	} else if (!is_ours) {
		e = why_set(why, ERR_INVALID, "inventory.file",
			    "%s is no inventory of this version: its first line differs", path);
		why_next(why, "name another file, or leave out --append to replace it");
	} else if (out->bytes.data[len - 1] != '\n') {
		text_put(out, "\r\n"); /* an editor took the last line's end away */
	}
	text_clear(&header);
	return e;
}

static enum err write_file(const struct cli *cli, const struct device_view *view, struct why *why)
{
	char path[FILE_PATH_MAX];
	struct text_out out;
	text_init(&out);
	enum err e = cli_path(cli, cli->options.output, path, why);
	if (e == ERR_OK && cli_has(cli, OPTION_JSON))
		e = json_inventory(view, &out.bytes);
	else if (e == ERR_OK && cli_has(cli, OPTION_APPEND))
		e = take_old_rows(path, &out, why);
	else if (e == ERR_OK)
		inventory_csv_header(&out);
	if (e == ERR_OK && !cli_has(cli, OPTION_JSON))
		inventory_csv_rows(view, &out);
	if (e == ERR_OK && out.err != ERR_OK)
		e = why_set(why, out.err, "inventory.size", "%s: %s", path, err_text(out.err));
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&out.bytes), INVENTORY_FILE_MODE, why);
	text_clear(&out);
	return e;
}

static enum err check_options(const struct cli *cli, struct why *why)
{
	bool has_output = cli_has(cli, OPTION_OUTPUT);
	if (cli_has(cli, OPTION_JSON) && cli_has(cli, OPTION_CSV))
		return why_set(why, ERR_INVALID, "usage.option",
			       "--json and --csv exclude each other");
	if (cli_has(cli, OPTION_APPEND) && (!has_output || cli_has(cli, OPTION_JSON)))
		return why_set(why, ERR_INVALID, "usage.option",
			       "--append adds CSV rows to the file of -o%s",
			       has_output ? ": it excludes --json" : ", which is missing");
	return ERR_OK;
}

enum signet_exit inventory_run(const struct cli *cli, const struct config *config)
{
	struct device_view view = {.profiles = NULL};
	struct why why = {.code = ""};
	struct text_out out;
	text_init(&out);
	if (check_options(cli, &why) != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	enum err e = agent_look(config, false, &view, &why);
	if (e == ERR_OK && cli_has(cli, OPTION_OUTPUT)) {
		e = write_file(cli, &view, &why);
	} else if (e == ERR_OK && cli_has(cli, OPTION_JSON)) {
		out.err = json_inventory(&view, &out.bytes);
	} else if (e == ERR_OK && cli_has(cli, OPTION_CSV)) {
		inventory_csv_header(&out);
		inventory_csv_rows(&view, &out);
	} else if (e == ERR_OK) {
		put_blocks(&view, &out);
	}
	device_view_clear(&view);
	if (e == ERR_OK)
		return cli_finish(cli, &out, SIGNET_DONE);
	text_clear(&out);
	return cli_fail_agent(cli, e, &why);
}
