/* SPDX-License-Identifier: MIT */
#include "client/agent/scep_resolve.h"
#include <string.h>
#include <strings.h>
#include "client/agent/rollover.h"
#include "client/agent/schedule.h"
#include "client/agent/used.h"
#include "client/config/variables.h"
#include "client/pki/csr.h"
#include "client/pki/name.h"

#define NAME_TEXT_MAX 4096 /* bytes of one expanded subject or SAN */

void scep_resolved_clear(struct scep_resolved *resolved)
{
	certificate_set_clear(&resolved->anchors);
	buf_clear(&resolved->subject);
	buf_clear(&resolved->salt);
	buf_clear(&resolved->challenge);
	buf_clear(&resolved->password);
	buf_clear(&resolved->old_certificate);
	buf_clear(&resolved->tls_ca);
	for (size_t i = 0; i < RESOLVED_SANS_MAX; i++)
		buf_clear(&resolved->san_text[i]);
}

static enum err resolve_subject(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                                struct why *why)
{
	struct buf text;
	buf_init(&text, NAME_TEXT_MAX);
	enum err e = variables_expand(pass->config, p->subject, PLACE_RDN, &text, why);
	const char *s = e == ERR_OK ? buf_text(&text) : NULL;
	if (e == ERR_OK)
		e = s == NULL ? ERR_NO_MEMORY : name_from_text(s, &r->subject, why);
	buf_clear(&text);
	return e;
}

static enum err resolve_sans(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                             struct why *why)
{
	const struct {
		const struct text_list *list;
		enum san_kind kind;
	} lists[] = { { &p->san_dns, SAN_DNS },
		      { &p->san_upn, SAN_UPN },
		      { &p->san_email, SAN_EMAIL },
		      { &p->san_ip, SAN_IP },
		      { &p->san_uri, SAN_URI } };
	size_t count = 0;
	for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
		for (size_t i = 0; i < lists[l].list->count; i++, count++) {
			if (count == RESOLVED_SANS_MAX)
				return why_set(why, ERR_TOO_BIG, "config.san", "scep %s: more than %d subject alternative names", p->name,
				               RESOLVED_SANS_MAX);
			enum err e = variables_expand(pass->config, lists[l].list->items[i], PLACE_TEXT, &r->san_text[count], why);
			const char *text = e == ERR_OK ? buf_text(&r->san_text[count]) : NULL;
			if (text == NULL)
				return e != ERR_OK ? e : ERR_NO_MEMORY;
			r->sans[count] = (struct san){ lists[l].kind, text };
		}
	}
	r->job.content.sans = r->sans;
	r->job.content.san_count = count;
	return ERR_OK;
}

static enum err resolve_ekus(const struct scep_profile *p, struct scep_resolved *r, struct why *why)
{
	size_t count = 0;
	for (; count < p->extended_key_usage.count; count++) {
		if (count == CERTIFICATE_EKU_MAX)
			return why_set(why, ERR_TOO_BIG, "config.eku", "scep %s: more than %d extended_key_usage", p->name,
			               CERTIFICATE_EKU_MAX);
		r->ekus[count] = eku_oid(p->extended_key_usage.items[count]);
		if (r->ekus[count] == NULL)
			return why_set(why, ERR_INVALID, "config.eku", "scep %s: extended_key_usage \"%s\" is no known word or OID",
			               p->name, p->extended_key_usage.items[count]);
	}
	r->job.content.ekus = r->ekus;
	r->job.content.eku_count = count;
	return ERR_OK;
}

static void resolve_algorithms(const struct scep_profile *p, struct scep_server *s)
{
	static const enum cms_cipher ciphers[] = { [CIPHER_AUTO] = CMS_AES128,
		                                   [CIPHER_AES128] = CMS_AES128,
		                                   [CIPHER_AES256] = CMS_AES256,
		                                   [CIPHER_DES3] = CMS_DES3 };
	s->floor = (struct cms_floor){ .allow_sha1 = p->allow_sha1, .allow_des = p->allow_des };
	s->is_cipher_auto = p->cipher == CIPHER_AUTO;
	s->cipher = ciphers[p->cipher];
	s->digest = p->digest_bits == 512 ? KEY_SHA512 : p->digest_bits == 384 ? KEY_SHA384 : KEY_SHA256;
}

enum err scep_resolve_server(const struct pass *pass, const struct scep_profile *p, const struct certificate_set *anchors,
                             size_t announced_count, struct buf *tls_ca, struct scep_server *out, struct why *why)
{
	struct scep_server s = { .url_count = 0 };
	enum err e = trust_tls(pass, p->tls_trust, tls_ca, why);
	s.tls_ca = buf_bytes(tls_ca);
	s.ca_identifier = p->ca_identifier;
	s.proxy = p->proxy;
	s.timeout_ms = (int64_t)p->timeout_s * 1000;
	s.anchors = anchors;
	s.announced_count = announced_count;
	s.ca_sha256 = p->ca_sha256;
	s.has_rollover = p->ca_rollover != ROLLOVER_NO;
	s.ra_sha256 = (const char *const *)p->ra_sha256.items;
	s.ra_sha256_count = p->ra_sha256.count;
	s.now = pass->clock.now;
	s.is_clock_trusted = pass->clock.is_trusted;
	s.time_floor = pass->clock.floor;
	resolve_algorithms(p, &s);
	if (e == ERR_OK)
		*out = s;
	return e;
}

static enum err resolve_server(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                               struct why *why)
{
	size_t announced_count = 0;
	enum err e = trust_anchors(pass, &p->trust, &r->anchors, why);
	if (e == ERR_OK)
		e = rollover_add(pass, p, &r->anchors, &announced_count, why);
	return e == ERR_OK ? scep_resolve_server(pass, p, &r->anchors, announced_count, &r->tls_ca, &r->job.server, why) : e;
}

/* The host of a checked url: behind the scheme, up to port or path. */
static struct bytes host_of(const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *host = scheme_end != NULL ? scheme_end + strlen("://") : url;
	return (struct bytes){ (const uint8_t *)host, strcspn(host, host[0] == '[' ? "]" : ":/?#") };
}

static bool is_same_host(const char *url, const char *other)
{
	struct bytes a = host_of(url), b = host_of(other);
	return a.len == b.len && strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

/* All urls in this device's order; with a page only those on its host, unless it has a host of its own. */
static void resolve_urls(const struct scep_profile *p, struct scep_resolved *r)
{
	struct scep_server *s = &r->job.server;
	bool has_page = r->job.intent == SCEP_ENROLL && p->challenge_url[0] != '\0';
	size_t order[CONFIG_LIST_MAX];
	uint32_t identity = schedule_identity(buf_bytes(&r->subject));
	for (size_t i = 0; i < r->job.content.san_count; i++)
		identity += schedule_identity(buf_bytes(&r->san_text[i]));
	schedule_url_order(identity, p->url.count, order);
	s->urls = r->urls;
	for (size_t i = 0; i < p->url.count && has_page; i++)
		if (is_same_host(p->url.items[order[i]], p->challenge_url))
			r->urls[s->url_count++] = p->url.items[order[i]];
	if (s->url_count > 0)
		return;
	for (size_t i = 0; i < p->url.count; i++)
		r->urls[s->url_count++] = p->url.items[order[i]];
}

/* Renewal: subject and SAN byte for byte as the old certificate has them (NDES denies anything else). */
static enum err take_over_names(const struct pass *pass, const struct scep_profile *p, struct scep_resolved *r,
                                struct why *why)
{
	struct generations g;
	struct certificate old;
	enum err e = generations_look(&pass->store, p->name, &g, why);
	if (e == ERR_OK)
		e = generation_certificate(&pass->store, p->name, g.current, &r->old_certificate, why);
	if (e == ERR_OK)
		e = certificate_parse(buf_bytes(&r->old_certificate), &old, why);
	if (e != ERR_OK)
		return e;
	r->job.old_certificate = buf_bytes(&r->old_certificate);
	r->job.content.subject = old.subject;
	r->job.content.san_count = 0;
	r->job.content.raw_san = old.san;
	return ERR_OK;
}

static void init(struct scep_resolved *out)
{
	*out = (struct scep_resolved){ .job = { .intent = SCEP_ENROLL } };
	buf_init(&out->subject, NAME_TEXT_MAX);
	buf_init(&out->salt, SHA256_LEN);
	buf_init(&out->challenge, CSR_CHALLENGE_MAX + 1);
	buf_init(&out->password, 1024);
	buf_init(&out->tls_ca, TRUST_PEM_MAX);
	buf_init(&out->old_certificate, CERTIFICATE_MAX);
	for (size_t i = 0; i < RESOLVED_SANS_MAX; i++)
		buf_init(&out->san_text[i], NAME_TEXT_MAX);
}

static enum err resolve_content(const struct pass *pass, const struct scep_profile *profile, struct scep_resolved *out,
                                struct why *why)
{
	enum err e = resolve_subject(pass, profile, out, why);
	if (e == ERR_OK)
		e = resolve_sans(pass, profile, out, why);
	if (e == ERR_OK)
		e = resolve_ekus(profile, out, why);
	out->job.content.subject = buf_bytes(&out->subject);
	out->job.content.key_usage = profile->key_usage;
	out->job.content.template_name = profile->template_name;
	return e;
}

enum err scep_resolve_request(const struct pass *pass, const struct scep_profile *profile, struct scep_resolved *out,
                              struct why *why)
{
	init(out);
	resolve_algorithms(profile, &out->job.server);
	enum err e = resolve_content(pass, profile, out, why);
	if (e != ERR_OK)
		scep_resolved_clear(out);
	return e;
}

enum err scep_resolve(const struct pass *pass, const struct scep_profile *profile, enum scep_intent intent,
                      struct scep_resolved *out, struct why *why)
{
	static const enum scep_renewal_form forms[] = { [RENEWAL_AUTO] = SCEP_FORM_AUTO,
		                                        [RENEWAL_17] = SCEP_FORM_17,
		                                        [RENEWAL_19] = SCEP_FORM_19,
		                                        [RENEWAL_REENROLL] = SCEP_FORM_AUTO };
	init(out);
	out->job.intent = intent;
	out->job.form = forms[profile->renewal_message];
	enum err e = resolve_server(pass, profile, out, why);
	if (e == ERR_OK)
		e = resolve_content(pass, profile, out, why);
	if (e == ERR_OK) {
		resolve_urls(profile, out);
		if (intent == SCEP_RENEW)
			e = take_over_names(pass, profile, out, why);
	}
	if (e != ERR_OK)
		scep_resolved_clear(out);
	return e;
}
