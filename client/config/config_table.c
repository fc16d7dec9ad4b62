/* SPDX-License-Identifier: MIT */
#include "client/config/config_table.h"
#include <stddef.h>
#include <string.h>
#include "client/pki/certificate.h"

#define WORD_CHARS_MAX 50 /* no word of ours is longer: bounds the work */

static const struct config_word clocks[] = {
    {"auto", CLOCK_AUTO}, {"trusted", CLOCK_TRUSTED}, {"untrusted", CLOCK_UNTRUSTED}, {NULL, 0}};
static const struct config_word untrusted_clocks[] = {{"set-floor", UNTRUSTED_SET_FLOOR},
						      {"disable-time-checks",
						       UNTRUSTED_DISABLE_TIME_CHECKS},
						      {"nothing", UNTRUSTED_NOTHING},
						      {NULL, 0}};
static const struct config_word log_levels[] = {
    {"error", LOG_ERROR}, {"warn", LOG_WARN}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {NULL, 0}};
static const struct config_word key_usages[] = {{"digitalSignature", KEY_USAGE_DIGITAL_SIGNATURE},
						{"nonRepudiation", KEY_USAGE_NON_REPUDIATION},
						{"keyEncipherment", KEY_USAGE_KEY_ENCIPHERMENT},
						{"dataEncipherment", KEY_USAGE_DATA_ENCIPHERMENT},
						{"keyAgreement", KEY_USAGE_KEY_AGREEMENT},
						{NULL, 0}};
static const struct config_word key_sizes[] = {
    {"rsa2048", 2048}, {"rsa3072", 3072}, {"rsa4096", 4096}, {NULL, 0}};
static const struct config_word storages[] = {{"tpm", KEY_STORAGE_TPM},
					      {"tpm-or-software", KEY_STORAGE_TPM_OR_SOFTWARE},
					      {"software", KEY_STORAGE_SOFTWARE},
					      {NULL, 0}};
static const struct config_word digests[] = {
    {"sha256", 256}, {"sha384", 384}, {"sha512", 512}, {NULL, 0}};
static const struct config_word ciphers[] = {{"auto", CIPHER_AUTO},
					     {"aes128", CIPHER_AES128},
					     {"aes256", CIPHER_AES256},
					     {"des3", CIPHER_DES3},
					     {NULL, 0}};
static const struct config_word legacies[] = {{"sha1", 0}, {"des", 1}, {NULL, 0}};
static const struct config_word subject_checks[] = {{"exact", 1}, {"any", 0}, {NULL, 0}};
static const struct config_word renewals[] = {{"auto", RENEWAL_AUTO},
					      {"renewal", RENEWAL_17},
					      {"pkcsreq", RENEWAL_19},
					      {"reenroll", RENEWAL_REENROLL},
					      {NULL, 0}};
static const struct config_word after_expiries[] = {
    {"reenroll", AFTER_EXPIRY_REENROLL}, {"wait", AFTER_EXPIRY_WAIT}, {NULL, 0}};
static const struct config_word after_revocations[] = {
    {"stop", AFTER_REVOCATION_STOP}, {"reenroll", AFTER_REVOCATION_REENROLL}, {NULL, 0}};
static const struct config_word rollovers[] = {{"intermediate", ROLLOVER_INTERMEDIATE},
					       {"root", ROLLOVER_ROOT},
					       {"no", ROLLOVER_NO},
					       {NULL, 0}};
static const struct config_word securities[] = {
    {"wpa2", SECURITY_WPA2},	       {"wpa3", SECURITY_WPA3},
    {"wpa2-wpa3", SECURITY_WPA2_WPA3}, {"wpa2-psk", SECURITY_WPA2_PSK},
    {"wpa3-sae", SECURITY_WPA3_SAE},   {NULL, 0}};
static const struct config_word key_references[] = {{"pkcs11", KEY_REFERENCE_PKCS11},
						    {"provider", KEY_REFERENCE_PROVIDER},
						    {"file", KEY_REFERENCE_FILE},
						    {NULL, 0}};
static const struct config_word applies[] = {
    {"now", APPLY_NOW}, {"next-reauth", APPLY_NEXT_REAUTH}, {NULL, 0}};
static const struct config_word tunnels[] = {{"device", 0}, {"user", 1}, {NULL, 0}};
static const struct config_word revocations[] = {{"relaxed", REVOCATION_RELAXED},
						 {"ifuri", REVOCATION_IFURI},
						 {"strict", REVOCATION_STRICT},
						 {NULL, 0}};
static const struct config_word starts[] = {{"always", 0}, {"on-demand", 1}, {NULL, 0}};

#define AGENT(f) offsetof(struct config, agent.f)
#define TPM(f) offsetof(struct config, tpm.f)
#define DEVICE(f) offsetof(struct config, device.f)
#define TRUST(f) offsetof(struct trust_profile, f)
#define SCEP(f) offsetof(struct scep_profile, f)
#define WIFI(f) offsetof(struct wifi_profile, f)
#define VPN(f) offsetof(struct vpn_profile, f)

/* clang-format off: one key a row */
/* Rows by what they need: all others have no words and no range. */
#define ROW(s, name, kind, field, preset, words, min, max, is_required)                            \
	{                                                                                          \
		SECTION_##s, name, VALUE_##kind, field, preset, words, min, max, is_required       \
	}
#define PLAIN(s, name, kind, field, preset) ROW(s, name, kind, field, preset, NULL, 0, 0, false)
#define NEEDED(s, name, kind, field, preset) ROW(s, name, kind, field, preset, NULL, 0, 0, true)
#define WORDS(s, name, kind, field, preset, words)                                                 \
	ROW(s, name, kind, field, preset, words, 0, 0, false)
#define NUMBER(s, name, field, preset, min, max)                                                   \
	ROW(s, name, NUMBER, field, preset, NULL, min, max, false)

/* What [wifi] and [wired] share. */
#define EAP_ROWS(section)                                                                          \
	NEEDED(section, "interface", TEXT, WIFI(interface), NULL),                                 \
	    PLAIN(section, "certificate", TEXT, WIFI(certificate), ""),                            \
	    PLAIN(section, "trust", TEXT, WIFI(trust), ""),                                        \
	    PLAIN(section, "server_name", TEXT, WIFI(server_name), ""),                            \
	    PLAIN(section, "identity", TEMPLATE, WIFI(identity), ""),                              \
	    PLAIN(section, "anonymous_identity", TEMPLATE, WIFI(anonymous_identity), ""),          \
	    PLAIN(section, "tls_min", TEXT, WIFI(tls_min), "1.2"),                                 \
	    PLAIN(section, "tls_max", TEXT, WIFI(tls_max), "1.3"),                                 \
	    NEEDED(section, "config", PATH, WIFI(config), NULL),                                   \
	    PLAIN(section, "control", PATH, WIFI(control), "/run/wpa_supplicant"),                 \
	    WORDS(section, "key_reference", WORD, WIFI(key_reference), "pkcs11", key_references),  \
	    WORDS(section, "apply", WORD, WIFI(apply), "now", applies)

const struct config_key config_keys[] = {
    NEEDED(AGENT, "state_dir", PATH, AGENT(state_dir), "/var/lib/signet"),
    NEEDED(AGENT, "run_dir", PATH, AGENT(run_dir), "/run/signet"),
    PLAIN(AGENT, "hooks_dir", PATH, AGENT(hooks_dir), "/etc/signet/hooks.d"),
    PLAIN(AGENT, "factory_dir", PATH, AGENT(factory_dir), "/usr/lib/signet/factory"),
    NUMBER(AGENT, "expiry_warning_percent", AGENT(expiry_warning_percent), "10", 0, 100),
    WORDS(AGENT, "clock", WORD, AGENT(clock), "auto", clocks),
    WORDS(AGENT, "untrusted_clock", WORD, AGENT(untrusted_clock), "set-floor", untrusted_clocks),
    WORDS(AGENT, "log_level", WORD, AGENT(log_level), "info", log_levels),

    NEEDED(TPM, "tcti", TEXT, TPM(tcti), "device:/dev/tpmrm0"),
    NEEDED(TPM, "srk", HANDLE, TPM(srk), "0x81000001"),
    PLAIN(TPM, "owner_auth_file", PATH, TPM(owner_auth_file), ""),

    PLAIN(DEVICE, "name", TEXT, DEVICE(name), ""),
    PLAIN(DEVICE, "serial", TEXT, DEVICE(serial), ""),
    PLAIN(DEVICE, "device_id", TEXT, DEVICE(device_id), ""),
    PLAIN(DEVICE, "aad_device_id", TEXT, DEVICE(aad_device_id), ""),
    PLAIN(DEVICE, "imei", TEXT, DEVICE(imei), ""),
    PLAIN(DEVICE, "wifi_mac", TEXT, DEVICE(wifi_mac), ""),
    PLAIN(DEVICE, "user_principal_name", TEXT, DEVICE(user_principal_name), ""),
    PLAIN(DEVICE, "on_prem_distinguished_name", TEXT, DEVICE(on_prem_distinguished_name), ""),
    PLAIN(DEVICE, "sid", TEXT, DEVICE(sid), ""),

    NEEDED(TRUST, "certificate", PATH, TRUST(certificate), NULL),
    PLAIN(TRUST, "sha256", SHA256, TRUST(sha256), ""),
    PLAIN(TRUST, "system_store", YES_NO, TRUST(system_store), "no"),

    NEEDED(SCEP, "url", URLS, SCEP(url), NULL),
    PLAIN(SCEP, "ca_identifier", TEXT, SCEP(ca_identifier), ""),
    PLAIN(SCEP, "proxy", TEXT, SCEP(proxy), ""),
    PLAIN(SCEP, "tls_trust", TEXT, SCEP(tls_trust), "system"),
    NUMBER(SCEP, "timeout", SCEP(timeout_s), "60", 5, 3600),
    NEEDED(SCEP, "trust", NAMES, SCEP(trust), NULL),
    PLAIN(SCEP, "ca_sha256", SHA256, SCEP(ca_sha256), ""),
    PLAIN(SCEP, "ra_sha256", SHA256S, SCEP(ra_sha256), NULL),
    PLAIN(SCEP, "challenge_file", PATH, SCEP(challenge_file), ""),
    PLAIN(SCEP, "challenge_url", URL, SCEP(challenge_url), ""),
    PLAIN(SCEP, "challenge_credentials_file", PATH, SCEP(challenge_credentials_file), ""),
    PLAIN(SCEP, "challenge_command", PATH, SCEP(challenge_command), ""),
    PLAIN(SCEP, "challenge_once", YES_NO, SCEP(challenge_once), "yes"),
    PLAIN(SCEP, "subject", TEMPLATE, SCEP(subject), ""),
    PLAIN(SCEP, "san_dns", TEMPLATES, SCEP(san_dns), NULL),
    PLAIN(SCEP, "san_upn", TEMPLATES, SCEP(san_upn), NULL),
    PLAIN(SCEP, "san_email", TEMPLATES, SCEP(san_email), NULL),
    PLAIN(SCEP, "san_ip", TEMPLATES, SCEP(san_ip), NULL),
    PLAIN(SCEP, "san_uri", TEMPLATES, SCEP(san_uri), NULL),
    PLAIN(SCEP, "template", TEXT, SCEP(template_name), ""),
    WORDS(SCEP, "key_usage", BITS, SCEP(key_usage), "digitalSignature\nkeyEncipherment",
	  key_usages),
    PLAIN(SCEP, "extended_key_usage", TEXTS, SCEP(extended_key_usage), "clientAuth"),
    WORDS(SCEP, "key", WORD, SCEP(key_bits), "rsa2048", key_sizes),
    WORDS(SCEP, "key_storage", WORD, SCEP(key_storage), "tpm", storages),
    WORDS(SCEP, "digest", WORD, SCEP(digest_bits), "sha256", digests),
    WORDS(SCEP, "cipher", WORD, SCEP(cipher), "auto", ciphers),
    WORDS(SCEP, "allow_legacy", LEGACY, SCEP(allow_sha1), NULL, legacies),
    WORDS(SCEP, "subject_check", CHOICE, SCEP(subject_exact), "exact", subject_checks),
    NUMBER(SCEP, "renewal_threshold_percent", SCEP(renewal_threshold_percent), "20", 1, 99),
    NUMBER(SCEP, "renewal_spread_percent", SCEP(renewal_spread_percent), "25", 0, 100),
    WORDS(SCEP, "renewal_message", WORD, SCEP(renewal_message), "auto", renewals),
    PLAIN(SCEP, "new_key_on_renewal", YES_NO, SCEP(new_key_on_renewal), "yes"),
    NUMBER(SCEP, "retry_delay", SCEP(retry_delay_s), "60", 1, 86400),
    NUMBER(SCEP, "retry_delay_max", SCEP(retry_delay_max_s), "3600", 1, 604800),
    WORDS(SCEP, "after_expiry", WORD, SCEP(after_expiry), "reenroll", after_expiries),
    WORDS(SCEP, "after_revocation", WORD, SCEP(after_revocation), "stop", after_revocations),
    WORDS(SCEP, "ca_rollover", WORD, SCEP(ca_rollover), "intermediate", rollovers),

    EAP_ROWS(WIFI),
    NEEDED(WIFI, "ssid", TEXT, WIFI(ssid), NULL),
    WORDS(WIFI, "security", WORD, WIFI(security), "wpa2-wpa3", securities),
    PLAIN(WIFI, "psk_file", PATH, WIFI(psk_file), ""),
    NUMBER(WIFI, "priority", WIFI(priority), "10", 0, 1000),
    PLAIN(WIFI, "only_until", TEXT, WIFI(only_until), ""),

    EAP_ROWS(WIRED),

    WORDS(VPN, "tunnel", CHOICE, VPN(is_user_tunnel), "device", tunnels),
    NEEDED(VPN, "gateway", TEXT, VPN(gateway), NULL),
    PLAIN(VPN, "gateway_id", TEXT, VPN(gateway_id), ""),
    NEEDED(VPN, "certificate", TEXT, VPN(certificate), NULL),
    NEEDED(VPN, "trust", TEXT, VPN(trust), NULL),
    NEEDED(VPN, "local_id", TEMPLATE, VPN(local_id), NULL),
    PLAIN(VPN, "remote_network", TEXTS, VPN(remote_network), NULL),
    PLAIN(VPN, "virtual_ip", YES_NO, VPN(virtual_ip), "yes"),
    PLAIN(VPN, "ike", TEXTS, VPN(ike), "aes256gcm16-prfsha384-ecp384\naes256-sha256-ecp256"),
    PLAIN(VPN, "esp", TEXTS, VPN(esp), "aes256gcm16-ecp384\naes256-sha256-ecp256"),
    WORDS(VPN, "revocation", WORD, VPN(revocation), "relaxed", revocations),
    WORDS(VPN, "start", CHOICE, VPN(is_on_demand), "always", starts),
    NEEDED(VPN, "directory", PATH, VPN(directory), "/etc/swanctl"),
    PLAIN(VPN, "control", PATH, VPN(control), "/run/charon.vici"),
};
/* clang-format on */
const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];

static const char *const section_words[SECTION_COUNT] = {"agent", "tpm",  "device", "trust",
							 "scep",  "wifi", "wired",  "vpn"};

bool config_key_is_list(const struct config_key *key)
{
	return key->kind >= VALUE_URLS && key->kind <= VALUE_LEGACY;
}

const char *section_kind_text(enum section_kind kind) { return section_words[kind]; }

bool section_kind_has_name(enum section_kind kind) { return kind >= SECTION_TRUST; }

const struct config_key *config_key_find(enum section_kind section, const char *name)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (config_keys[i].section == section && strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

/* Levenshtein distance, one row at a time. */
size_t config_distance(const char *a, const char *b)
{
	size_t row[WORD_CHARS_MAX + 1];
	size_t m = strlen(a);
	size_t n = strlen(b);
	if (m > WORD_CHARS_MAX || n > WORD_CHARS_MAX)
		return WORD_CHARS_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t before = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = before + (a[i - 1] != b[j - 1]);
			before = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[n];
}

const char *config_key_nearest(enum section_kind section, const char *name)
{
	const char *best = NULL;
	size_t least = CONFIG_NEAR_MOST + 1;
	for (size_t i = 0; i < config_key_count; i++) {
		if (config_keys[i].section != section ||
		    config_distance(name, config_keys[i].name) >= least)
			continue;
		least = config_distance(name, config_keys[i].name);
		best = config_keys[i].name;
	}
	return best;
}

const char *config_section_nearest(const char *word)
{
	const char *best = NULL;
	size_t least = CONFIG_NEAR_MOST + 1;
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (config_distance(word, section_words[i]) >= least)
			continue;
		least = config_distance(word, section_words[i]);
		best = section_words[i];
	}
	return best;
}
