/* SPDX-License-Identifier: MIT */
#include "client/pki/chain.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/pki/name.h"
#include "client/pki/wolf_memory.h"

#define CANDIDATE_MAX (2 * CERTIFICATE_SET_MAX) /* the pool and the anchors */
/* signatures tried in one search: a real chain takes 3; hostile pools multiply them */
#define VERIFY_MAX 128
#define SUBJECT_MAX 200 /* bytes of a name in a sentence */

struct candidate {
	struct certificate cert;
	bool is_anchor; /* of the anchors and self-signed: a path may end here */
};

struct search {
	struct candidate *candidates;
	size_t candidate_count;
	const struct certificate *path[CHAIN_MAX];
	int64_t now;
	unsigned verified;
	bool has_no_memory; /* one of the checks could not be made */
	size_t worst_depth; /* the failure told is the one furthest from the leaf */
	struct why why;
};

/* A name, or part of one, for a sentence. */
static const char *subject_text(struct bytes name, char out[SUBJECT_MAX])
{
	struct buf text;
	buf_init(&text, 4096);
	const char *words = "a name that does not parse";
	if (name_to_text(name, &text) == ERR_OK && buf_text(&text) != NULL)
		words = text.len > 0 ? (const char *)text.data : "(empty name)";
	size_t len = strlen(words);
	bool is_cut = len >= SUBJECT_MAX;
	if (is_cut) {
		len = SUBJECT_MAX - 4;
		while (len > 0 && ((uint8_t)words[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, words, len);
	memcpy(out + len, is_cut ? "..." : "", is_cut ? 4 : 1);
	buf_clear(&text);
	return out;
}

static const char *date_text(int64_t unix_s, char out[32])
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		memcpy(out, "(no date)", 10);
	return out;
}

static enum err check_dates(const struct certificate *cert, int64_t now, struct why *why)
{
	char name[SUBJECT_MAX];
	char limit[32];
	char today[32];
	if (now < cert->not_before) {
		enum err e =
		    why_set(why, ERR_UNTRUSTED, "chain.not_yet_valid",
			    "the certificate \"%s\" is valid from %s on; the clock says %s",
			    subject_text(cert->subject, name), date_text(cert->not_before, limit),
			    date_text(now, today));
		why_next(why, "check the device's clock");
		return e;
	}
	if (now > cert->not_after)
		return why_set(why, ERR_UNTRUSTED, "chain.expired",
			       "the certificate \"%s\" expired on %s; the clock says %s",
			       subject_text(cert->subject, name), date_text(cert->not_after, limit),
			       date_text(now, today));
	return ERR_OK;
}

static enum err check_critical(const struct certificate *cert, struct why *why)
{
	char name[SUBJECT_MAX];
	if (!cert->has_unknown_critical)
		return ERR_OK;
	return why_set(
	    why, ERR_UNTRUSTED, "chain.critical_extension",
	    "the certificate \"%s\" has a critical extension that signet does not evaluate (name "
	    "constraints, for example)",
	    subject_text(cert->subject, name));
}

/* What RFC 5280 section 6.1.4 asks of a certificate that issues others. */
static enum err check_issuer(const struct certificate *cert, int64_t now, struct why *why)
{
	char name[SUBJECT_MAX];
	if (!cert->is_ca)
		return why_set(
		    why, ERR_UNTRUSTED, "chain.not_a_ca",
		    "\"%s\" is no CA certificate (basicConstraints) and may not issue others",
		    subject_text(cert->subject, name));
	if (cert->has_key_usage && (cert->key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0)
		return why_set(
		    why, ERR_UNTRUSTED, "chain.key_usage",
		    "the key usage of \"%s\" has no keyCertSign: it may not issue certificates",
		    subject_text(cert->subject, name));
	enum err e = check_critical(cert, why);
	return e == ERR_OK ? check_dates(cert, now, why) : e;
}

static bool is_self_issued(const struct certificate *cert)
{
	return name_equal(cert->subject, cert->issuer);
}

/* ERR_UNTRUSTED when it is not, ERR_NO_MEMORY when that could not be found out. */
static enum err check_self_signed(const struct certificate *cert)
{
	return is_self_issued(cert) ? certificate_verify_signature(cert, cert, NULL)
				    : ERR_UNTRUSTED;
}

static enum err no_memory(struct why *why)
{
	wolf_memory_missed();
	return why_set(why, ERR_NO_MEMORY, "chain.memory", "no memory to check a chain");
}

/* pathLenConstraint: intermediates between `cert` and the leaf; self-issued ones do not count. */
static enum err check_path_len(const struct search *s, size_t depth, const struct certificate *cert,
			       struct why *why)
{
	char name[SUBJECT_MAX];
	int between = 0;
	for (size_t i = 1; i < depth; i++)
		between += !is_self_issued(s->path[i]);
	if (cert->path_len < 0 || between <= cert->path_len)
		return ERR_OK;
	return why_set(
	    why, ERR_UNTRUSTED, "chain.path_len",
	    "\"%s\" allows %d CA certificates below it (pathLenConstraint); this path has %d",
	    subject_text(cert->subject, name), cert->path_len, between);
}

static enum err check_link(struct search *s, size_t depth, const struct certificate *cert,
			   struct why *why)
{
	char child[SUBJECT_MAX];
	char name[SUBJECT_MAX];
	enum err e = check_issuer(cert, s->now, why);
	if (e == ERR_OK)
		e = check_path_len(s, depth, cert, why);
	if (e != ERR_OK)
		return e;
	s->verified++;
	e = certificate_verify_signature(s->path[depth - 1], cert, NULL);
	s->has_no_memory = s->has_no_memory || e == ERR_NO_MEMORY;
	if (e == ERR_OK || e == ERR_NO_MEMORY)
		return e;
	return why_set(why, ERR_UNTRUSTED, "chain.signature",
		       "the signature of \"%s\" does not verify under the key of \"%s\", or its "
		       "algorithm (%s) is "
		       "not accepted",
		       subject_text(s->path[depth - 1]->subject, child),
		       subject_text(cert->subject, name), s->path[depth - 1]->signature_oid);
}

/* Keep the failure furthest from the leaf; of equals the first. */
static void note(struct search *s, size_t depth, const struct why *why)
{
	if (depth > s->worst_depth) {
		s->worst_depth = depth;
		s->why = *why;
	}
}

static void note_missing(struct search *s, size_t depth)
{
	struct why why = {.code = ""};
	char child[SUBJECT_MAX];
	char issuer[SUBJECT_MAX];
	const struct certificate *last = s->path[depth - 1];
	if (is_self_issued(last)) {
		why_set(&why, ERR_UNTRUSTED, "chain.root",
			"the chain ends at \"%s\", which is no root of the trust profile",
			subject_text(last->subject, issuer));
		why_next(
		    &why,
		    "compare it with your CA's root, then install that root as a trust profile");
	} else {
		why_set(&why, ERR_UNTRUSTED, "chain.missing_issuer",
			"the certificate \"%s\" was issued by \"%s\", which is neither in the "
			"trust profile nor "
			"among the certificates that came with it",
			subject_text(last->subject, child), subject_text(last->issuer, issuer));
		why_next(&why, "install the CA certificate \"%s\" as a trust profile", issuer);
	}
	note(s, depth, &why);
}

static bool is_on_path(const struct search *s, size_t depth, const struct certificate *cert)
{
	for (size_t i = 0; i < depth; i++)
		if (certificate_equal(s->path[i]->der, cert->der))
			return true;
	return false;
}

/* Path of s->path[0..depth) up to an anchor; *out_depth its length. Recursion is at most CHAIN_MAX
 * deep. */
static bool extend(struct search *s, size_t depth, size_t *out_depth)
{
	bool has_issuer = false;
	struct why why = {.code = ""};
	for (size_t i = 0; i < s->candidate_count && s->verified < VERIFY_MAX; i++) {
		const struct candidate *next = &s->candidates[i];
		if (!name_equal(s->path[depth - 1]->issuer, next->cert.subject) ||
		    is_on_path(s, depth, &next->cert))
			continue;
		has_issuer = true;
		if (depth >= CHAIN_MAX) {
			why_set(&why, ERR_UNTRUSTED, "chain.too_deep",
				"the chain has more than %d certificates", CHAIN_MAX);
			note(s, depth, &why);
			return false;
		}
		if (check_link(s, depth, &next->cert, &why) != ERR_OK) {
			note(s, depth, &why);
			continue;
		}
		s->path[depth] = &next->cert;
		if (next->is_anchor) {
			*out_depth = depth + 1;
			return true;
		}
		if (extend(s, depth + 1, out_depth))
			return true;
	}
	if (!has_issuer)
		note_missing(s, depth);
	return false;
}

static void add_candidates(struct search *s, const struct certificate_set *set, bool is_anchors)
{
	for (size_t i = 0; set != NULL && i < set->count && i < CERTIFICATE_SET_MAX; i++) {
		struct candidate *next = &s->candidates[s->candidate_count];
		bool is_known = false;
		for (size_t k = 0; k < s->candidate_count; k++)
			is_known = is_known || certificate_equal(s->candidates[k].cert.der,
								 buf_bytes(&set->der[i]));
		if (is_known ||
		    certificate_parse(buf_bytes(&set->der[i]), &next->cert, NULL) != ERR_OK)
			continue; /* a stranger that does not parse leads nowhere */
		enum err e = is_anchors ? check_self_signed(&next->cert) : ERR_UNTRUSTED;
		s->has_no_memory = s->has_no_memory || e == ERR_NO_MEMORY;
		next->is_anchor = e == ERR_OK;
		s->candidate_count++;
	}
}

static enum err find_path(struct search *s, const struct certificate *leaf, size_t *out_depth,
			  struct why *why)
{
	enum err e = check_critical(leaf, why);
	if (e == ERR_OK)
		e = check_dates(leaf, s->now, why);
	if (e != ERR_OK)
		return e;
	s->path[0] = leaf;
	for (size_t i = 0; i < s->candidate_count; i++)
		if (s->candidates[i].is_anchor &&
		    certificate_equal(s->candidates[i].cert.der, leaf->der)) {
			*out_depth = 1; /* the leaf is the root itself */
			return ERR_OK;
		}
	if (extend(s, 1, out_depth))
		return ERR_OK;
	if (s->has_no_memory) /* it may well lead to the root */
		return no_memory(why);
	if (s->why.code[0] == '\0')
		why_set(&s->why, ERR_UNTRUSTED, "chain.too_many", "no path after %u signatures",
			s->verified);
	if (why != NULL)
		*why = s->why;
	return ERR_UNTRUSTED;
}

/* The issuers between leaf and root. */
static enum err copy_path(const struct search *s, size_t depth, struct certificate_set *out)
{
	struct certificate_set path = {.count = 0};
	for (size_t i = 1; i + 1 < depth; i++) {
		enum err e = certificate_set_add(&path, s->path[i]->der);
		if (e != ERR_OK) {
			certificate_set_clear(&path);
			return e;
		}
	}
	certificate_set_clear(out);
	*out = path; /* handed to the caller */
	return ERR_OK;
}

enum err chain_build(struct bytes leaf_der, const struct certificate_set *pool,
		     const struct certificate_set *anchors, int64_t now,
		     struct certificate_set *out_path, struct why *why)
{
	struct certificate leaf;
	struct search s = {.now = now};
	size_t depth = 0;
	enum err e = certificate_parse(leaf_der, &leaf, why);
	if (e != ERR_OK)
		return e;
	s.candidates = calloc(CANDIDATE_MAX, sizeof(*s.candidates));
	if (s.candidates == NULL)
		return no_memory(why);
	add_candidates(&s, anchors, true);
	add_candidates(&s, pool, false);
	e = find_path(&s, &leaf, &depth, why);
	if (e == ERR_OK && out_path != NULL)
		e = copy_path(&s, depth, out_path);
	free(s.candidates);
	return e;
}

enum err chain_check_ca(struct bytes der, const struct certificate_set *installed, int64_t now,
			struct why *why)
{
	struct certificate cert;
	struct certificate issuer;
	char name[SUBJECT_MAX];
	char by[SUBJECT_MAX];
	enum err e = certificate_parse(der, &cert, why);
	if (e == ERR_OK)
		e = check_issuer(&cert, now, why);
	if (e != ERR_OK)
		return e;
	e = check_self_signed(&cert);
	if (e == ERR_OK)
		return e;
	bool has_no_memory = e == ERR_NO_MEMORY;
	if (is_self_issued(&cert) && installed == NULL && !has_no_memory)
		return why_set(why, ERR_UNTRUSTED, "chain.signature",
			       "the signature of the root \"%s\" is wrong",
			       subject_text(cert.subject, name));
	for (size_t i = 0; installed != NULL && i < installed->count && i < CERTIFICATE_SET_MAX;
	     i++) {
		if (certificate_parse(buf_bytes(&installed->der[i]), &issuer, NULL) != ERR_OK ||
		    !name_equal(cert.issuer, issuer.subject) ||
		    check_issuer(&issuer, now, NULL) != ERR_OK)
			continue;
		e = certificate_verify_signature(&cert, &issuer, NULL);
		if (e == ERR_OK)
			return e;
		has_no_memory = has_no_memory || e == ERR_NO_MEMORY;
	}
	if (has_no_memory)
		return no_memory(why);
	e = why_set(why, ERR_UNTRUSTED, "chain.missing_issuer",
		    "the CA certificate \"%s\" was issued by \"%s\", which is not installed, or "
		    "its signature is wrong",
		    subject_text(cert.subject, name), subject_text(cert.issuer, by));
	why_next(why, "install the root \"%s\" first", by);
	return e;
}
