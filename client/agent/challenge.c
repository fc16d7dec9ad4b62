/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/agent/scep_resolve.h"
#include "client/agent/used.h"
#include "hal/log.h"
#include "hal/run.h"

#define COMMAND_S 60           /* a broker answers within a minute or not at all */
#define CREDENTIALS_MAX 1024   /* bytes: user and password, a line each */

static void cut_line_ends(struct buf *text)
{
	while (text->len > 0 && (text->data[text->len - 1] == '\n' || text->data[text->len - 1] == '\r'))
		buf_cut(text, text->len - 1);
}

static enum err missing(const struct scep_profile *p, struct why *why)
{
	enum err e = why_set(why, ERR_NOT_FOUND, "challenge.missing", "%s waits for a challenge: %s is not there", p->name,
	                     p->challenge_file);
	why_next(why, "signet enroll %s --challenge-file FILE", p->name);
	return e;
}

/* The power went between overwriting the file and taking it away. */
static bool is_wiped(const struct buf *text)
{
	size_t zeros = 0;
	while (zeros < text->len && text->data[zeros] == 0)
		zeros++;
	return zeros > 0 && zeros == text->len;
}

static enum err from_file(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                          struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = path_in_root(path, pass->config->root, p->challenge_file);
	if (e == ERR_OK)
		e = file_read(path, &r->challenge, why);
	return e == ERR_NOT_FOUND || (e == ERR_OK && is_wiped(&r->challenge)) ? missing(p, why) : e;
}

static enum err from_command(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                             struct why *why)
{
	const char *argv[] = { p->challenge_command, p->name, NULL };
	int status = 0;
	if (pass->config->root[0] != '\0')
		return why_set(why, ERR_NOT_FOUND, "challenge.command", "challenge_command is not run with --root");
	enum err e = run_program(argv, NULL, COMMAND_S, &r->challenge, &status, why);
	if (e == ERR_OK && status != 0) {
		e = why_set(why, ERR_UNREACHABLE, "challenge.command", "%s ended with exit status %d and gave no challenge",
		            p->challenge_command, status);
		why_next(why, "run it by hand as root and look at its messages");
	}
	return e;
}

/* First line the user, second the password. */
static enum err read_account(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                             struct why *why)
{
	char path[FILE_PATH_MAX];
	struct buf text;
	buf_init(&text, CREDENTIALS_MAX);
	enum err e = path_in_root(path, pass->config->root, p->challenge_credentials_file);
	if (e == ERR_OK)
		e = file_read(path, &text, why);
	if (e != ERR_OK)
		goto out;
	cut_line_ends(&text);
	const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
	size_t user_len = end != NULL ? (size_t)(end - text.data) : 0;
	if (user_len > 0 && text.data[user_len - 1] == '\r')
		user_len--;
	if (end == NULL || user_len == 0 || user_len >= sizeof r->user) {
		e = why_set(why, ERR_INVALID, "challenge.credentials", "%s does not hold a user and, in a second line, a password",
		            path);
		goto out;
	}
	memcpy(r->user, text.data, user_len);
	r->user[user_len] = '\0';
	e = buf_add(&r->password, end + 1, text.len - (size_t)(end + 1 - text.data));
	r->job.challenge_user = r->user;
	r->job.challenge_password = &r->password;
out:
	buf_clear(&text);
	return e;
}

static enum err was_used(const struct pass *pass, const struct scep_profile *p, const struct buf *salt,
                         const struct buf *challenge, bool *out, struct why *why)
{
	uint8_t mark[SHA256_LEN];
	enum err e = hmac_sha256(buf_bytes(salt), buf_bytes(challenge), mark);
	return e == ERR_OK ? used_has(&pass->store, p->name, (struct bytes){ mark, sizeof mark }, out, why) : e;
}

static enum err refuse_used(const struct pass *pass, const struct scep_profile *p, const struct scep_resolved *r,
                            struct why *why)
{
	bool is_used = false;
	enum err e = was_used(pass, p, &r->salt, &r->challenge, &is_used, why);
	if (e != ERR_OK || !is_used)
		return e;
	e = why_set(why, ERR_NOT_FOUND, "challenge.used", "%s waits for a fresh challenge: the one at hand went out before",
	            p->name);
	why_next(why, "signet enroll %s --challenge-file FILE", p->name);
	return e;
}

static enum err look_at_command(const struct pass *pass, const struct scep_profile *p, struct why *why)
{
	char path[FILE_PATH_MAX];
	if (path_in_root(path, pass->config->root, p->challenge_command) == ERR_OK && access(path, X_OK) == 0)
		return ERR_OK;
	enum err e = why_set(why, ERR_NOT_FOUND, "challenge.command", "challenge_command %s is not there, or cannot be run",
	                     p->challenge_command);
	why_next(why, "install it, executable; or hand a challenge in: signet enroll %s --challenge-file FILE", p->name);
	return e;
}

enum err scep_look_for_challenge(const struct pass *pass, const struct scep_profile *profile, struct why *why)
{
	struct scep_resolved *r = calloc(1, sizeof *r);
	if (r == NULL)
		return why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for a challenge");
	buf_init(&r->salt, SHA256_LEN);
	buf_init(&r->challenge, CSR_CHALLENGE_MAX + 1);
	enum err e = ERR_OK;
	if (profile->challenge_file[0] != '\0')
		e = from_file(pass, profile, r, why);
	else if (profile->challenge_command[0] != '\0')
		e = look_at_command(pass, profile, why);
	cut_line_ends(&r->challenge);
	if (e == ERR_OK && r->challenge.len > 0 && profile->challenge_once &&
	    used_salt_read(&pass->store, profile->name, &r->salt) == ERR_OK) /* else none went out yet */
		e = refuse_used(pass, profile, r, why);
	buf_clear(&r->challenge);
	buf_clear(&r->salt);
	free(r);
	return e;
}

void scep_wipe_challenge(const struct pass *pass, const struct scep_profile *profile)
{
	char path[FILE_PATH_MAX];
	struct why why = { .code = "" };
	struct buf salt;
	struct buf text;
	bool is_used = false;
	if (!profile->challenge_once || profile->challenge_file[0] == '\0' ||
	    path_in_root(path, pass->config->root, profile->challenge_file) != ERR_OK || !file_exists(path))
		return;
	buf_init(&salt, SHA256_LEN);
	buf_init(&text, CSR_CHALLENGE_MAX + 1);
	enum err e = file_read(path, &text, &why);
	bool is_half = e == ERR_OK && is_wiped(&text);
	cut_line_ends(&text);
	if (e == ERR_OK)
		e = used_salt(&pass->store, profile->name, &salt, &why);
	if (e == ERR_OK)
		e = was_used(pass, profile, &salt, &text, &is_used, &why);
	if (e == ERR_OK && (is_used || is_half))
		e = file_wipe(path, &why);
	if (e != ERR_OK)
		log_debug("scep: the used challenge stays: %s", why.text);
	buf_clear(&text);
	buf_clear(&salt);
}

enum err scep_take_challenge(const struct pass *pass, const struct scep_profile *profile,
                             struct scep_resolved *resolved, struct why *why)
{
	const struct apply_options *o = pass->options;
	struct scep_resolved *r = resolved;
	enum err e = used_salt(&pass->store, profile->name, &r->salt, why);
	r->job.challenge_salt = buf_bytes(&r->salt);
	if (e != ERR_OK)
		return e;
	if (o != NULL && o->challenge != NULL)
		e = buf_add(&r->challenge, o->challenge->data, o->challenge->len);
	else if (profile->challenge_file[0] != '\0')
		e = from_file(pass, profile, r, why);
	else if (profile->challenge_command[0] != '\0')
		e = from_command(pass, profile, r, why);
	else if (profile->challenge_url[0] != '\0') {
		r->job.challenge_url = profile->challenge_url;
		return profile->challenge_credentials_file[0] != '\0' ? read_account(pass, profile, r, why) : ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	cut_line_ends(&r->challenge);
	if (r->challenge.len > CSR_CHALLENGE_MAX)
		return why_set(why, ERR_TOO_BIG, "challenge.size", "the challenge has more than %d bytes", CSR_CHALLENGE_MAX);
	if (r->challenge.len == 0)
		return ERR_OK; /* a CA that asks for none */
	r->job.content.challenge = &r->challenge;
	return profile->challenge_once ? refuse_used(pass, profile, r, why) : ERR_OK;
}
