/* SPDX-License-Identifier: MIT */
#include "client/agent/revocation.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "client/agent/note.h"
#include "client/agent/revocation_ask.h"
#include "client/agent/rollover.h"
#include "client/agent/schedule.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"
#include "hal/log.h"

#define REVOKED "revoked"
#define REVOKED_MAX 1024 /* bytes: six lines */
#define FOLDER "revocation"
#define CHAIN_MAX_PEM (CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX)
#define FIRST_MS (10 * 60 * 1000LL) /* a power cut ends for many devices in one moment, and a device may boot in a loop */
#define DAY_MS (24 * 3600 * 1000LL)
#define RETRY_MS (4 * 3600 * 1000LL) /* after a try in vain: the network may be there by then, and 16 MiB are dear */

/* ---- what is known ---- */

bool revocation_is_known(const struct store *store, const char *profile, unsigned generation, struct revocation *out)
{
	struct revocation r = { .serial = "" };
	struct buf file;
	buf_init(&file, REVOKED_MAX);
	const char *text = generation != 0 && generation_read(store, profile, generation, REVOKED, &file, NULL) == ERR_OK
	                           ? buf_text(&file)
	                           : NULL;
	bool is_known = text != NULL && sscanf(text,
	                                       "schema = 1\nserial = %63[0-9a-f]\nreason = %u\nrevoked_at = %" SCNd64
	                                       "\nthis_update = %" SCNd64 "\nrequest = %u\n",
	                                       r.serial, &r.reason, &r.revoked_at, &r.this_update, &r.request) == 5;
	if (is_known)
		*out = r;
	buf_clear(&file);
	return is_known;
}

static enum err write_known(const struct store *store, const char *profile, unsigned generation,
                            const struct revocation *r, struct why *why)
{
	struct buf text;
	buf_init(&text, REVOKED_MAX);
	enum err e = buf_add_format(&text,
	                            "schema = 1\nserial = %s\nreason = %u\nrevoked_at = %" PRId64 "\nthis_update = %" PRId64
	                            "\nrequest = %u\n",
	                            r->serial, r->reason, r->revoked_at, r->this_update, r->request);
	if (e == ERR_OK)
		e = generation_write(store, profile, generation, REVOKED, buf_bytes(&text), why);
	buf_clear(&text);
	return e;
}

enum err revocation_refused(const struct store *store, const struct scep_profile *profile, unsigned generation,
                            const struct why *reason, struct why *why)
{
	struct revocation r;
	char when[32];
	if (!revocation_is_known(store, profile->name, generation, &r))
		return ERR_OK;
	clock_text(r.revoked_at, when, sizeof when);
	bool is_stop = profile->after_revocation == AFTER_REVOCATION_STOP;
	why_set(why, ERR_DENIED, "revoked.stop", "%s: the certificate (serial %s) was revoked by its CA %s (%s)%s%s%s",
	        profile->name, r.serial, when, revocation_reason_text(r.reason),
	        is_stop ? "; the device neither renews nor replaces it by itself" : "", reason != NULL ? "; " : "",
	        reason != NULL ? reason->text : "");
	why_next(why, "%ssignet enroll %s --challenge-file FILE",
	         r.reason == REVOCATION_HOLD ? "have the hold lifted at the CA, or: " : "", profile->name);
	return ERR_DENIED;
}

/* ---- the last try of this boot ---- */

/* RUN/revocation/PROFILE: CLOCK_BOOTTIME ms, 1 when it brought an answer, and how it went in words. */
static bool read_try(const struct store *store, const char *profile, int64_t *out_ms, unsigned *out_is_answered)
{
	struct buf file;
	buf_init(&file, NOTE_MAX);
	const char *text = note_read(store, FOLDER, profile, &file);
	bool is_there = text != NULL && sscanf(text, "%" SCNd64 " %u", out_ms, out_is_answered) == 2 &&
	                *out_ms <= clock_boot_ms(); /* else of another boot, in a run folder that outlived it */
	buf_clear(&file);
	return is_there;
}

/* ---- whom to ask about what ---- */

/* The certificate in use, parsed, and where it can be asked about. */
struct subject {
	struct generations generations;
	struct buf der;
	struct certificate cert;
	struct revocation_places places;
	bool is_known;
	struct revocation known;
};

/* False: nothing to be learned. *out is released by buf_clear(&out->der) in any case. */
static bool read_subject(const struct pass *pass, const char *profile, struct subject *out)
{
	*out = (struct subject){ .is_known = false };
	buf_init(&out->der, CERTIFICATE_MAX);
	if (!pass->clock.is_trusted || generations_look(&pass->store, profile, &out->generations, NULL) != ERR_OK ||
	    out->generations.current == 0 ||
	    generation_certificate(&pass->store, profile, out->generations.current, &out->der, NULL) != ERR_OK ||
	    certificate_parse(buf_bytes(&out->der), &out->cert, NULL) != ERR_OK ||
	    out->cert.serial.len >= sizeof out->known.serial / 2)
		return false;
	revocation_places_read(&out->cert, &out->places);
	out->is_known = revocation_is_known(&pass->store, profile, out->generations.current, &out->known);
	/* CAs take what has expired off their lists: that would look like a hold that was lifted */
	return out->places.count > 0 && pass->clock.now <= out->cert.not_after &&
	       !(out->is_known && out->known.reason != REVOCATION_HOLD);
}

int64_t revocation_next_ms(const struct pass *pass, const struct scep_profile *profile)
{
	struct subject s;
	int64_t last = 0;
	unsigned is_answered = 0;
	int64_t next = INT64_MAX;
	if (!read_subject(pass, profile->name, &s))
		goto out;
	uint32_t identity = schedule_identity(s.cert.subject) + schedule_identity(s.cert.san);
	if (!read_try(&pass->store, profile->name, &last, &is_answered)) {
		bool is_by_hand = pass->options != NULL && !pass->options->is_scheduled;
		next = is_by_hand ? 0 : (FIRST_MS >> 16) * (identity >> 16);
		goto out;
	}
	if (!is_answered) {
		next = last + RETRY_MS + (RETRY_MS / 4 >> 16) * (identity >> 16);
		goto out;
	}
	/* the device's own time of day, counted from boot, that is at least half a day away */
	int64_t phase = (DAY_MS >> 16) * (identity >> 16);
	int64_t least = last + DAY_MS / 2;
	next = least + ((phase - least) % DAY_MS + DAY_MS) % DAY_MS;
out:
	buf_clear(&s.der);
	return next;
}

static enum err add_certificates(const struct store *store, const char *profile, unsigned generation, const char *name,
                                 struct certificate_set *out, struct why *why)
{
	struct buf pem;
	buf_init(&pem, CHAIN_MAX_PEM);
	enum err e = generation_read(store, profile, generation, name, &pem, why);
	if (e == ERR_OK)
		e = certificate_set_from_pem(buf_bytes(&pem), out, why);
	buf_clear(&pem);
	return e;
}

static bool has_issuer(const struct certificate_set *set, const struct certificate *cert, struct certificate *out)
{
	for (size_t i = 0; i < set->count; i++)
		if (certificate_parse(buf_bytes(&set->der[i]), out, NULL) == ERR_OK && name_equal(out->subject, cert->issuer) &&
		    certificate_verify_signature(cert, out, NULL) == ERR_OK)
			return true;
	return false;
}

/* The certificate whose key signed ours, out of the generation's chain; a root that was announced, and issues itself, stands
 * neither there nor in ca.pem. *out borrows from *set. */
static enum err find_issuer(const struct pass *pass, const struct scep_profile *p, const struct subject *s,
                            struct certificate_set *set, struct certificate *out, struct why *why)
{
	size_t announced = 0;
	enum err e = add_certificates(&pass->store, p->name, s->generations.current, "chain.pem", set, why);
	if (e == ERR_OK)
		e = add_certificates(&pass->store, p->name, s->generations.current, "ca.pem", set, why);
	if (e != ERR_OK || has_issuer(set, &s->cert, out))
		return e;
	certificate_set_clear(set);
	e = trust_anchors(pass, &p->trust, set, why);
	if (e == ERR_OK)
		e = rollover_add(pass, p, set, &announced, why);
	if (e != ERR_OK || has_issuer(set, &s->cert, out))
		return e;
	return why_set(why, ERR_UNTRUSTED, "revocation.issuer", "%s: the issuer of the certificate is not in its chain", p->name);
}

/* ---- the verdict ---- */

static enum err conclude(const struct pass *pass, const char *profile, const struct subject *s,
                         const struct revocation_answer *answer, struct why *why)
{
	const struct store *store = &pass->store;
	unsigned generation = s->generations.current;
	struct revocation r = { .reason = answer->reason, .revoked_at = answer->revoked_at, .this_update = answer->this_update,
		                .request = s->is_known ? s->known.request : s->generations.request };
	struct event event = { .profile_kind = KIND_SCEP, .profile = profile };
	char path[FILE_PATH_MAX];
	hex_text(s->cert.serial, r.serial);
	bool is_revoked = answer->verdict == REVOCATION_REVOKED;
	bool is_news = is_revoked ? !s->is_known || s->known.reason != r.reason
	                          : answer->verdict == REVOCATION_GOOD && s->is_known && r.this_update > s->known.this_update;
	if (!is_news)
		return ERR_OK;
	event.kind = is_revoked ? EVENT_REVOKED : EVENT_RELEASED;
	event_take_certificate(&event, store, generation);
	snprintf(event.reason, sizeof event.reason, "%s", revocation_reason_text(is_revoked ? r.reason : s->known.reason));
	log_warn("revocation: %s: %s (%s)", profile, is_revoked ? "revoked" : "no longer revoked", event.reason);
	/* history first: a cut in between repeats the line, and never loses it */
	enum err e = event_tell(store, &event, why);
	if (e == ERR_OK && is_revoked)
		return write_known(store, profile, generation, &r, why);
	if (e == ERR_OK)
		e = generation_path(store, profile, generation, REVOKED, path);
	return e == ERR_OK ? file_remove(path, why) : e;
}

static const char *verdict_text(enum revocation_verdict verdict)
{
	return verdict == REVOCATION_REVOKED ? "revoked" : verdict == REVOCATION_GOOD ? "not revoked" : "unknown to its CA";
}

static bool is_stopping(void *ctx)
{
	return pass_is_stopping(ctx);
}

/* Ask about the subject; the pass's TPM is released before. */
static enum err ask(struct pass *pass, const struct scep_profile *profile, const struct subject *s,
                    const struct revocation_places *places, int64_t timeout_ms, struct revocation_answer *out,
                    struct why *why)
{
	struct certificate issuer;
	struct certificate_set set = { .count = 0 };
	struct buf tls_ca;
	buf_init(&tls_ca, TRUST_PEM_MAX);
	enum err e = trust_tls(pass, profile->tls_trust, &tls_ca, why);
	if (e == ERR_OK)
		e = find_issuer(pass, profile, s, &set, &issuer, why);
	const struct revocation_job job = { places,
		                            { &s->cert, &issuer, pass->clock.now, profile->allow_sha1 },
		                            profile->proxy,
		                            buf_bytes(&tls_ca),
		                            timeout_ms,
		                            is_stopping,
		                            pass };
	pass_release_tpm(pass);
	if (e == ERR_OK)
		e = revocation_ask(&job, http_exchange, out, why);
	certificate_set_clear(&set);
	buf_clear(&tls_ca);
	return e;
}

enum err revocation_places_of(const struct pass *pass, const char *profile, struct revocation_places *out)
{
	struct subject s;
	read_subject(pass, profile, &s); /* what it could not read has no places */
	*out = s.places;
	buf_clear(&s.der);
	return pass->clock.is_trusted ? ERR_OK : ERR_AGAIN;
}

enum err revocation_look(struct pass *pass, const struct scep_profile *profile, const struct revocation_places *places,
                         int64_t timeout_ms, struct revocation_answer *out, struct why *why)
{
	struct subject s;
	enum err e = ERR_OK;
	if (!read_subject(pass, profile->name, &s))
		e = why_set(why, ERR_NOT_FOUND, "revocation.none", "%s: there is nothing to be asked", profile->name);
	if (e == ERR_OK)
		e = ask(pass, profile, &s, places, timeout_ms, out, why);
	buf_clear(&s.der);
	return e;
}

enum err revocation_check(struct pass *pass, const struct scep_profile *profile, struct why *why)
{
	struct subject s;
	struct revocation_answer answer;
	struct why own = { .code = "" };
	enum err e = ERR_OK;
	if (!read_subject(pass, profile->name, &s))
		goto out;
	e = ask(pass, profile, &s, &s.places, (int64_t)profile->timeout_s * 1000, &answer, &own);
	if (e != ERR_OK && pass_is_stopping(pass)) { /* cut short: says nothing, and is not remembered as a try */
		e = ERR_OK;
		goto out;
	}
	bool is_answered = e == ERR_OK && answer.verdict != REVOCATION_UNKNOWN;
	const char *words = e == ERR_OK ? verdict_text(answer.verdict) : own.text;
	if (e != ERR_OK && e != ERR_UNREACHABLE)
		log_warn("revocation: %s: %s", profile->name, own.text);
	else
		log_debug("revocation: %s: %s", profile->name, words);
	note_write(&pass->store, FOLDER, profile->name, "%" PRId64 " %d\n%s\n", clock_boot_ms(), is_answered, words);
	pass_progress(pass, profile->name, "revocation", e == ERR_OK ? words : "no answer");
	e = e == ERR_OK ? conclude(pass, profile->name, &s, &answer, why) : ERR_OK;
out:
	buf_clear(&s.der);
	return e;
}
