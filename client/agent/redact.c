/* SPDX-License-Identifier: MIT */
#include "client/agent/redact.h"
#include <stdlib.h>
#include <string.h>
#include "hal/file.h"

#define SECRET_FILE_MAX (16 * 1024 + 2) /* bytes: a challenge of 16 KiB and its line's end */
#define FILLER '*'
#define KEY_MARK "PRIVATE KEY-----" /* RFC 7468 sections 10 and 11, RFC 1421 */

void redact_close(struct redact *redact)
{
	for (size_t i = 0; i < redact->count; i++)
		buf_clear(&redact->secrets[i]);
	free(redact->secrets);
	*redact = (struct redact){ .secrets = NULL };
}

/* width 1: as it is. 2: as UTF-16, from which a byte is half of a character, at `half`; a server may send it back so. */
static enum err add_form(struct redact *redact, const uint8_t *secret, size_t len, size_t width, size_t half)
{
	struct buf *grown = realloc(redact->secrets, (redact->count + 1) * sizeof *grown);
	if (grown == NULL)
		return ERR_NO_MEMORY;
	redact->secrets = grown;
	struct buf *to = &grown[redact->count++];
	buf_init(to, 2 * SECRET_FILE_MAX);
	enum err e = ERR_OK;
	for (size_t i = 0; i < len && e == ERR_OK; i++) {
		uint8_t unit[2] = { 0, 0 };
		unit[half] = secret[i];
		e = buf_add(to, unit, width);
	}
	return e;
}

static enum err add(struct redact *redact, const uint8_t *secret, size_t len)
{
	if (len < REDACT_LENGTH_MIN)
		return ERR_OK;
	enum err e = add_form(redact, secret, len, 1, 0);
	if (e == ERR_OK)
		e = add_form(redact, secret, len, 2, 0);
	return e == ERR_OK ? add_form(redact, secret, len, 2, 1) : e;
}

/* Every line but the first `skipped` of a file: an account's name is no secret. */
static enum err add_file(struct redact *redact, const struct config *config, const char *file, unsigned skipped,
                         struct why *why)
{
	char path[FILE_PATH_MAX];
	struct buf text;
	buf_init(&text, SECRET_FILE_MAX);
	enum err e = file[0] != '\0' ? path_in_root(path, config->root, file) : ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = file_read(path, &text, why);
	if (e == ERR_TOO_BIG) /* refused where it is used, and used nowhere */
		e = ERR_NOT_FOUND;
	for (size_t at = 0, end = 0; e == ERR_OK && at < text.len; at = end + 1) {
		for (end = at; end < text.len && text.data[end] != '\n' && text.data[end] != '\r'; end++)
			;
		if (skipped > 0)
			skipped--;
		else
			e = add(redact, text.data + at, end - at);
	}
	buf_clear(&text);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* scheme://user:PASSWORD@host; NULL: none */
static enum err add_proxy(struct redact *redact, const char *proxy)
{
	if (proxy == NULL)
		return ERR_OK;
	const char *host = strrchr(proxy, '@');
	const char *login = strstr(proxy, "://");
	login = login != NULL ? login + 3 : proxy;
	const char *password = host != NULL && login < host ? memchr(login, ':', (size_t)(host - login)) : NULL;
	return password == NULL ? ERR_OK : add(redact, (const uint8_t *)password + 1, (size_t)(host - password - 1));
}

enum err redact_open(const struct config *config, struct redact *out, struct why *why)
{
	/* the only place for a login: the configuration refuses one */
	static const char *const proxies[] = { "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY" };
	struct redact r = { .secrets = NULL };
	enum err e = add_file(&r, config, config->tpm.owner_auth_file, 0, why);
	for (size_t i = 0; i < sizeof proxies / sizeof proxies[0] && e == ERR_OK; i++)
		e = add_proxy(&r, getenv(proxies[i]));
	for (size_t i = 0; i < config->scep_count && e == ERR_OK; i++) {
		const struct scep_profile *p = &config->sceps[i];
		e = add_file(&r, config, p->challenge_file, 0, why);
		if (e == ERR_OK)
			e = add_file(&r, config, p->challenge_credentials_file, 1, why);
	}
	for (size_t i = 0; i < config->wifi_count && e == ERR_OK; i++)
		e = add_file(&r, config, config->wifis[i].psk_file, 0, why);
	if (e == ERR_OK)
		*out = r; /* handed to the caller */
	else
		redact_close(&r);
	return e;
}

static bool has_private_key(struct bytes in)
{
	return in.len > 0 && memmem(in.data, in.len, KEY_MARK, strlen(KEY_MARK)) != NULL;
}

/* Length of a secret that stands at p; the longest, for one may start with another. */
static size_t secret_at(const struct redact *redact, const uint8_t *p, size_t len)
{
	size_t longest = 0;
	for (size_t i = 0; i < redact->count; i++) {
		const struct buf *s = &redact->secrets[i];
		if (s->len > longest && s->len <= len && memcmp(s->data, p, s->len) == 0)
			longest = s->len;
	}
	return longest;
}

enum err redact_copy(const struct redact *redact, struct bytes in, struct buf *out)
{
	size_t begin = out->len;
	if (has_private_key(in))
		return buf_add_text(out, "(left out: there is a private key in it)\n");
	enum err e = in.len > 0 ? buf_add(out, in.data, in.len) : ERR_OK;
	for (size_t at = begin; e == ERR_OK && at < out->len;) {
		size_t secret = secret_at(redact, out->data + at, out->len - at);
		memset(out->data + at, FILLER, secret);
		at += secret > 0 ? secret : 1;
	}
	return e;
}
