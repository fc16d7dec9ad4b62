/* SPDX-License-Identifier: MIT */
#include "vpn/vici_connection.h"
#include <stdio.h>
#include <string.h>

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define NAME_CHARACTERS LETTERS_DIGITS "_-"
#define BARE_CHARACTERS LETTERS_DIGITS "._-@/:+,|"
#define DEPTH_MAX 4 /* connections, signet-x, children, signet-x */

enum place { OUTSIDE, CONNECTIONS, SECRETS };

struct reader {
	struct vici_out *out;
	struct bytes trust;
	enum place place;
	char sections[DEPTH_MAX][64]; /* names of the open ones */
	unsigned depth;
	unsigned connection_count;
	struct vici_connection found;
};

/* swanctl 5.9.8's load_conns.c: what it cuts at commas, and what it reads from files. */
static bool is_list(const char *name)
{
	static const char *const lists[] = {
	    "local_addrs", "remote_addrs", "vips",  "proposals", "esp_proposals", "ah_proposals",
	    "local_ts",	   "remote_ts",	   "pools", "groups",	 "cert_policy"};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (strcmp(name, lists[i]) == 0)
			return true;
	return false;
}

static bool is_file(const char *name)
{
	return strcmp(name, "certs") == 0 || strcmp(name, "pubkeys") == 0 ||
	       strcmp(name, "cacert") == 0;
}

static bool copy(char out[], size_t cap, const char *text)
{
	if (strlen(text) >= cap)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool open_section(struct reader *r, const char *name)
{
	if (r->depth == DEPTH_MAX || name[0] == '\0' ||
	    name[strspn(name, NAME_CHARACTERS)] != '\0' ||
	    !copy(r->sections[r->depth], sizeof r->sections[0], name))
		return false;
	r->depth++;
	if (r->depth == 1) {
		r->place = strcmp(name, "connections") == 0 ? CONNECTIONS
			   : strcmp(name, "secrets") == 0   ? SECRETS
							    : OUTSIDE;
		return r->place != OUTSIDE;
	}
	if (r->place == SECRETS)
		return r->depth == 2;
	if (r->depth == 2 &&
	    (++r->connection_count > 1 || !copy(r->found.name, sizeof r->found.name, name)))
		return false;
	vici_begin(r->out, name);
	return true;
}

static bool close_section(struct reader *r)
{
	if (r->depth == 0)
		return false;
	if (r->place == CONNECTIONS && r->depth > 1)
		vici_end(r->out);
	if (--r->depth == 0)
		r->place = OUTSIDE;
	return true;
}

static void put_list(struct reader *r, const char *name, const char *value)
{
	vici_begin_list(r->out, name);
	for (;;) {
		size_t len = strcspn(value, ",");
		vici_put_item(r->out, (struct bytes){(const uint8_t *)value, len});
		if (value[len] == '\0')
			break;
		value += len + 1;
	}
	vici_end_list(r->out);
}

/* What the caller needs beside the message. */
static bool remember(struct reader *r, const char *name, const char *value)
{
	const char *section = r->sections[r->depth - 1];
	struct vici_connection *f = &r->found;
	if (r->place == SECRETS) {
		if (strcmp(name, "handle") == 0)
			return copy(f->handle, sizeof f->handle, value);
		if (strcmp(name, "module") == 0)
			return copy(f->module, sizeof f->module, value);
		return strcmp(name, "file") == 0; /* charon is given the key itself */
	}
	if (r->depth == 2 && strcmp(name, "remote_addrs") == 0)
		return copy(f->gateway, sizeof f->gateway, value);
	if (r->depth == 3 && strcmp(name, "id") == 0 && strcmp(section, "local") == 0)
		return copy(f->local_id, sizeof f->local_id, value);
	if (r->depth == 3 && strcmp(name, "id") == 0 && strcmp(section, "remote") == 0)
		return copy(f->gateway_id, sizeof f->gateway_id, value);
	return true;
}

static bool put_setting(struct reader *r, const char *name, const char *value)
{
	if (r->depth < 2 || name[0] == '\0' || name[strspn(name, NAME_CHARACTERS)] != '\0' ||
	    is_file(name) || !remember(r, name, value))
		return false;
	if (r->place == SECRETS)
		return true;
	if (strcmp(name, "cacerts") == 0) {
		vici_begin_list(r->out, name);
		vici_put_item(r->out, r->trust);
		vici_end_list(r->out);
	} else if (is_list(name)) {
		put_list(r, name, value);
	} else {
		vici_put_text(r->out, name, value);
	}
	return true;
}

/* "..." with \" and \\, or bare: as add_value() of vpn_settings.c writes it. In place. */
static bool unquote(char *value)
{
	if (value[0] != '"')
		return value[0] != '\0' && value[strspn(value, BARE_CHARACTERS)] == '\0';
	const char *from = value + 1;
	char *to = value;
	while (*from != '"') {
		if (*from == '\\' && *++from != '"' && *from != '\\')
			return false;
		if (*from == '\0')
			return false;
		*to++ = *from++;
	}
	*to = '\0';
	return from[1] == '\0';
}

static bool read_line(struct reader *r, char *line)
{
	char *assignment;
	line += strspn(line, "\t ");
	size_t len = strlen(line);
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (strcmp(line, "}") == 0)
		return close_section(r);
	if (len > 2 && strcmp(line + len - 2, " {") == 0 && strstr(line, " = ") == NULL) {
		line[len - 2] = '\0';
		return open_section(r, line);
	}
	assignment = strstr(line, " = ");
	if (assignment == NULL)
		return false;
	*assignment = '\0';
	return unquote(assignment + 3) && put_setting(r, line, assignment + 3);
}

static enum err refuse(struct why *why, const char *what, unsigned line)
{
	if (line > 0)
		why_set(why, ERR_INVALID, "vpn.connection",
			"line %u of the VPN settings is not as signet writes it", line);
	else
		why_set(why, ERR_INVALID, "vpn.connection", "the VPN settings %s", what);
	why_next(why, "run \"signet apply\": it writes them anew");
	return ERR_INVALID;
}

static enum err read_all(struct reader *r, struct bytes settings, struct why *why)
{
	char line[2 * VICI_TEXT_MAX + 128]; /* a value with every byte quoted, and its name */
	unsigned number = 0;
	while (settings.len > 0) {
		const uint8_t *end = memchr(settings.data, '\n', settings.len);
		size_t len = end != NULL ? (size_t)(end - settings.data) : settings.len;
		number++;
		if (end == NULL || len >= sizeof line || memchr(settings.data, '\0', len) != NULL)
			return refuse(why, "", number);
		memcpy(line, settings.data, len);
		line[len] = '\0';
		if (!read_line(r, line))
			return refuse(why, "", number);
		settings = (struct bytes){settings.data + len + 1, settings.len - len - 1};
	}
	return ERR_OK;
}

enum err vici_connection_read(struct bytes settings, struct bytes trust, struct vici_out *out,
			      struct vici_connection *out_connection, struct why *why)
{
	struct reader r = {.out = out, .trust = trust};
	struct bytes message;
	if (settings.len > VICI_SETTINGS_MAX)
		return why_set(why, ERR_TOO_BIG, "vpn.connection",
			       "the VPN settings are longer than %u bytes", VICI_SETTINGS_MAX);
	enum err e = read_all(&r, settings, why);
	if (e != ERR_OK)
		return e;
	if (r.depth != 0 || r.connection_count != 1)
		return refuse(why, "hold not exactly one connection", 0);
	if ((r.found.handle[0] != '\0') != (r.found.module[0] != '\0'))
		return refuse(why, "name half a key of the module", 0);
	if (r.found.gateway[0] == '\0' || r.found.gateway_id[0] == '\0' ||
	    r.found.local_id[0] == '\0')
		return refuse(why, "lack the gateway or an identity", 0);
	e = vici_finish(out, &message);
	if (e != ERR_OK)
		return why_set(why, e, "vpn.connection",
			       "the VPN settings do not fit charon's control interface");
	*out_connection = r.found;
	return ERR_OK;
}
