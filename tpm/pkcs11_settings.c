/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_settings.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hal/file.h"
#include "tpm/next_step.h"

#define SETTINGS_FILE "/etc/signet/pkcs11.conf"
#define SETTINGS_FILE_MAX 4096 /* bytes: two lines and their comments */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static void strip(struct bytes *text)
{
	while (text->len > 0 && is_blank((char)text->data[0])) {
		text->data++;
		text->len--;
	}
	while (text->len > 0 && is_blank((char)text->data[text->len - 1]))
		text->len--;
}

static struct bytes without_comment(struct bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.data[i] == ';' || line.data[i] == '#') &&
		    (i == 0 || is_blank((char)line.data[i - 1])))
			line.len = i;
	strip(&line);
	return line;
}

static bool is_word(struct bytes text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static bool take_line(struct bytes line, struct pkcs11_settings *settings)
{
	line = without_comment(line);
	if (line.len == 0)
		return true;
	const uint8_t *equals = memchr(line.data, '=', line.len);
	if (equals == NULL || memchr(line.data, '\0', line.len) != NULL)
		return false;
	struct bytes key = {line.data, (size_t)(equals - line.data)};
	struct bytes value = {equals + 1, line.len - key.len - 1};
	strip(&key);
	strip(&value);
	if (value.len == 0 || value.len >= PKCS11_SETTING_MAX)
		return false;
	bool is_state = is_word(key, "state") && value.data[0] == '/';
	if (!is_state && !is_word(key, "tcti"))
		return false;
	char *out = is_state ? settings->state : settings->tcti;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return true;
}

enum err pkcs11_settings_parse(struct bytes text, struct pkcs11_settings *settings, struct why *why)
{
	struct pkcs11_settings read = *settings;
	for (unsigned number = 1; text.len > 0; number++) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
		if (!take_line((struct bytes){text.data, len}, &read)) {
			why_set(why, ERR_INVALID, "pkcs11.settings",
				SETTINGS_FILE ":%u: neither \"state = /FOLDER\" nor \"tcti = "
					      "NAME\": the file is not used",
				number);
			NEXT_STEP(why, "correct the line");
			return ERR_INVALID;
		}
		len += end != NULL;
		text = (struct bytes){text.data + len, text.len - len};
	}
	*settings = read;
	return ERR_OK;
}

static void take_variable(const char *name, char out[PKCS11_SETTING_MAX])
{
	const char *value = secure_getenv(name);
	if (value != NULL && value[0] != '\0' && strlen(value) < PKCS11_SETTING_MAX)
		memcpy(out, value, strlen(value) + 1);
}

void pkcs11_settings_read(struct pkcs11_settings *out, struct why *why)
{
	struct why own = {.code = ""};
	struct buf text;
	*out = (struct pkcs11_settings){.state = SIGNET_STATE_DIR, .tcti = SIGNET_TCTI};
	buf_init(&text, SETTINGS_FILE_MAX);
	enum err e = file_read(SETTINGS_FILE, &text, &own);
	if (e == ERR_OK)
		e = pkcs11_settings_parse(buf_bytes(&text), out, &own);
	buf_clear(&text);
	*why = e == ERR_OK || e == ERR_NOT_FOUND ? (struct why){.code = ""} : own;
	take_variable("SIGNET_STATE", out->state);
	take_variable("SIGNET_TCTI", out->tcti);
}
