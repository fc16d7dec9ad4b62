/* SPDX-License-Identifier: MIT */
#include "client/config/variables.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "client/config/config_table.h"
#include "hal/device.h"

#define VALUE_MAX 256	  /* bytes of what the board tells by itself */
#define NAME_SHOWN_MAX 60 /* characters of a wrong name in a message */

struct variable {
	const char *name;
	const char *key; /* of [device] */
	size_t offset;	 /* char * in struct device_config */
	enum err (*ask_board)(const char *root, char out[], size_t cap);
};

#define DEVICE(f) offsetof(struct device_config, f)
static const struct variable variables[] = {
    {"DeviceName", "name", DEVICE(name), device_hostname},
    {"SerialNumber", "serial", DEVICE(serial), device_serial},
    {"AAD_Device_ID", "aad_device_id", DEVICE(aad_device_id), NULL},
    {"DeviceId", "device_id", DEVICE(device_id), NULL},
    {"IMEI", "imei", DEVICE(imei), NULL},
    {"WiFiMacAddress", "wifi_mac", DEVICE(wifi_mac), device_wifi_mac},
    {"UserPrincipalName", "user_principal_name", DEVICE(user_principal_name), NULL},
    {"OnPrem_Distinguished_Name", "on_prem_distinguished_name", DEVICE(on_prem_distinguished_name),
     NULL},
    {"OnPremisesSecurityIdentifier", "sid", DEVICE(sid), NULL},
};
#define VARIABLES (sizeof variables / sizeof variables[0])

static void lower(const char *text, char out[NAME_SHOWN_MAX + 1])
{
	size_t i = 0;
	for (; text[i] != '\0' && i < NAME_SHOWN_MAX; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[i] = '\0';
}

static const char *nearest(const char *name)
{
	char wanted[NAME_SHOWN_MAX + 1];
	char known[NAME_SHOWN_MAX + 1];
	const char *best = NULL;
	size_t least = CONFIG_NEAR_MOST + 1;
	lower(name, wanted);
	for (size_t i = 0; i < VARIABLES; i++) {
		lower(variables[i].name, known);
		if (config_distance(wanted, known) >= least)
			continue;
		least = config_distance(wanted, known);
		best = variables[i].name;
	}
	return best;
}

static enum err refuse_unknown(const char *name, struct why *why)
{
	const char *near = nearest(name);
	why_set(why, ERR_INVALID, "config.variable", "unknown variable {{%s}}%s%s%s", name,
		near != NULL ? "; did you mean {{" : "", near != NULL ? near : "",
		near != NULL ? "}}?" : "");
	char all[320] = "";
	for (size_t i = 0, len = 0; i < VARIABLES && len < sizeof all; i++)
		len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i > 0 ? ", " : "",
					variables[i].name);
	why_next(why, "variables are %s", all);
	return ERR_INVALID;
}

/*
 * Take the next piece of *text: plain characters up to "{{" (*out_variable NULL, *out_len of them),
 * or one variable (*out_len covers its braces).
 */
static enum err take_piece(const char *text, size_t *out_len, const struct variable **out_variable,
			   struct why *why)
{
	char name[NAME_SHOWN_MAX + 1];
	const char *open = strstr(text, "{{");
	*out_variable = NULL;
	if (open != text) {
		*out_len = open != NULL ? (size_t)(open - text) : strlen(text);
		return ERR_OK;
	}
	const char *close = strstr(text, "}}");
	if (close == NULL) {
		why_set(why, ERR_INVALID, "config.variable", "\"%s\" has a {{ without }}", text);
		why_next(why, "close it: {{DeviceName}}");
		return ERR_INVALID;
	}
	size_t len = (size_t)(close - text) - 2;
	snprintf(name, sizeof name, "%.*s", (int)len, text + 2);
	*out_len = len + 4;
	for (size_t i = 0; i < VARIABLES; i++)
		if (strlen(variables[i].name) == len && strcasecmp(variables[i].name, name) == 0)
			*out_variable = &variables[i];
	return *out_variable != NULL ? ERR_OK : refuse_unknown(name, why);
}

enum err variables_check(const char *text, struct why *why)
{
	const struct variable *variable;
	size_t len = 0;
	for (; *text != '\0'; text += len) {
		enum err e = take_piece(text, &len, &variable, why);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err refuse_value(const struct variable *v, const char *what, struct why *why)
{
	why_set(why, ERR_INVALID, "config.variable", "{{%s}}: %s", v->name, what);
	why_next(why, "set %s in [device]", v->key);
	return ERR_INVALID;
}

/* *out_value points into the configuration or into `room`. */
static enum err value_of(const struct config *config, const struct variable *v,
			 char room[VALUE_MAX], const char **out_value, struct why *why)
{
	const char *value =
	    *(char *const *)(const void *)((const char *)&config->device + v->offset);
	if (value == NULL || value[0] == '\0') {
		const char *root = config->root != NULL ? config->root : "";
		if (v->ask_board == NULL || v->ask_board(root, room, VALUE_MAX) != ERR_OK)
			return refuse_value(v, "this device cannot tell it", why);
		value = room;
	}
	if (value[0] == '\0')
		return refuse_value(v, "this device cannot tell it", why);
	for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)) /* C1 */
			return refuse_value(v, "its value has a control character", why);
	*out_value = value;
	return ERR_OK;
}

/* RFC 4514 section 2.4: blank and "#" at the start, blank at the end, and the special characters.
 */
static enum err add_escaped(struct buf *out, const char *value)
{
	size_t len = strlen(value);
	enum err e = ERR_OK;
	for (size_t i = 0; i < len && e == ERR_OK; i++) {
		char c = value[i];
		bool is_end = i == 0 || i == len - 1;
		if (strchr("\"+,;<=>\\", c) != NULL || (i == 0 && c == '#') || (is_end && c == ' '))
			e = buf_add(out, "\\", 1);
		if (e == ERR_OK)
			e = buf_add(out, &c, 1);
	}
	return e;
}

/* {{OnPrem_Distinguished_Name}} that is all of a subject is a whole DN, not a value of one. */
static bool is_whole_name(const struct variable *v, size_t len, const char *text)
{
	return v->offset == DEVICE(on_prem_distinguished_name) && text[len] == '\0';
}

enum err variables_expand(const struct config *config, const char *text, enum variable_place place,
			  struct buf *out, struct why *why)
{
	size_t len_before = out->len;
	const char *start = text;
	enum err e = ERR_OK;
	while (*text != '\0' && e == ERR_OK) {
		const struct variable *variable;
		char room[VALUE_MAX];
		const char *value = NULL;
		size_t len = 0;
		e = take_piece(text, &len, &variable, why);
		if (e == ERR_OK && variable != NULL)
			e = value_of(config, variable, room, &value, why);
		if (e != ERR_OK)
			break;
		bool is_plain = place == PLACE_TEXT || (variable != NULL && text == start &&
							is_whole_name(variable, len, text));
		if (variable == NULL)
			e = buf_add(out, text, len);
		else
			e = is_plain ? buf_add_text(out, value) : add_escaped(out, value);
		if (e == ERR_TOO_BIG)
			why_set(why, e, "config.variable", "\"%s\" gets too long with its values",
				start);
		text += len;
	}
	if (e != ERR_OK)
		buf_cut(out, len_before);
	return e;
}
