/* SPDX-License-Identifier: MIT */
#include "client/scep/ra.h"
#include <string.h>
#include <strings.h>
#include "client/pki/chain.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"
#include "client/pki/wolf_memory.h"
#include "hal/clock.h"
#include "hal/der.h"

void ra_choice_clear(struct ra_choice *choice)
{
	certificate_set_clear(&choice->accepted);
	buf_clear(&choice->recipient);
	buf_clear(&choice->issuing);
}

/* Anchors of the trust profiles; what follows them was announced. */
static size_t trust_count(const struct scep_server *server)
{
	return server->anchors->count - server->announced_count;
}

int64_t ra_check_time(const struct scep_server *server, const struct certificate *cert)
{
	const struct clock_view clock = { .is_trusted = server->is_clock_trusted, .floor = server->time_floor };
	int64_t now = server->now;
	for (size_t i = 0; i < trust_count(server); i++) {
		struct certificate anchor;
		if (certificate_parse(buf_bytes(&server->anchors->der[i]), &anchor, NULL) == ERR_OK)
			now = clock_within(&clock, now, anchor.not_before, anchor.not_after);
	}
	return clock_within(&clock, now, cert->not_before, cert->not_after);
}

static bool has_sha256(struct bytes der, const char *hex)
{
	char own[SHA256_HEX_LEN];
	sha256_hex(der, own);
	return own[0] != '\0' && strcasecmp(own, hex) == 0;
}

static bool issued(const struct certificate *child, const struct certificate *issuer)
{
	return name_equal(child->issuer, issuer->subject) &&
	       certificate_verify_signature(child, issuer, NULL) == ERR_OK;
}

/* Of anchors[from..to), did the one at `index` issue none of the others? */
static bool is_lowest(const struct certificate_set *anchors, size_t from, size_t to, size_t index)
{
	struct certificate cert;
	struct certificate other;
	if (certificate_parse(buf_bytes(&anchors->der[index]), &cert, NULL) != ERR_OK || !cert.is_ca)
		return false;
	for (size_t i = from; i < to; i++)
		if (i != index && certificate_parse(buf_bytes(&anchors->der[i]), &other, NULL) == ERR_OK &&
		    issued(&other, &cert))
			return false;
	return true;
}

static bool chains_to_pin(const struct scep_server *server, const struct certificate *cert,
                          const struct certificate_set *offered)
{
	return chain_build(cert->der, offered, server->anchors, ra_check_time(server, cert), NULL, NULL) == ERR_OK;
}

static bool is_issuing_ca(const struct certificate *cert)
{
	return cert->is_ca && (!cert->has_key_usage || (cert->key_usage & KEY_USAGE_KEY_CERT_SIGN) != 0);
}

/* The one with ca_sha256, else the lowest of the trust chain. ERR_NOT_FOUND. */
static enum err add_configured(const struct scep_server *server, const struct certificate_set *offered,
                               struct certificate_set *issuers)
{
	const struct certificate_set *sets[] = { server->anchors, offered };
	if (server->ca_sha256[0] == '\0') {
		for (size_t i = 0; i < trust_count(server); i++)
			if (is_lowest(server->anchors, 0, trust_count(server), i))
				return certificate_set_add(issuers, buf_bytes(&server->anchors->der[i]));
		return ERR_NOT_FOUND;
	}
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < sets[s]->count; i++) {
			struct bytes der = buf_bytes(&sets[s]->der[i]);
			struct certificate cert;
			if (has_sha256(der, server->ca_sha256) && certificate_parse(der, &cert, NULL) == ERR_OK &&
			    cert.is_ca && (s == 0 || chains_to_pin(server, &cert, offered)))
				return certificate_set_add(issuers, der);
		}
	}
	return ERR_NOT_FOUND;
}

/* Announced ones: their announcement was judged when it came. They must be valid by now, and lead to the pin. */
static enum err add_announced(const struct scep_server *server, const struct certificate_set *offered,
                              struct certificate_set *issuers)
{
	const struct certificate_set *anchors = server->anchors;
	size_t from = trust_count(server);
	enum err e = ERR_OK;
	for (size_t i = from; i < anchors->count && e == ERR_OK; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&anchors->der[i]), &cert, NULL) == ERR_OK && is_issuing_ca(&cert) &&
		    is_lowest(anchors, from, anchors->count, i) && chains_to_pin(server, &cert, offered))
			e = certificate_set_add(issuers, cert.der);
	}
	return e;
}

/* Who may say that another key has the name of `configured` now: that CA itself; whoever issued it, under its present key or
 * one of the trust profiles; and a CA that was announced. Any other CA below the root may write that name too. */
static bool is_successor(const struct scep_server *server, const struct certificate *configured,
                         const struct certificate *cert, const struct certificate_set *offered)
{
	const struct certificate_set *sets[] = { server->anchors, offered };
	if (issued(cert, configured))
		return true;
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < sets[s]->count; i++) {
			struct certificate by;
			bool is_announced = s == 0 && i >= trust_count(server);
			if (certificate_parse(buf_bytes(&sets[s]->der[i]), &by, NULL) != ERR_OK || !issued(cert, &by))
				continue;
			if (is_announced || (s == 0 && name_equal(by.subject, configured->issuer)) || issued(configured, &by))
				return true;
		}
	}
	return false;
}

/* A CA renewed with a new key keeps its name: known by that, and by who issued it. */
static enum err add_same_name(const struct scep_server *server, const struct certificate_set *offered,
                              struct certificate_set *issuers)
{
	struct certificate configured;
	enum err e = issuers->count == 0 ? ERR_NOT_FOUND : certificate_parse(buf_bytes(&issuers->der[0]), &configured, NULL);
	if (e != ERR_OK || server->ca_sha256[0] != '\0')
		return ERR_OK;
	for (size_t i = 0; i < offered->count && e == ERR_OK; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&offered->der[i]), &cert, NULL) == ERR_OK && is_issuing_ca(&cert) &&
		    name_equal(cert.subject, configured.subject) && chains_to_pin(server, &cert, offered) &&
		    is_successor(server, &configured, &cert, offered))
			e = certificate_set_add(issuers, cert.der);
	}
	return e;
}

/* The configured one stands first. Over, it issues nothing any more, and its key is nobody's to be told a challenge by, or a
 * new CA: off with it. The others are valid. */
static bool drop_expired(const struct scep_server *server, struct certificate_set *issuers, char out_until[32])
{
	struct certificate first;
	if (issuers->count == 0 || certificate_parse(buf_bytes(&issuers->der[0]), &first, NULL) != ERR_OK ||
	    ra_check_time(server, &first) <= first.not_after)
		return false;
	clock_text(first.not_after, out_until, 32);
	buf_clear(&issuers->der[0]);
	issuers->count--;
	memmove(&issuers->der[0], &issuers->der[1], issuers->count * sizeof issuers->der[0]);
	return true;
}

static enum err find_issuers(const struct scep_server *server, const struct certificate_set *offered,
                             struct certificate_set *out, struct why *why)
{
	char until[32];
	enum err e = add_configured(server, offered, out);
	if (server->has_rollover && (e == ERR_OK || e == ERR_NOT_FOUND)) {
		e = add_same_name(server, offered, out);
		if (e == ERR_OK)
			e = add_announced(server, offered, out);
	}
	if (e == ERR_TOO_BIG)
		return why_set(why, e, "scep.ca", "more than %d certificates could be the issuing CA", CERTIFICATE_SET_MAX);
	bool is_expired = (e == ERR_OK || e == ERR_NOT_FOUND) && drop_expired(server, out, until);
	if ((e != ERR_OK && e != ERR_NOT_FOUND) || out->count > 0)
		return e;
	if (is_expired) {
		e = why_set(why, ERR_UNTRUSTED, "scep.ca_expired", "the issuing CA's certificate is over since %s", until);
		why_next(why, "install its successor as a trust profile; check this device's clock");
		return e;
	}
	if (server->ca_sha256[0] == '\0')
		return why_set(why, ERR_UNTRUSTED, "scep.ca", "the trust profiles hold no CA certificate");
	e = why_set(why, ERR_UNTRUSTED, "scep.ca",
	            "the server offers no CA certificate with ca_sha256 = %s that chains to the trust profiles",
	            server->ca_sha256);
	why_next(why, "compare ca_sha256 with the issuing CA's certificate, or add it as a trust profile");
	return e;
}

/* Which of them issued it; NULL for none. */
static const struct buf *find_issuer(const struct certificate *cert, const struct certificate_set *issuers)
{
	struct certificate issuer;
	for (size_t i = 0; i < issuers->count; i++)
		if (certificate_parse(buf_bytes(&issuers->der[i]), &issuer, NULL) == ERR_OK && issued(cert, &issuer))
			return &issuers->der[i];
	return NULL;
}

static bool is_agent(const struct certificate *cert)
{
	return cert->has_eku &&
	       (certificate_has_eku(cert, OID_EKU_REQUEST_AGENT) || certificate_has_eku(cert, OID_EKU_CMC_RA));
}

static bool is_agent_of(const struct certificate *cert, const struct certificate_set *issuers)
{
	return !cert->is_ca && is_agent(cert) && find_issuer(cert, issuers) != NULL;
}

static bool is_accepted(const struct scep_server *server, const struct certificate *cert,
                        const struct certificate_set *issuers, const struct certificate_set *offered)
{
	for (size_t i = 0; i < issuers->count; i++)
		if (bytes_equal(cert->der, buf_bytes(&issuers->der[i])))
			return true;
	if (!chains_to_pin(server, cert, offered)) /* its dates too */
		return false;
	if (is_agent_of(cert, issuers))
		return true;
	for (size_t i = 0; i < server->ra_sha256_count; i++)
		if (has_sha256(cert->der, server->ra_sha256[i]))
			return true;
	return false;
}

/* Higher is better to encrypt to. Key usage is a preference only (RFC 8894 section 3.5.2). */
static int rank(const struct certificate *cert)
{
	bool can = (cert->key_usage & (KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT)) != 0;
	if (!cert->is_ca)
		return can ? 4 : !cert->has_key_usage ? 3 : 2;
	return can ? 1 : 0;
}

static enum err choose_recipient(struct ra_choice *choice)
{
	struct certificate best = { .is_ca = false };
	for (size_t i = 0; i < choice->accepted.count; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&choice->accepted.der[i]), &cert, NULL) != ERR_OK)
			continue;
		if (best.der.len == 0 || rank(&cert) > rank(&best) ||
		    (rank(&cert) == rank(&best) && cert.not_before > best.not_before))
			best = cert;
	}
	return buf_add(&choice->recipient, best.der.data, best.der.len);
}

/* The CA that acts now: the recipient itself, or who issued it; for one that ra_sha256 names, the first. */
static enum err choose_issuing(struct ra_choice *choice, const struct certificate_set *issuers)
{
	struct certificate recipient;
	enum err e = certificate_parse(buf_bytes(&choice->recipient), &recipient, NULL);
	if (e != ERR_OK)
		return e;
	const struct buf *found = find_issuer(&recipient, issuers);
	for (size_t i = 0; i < issuers->count; i++)
		if (bytes_equal(recipient.der, buf_bytes(&issuers->der[i])))
			found = &issuers->der[i];
	if (found == NULL)
		found = &issuers->der[0];
	e = buf_add(&choice->issuing, found->data, found->len);
	return e == ERR_OK ? certificate_set_add(&choice->accepted, buf_bytes(found)) : e;
}

static enum err refuse(const struct certificate_set *offered, struct why *why)
{
	char hex[SHA256_HEX_LEN] = "none";
	for (size_t i = 0; i < offered->count; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&offered->der[i]), &cert, NULL) == ERR_OK && !cert.is_ca) {
			sha256_hex(cert.der, hex);
			break;
		}
	}
	enum err e = why_set(why, ERR_UNTRUSTED, "scep.ra",
	                     "none of the %zu certificates of the server may act for the issuing CA: no registration "
	                     "authority certificate (EKU %s or %s) issued by it; first other certificate: SHA-256 %s",
	                     offered->count, OID_EKU_REQUEST_AGENT, OID_EKU_CMC_RA, hex);
	why_next(why, "check the trust profiles against the CA; if that certificate is its registration authority, "
	              "set ra_sha256 = %s", hex);
	return e;
}

/* A server whose registration authority has expired cannot read what is encrypted to the CA in its place: say so
 * before a challenge is spent on it. */
static enum err refuse_expired(const struct certificate *agent, struct why *why)
{
	char until[32];
	clock_text(agent->not_after, until, sizeof until);
	enum err e = why_set(why, ERR_UNTRUSTED, "scep.ra_expired",
	                     "the server's registration authority certificates are not valid now (one until %s)", until);
	why_next(why, "renew them on the server (NDES: CEP Encryption and Exchange Enrollment Agent); check this device's clock");
	return e;
}

/* The accepted ones of the offered certificates; *out_invalid: an agent that is refused for its dates alone. */
static enum err sort_out(const struct scep_server *server, const struct certificate_set *offered,
                         const struct certificate_set *issuers, struct certificate_set *accepted,
                         bool *out_has_agent, struct certificate *out_invalid)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < offered->count && e == ERR_OK; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&offered->der[i]), &cert, NULL) != ERR_OK)
			continue;
		if (is_accepted(server, &cert, issuers, offered)) {
			*out_has_agent = *out_has_agent || !cert.is_ca;
			e = certificate_set_add(accepted, cert.der);
		} else if (is_agent_of(&cert, issuers)) {
			*out_invalid = cert;
		}
	}
	return e;
}

enum err ra_choose(const struct scep_server *server, const struct certificate_set *offered, struct ra_choice *out,
                   struct why *why)
{
	struct ra_choice choice = { .accepted.count = 0 };
	struct certificate_set issuers = { .count = 0 };
	struct certificate invalid = { .is_ca = false };
	bool has_agent = false;
	buf_init(&choice.recipient, CERTIFICATE_MAX);
	buf_init(&choice.issuing, CERTIFICATE_MAX);
	unsigned failures = wolf_memory_failures();
	enum err e = find_issuers(server, offered, &issuers, why);
	if (e == ERR_OK)
		e = sort_out(server, offered, &issuers, &choice.accepted, &has_agent, &invalid);
	/* an agent that could not be checked looks like none, and the request would go to the CA, which cannot read it */
	if (wolf_memory_failures() != failures)
		e = why_set(why, ERR_NO_MEMORY, "scep.memory", "no memory to check the server's certificates");
	if (e == ERR_OK && !has_agent && invalid.der.len > 0)
		e = refuse_expired(&invalid, why);
	else if (e == ERR_OK && choice.accepted.count == 0)
		e = refuse(offered, why);
	if (e == ERR_OK)
		e = choose_recipient(&choice);
	if (e == ERR_OK)
		e = choose_issuing(&choice, &issuers);
	certificate_set_clear(&issuers);
	if (e == ERR_OK) {
		*out = choice; /* handed to the caller */
		return ERR_OK;
	}
	ra_choice_clear(&choice);
	return e;
}
