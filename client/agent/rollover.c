/* SPDX-License-Identifier: MIT */
#include "client/agent/rollover.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "client/pki/chain.h"
#include "client/pki/hash.h"
#include "client/scep/ra.h"
#include "hal/log.h"

#define FILE_NAME "rollover.pem"
#define ROLLOVER_PEM_MAX (ROLLOVER_MAX * 2 * CERTIFICATE_MAX) /* bytes: base64 takes 4/3 */
#define PIN_WORD "pin="

/* One line that names the trust profiles' certificates, in their order, and ca_sha256. */
static enum err make_pin(const struct scep_profile *p, const struct certificate_set *trusted, struct buf *out)
{
	char hex[SHA256_HEX_LEN];
	struct buf all;
	buf_init(&all, (CERTIFICATE_SET_MAX + 1) * SHA256_HEX_LEN);
	enum err e = ERR_OK;
	for (size_t i = 0; i < trusted->count && e == ERR_OK; i++) {
		sha256_hex(buf_bytes(&trusted->der[i]), hex);
		e = buf_add_text(&all, hex);
	}
	if (e == ERR_OK)
		e = buf_add_text(&all, p->ca_sha256);
	sha256_hex(buf_bytes(&all), hex);
	if (e == ERR_OK)
		e = buf_add_format(out, PIN_WORD "%s\n", hex);
	buf_clear(&all);
	return e;
}

/* Whatever the clock says: at a time of its own. */
static bool is_root(const struct certificate *cert)
{
	return chain_check_ca(cert->der, NULL, cert->not_before, NULL) == ERR_OK;
}

static bool is_over(const struct pass *pass, const struct certificate *cert)
{
	return pass->clock.is_trusted && pass->clock.now > cert->not_after;
}

static void keep_usable(const struct pass *pass, const struct scep_profile *p, const struct certificate_set *stored,
                        struct certificate_set *out)
{
	for (size_t i = 0; i < stored->count; i++) {
		struct certificate cert;
		struct bytes der = buf_bytes(&stored->der[i]);
		if (certificate_parse(der, &cert, NULL) != ERR_OK || is_over(pass, &cert) ||
		    (p->ca_rollover != ROLLOVER_ROOT && is_root(&cert)))
			continue;
		if (certificate_set_add(out, der) != ERR_OK)
			return; /* no memory: what is missing is announced again */
	}
}

/* What the file holds for this pin and is of use now; anything else is an empty set. */
static void read_usable(const struct pass *pass, const struct scep_profile *p, const struct certificate_set *trusted,
                        struct certificate_set *out)
{
	char path[FILE_PATH_MAX];
	struct certificate_set stored = { .count = 0 };
	struct why why = { .code = "" };
	struct buf file;
	struct buf pin;
	buf_init(&file, ROLLOVER_PEM_MAX);
	buf_init(&pin, sizeof PIN_WORD + SHA256_HEX_LEN);
	enum err e = store_path(&pass->store, "scep", p->name, FILE_NAME, path);
	if (e == ERR_OK)
		e = file_read(path, &file, &why);
	if (e == ERR_OK)
		e = make_pin(p, trusted, &pin);
	if (e == ERR_OK && (file.len < pin.len || memcmp(file.data, pin.data, pin.len) != 0)) {
		log_debug("scep: %s: %s is of other trust profiles", p->name, path);
		e = ERR_NOT_FOUND;
	}
	if (e == ERR_OK)
		e = certificate_set_from_pem(buf_bytes(&file), &stored, &why);
	if (e == ERR_OK)
		keep_usable(pass, p, &stored, out);
	else if (e != ERR_NOT_FOUND)
		log_warn("scep: %s: %s is passed over: %s", p->name, path, why.text);
	certificate_set_clear(&stored);
	buf_clear(&pin);
	buf_clear(&file);
}

enum err rollover_add(const struct pass *pass, const struct scep_profile *profile, struct certificate_set *anchors,
                      size_t *out_count, struct why *why)
{
	struct certificate_set usable = { .count = 0 };
	size_t before = anchors->count;
	enum err e = ERR_OK;
	if (profile->ca_rollover != ROLLOVER_NO)
		read_usable(pass, profile, anchors, &usable);
	size_t room = CERTIFICATE_SET_MAX - before;
	for (size_t i = usable.count > room ? usable.count - room : 0; i < usable.count && e == ERR_OK; i++)
		e = certificate_set_add(anchors, buf_bytes(&usable.der[i]));
	certificate_set_clear(&usable);
	if (e != ERR_OK)
		return why_set(why, e, "scep.rollover", "%s: no memory for the announced CA certificates", profile->name);
	*out_count = anchors->count - before;
	return ERR_OK;
}

/* ---- an announcement ---- */

struct taking {
	const struct pass *pass;
	const struct scep_profile *profile;
	struct certificate_set trusted; /* of the trust profiles */
	struct certificate_set kept;    /* before, then the new ones; may run up to twice ROLLOVER_MAX */
	char news[ROLLOVER_MAX * SHA256_HEX_LEN + sizeof "sha256="];
};

static bool has(const struct certificate_set *set, struct bytes der)
{
	for (size_t i = 0; i < set->count; i++)
		if (certificate_equal(buf_bytes(&set->der[i]), der))
			return true;
	return false;
}

/* Does it lead to a root of the trust profiles, or to a new one that is kept? */
static enum err judge(const struct taking *t, const struct certificate *cert, const struct certificate_set *next_ca,
                      struct why *why)
{
	struct certificate_set anchors = { .count = 0 };
	if (is_root(cert)) {
		if (t->profile->ca_rollover == ROLLOVER_ROOT)
			return ERR_OK;
		return why_set(why, ERR_UNTRUSTED, "scep.next_ca", "it is a new root, which ca_rollover = root would take");
	}
	if (!cert->is_ca)
		return why_set(why, ERR_UNTRUSTED, "scep.next_ca", "it is no CA certificate");
	enum err e = ERR_OK;
	for (size_t i = 0; i < t->trusted.count && e == ERR_OK; i++)
		e = certificate_set_add(&anchors, buf_bytes(&t->trusted.der[i]));
	for (size_t i = 0; i < t->kept.count && e == ERR_OK && anchors.count < CERTIFICATE_SET_MAX; i++)
		e = certificate_set_add(&anchors, buf_bytes(&t->kept.der[i]));
	const struct scep_server server = { .anchors = &anchors, .now = t->pass->clock.now,
		                            .is_clock_trusted = t->pass->clock.is_trusted, .time_floor = t->pass->clock.floor };
	int64_t at = ra_check_time(&server, cert);
	if (at < cert->not_before) /* an announcement comes before its time, and is judged at its time */
		at = cert->not_before;
	if (e == ERR_OK)
		e = chain_build(cert->der, next_ca, &anchors, at, NULL, why);
	certificate_set_clear(&anchors);
	return e;
}

static enum err take_one(struct taking *t, struct bytes der, const struct certificate_set *next_ca, bool wants_root)
{
	struct certificate cert;
	struct why why = { .code = "" };
	char hex[SHA256_HEX_LEN];
	if (certificate_parse(der, &cert, NULL) != ERR_OK || is_over(t->pass, &cert) || has(&t->trusted, der) ||
	    has(&t->kept, der) || is_root(&cert) != wants_root)
		return ERR_OK;
	sha256_hex(der, hex);
	if (judge(t, &cert, next_ca, &why) != ERR_OK) {
		log_warn("scep: %s: the announced certificate %s is passed over: %s", t->profile->name, hex, why.text);
		return ERR_OK;
	}
	size_t len = strlen(t->news);
	snprintf(t->news + len, sizeof t->news - len, "%s%s", len == 0 ? "sha256=" : ",", hex);
	return certificate_set_add(&t->kept, der);
}

/* Roots first: the new intermediates may stand below one of them. */
static enum err take_all(struct taking *t, const struct certificate_set *next_ca)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < next_ca->count && e == ERR_OK; i++)
		e = take_one(t, buf_bytes(&next_ca->der[i]), next_ca, true);
	for (size_t i = 0; i < next_ca->count && e == ERR_OK; i++)
		e = take_one(t, buf_bytes(&next_ca->der[i]), next_ca, false);
	return e;
}

static enum err write_file(const struct taking *t, struct why *why)
{
	char path[FILE_PATH_MAX];
	const struct certificate_set *kept = &t->kept;
	struct event event = { .kind = EVENT_ROLLOVER, .profile_kind = KIND_SCEP, .profile = t->profile->name };
	struct buf file;
	snprintf(event.reason, sizeof event.reason, "%s", t->news);
	buf_init(&file, ROLLOVER_PEM_MAX);
	enum err e = make_pin(t->profile, &t->trusted, &file);
	for (size_t i = kept->count > ROLLOVER_MAX ? kept->count - ROLLOVER_MAX : 0; i < kept->count && e == ERR_OK; i++)
		e = certificate_to_pem(buf_bytes(&kept->der[i]), &file);
	if (e == ERR_OK)
		e = store_path(&t->pass->store, "scep", t->profile->name, FILE_NAME, path);
	if (e == ERR_OK)
		e = event_tell(&t->pass->store, &event, why);
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&file), 0600, why);
	buf_clear(&file);
	return e;
}

enum err rollover_take(const struct pass *pass, const struct scep_profile *profile,
                       const struct certificate_set *next_ca, struct why *why)
{
	struct taking t = { .pass = pass, .profile = profile };
	if (profile->ca_rollover == ROLLOVER_NO || next_ca->count == 0)
		return ERR_OK;
	enum err e = trust_anchors(pass, &profile->trust, &t.trusted, why);
	if (e == ERR_OK)
		read_usable(pass, profile, &t.trusted, &t.kept);
	if (e == ERR_OK)
		e = take_all(&t, next_ca);
	if (e == ERR_OK && t.news[0] != '\0')
		e = write_file(&t, why);
	certificate_set_clear(&t.kept);
	certificate_set_clear(&t.trusted);
	return e;
}
