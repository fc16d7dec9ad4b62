/* SPDX-License-Identifier: MIT */
#include "client/config/config_check.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "client/config/config_values.h"

#define INTERFACE_MAX 15 /* characters: IFNAMSIZ of linux/if.h less the NUL */
#define SSID_MAX 32	 /* bytes: IEEE 802.11 section 9.4.2.2 */
#define OID_PARTS_MIN 2	 /* X.660: two arcs at least */

struct checking {
	const struct config *config;
	const struct draft_section *section;
	struct why *why;
};

/* ---- references ---- */

/* Nearest profile of a kind, or NULL. */
static const char *near_profile(const struct config_shown *draft, enum section_kind kind,
				const char *name)
{
	const char *best = NULL;
	size_t least = CONFIG_NEAR_MOST + 1;
	for (size_t i = 0; i < draft->section_count; i++) {
		const struct draft_section *s = &draft->sections[i];
		if (s->kind != kind || config_distance(name, s->name) >= least)
			continue;
		least = config_distance(name, s->name);
		best = s->name;
	}
	return best;
}

static enum err check_reference(const struct checking *c, const char *key, enum section_kind kind,
				const char *name)
{
	const struct config_shown *draft = c->config->shown;
	if (config_draft_section(draft, kind, name) != NULL)
		return ERR_OK;
	const char *near = near_profile(draft, kind, name);
	const char *word = section_kind_text(kind);
	enum err e = config_refuse(c->section, key, name, c->why, "there is no [%s %s]%s%s%s", word,
				   name, near != NULL ? "; did you mean \"" : "",
				   near != NULL ? near : "", near != NULL ? "\"?" : "");
	why_next(c->why, "add [%s %s], or name a profile that is there", word, name);
	return e;
}

static enum err need(const struct checking *c, const char *key, const char *value,
		     const char *because)
{
	if (value[0] != '\0')
		return ERR_OK;
	enum err e = config_refuse(c->section, key, NULL, c->why, "is missing: %s", because);
	why_next(c->why, "add %s =", key);
	return e;
}

static enum err forbid(const struct checking *c, const char *key, const char *because)
{
	const struct setting *setting = config_draft_find(c->section, key);
	if (setting == NULL || setting->count == 0 || setting->items[0].text[0] == '\0')
		return ERR_OK;
	enum err e = config_refuse(c->section, key, NULL, c->why, "has no use here: %s", because);
	why_next(c->why, "take the line out");
	return e;
}

/* ---- scep ---- */

static enum err check_challenge(const struct checking *c, const struct scep_profile *p)
{
	const struct {
		const char *key, *value;
	} sources[] = {{"challenge_file", p->challenge_file},
		       {"challenge_url", p->challenge_url},
		       {"challenge_command", p->challenge_command}};
	const char *first = NULL;
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		if (sources[i].value[0] == '\0')
			continue;
		if (first != NULL) {
			enum err e = config_refuse(c->section, sources[i].key, NULL, c->why,
						   "excludes %s, which is set too", first);
			why_next(c->why, "keep one source of the challenge");
			return e;
		}
		first = sources[i].key;
	}
	if (p->challenge_credentials_file[0] == '\0' || p->challenge_url[0] != '\0')
		return ERR_OK;
	enum err e = config_refuse(c->section, "challenge_credentials_file", NULL, c->why,
				   "is of use with challenge_url only");
	why_next(c->why, "add challenge_url =, or take the line out");
	return e;
}

static bool is_oid(const char *text)
{
	unsigned parts = 0;
	while (isdigit((unsigned char)*text)) {
		size_t len = strspn(text, "0123456789");
		if (len > 1 && text[0] == '0')
			return false;
		parts++;
		text += len;
		if (*text == '\0')
			return parts >= OID_PARTS_MIN;
		if (*text++ != '.')
			return false;
	}
	return false;
}

static enum err check_ekus(const struct checking *c, const struct scep_profile *p)
{
	static const char *const words[] = {"clientAuth", "serverAuth", "emailProtection",
					    "ipsecIKE"};
	for (size_t i = 0; i < p->extended_key_usage.count; i++) {
		const char *item = p->extended_key_usage.items[i];
		bool is_known = is_oid(item);
		for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
			is_known = is_known || strcmp(item, words[w]) == 0;
		if (is_known)
			continue;
		enum err e = config_refuse(c->section, "extended_key_usage", item, c->why,
					   "\"%s\" is no known word and no OID", item);
		why_next(c->why, "clientAuth, serverAuth, emailProtection, ipsecIKE or 1.3.6...");
		return e;
	}
	return ERR_OK;
}

static enum err check_subject(const struct checking *c, const struct scep_profile *p)
{
	if (p->subject[0] != '\0' || p->san_dns.count + p->san_upn.count + p->san_email.count +
					     p->san_ip.count + p->san_uri.count >
					 0)
		return ERR_OK;
	enum err e = config_refuse(c->section, "subject", NULL, c->why,
				   "is missing, and there is no san_ either");
	why_next(c->why, "add subject = CN={{DeviceName}}");
	return e;
}

static enum err check_scep(const struct checking *c, const struct scep_profile *p)
{
	enum err e = check_challenge(c, p);
	for (size_t i = 0; i < p->trust.count && e == ERR_OK; i++)
		e = check_reference(c, "trust", SECTION_TRUST, p->trust.items[i]);
	if (e == ERR_OK && strcmp(p->tls_trust, "system") != 0)
		e = check_reference(c, "tls_trust", SECTION_TRUST, p->tls_trust);
	if (e == ERR_OK && strchr(p->proxy, '@') != NULL) {
		e = config_refuse(c->section, "proxy", NULL, c->why,
				  "holds a user or password, and this file holds no secrets");
		why_next(c->why, "leave proxy empty and set http_proxy in signet's environment");
	}
	if (e == ERR_OK)
		e = check_subject(c, p);
	if (e == ERR_OK)
		e = check_ekus(c, p);
	if (e == ERR_OK && p->retry_delay_s > p->retry_delay_max_s) {
		e = config_refuse(c->section, "retry_delay", NULL, c->why,
				  "%u is more than retry_delay_max = %u", p->retry_delay_s,
				  p->retry_delay_max_s);
		why_next(c->why, "the delay doubles from retry_delay up to retry_delay_max");
	}
	return e;
}

/* ---- wifi and wired ---- */

static bool is_psk(const struct wifi_profile *p)
{
	return p->security == SECURITY_WPA2_PSK || p->security == SECURITY_WPA3_SAE;
}

/* 0 to 3 for "1.0" to "1.3", or -1. */
static int tls_version(const char *text)
{
	bool is_good = strncmp(text, "1.", 2) == 0 && text[2] >= '0' && text[2] <= '3';
	return is_good && text[3] == '\0' ? text[2] - '0' : -1;
}

static enum err check_tls(const struct checking *c, const struct wifi_profile *p)
{
	int min = tls_version(p->tls_min);
	int max = tls_version(p->tls_max);
	enum err e = ERR_OK;
	if (min < 0 || max < 0)
		e = config_refuse(c->section, min < 0 ? "tls_min" : "tls_max", NULL, c->why,
				  "\"%s\" is no TLS version", min < 0 ? p->tls_min : p->tls_max);
	else if (min > max)
		e = config_refuse(c->section, "tls_min", NULL, c->why, "%s is above tls_max = %s",
				  p->tls_min, p->tls_max);
	if (e != ERR_OK)
		why_next(c->why, "1.0, 1.1, 1.2 or 1.3; the defaults are 1.2 and 1.3");
	return e;
}

/* With tpm-or-software the device decides, and either word may turn out right. */
static enum err check_key_reference(const struct checking *c, const struct wifi_profile *p)
{
	const struct scep_profile *scep = config_find_scep(c->config, p->certificate);
	const struct setting *said = config_draft_find(c->section, "key_reference");
	bool is_file = p->key_reference == KEY_REFERENCE_FILE;
	bool is_said = said != NULL && said->items[0].text[0] != '\0';
	if (!is_said || scep->key_storage == KEY_STORAGE_TPM_OR_SOFTWARE ||
	    is_file == (scep->key_storage == KEY_STORAGE_SOFTWARE))
		return ERR_OK;
	enum err e = config_refuse(
	    c->section, "key_reference", NULL, c->why, "%s, but the key of [scep %s] is %s",
	    said->items[0].text, scep->name, is_file ? "in the TPM" : "a software key");
	why_next(c->why, "write key_reference = %s", is_file ? "pkcs11" : "file");
	return e;
}

static enum err check_eap(const struct checking *c, const struct wifi_profile *p)
{
	const char *because = "802.1X with a certificate needs it";
	enum err e = need(c, "certificate", p->certificate, because);
	if (e == ERR_OK)
		e = need(c, "trust", p->trust, because);
	if (e == ERR_OK) /* without it every certificate of that CA could play the RADIUS server */
		e = need(c, "server_name", p->server_name, because);
	if (e == ERR_OK)
		e = need(c, "identity", p->identity, because);
	if (e == ERR_OK)
		e = check_reference(c, "certificate", SECTION_SCEP, p->certificate);
	if (e == ERR_OK)
		e = check_reference(c, "trust", SECTION_TRUST, p->trust);
	if (e == ERR_OK)
		e = check_tls(c, p);
	if (e == ERR_OK)
		e = check_key_reference(c, p);
	if (e != ERR_OK || p->is_wired)
		return e;
	return forbid(c, "psk_file", "this network asks for a certificate");
}

static enum err check_psk(const struct checking *c, const struct wifi_profile *p)
{
	static const char *const eap_keys[] = {
	    "certificate",	  "trust",   "server_name", "identity",
	    "anonymous_identity", "tls_min", "tls_max",	    "key_reference"};
	enum err e = need(c, "psk_file", p->psk_file, "this network asks for a pass phrase");
	for (size_t i = 0; i < sizeof eap_keys / sizeof eap_keys[0] && e == ERR_OK; i++)
		e = forbid(c, eap_keys[i], "this network asks for a pass phrase");
	return e;
}

static enum err check_only_until(const struct checking *c, const struct wifi_profile *p)
{
	const struct config *config = c->config;
	if (p->only_until[0] == '\0')
		return ERR_OK;
	for (size_t i = 0; i < config->wifi_count; i++) {
		const struct wifi_profile *other = &config->wifis[i];
		if (strcmp(other->name, p->only_until) != 0)
			continue;
		if (other != p && !is_psk(other))
			return ERR_OK;
		enum err e = config_refuse(
		    c->section, "only_until", NULL, c->why, "\"%s\" is %s", p->only_until,
		    other == p ? "this network itself" : "a network without certificate");
		why_next(c->why, "name the network that takes over, one with a certificate");
		return e;
	}
	enum section_kind kind =
	    near_profile(config->shown, SECTION_WIFI, p->only_until) == NULL &&
		    near_profile(config->shown, SECTION_WIRED, p->only_until) != NULL
		? SECTION_WIRED
		: SECTION_WIFI;
	return check_reference(c, "only_until", kind, p->only_until);
}

/* One wpa_supplicant reads one file: what stands in it once must be the same for all its networks.
 */
static enum err check_shared_file(const struct checking *c, const struct wifi_profile *p)
{
	for (const struct wifi_profile *other = c->config->wifis; other != p; other++) {
		if (strcmp(other->config, p->config) != 0)
			continue;
		bool is_other_kind = other->is_wired != p->is_wired;
		if (!is_other_kind && strcmp(other->control, p->control) == 0)
			continue;
		enum err e =
		    config_refuse(c->section, is_other_kind ? "config" : "control", NULL, c->why,
				  "%s is shared with \"%s\" (%s:%u), which %s", p->config,
				  other->name, other->origin.file, other->origin.line,
				  is_other_kind ? "is of the other kind" : "has another control");
		why_next(c->why, is_other_kind ? "give wired networks a file of their own"
					       : "give both the same control");
		return e;
	}
	return ERR_OK;
}

static enum err check_wifi(const struct checking *c, const struct wifi_profile *p)
{
	size_t len = strlen(p->interface);
	enum err e = ERR_OK;
	if (len > INTERFACE_MAX || strpbrk(p->interface, "/ \t:") != NULL) {
		e = config_refuse(c->section, "interface", NULL, c->why,
				  "\"%s\" is no name of a network interface", p->interface);
		why_next(c->why, "as \"ip link\" shows it");
	}
	if (e == ERR_OK && strlen(p->ssid) > SSID_MAX) {
		e = config_refuse(c->section, "ssid", NULL, c->why, "has more than %d bytes",
				  SSID_MAX);
		why_next(c->why, "correct it");
	}
	if (e == ERR_OK)
		e = is_psk(p) ? check_psk(c, p) : check_eap(c, p);
	if (e == ERR_OK)
		e = check_only_until(c, p);
	return e == ERR_OK ? check_shared_file(c, p) : e;
}

/* ---- vpn ---- */

/* ADDRESS or ADDRESS/BITS, IPv4 or IPv6. */
static bool is_network(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];
	size_t len = strcspn(text, "/");
	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	long most = inet_pton(AF_INET, address, bytes) == 1    ? 32
		    : inet_pton(AF_INET6, address, bytes) == 1 ? 128
							       : -1;
	if (most < 0 || text[len] == '\0')
		return most > 0;
	const char *bits = text + len + 1;
	size_t digits = strlen(bits);
	return digits > 0 && digits <= 3 && strspn(bits, "0123456789") == digits &&
	       strtol(bits, NULL, 10) <= most;
}

static bool is_proposal(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return text[len] == '\0' && isalnum((unsigned char)text[0]);
}

static enum err check_items(const struct checking *c, const char *key, const struct text_list *list,
			    bool (*is_good)(const char *), const char *what, const char *next)
{
	for (size_t i = 0; i < list->count; i++) {
		if (is_good(list->items[i]))
			continue;
		enum err e = config_refuse(c->section, key, list->items[i], c->why,
					   "\"%s\" is no %s", list->items[i], what);
		why_next(c->why, "%s", next);
		return e;
	}
	return ERR_OK;
}

static enum err check_vpn(const struct checking *c, const struct vpn_profile *p)
{
	const char *next = "one a line, as aes256gcm16-prfsha384-ecp384";
	enum err e = check_reference(c, "certificate", SECTION_SCEP, p->certificate);
	if (e == ERR_OK)
		e = check_reference(c, "trust", SECTION_TRUST, p->trust);
	if (e == ERR_OK)
		e = check_items(c, "remote_network", &p->remote_network, is_network, "network",
				"one a line, as 10.0.0.0/8");
	if (e == ERR_OK)
		e = check_items(c, "ike", &p->ike, is_proposal, "proposal", next);
	if (e == ERR_OK)
		e = check_items(c, "esp", &p->esp, is_proposal, "proposal", next);
	for (int i = 0; i < 2 && e == ERR_OK;
	     i++) { /* emptied, charon would take its own defaults */
		if ((i == 0 ? p->ike.count : p->esp.count) > 0)
			continue;
		e = config_refuse(c->section, i == 0 ? "ike" : "esp", NULL, c->why,
				  "has no proposal");
		why_next(c->why, "name one, or take the line out for the defaults");
	}
	return e;
}

enum err config_check(const struct config *config, struct why *why)
{
	const struct config_shown *draft = config->shown;
	size_t scep = 0;
	size_t wifi = 0;
	size_t vpn = 0;
	enum err e = ERR_OK;
	for (size_t i = 0; i < draft->section_count && e == ERR_OK; i++) {
		struct checking c = {config, &draft->sections[i], why};
		switch (c.section->kind) {
		case SECTION_SCEP:
			e = check_scep(&c, &config->sceps[scep++]);
			break;
		case SECTION_WIFI:
		case SECTION_WIRED:
			e = check_wifi(&c, &config->wifis[wifi++]);
			break;
		case SECTION_VPN:
			e = check_vpn(&c, &config->vpns[vpn++]);
			break;
		case SECTION_AGENT:
		case SECTION_TPM:
		case SECTION_DEVICE:
		case SECTION_TRUST:
		case SECTION_COUNT:
			break;
		}
	}
	return e;
}
