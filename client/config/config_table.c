/* SPDX-License-Identifier: MIT */
#include "client/config/config_table.h"
#include <stddef.h>
#include <string.h>
#include "client/pki/certificate.h"

#define WORD_CHARS_MAX 50 /* no word of ours is longer: bounds the work */

static const struct config_word clocks[] = { { "auto", CLOCK_AUTO }, { "trusted", CLOCK_TRUSTED },
	                                     { "untrusted", CLOCK_UNTRUSTED }, { NULL, 0 } };
static const struct config_word untrusted_clocks[] = { { "set-floor", UNTRUSTED_SET_FLOOR },
	                                               { "disable-time-checks", NOT_IN_VERSION },
	                                               { "nothing", UNTRUSTED_NOTHING }, { NULL, 0 } };
static const struct config_word log_levels[] = { { "error", LOG_ERROR }, { "warn", LOG_WARN }, { "info", LOG_INFO },
	                                         { "debug", LOG_DEBUG }, { NULL, 0 } };
static const struct config_word key_usages[] = { { "digitalSignature", KEY_USAGE_DIGITAL_SIGNATURE },
	                                         { "nonRepudiation", KEY_USAGE_NON_REPUDIATION },
	                                         { "keyEncipherment", KEY_USAGE_KEY_ENCIPHERMENT },
	                                         { "dataEncipherment", KEY_USAGE_DATA_ENCIPHERMENT },
	                                         { "keyAgreement", KEY_USAGE_KEY_AGREEMENT }, { NULL, 0 } };
static const struct config_word key_sizes[] = { { "rsa2048", 2048 }, { "rsa3072", 3072 }, { "rsa4096", 4096 }, { NULL, 0 } };
static const struct config_word storages[] = { { "tpm", KEY_STORAGE_TPM },
	                                       { "tpm-or-software", KEY_STORAGE_TPM_OR_SOFTWARE },
	                                       { "software", KEY_STORAGE_SOFTWARE }, { NULL, 0 } };
static const struct config_word digests[] = { { "sha256", 256 }, { "sha384", 384 }, { "sha512", 512 }, { NULL, 0 } };
static const struct config_word ciphers[] = { { "auto", CIPHER_AUTO }, { "aes128", CIPHER_AES128 },
	                                      { "aes256", CIPHER_AES256 }, { "des3", CIPHER_DES3 }, { NULL, 0 } };
static const struct config_word legacies[] = { { "sha1", 0 }, { "des", 1 }, { NULL, 0 } };
static const struct config_word subject_checks[] = { { "exact", 1 }, { "any", 0 }, { NULL, 0 } };
static const struct config_word renewals[] = { { "auto", RENEWAL_AUTO }, { "renewal", RENEWAL_17 },
	                                       { "pkcsreq", RENEWAL_19 }, { "reenroll", RENEWAL_REENROLL }, { NULL, 0 } };
static const struct config_word after_expiries[] = { { "reenroll", AFTER_EXPIRY_REENROLL },
	                                             { "wait", AFTER_EXPIRY_WAIT }, { NULL, 0 } };
static const struct config_word after_revocations[] = { { "stop", AFTER_REVOCATION_STOP },
	                                                { "reenroll", NOT_IN_VERSION }, { NULL, 0 } };
static const struct config_word rollovers[] = { { "intermediate", ROLLOVER_INTERMEDIATE }, { "root", NOT_IN_VERSION },
	                                        { "no", NOT_IN_VERSION }, { NULL, 0 } };
static const struct config_word securities[] = { { "wpa2", SECURITY_WPA2 }, { "wpa3", SECURITY_WPA3 },
	                                         { "wpa2-wpa3", SECURITY_WPA2_WPA3 }, { "wpa2-psk", SECURITY_WPA2_PSK },
	                                         { "wpa3-sae", SECURITY_WPA3_SAE }, { NULL, 0 } };
static const struct config_word key_references[] = { { "pkcs11", KEY_REFERENCE_PKCS11 }, { "provider", NOT_IN_VERSION },
	                                             { "file", KEY_REFERENCE_FILE }, { NULL, 0 } };
static const struct config_word applies[] = { { "now", APPLY_NOW }, { "next-reauth", NOT_IN_VERSION }, { NULL, 0 } };
static const struct config_word tunnels[] = { { "device", 0 }, { "user", 1 }, { NULL, 0 } };
static const struct config_word revocations[] = { { "relaxed", REVOCATION_RELAXED }, { "ifuri", REVOCATION_IFURI },
	                                          { "strict", REVOCATION_STRICT }, { NULL, 0 } };
static const struct config_word starts[] = { { "always", 0 }, { "on-demand", 1 }, { NULL, 0 } };

#define AGENT(f) offsetof(struct config, agent.f)
#define TPM(f) offsetof(struct config, tpm.f)
#define DEVICE(f) offsetof(struct config, device.f)
#define TRUST(f) offsetof(struct trust_profile, f)
#define SCEP(f) offsetof(struct scep_profile, f)
#define WIFI(f) offsetof(struct wifi_profile, f)
#define VPN(f) offsetof(struct vpn_profile, f)

/* What [wifi] and [wired] share. */
#define EAP_ROWS(section)                                                                                            \
	{ section, "interface", VALUE_TEXT, WIFI(interface), NULL, NULL, 0, 0, true },                               \
	{ section, "certificate", VALUE_TEXT, WIFI(certificate), "", NULL, 0, 0, false },                            \
	{ section, "trust", VALUE_TEXT, WIFI(trust), "", NULL, 0, 0, false },                                        \
	{ section, "server_name", VALUE_TEXT, WIFI(server_name), "", NULL, 0, 0, false },                            \
	{ section, "identity", VALUE_TEMPLATE, WIFI(identity), "", NULL, 0, 0, false },                              \
	{ section, "anonymous_identity", VALUE_TEMPLATE, WIFI(anonymous_identity), "", NULL, 0, 0, false },          \
	{ section, "tls_min", VALUE_TEXT, WIFI(tls_min), "1.2", NULL, 0, 0, false },                                 \
	{ section, "tls_max", VALUE_TEXT, WIFI(tls_max), "1.3", NULL, 0, 0, false },                                 \
	{ section, "config", VALUE_PATH, WIFI(config), NULL, NULL, 0, 0, true },                                     \
	{ section, "control", VALUE_PATH, WIFI(control), "/run/wpa_supplicant", NULL, 0, 0, false },                 \
	{ section, "key_reference", VALUE_WORD, WIFI(key_reference), "pkcs11", key_references, 0, 0, false },        \
	{ section, "apply", VALUE_WORD, WIFI(apply), "now", applies, 0, 0, false }

const struct config_key config_keys[] = {
	{ SECTION_AGENT, "state_dir", VALUE_PATH, AGENT(state_dir), "/var/lib/signet", NULL, 0, 0, true },
	{ SECTION_AGENT, "run_dir", VALUE_PATH, AGENT(run_dir), "/run/signet", NULL, 0, 0, true },
	{ SECTION_AGENT, "hooks_dir", VALUE_FIXED, AGENT(hooks_dir), "/etc/signet/hooks.d", NULL, 0, 0, false },
	{ SECTION_AGENT, "factory_dir", VALUE_PATH, AGENT(factory_dir), "/usr/lib/signet/factory", NULL, 0, 0, false },
	{ SECTION_AGENT, "expiry_warning_percent", VALUE_NUMBER, AGENT(expiry_warning_percent), "10", NULL, 0, 100, false },
	{ SECTION_AGENT, "clock", VALUE_WORD, AGENT(clock), "auto", clocks, 0, 0, false },
	{ SECTION_AGENT, "untrusted_clock", VALUE_WORD, AGENT(untrusted_clock), "set-floor", untrusted_clocks, 0, 0, false },
	{ SECTION_AGENT, "log_level", VALUE_WORD, AGENT(log_level), "info", log_levels, 0, 0, false },

	{ SECTION_TPM, "tcti", VALUE_TEXT, TPM(tcti), "device:/dev/tpmrm0", NULL, 0, 0, true },
	{ SECTION_TPM, "srk", VALUE_HANDLE, TPM(srk), "0x81000001", NULL, 0, 0, true },
	{ SECTION_TPM, "owner_auth_file", VALUE_PATH, TPM(owner_auth_file), "", NULL, 0, 0, false },

	{ SECTION_DEVICE, "name", VALUE_TEXT, DEVICE(name), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "serial", VALUE_TEXT, DEVICE(serial), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "device_id", VALUE_TEXT, DEVICE(device_id), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "aad_device_id", VALUE_TEXT, DEVICE(aad_device_id), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "imei", VALUE_TEXT, DEVICE(imei), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "wifi_mac", VALUE_TEXT, DEVICE(wifi_mac), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "user_principal_name", VALUE_TEXT, DEVICE(user_principal_name), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "on_prem_distinguished_name", VALUE_TEXT, DEVICE(on_prem_distinguished_name), "", NULL, 0, 0, false },
	{ SECTION_DEVICE, "sid", VALUE_TEXT, DEVICE(sid), "", NULL, 0, 0, false },

	{ SECTION_TRUST, "certificate", VALUE_PATH, TRUST(certificate), NULL, NULL, 0, 0, true },
	{ SECTION_TRUST, "sha256", VALUE_SHA256, TRUST(sha256), "", NULL, 0, 0, false },
	{ SECTION_TRUST, "system_store", VALUE_YES_NO, TRUST(system_store), "no", NULL, 0, 0, false },

	{ SECTION_SCEP, "url", VALUE_URLS, SCEP(url), NULL, NULL, 0, 0, true },
	{ SECTION_SCEP, "ca_identifier", VALUE_TEXT, SCEP(ca_identifier), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "proxy", VALUE_TEXT, SCEP(proxy), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "tls_trust", VALUE_TEXT, SCEP(tls_trust), "system", NULL, 0, 0, false },
	{ SECTION_SCEP, "timeout", VALUE_NUMBER, SCEP(timeout_s), "60", NULL, 5, 3600, false },
	{ SECTION_SCEP, "trust", VALUE_NAMES, SCEP(trust), NULL, NULL, 0, 0, true },
	{ SECTION_SCEP, "ca_sha256", VALUE_SHA256, SCEP(ca_sha256), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "ra_sha256", VALUE_SHA256S, SCEP(ra_sha256), NULL, NULL, 0, 0, false },
	{ SECTION_SCEP, "challenge_file", VALUE_PATH, SCEP(challenge_file), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "challenge_url", VALUE_TEXT, SCEP(challenge_url), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "challenge_credentials_file", VALUE_PATH, SCEP(challenge_credentials_file), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "challenge_command", VALUE_PATH, SCEP(challenge_command), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "challenge_once", VALUE_YES_NO, SCEP(challenge_once), "yes", NULL, 0, 0, false },
	{ SECTION_SCEP, "subject", VALUE_TEMPLATE, SCEP(subject), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "san_dns", VALUE_TEMPLATES, SCEP(san_dns), NULL, NULL, 0, 0, false },
	{ SECTION_SCEP, "san_upn", VALUE_TEMPLATES, SCEP(san_upn), NULL, NULL, 0, 0, false },
	{ SECTION_SCEP, "san_email", VALUE_TEMPLATES, SCEP(san_email), NULL, NULL, 0, 0, false },
	{ SECTION_SCEP, "san_ip", VALUE_TEMPLATES, SCEP(san_ip), NULL, NULL, 0, 0, false },
	{ SECTION_SCEP, "san_uri", VALUE_TEMPLATES, SCEP(san_uri), NULL, NULL, 0, 0, false },
	{ SECTION_SCEP, "template", VALUE_TEXT, SCEP(template_name), "", NULL, 0, 0, false },
	{ SECTION_SCEP, "key_usage", VALUE_BITS, SCEP(key_usage), "digitalSignature\nkeyEncipherment", key_usages, 0, 0, false },
	{ SECTION_SCEP, "extended_key_usage", VALUE_TEXTS, SCEP(extended_key_usage), "clientAuth", NULL, 0, 0, false },
	{ SECTION_SCEP, "key", VALUE_WORD, SCEP(key_bits), "rsa2048", key_sizes, 0, 0, false },
	{ SECTION_SCEP, "key_storage", VALUE_WORD, SCEP(key_storage), "tpm", storages, 0, 0, false },
	{ SECTION_SCEP, "digest", VALUE_WORD, SCEP(digest_bits), "sha256", digests, 0, 0, false },
	{ SECTION_SCEP, "cipher", VALUE_WORD, SCEP(cipher), "auto", ciphers, 0, 0, false },
	{ SECTION_SCEP, "allow_legacy", VALUE_LEGACY, SCEP(allow_sha1), NULL, legacies, 0, 0, false },
	{ SECTION_SCEP, "subject_check", VALUE_CHOICE, SCEP(subject_exact), "exact", subject_checks, 0, 0, false },
	{ SECTION_SCEP, "renewal_threshold_percent", VALUE_NUMBER, SCEP(renewal_threshold_percent), "20", NULL, 1, 99, false },
	{ SECTION_SCEP, "renewal_spread_percent", VALUE_NUMBER, SCEP(renewal_spread_percent), "25", NULL, 0, 100, false },
	{ SECTION_SCEP, "renewal_message", VALUE_WORD, SCEP(renewal_message), "auto", renewals, 0, 0, false },
	{ SECTION_SCEP, "new_key_on_renewal", VALUE_YES_NO, SCEP(new_key_on_renewal), "yes", NULL, 0, 0, false },
	{ SECTION_SCEP, "retry_delay", VALUE_NUMBER, SCEP(retry_delay_s), "60", NULL, 1, 86400, false },
	{ SECTION_SCEP, "retry_delay_max", VALUE_NUMBER, SCEP(retry_delay_max_s), "3600", NULL, 1, 604800, false },
	{ SECTION_SCEP, "after_expiry", VALUE_WORD, SCEP(after_expiry), "reenroll", after_expiries, 0, 0, false },
	{ SECTION_SCEP, "after_revocation", VALUE_WORD, SCEP(after_revocation), "stop", after_revocations, 0, 0, false },
	{ SECTION_SCEP, "ca_rollover", VALUE_WORD, SCEP(ca_rollover), "intermediate", rollovers, 0, 0, false },

	EAP_ROWS(SECTION_WIFI),
	{ SECTION_WIFI, "ssid", VALUE_TEXT, WIFI(ssid), NULL, NULL, 0, 0, true },
	{ SECTION_WIFI, "security", VALUE_WORD, WIFI(security), "wpa2-wpa3", securities, 0, 0, false },
	{ SECTION_WIFI, "psk_file", VALUE_PATH, WIFI(psk_file), "", NULL, 0, 0, false },
	{ SECTION_WIFI, "priority", VALUE_NUMBER, WIFI(priority), "10", NULL, 0, 1000, false },
	{ SECTION_WIFI, "only_until", VALUE_TEXT, WIFI(only_until), "", NULL, 0, 0, false },

	EAP_ROWS(SECTION_WIRED),

	{ SECTION_VPN, "tunnel", VALUE_CHOICE, VPN(is_user_tunnel), "device", tunnels, 0, 0, false },
	{ SECTION_VPN, "gateway", VALUE_TEXT, VPN(gateway), NULL, NULL, 0, 0, true },
	{ SECTION_VPN, "gateway_id", VALUE_TEXT, VPN(gateway_id), "", NULL, 0, 0, false },
	{ SECTION_VPN, "certificate", VALUE_TEXT, VPN(certificate), NULL, NULL, 0, 0, true },
	{ SECTION_VPN, "trust", VALUE_TEXT, VPN(trust), NULL, NULL, 0, 0, true },
	{ SECTION_VPN, "local_id", VALUE_TEMPLATE, VPN(local_id), NULL, NULL, 0, 0, true },
	{ SECTION_VPN, "remote_network", VALUE_TEXTS, VPN(remote_network), NULL, NULL, 0, 0, false },
	{ SECTION_VPN, "virtual_ip", VALUE_YES_NO, VPN(virtual_ip), "yes", NULL, 0, 0, false },
	{ SECTION_VPN, "ike", VALUE_TEXTS, VPN(ike), "aes256gcm16-prfsha384-ecp384\naes256-sha256-ecp256", NULL, 0, 0, false },
	{ SECTION_VPN, "esp", VALUE_TEXTS, VPN(esp), "aes256gcm16-ecp384\naes256-sha256-ecp256", NULL, 0, 0, false },
	{ SECTION_VPN, "revocation", VALUE_WORD, VPN(revocation), "relaxed", revocations, 0, 0, false },
	{ SECTION_VPN, "start", VALUE_CHOICE, VPN(is_on_demand), "always", starts, 0, 0, false },
	{ SECTION_VPN, "directory", VALUE_PATH, VPN(directory), "/etc/swanctl", NULL, 0, 0, true },
	{ SECTION_VPN, "control", VALUE_PATH, VPN(control), "/run/charon.vici", NULL, 0, 0, false },
};
const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];

static const char *const section_words[SECTION_COUNT] = { "agent", "tpm", "device", "trust", "scep", "wifi", "wired", "vpn" };

bool config_key_is_list(const struct config_key *key)
{
	return key->kind >= VALUE_URLS && key->kind <= VALUE_LEGACY;
}

const char *section_kind_text(enum section_kind kind)
{
	return section_words[kind];
}

bool section_kind_has_name(enum section_kind kind)
{
	return kind >= SECTION_TRUST;
}

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
		if (config_keys[i].section != section || config_distance(name, config_keys[i].name) >= least)
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
