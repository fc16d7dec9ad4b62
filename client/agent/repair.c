/* SPDX-License-Identifier: MIT */
#include "client/agent/repair.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "client/agent/binding.h"
#include "client/agent/event.h"
#include "client/agent/generation.h"
#include "client/agent/revocation.h"
#include "client/agent/rollover.h"
#include "client/pki/chain.h"
#include "client/pki/name.h"
#include "client/pki/software_key.h"
#include "hal/log.h"

#define KEY_FILE_MAX 8192 /* bytes, as in scep_step.c */
#define CHAIN_PEM_MAX (CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX)

/* The files of one generation, as far as they can be read. */
struct parts {
	const struct pass *pass;
	const struct scep_profile *profile;
	unsigned number;
	bool has_key, is_software;
	struct public_key key;
	struct buf leaf; /* of cert.pem, or of chain.pem; empty: neither holds the key's certificate */
	bool is_certificate_whole;
	struct certificate_set chain;
};

static void parts_clear(struct parts *p)
{
	buf_clear(&p->leaf);
	certificate_set_clear(&p->chain);
}

/* Missing, empty and damaged are alike; only what the system refuses to read is an error. */
static bool is_trouble(enum err e)
{
	return e == ERR_IO || e == ERR_DENIED || e == ERR_NO_MEMORY;
}

static enum err read_part(const struct parts *p, const char *name, struct buf *out, struct why *why)
{
	enum err e = generation_read(&p->pass->store, p->profile->name, p->number, name, out, why);
	return e == ERR_TOO_BIG ? ERR_NOT_FOUND : e;
}

static enum err read_key(struct parts *p, struct why *why)
{
	struct device_key key = { .ops = NULL };
	struct buf file;
	buf_init(&file, KEY_FILE_MAX);
	enum err e = read_part(p, "key.der", &file, why);
	if (e == ERR_OK)
		p->has_key = tpm_key_file_public(buf_bytes(&file), &p->key, NULL) == ERR_OK;
	if (e == ERR_NOT_FOUND) {
		p->is_software = true;
		e = read_part(p, "key.pem", &file, why);
		p->has_key = e == ERR_OK && software_key_load(buf_bytes(&file), &key, NULL) == ERR_OK &&
		             device_key_public(&key, &p->key, NULL) == ERR_OK;
		device_key_close(&key);
	}
	buf_clear(&file);
	return is_trouble(e) ? e : ERR_OK;
}

/* Is this the certificate of the generation's key? */
static bool fits(const struct parts *p, struct bytes der)
{
	struct certificate cert;
	struct public_key pub;
	return certificate_parse(der, &cert, NULL) == ERR_OK && certificate_rsa_key(cert.spki, &pub) == ERR_OK &&
	       pub.exponent == p->key.exponent && pub.modulus_len == p->key.modulus_len &&
	       memcmp(pub.modulus, p->key.modulus, pub.modulus_len) == 0;
}

static enum err read_certificates(struct parts *p, struct why *why)
{
	struct buf file;
	buf_init(&file, CHAIN_PEM_MAX);
	enum err e = read_part(p, "chain.pem", &file, why);
	if (e == ERR_OK && certificate_set_from_pem(buf_bytes(&file), &p->chain, NULL) != ERR_OK)
		certificate_set_clear(&p->chain);
	if (p->chain.count > 0 && !fits(p, buf_bytes(&p->chain.der[0])))
		certificate_set_clear(&p->chain);
	buf_cut(&file, 0);
	if (!is_trouble(e))
		e = read_part(p, "cert.pem", &file, why);
	p->is_certificate_whole = e == ERR_OK && certificate_from_file(buf_bytes(&file), &p->leaf, NULL) == ERR_OK &&
	                          fits(p, buf_bytes(&p->leaf));
	if (!p->is_certificate_whole)
		buf_cut(&p->leaf, 0);
	if (!is_trouble(e) && p->leaf.len == 0 && p->chain.count > 0)
		e = buf_add(&p->leaf, p->chain.der[0].data, p->chain.der[0].len);
	buf_clear(&file);
	return is_trouble(e) ? e : ERR_OK;
}

static enum err read_parts(const struct pass *pass, const struct scep_profile *profile, unsigned number,
                           struct parts *out, struct why *why)
{
	*out = (struct parts){ .pass = pass, .profile = profile, .number = number };
	buf_init(&out->leaf, CERTIFICATE_MAX);
	enum err e = read_key(out, why);
	return e == ERR_OK && out->has_key ? read_certificates(out, why) : e;
}

static bool is_pair(const struct parts *p)
{
	return p->has_key && p->leaf.len > 0;
}

static void tell(const struct parts *p, const char *what)
{
	struct event event = { .kind = EVENT_REPAIRED, .profile_kind = KIND_SCEP, .profile = p->profile->name };
	event_take_certificate(&event, &p->pass->store, p->number);
	snprintf(event.reason, sizeof event.reason, "generation %04u: %s", p->number, what);
	log_warn("scep: %s: %s", p->profile->name, event.reason);
	event_note(&p->pass->store, &event);
}

static enum err write_part(const struct parts *p, const char *name, const struct buf *content, struct why *why)
{
	enum err e = generation_write(&p->pass->store, p->profile->name, p->number, name, buf_bytes(content), why);
	if (e == ERR_OK) {
		char what[64];
		snprintf(what, sizeof what, "%s was missing or damaged, and is written again", name);
		tell(p, what);
	}
	return e;
}

static enum err mend_meta(const struct parts *p, struct why *why)
{
	struct generation_meta meta;
	const struct store *store = &p->pass->store;
	enum err e = generation_meta_read(store, p->profile->name, p->number, &meta, why);
	if (e == ERR_OK || e == ERR_UNSUPPORTED || is_trouble(e)) /* unsupported: of a newer version, which will be back */
		return e == ERR_UNSUPPORTED ? ERR_OK : e;
	meta = (struct generation_meta){ .is_software = p->is_software, .created = (int64_t)time(NULL) };
	if (!p->is_software)
		binding_now(store, meta.storage_key);
	e = generation_meta_write(store, p->profile->name, p->number, &meta, why);
	if (e == ERR_OK)
		tell(p, "meta.ini was missing or damaged, and is written again");
	return e;
}

static enum err mend_certificate(const struct parts *p, struct why *why)
{
	struct buf pem;
	if (p->is_certificate_whole)
		return ERR_OK;
	buf_init(&pem, 2 * CERTIFICATE_MAX);
	enum err e = certificate_to_pem(buf_bytes(&p->leaf), &pem);
	if (e == ERR_OK)
		e = write_part(p, "cert.pem", &pem, why);
	buf_clear(&pem);
	return e;
}

/* The chain that the trust profiles give; without one the leaf alone, which is better than nothing. */
static enum err mend_chain(const struct parts *p, const struct certificate_set *anchors, struct why *why)
{
	struct certificate_set path = { .count = 0 };
	struct buf pem;
	if (p->chain.count > 0 && certificate_equal(buf_bytes(&p->chain.der[0]), buf_bytes(&p->leaf)))
		return ERR_OK;
	buf_init(&pem, CHAIN_PEM_MAX);
	struct certificate cert;
	int64_t now = p->pass->clock.now;
	if (certificate_parse(buf_bytes(&p->leaf), &cert, NULL) == ERR_OK && (now < cert.not_before || now > cert.not_after))
		now = cert.not_before; /* whether it is over is not the question here */
	if (chain_build(buf_bytes(&p->leaf), anchors, anchors, now, &path, NULL) != ERR_OK)
		log_warn("scep: %s: the chain of its certificate cannot be built from the trust profiles", p->profile->name);
	enum err e = certificate_to_pem(buf_bytes(&p->leaf), &pem);
	for (size_t i = 0; i < path.count && e == ERR_OK; i++)
		e = certificate_to_pem(buf_bytes(&path.der[i]), &pem);
	if (e == ERR_OK)
		e = write_part(p, "chain.pem", &pem, why);
	certificate_set_clear(&path);
	buf_clear(&pem);
	return e;
}

static enum err mend_ca(const struct parts *p, const struct certificate_set *anchors, struct why *why)
{
	struct certificate_set present = { .count = 0 };
	struct buf pem;
	buf_init(&pem, CHAIN_PEM_MAX);
	enum err e = read_part(p, "ca.pem", &pem, why);
	bool is_whole = e == ERR_OK && certificate_set_from_pem(buf_bytes(&pem), &present, NULL) == ERR_OK && present.count > 0;
	certificate_set_clear(&present);
	buf_cut(&pem, 0);
	if (is_whole || is_trouble(e))
		goto out;
	e = generation_ca_pem(anchors, &pem);
	if (e == ERR_OK && pem.len > 0)
		e = write_part(p, "ca.pem", &pem, why);
out:
	buf_clear(&pem);
	return is_whole ? ERR_OK : e;
}

static enum err mend(const struct parts *p, struct why *why)
{
	struct certificate_set anchors = { .count = 0 };
	size_t added = 0;
	enum err e = mend_meta(p, why);
	if (e == ERR_OK)
		e = mend_certificate(p, why);
	/* without its trust profiles, which a pass installs first, there is nothing to build from */
	if (e == ERR_OK && trust_anchors(p->pass, &p->profile->trust, &anchors, NULL) == ERR_OK) {
		e = rollover_add(p->pass, p->profile, &anchors, &added, why);
		if (e == ERR_OK)
			e = mend_chain(p, &anchors, why);
		if (e == ERR_OK)
			e = mend_ca(p, &anchors, why);
	}
	certificate_set_clear(&anchors);
	return e;
}

/* Newest other generation that is a pair; the one before it, in a trial. 0: none. */
static enum err find_other(const struct pass *pass, const struct scep_profile *profile, unsigned but, unsigned *out,
                           struct why *why)
{
	struct generations g;
	unsigned previous = generation_named(&pass->store, profile->name, "previous");
	enum err e = generations_look(&pass->store, profile->name, &g, why);
	*out = 0;
	for (unsigned n = e == ERR_OK ? g.newest : 0; n > 0 && e == ERR_OK && *out == 0; n--) {
		struct parts p;
		if (n == but || (n > but && previous != 0 && previous != but))
			continue; /* a way back that was begun comes first */
		e = read_parts(pass, profile, n, &p, why);
		if (e == ERR_OK && is_pair(&p))
			*out = n;
		parts_clear(&p);
	}
	return e;
}

/* Its folder first, or it would be found complete again. */
static enum err give_up(const struct parts *p, struct why *why)
{
	char folder[FILE_PATH_MAX];
	char what[64];
	unsigned other = 0;
	const struct store *store = &p->pass->store;
	const char *name = p->profile->name;
	enum err e = find_other(p->pass, p->profile, p->number, &other, why);
	if (e != ERR_OK)
		return e;
	if (other != 0)
		snprintf(what, sizeof what, "beyond repair; generation %04u takes its place", other);
	tell(p, other != 0 ? what : "beyond repair; a new certificate is needed");
	e = generation_path(store, name, p->number, NULL, folder);
	if (e == ERR_OK)
		e = file_remove_folder(folder, why);
	if (e == ERR_OK)
		e = generation_link(store, name, "current", other, why);
	unsigned previous = generation_named(store, name, "previous");
	if (e == ERR_OK && previous != 0 && (previous == other || previous == p->number))
		e = generation_link(store, name, "previous", 0, why);
	return e;
}

enum err repair_profile(const struct pass *pass, const struct scep_profile *profile, struct why *why)
{
	struct parts p;
	struct revocation revocation;
	unsigned number = generation_named(&pass->store, profile->name, "current");
	if (number == 0)
		return ERR_OK;
	enum err e = read_parts(pass, profile, number, &p, why);
	if (e == ERR_OK && is_pair(&p))
		e = mend(&p, why);
	else if (e == ERR_OK && !revocation_is_known(&pass->store, profile->name, number, &revocation))
		e = give_up(&p, why);
	parts_clear(&p);
	return e;
}
