/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/rollover.h"
#include "client/agent/scep_resolve.h"
#include "client/doctor/checks.h"
#include "hal/clock.h"

#define AT_ONCE 4      /* workers: each is a process with libcurl, 4 MiB */
#define SERVERS_MAX 64 /* urls asked: a fleet's device has two or three */
#define KEEP_MS 6000 /* left for what comes after the servers: lists of revoked certificates */

/* What the profiles' files hold, which the next apply installs; where one is gone, what is
 * installed. */
static enum err take_anchors(struct examination *x, const struct scep_profile *p,
			     struct server_answer *a, struct why *why)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < p->trust.count && e == ERR_OK; i++) {
		const struct trust_profile *t =
		    config_find_trust(x->pass.config, p->trust.items[i]);
		struct buf der;
		buf_init(&der, CERTIFICATE_MAX);
		e = t != NULL ? trust_source(&x->pass, t, &der, why) : ERR_NOT_FOUND;
		if (e == ERR_NOT_FOUND &&
		    trust_read(&x->pass, p->trust.items[i], &der, NULL) == ERR_OK)
			e = ERR_OK;
		if (e == ERR_OK)
			e = certificate_set_add(&a->anchors, buf_bytes(&der));
		buf_clear(&der);
	}
	return e == ERR_OK ? rollover_add(&x->pass, p, &a->anchors, &a->announced_count, why) : e;
}

static void prepare(struct examination *x, const struct scep_profile *p, const char *url,
		    struct server_answer *a)
{
	*a = (struct server_answer){.profile = p, .url = url};
	buf_init(&a->tls_ca, TRUST_PEM_MAX);
	a->err = take_anchors(x, p, a, &a->why);
	if (a->err == ERR_OK)
		a->err = scep_resolve_server(&x->pass, p, &a->anchors, a->announced_count, &a->tls_ca, &a->job.server,
					     &a->why);
	a->job.url = url;
	a->job.http = http_exchange;
	if (a->job.server.timeout_ms > QUESTION_MS)
		a->job.server.timeout_ms = QUESTION_MS;
}

/* Some at a time; their waits overlap. */
static void ask_some(struct server_answer *answers, size_t count)
{
	struct survey_run runs[AT_ONCE];
	for (size_t i = 0; i < count; i++) {
		struct server_answer *a = &answers[i];
		a->is_asked = true;
		if (a->err == ERR_OK)
			a->err = survey_start(&a->job, &runs[i], &a->why);
		if (a->err != ERR_OK)
			a->job.url = NULL; /* not under way */
	}
	for (size_t i = 0; i < count; i++)
		if (answers[i].job.url != NULL)
			answers[i].err =
			    survey_finish(&runs[i], &answers[i].survey, &answers[i].why);
}

void ask_servers(struct examination *x, const char *only)
{
	const struct config *c = x->pass.config;
	if (x->has_asked_servers)
		return;
	x->has_asked_servers = true;
	x->servers = calloc(SERVERS_MAX, sizeof *x->servers);
	if (x->servers == NULL)
		x->err = ERR_NO_MEMORY;
	for (size_t i = 0; i < c->scep_count && x->servers != NULL; i++)
		for (size_t u = 0; u < c->sceps[i].url.count && x->server_count < SERVERS_MAX; u++)
			if (only == NULL || strcmp(only, c->sceps[i].name) == 0)
				prepare(x, &c->sceps[i], c->sceps[i].url.items[u],
					&x->servers[x->server_count++]);
	pass_release_tpm(&x->pass);
	for (size_t at = 0; at < x->server_count; at += AT_ONCE) {
		size_t left = x->server_count - at;
		if (examination_left_ms(x) > QUESTION_MS + KEEP_MS)
			ask_some(&x->servers[at], left < AT_ONCE ? left : AT_ONCE);
	}
}

void servers_clear(struct examination *x)
{
	for (size_t i = 0; i < x->server_count; i++) {
		certificate_set_clear(&x->servers[i].anchors);
		survey_clear(&x->servers[i].survey);
		buf_clear(&x->servers[i].tls_ca);
	}
	free(x->servers);
	x->servers = NULL;
	x->server_count = 0;
}

void capabilities_text(const struct scep_capabilities *caps, char out[128])
{
	const struct {
		bool has;
		const char *word;
	} words[] = {
	    {caps->has_post, "POSTPKIOperation"},
	    {caps->has_renewal, "Renewal"},
	    {caps->has_next_ca, "GetNextCACert"},
	    {caps->has_aes, "AES"},
	    {caps->has_des3, "DES3"},
	    {caps->has_sha512, "SHA-512"},
	    {caps->has_sha256, "SHA-256"},
	    {caps->has_sha1, "SHA-1"},
	};
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].has)
			len += (size_t)snprintf(out + len, 128 - len, "%s%s", len > 0 ? " " : "",
						words[i].word);
	if (len == 0)
		snprintf(out, 128, "no capabilities told");
}
