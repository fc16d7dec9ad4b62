/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_settings.h"
#include <string.h>
#include "wifi/wifi_marks.h"
#include "wifi/wifi_value.h"

#define PASS_PHRASE_MIN 8  /* IEEE 802.11 annex J.4.1 */
#define PASS_PHRASE_MAX 63 /* same */
#define PMK_HEX_LEN 64	   /* a 256 bit key in hex */
#define TLS_VERSIONS 4	   /* 1.0 to 1.3 */

struct security_text {
	const char *key_mgmt;
	const char *more; /* lines beside key_mgmt */
	bool is_eap;
};

/*
 * proto=RSN keeps WPA1 out. Management frame protection: required by WPA3, offered in between,
 * wpa_supplicant's default (off) for WPA2 alone.
 */
static const struct security_text securities[] = {
    [WIFI_WIRED] = {"IEEE8021X", "\teapol_flags=0\n", true},
    [WIFI_WPA2] = {"WPA-EAP", "\tproto=RSN\n\tpairwise=CCMP\n", true},
    [WIFI_WPA3] = {"WPA-EAP-SHA256", "\tproto=RSN\n\tpairwise=CCMP\n\tieee80211w=2\n", true},
    [WIFI_WPA2_WPA3] = {"WPA-EAP WPA-EAP-SHA256", "\tproto=RSN\n\tpairwise=CCMP\n\tieee80211w=1\n",
			true},
    [WIFI_WPA2_PSK] = {"WPA-PSK", "\tproto=RSN\n\tpairwise=CCMP\n", false},
    [WIFI_WPA3_SAE] = {"SAE", "\tproto=RSN\n\tpairwise=CCMP\n\tieee80211w=2\n", false},
};

/* One line "\tname=value" of the block being written; `value` as the user gave it, quoted here. */
static enum err add_line(struct buf *out, const char *name, const char *value, struct why *why)
{
	size_t start = out->len;
	enum err e = buf_add_format(out, "\t%s=", name);
	if (e == ERR_OK)
		e = wifi_value_add_quoted(out, value);
	if (e == ERR_OK)
		e = buf_add_text(out, "\n");
	if (e == ERR_OK && out->len - start > WIFI_NETWORK_LINE_MAX)
		return why_set(why, ERR_INVALID, "wifi.value",
			       "%s is too long: wpa_supplicant reads lines of %d bytes", name,
			       WIFI_NETWORK_LINE_MAX);
	return e;
}

static enum err refuse(struct why *why, const struct wifi_network *n, const char *key,
		       const char *value, const char *reason)
{
	return why_set(why, ERR_INVALID, "wifi.value", "%s: %s \"%s\" %s", n->profile, key, value,
		       reason);
}

static bool is_hex(const struct buf *psk)
{
	for (size_t i = 0; i < psk->len; i++)
		if (memchr("0123456789abcdefABCDEF", psk->data[i], 22) == NULL)
			return false;
	return true;
}

/* The sentence never holds the pass phrase. */
static enum err add_psk(struct buf *out, const struct wifi_network *n, struct why *why)
{
	const struct buf *psk = n->psk;
	bool is_sae = n->security == WIFI_WPA3_SAE;
	size_t len = psk != NULL ? psk->len : 0;
	if (len == PMK_HEX_LEN && is_hex(psk)) {
		if (is_sae)
			return why_set(why, ERR_INVALID, "wifi.psk",
				       "%s: security = wpa3-sae needs the pass phrase itself, not "
				       "a key of 64 hex digits",
				       n->profile);
		return buf_add_format(out, "\tpsk=%.*s\n", PMK_HEX_LEN, (const char *)psk->data);
	}
	if (len < PASS_PHRASE_MIN || len > PASS_PHRASE_MAX)
		return why_set(
		    why, ERR_INVALID, "wifi.psk",
		    "%s: the pass phrase has %zu characters; 8 to 63 or 64 hex digits are needed",
		    n->profile, len);
	for (size_t i = 0; i < len; i++)
		if (psk->data[i] < 0x20 || psk->data[i] > 0x7e)
			return why_set(
			    why, ERR_INVALID, "wifi.psk",
			    "%s: the pass phrase holds a character that is not printable ASCII",
			    n->profile);
	/* psk= and sae_password= take everything up to the last quote of the line, other quotes
	 * included. */
	return buf_add_format(out, "\t%s=\"%.*s\"\n", is_sae ? "sae_password" : "psk", (int)len,
			      (const char *)psk->data);
}

static int tls_version(const char *text)
{
	static const char *const versions[TLS_VERSIONS] = {"1.0", "1.1", "1.2", "1.3"};
	for (int i = 0; i < TLS_VERSIONS; i++)
		if (text != NULL && strcmp(text, versions[i]) == 0)
			return i;
	return -1;
}

static enum err add_tls(struct buf *out, const struct wifi_network *n, struct why *why)
{
	int min = tls_version(n->tls_min);
	int max = tls_version(n->tls_max);
	if (min < 0)
		return refuse(why, n, "tls_min", n->tls_min != NULL ? n->tls_min : "",
			      "is none of 1.0, 1.1, 1.2, 1.3");
	if (max < 0)
		return refuse(why, n, "tls_max", n->tls_max != NULL ? n->tls_max : "",
			      "is none of 1.0, 1.1, 1.2, 1.3");
	if (min > max)
		return refuse(why, n, "tls_min", n->tls_min, "is above tls_max");
	enum err e = buf_add_text(out, "\tphase1=\"");
	for (int i = 0; i < TLS_VERSIONS && e == ERR_OK; i++)
		e = buf_add_format(out, "%stls_disable_tlsv1_%d=%d", i > 0 ? " " : "", i,
				   i < min || i > max);
	if (e == ERR_OK && n->ignores_dates)
		e = buf_add_text(out, " tls_disable_time_checks=1");
	return e == ERR_OK ? buf_add_text(out, "\"\n") : e;
}

static enum err check_eap(const struct wifi_network *n, struct why *why)
{
	if (n->identity == NULL || n->identity[0] == '\0')
		return refuse(why, n, "identity", "", "is empty");
	if (n->server_name == NULL || !wifi_value_is_dns_name(n->server_name)) {
		refuse(why, n, "server_name", n->server_name != NULL ? n->server_name : "",
		       "is not a DNS name");
		why_next(why, "set server_name to the name in the certificate of the RADIUS "
			      "server, or to its domain");
		return ERR_INVALID;
	}
	/* Other forms (hash://, probe://, blob://) would mean something else to wpa_supplicant. */
	if (n->ca_path == NULL || n->ca_path[0] != '/')
		return refuse(why, n, "trust", n->ca_path != NULL ? n->ca_path : "",
			      "is not an absolute path");
	if (n->certificate_path == NULL || n->certificate_path[0] != '/')
		return refuse(why, n, "certificate",
			      n->certificate_path != NULL ? n->certificate_path : "",
			      "is not an absolute path");
	if (n->private_key == NULL ||
	    (n->private_key[0] != '/' && strncmp(n->private_key, "pkcs11:", 7) != 0))
		return refuse(why, n, "private key", n->private_key != NULL ? n->private_key : "",
			      "is neither an absolute path nor a pkcs11: URI");
	return ERR_OK;
}

static enum err add_eap(struct buf *out, const struct wifi_network *n, struct why *why)
{
	enum err e = check_eap(n, why);
	if (e == ERR_OK)
		e = buf_add_text(out, "\teap=TLS\n");
	if (e == ERR_OK)
		e = add_line(out, "identity", n->identity, why);
	if (e == ERR_OK && n->anonymous_identity != NULL && n->anonymous_identity[0] != '\0')
		e = add_line(out, "anonymous_identity", n->anonymous_identity, why);
	if (e == ERR_OK)
		e = add_line(out, "ca_cert", n->ca_path, why);
	if (e == ERR_OK)
		e = add_line(out, "domain_suffix_match", n->server_name, why);
	if (e == ERR_OK)
		e = add_line(out, "client_cert", n->certificate_path, why);
	if (e == ERR_OK)
		e = add_line(out, "private_key", n->private_key, why);
	return e == ERR_OK ? add_tls(out, n, why) : e;
}

static enum err add_ssid(struct buf *out, const struct wifi_network *n, struct why *why)
{
	size_t len = n->ssid != NULL ? strlen(n->ssid) : 0;
	if (len == 0 || len > 32) /* IEEE 802.11 section 9.4.2.2 */
		return refuse(why, n, "ssid", n->ssid != NULL ? n->ssid : "",
			      "is not 1 to 32 bytes long");
	enum err e = buf_add_text(out, "\tssid=");
	if (e == ERR_OK)
		e = wifi_value_add_ssid(out, n->ssid);
	return e == ERR_OK ? buf_add_text(out, "\n") : e;
}

static enum err add_network(struct buf *out, const struct wifi_network *n, struct why *why)
{
	const struct security_text *s = &securities[n->security];
	enum err e = wifi_marks_add_begin(out, n->profile);
	if (e == ERR_OK)
		e = buf_add_text(out, "network={\n");
	if (e == ERR_OK && n->security != WIFI_WIRED)
		e = add_ssid(out, n, why);
	if (e == ERR_OK)
		e = buf_add_format(out, "\tkey_mgmt=%s\n%s", s->key_mgmt, s->more);
	if (e == ERR_OK)
		e = s->is_eap ? add_eap(out, n, why) : add_psk(out, n, why);
	if (e == ERR_OK && n->security != WIFI_WIRED)
		e = buf_add_format(out, "\tpriority=%d\n", n->priority);
	if (e == ERR_OK)
		e = buf_add_format(out, "\tid_str=\"" WIFI_ID_PREFIX "%s\"\n", n->profile);
	if (e == ERR_OK)
		e = buf_add_text(out, "}\n");
	return e == ERR_OK ? wifi_marks_add_end(out, n->profile) : e;
}

enum err wifi_render(const struct wifi_network *network, struct buf *out, struct why *why)
{
	size_t start = out->len;
	if (!wifi_marks_is_name(network->profile))
		return why_set(why, ERR_INVALID, "wifi.value",
			       "\"%s\" is not the name of a profile", network->profile);
	enum err e = add_network(out, network, why);
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}
