/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_words.h"
#include <stdio.h>
#include <string.h>

enum meaning {
	REFUSED,
	NO_PROPOSAL,
	NO_NETWORK,
	GATEWAY,
	KEY,
	NO_KEY,
	ALGORITHM,
	KERNEL,
	SILENT,
	NO_NAME
};

/* Ordered by what explains most: an earlier row wins over a later one. */
static const struct row {
	const char *begin;    /* the line's first characters, blanks before them ignored */
	const char *contains; /* further behind; "" for nothing */
	const char *end;      /* the line's last characters; "" for any */
	enum meaning meaning;
} rows[] = {
    {"certificate was revoked on ", "", "", GATEWAY},
    {"subject certificate invalid (valid from ", "", "", GATEWAY},
    {"issuer certificate invalid (valid from ", "", "", GATEWAY}, /* source, not seen */
    {"constraint check failed: ", "", "", GATEWAY},
    {"no issuer certificate found for ", "", "", GATEWAY},
    {"no trusted ", " public key found for ", "", GATEWAY},
    {"signature validation failed, looking for another key", "", "", GATEWAY},
    {"peer certificate verification failed, deleting SA", "", "", GATEWAY},
    {"no private key found for ", "", "", NO_KEY},
    {"no common hash algorithm found to create signature", "", "", KEY}, /* facts 2.3 */
    {"authentication of '", "' (myself) with ", " failed", KEY},
    {"configured DH group ", "", " not supported", ALGORITHM},
    {"received AUTHENTICATION_FAILED notify", "", "", REFUSED},
    {"received NO_PROPOSAL_CHOSEN notify", "", "", NO_PROPOSAL},
    {"no acceptable proposal found", "", "", NO_PROPOSAL}, /* source, not seen */
    {"received TS_UNACCEPTABLE notify", "", "", NO_NETWORK},
    {"no acceptable traffic selectors found", "", "", NO_NETWORK},    /* source, not seen */
    {"received INTERNAL_ADDRESS_FAILURE notify", "", "", NO_NETWORK}, /* source, not seen */
    {"received ", "", " notify error", REFUSED},
    {"unable to install ", "", " in kernel", KERNEL}, /* source, not seen */
    {"unable to resolve ", "", "", NO_NAME},
    {"establishing IKE_SA failed, peer not responding", "", "", SILENT}, /* facts 7 */
    {"giving up after ", "", " retransmits", SILENT},
    {"error writing to socket: ", "", "", SILENT}, /* source, not seen */
    {"retransmit ", " of request with message ID ", "", SILENT},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static bool matches(const struct row *row, const char *line)
{
	size_t len = strlen(line), begin = strlen(row->begin), end = strlen(row->end);
	return strncmp(line, row->begin, begin) == 0 && len >= begin + end &&
	       strstr(line + begin, row->contains) != NULL &&
	       strcmp(line + len - end, row->end) == 0;
}

void vpn_words_hear(struct vpn_words *words, const char *line)
{
	int last = words->best > 0 ? words->best - 1 : ROW_COUNT;
	line += strspn(line, " ");
	for (int i = 0; i < last; i++)
		if (matches(&rows[i], line)) {
			words->best = i + 1;
			snprintf(words->line, sizeof words->line, "%s", line);
			return;
		}
}

/* One sentence a meaning: error, code, text before charon's words, next step. */
struct sentence {
	enum err e;
	const char *code, *text, *next_step;
};

static const struct sentence sentences[] = {
    [REFUSED] =
	{ERR_DENIED, "vpn.refused", "the gateway refused",
	 "look at the gateway's log: it does not accept this device's certificate, or it is "
	 "not called what gateway_id says"},
    [NO_PROPOSAL] = {ERR_DENIED, "vpn.refused", "the gateway wants other algorithms",
		     "set ike and esp of the profile to what the gateway offers"},
    [NO_NETWORK] = {ERR_DENIED, "vpn.refused",
		    "the gateway does not give these networks or an address",
		    "compare remote_network and virtual_ip of the profile with the gateway"},
    [GATEWAY] = {ERR_UNTRUSTED, "vpn.gateway_certificate", "the gateway's certificate was refused",
		 "compare the gateway's certificate (names, issuer, validity) with gateway_id and "
		 "trust of the profile"},
    [KEY] = {ERR_UNREACHABLE, "vpn.key", "the key does not sign",
	     "look at \"signet status\" and charon's log: the TPM, or the PKCS#11 module"},
    [NO_KEY] = {ERR_INVALID, "vpn.token", "charon has no key for this device's certificate",
		"run \"signet apply\": it gives charon key and certificate again"},
    [ALGORITHM] = {ERR_UNSUPPORTED, "vpn.algorithm",
		   "this charon lacks an algorithm of the profile",
		   "install strongSwan's openssl plugin (Debian: libstrongswan-standard-plugins), "
		   "or set ike and esp to what it has"},
    [KERNEL] = {ERR_UNSUPPORTED, "vpn.kernel", "the kernel took no IPsec connection",
		"build the kernel with XFRM_USER, INET_ESP and the algorithms of the profile"},
    [SILENT] = {ERR_UNREACHABLE, "vpn.timeout", "the gateway does not answer",
		"look at the network, and at UDP ports 500 and 4500 on the way to the gateway"},
    [NO_NAME] = {ERR_UNREACHABLE, "vpn.timeout", "the gateway's name does not resolve",
		 "look at the name and at DNS"},
};

enum err vpn_words_say(const struct vpn_words *words, const char *name, const char *gateway,
		       const char *gateway_id, const char *otherwise, struct why *why)
{
	if (words->best == 0) {
		why_set(why, ERR_UNREACHABLE, "vpn.failed", "%s: no tunnel to %s (%s): %s", name,
			gateway, gateway_id, otherwise);
		why_next(why, "look at charon's log (journalctl -u strongswan)");
		return ERR_UNREACHABLE;
	}
	const struct sentence *s = &sentences[rows[words->best - 1].meaning];
	why_set(why, s->e, s->code, "%s: no tunnel to %s (%s): %s: \"%s\"", name, gateway,
		gateway_id, s->text, words->line);
	why_next(why, "%s", s->next_step);
	return s->e;
}
