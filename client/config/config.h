/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_CONFIG_H
#define CLIENT_CONFIG_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hal/buf.h"
#include "hal/clock.h"
#include "hal/log.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CONFIG_FILE_MAX (64 * 1024) /* bytes of one configuration file */
#define CONFIG_PROFILES_MAX 256	    /* of all kinds together: bounds every walk of the plan */
#define CONFIG_LIST_MAX 32	    /* entries of one list key */
#define PROFILE_NAME_CAP 33 /* [A-Za-z0-9][A-Za-z0-9_-]{0,31} and NUL: paths, URIs, labels */

/* Text as written, variables not yet expanded (config/variables.h does that at use). Texts are
 * never NULL: "" when unset. SHA-256 values are 64 small hex digits or "". */
struct text_list {
	char **items; /* owned */
	size_t count;
};

struct agent_config {
	char *state_dir, *run_dir, *hooks_dir, *factory_dir;
	unsigned expiry_warning_percent;
	enum clock_setting clock;
	enum {
		UNTRUSTED_SET_FLOOR,
		UNTRUSTED_DISABLE_TIME_CHECKS,
		UNTRUSTED_NOTHING
	} untrusted_clock;
	enum log_level log_level;
};

struct tpm_config {
	char *tcti, *owner_auth_file;
	uint32_t srk;
};

struct device_config {
	char *name, *serial, *device_id, *aad_device_id, *imei, *wifi_mac, *user_principal_name;
	char *on_prem_distinguished_name, *sid;
};

/** Where a profile or value came from, for messages: "/etc/signet/signet.conf:12". */
struct origin {
	const char *file; /* owned by the config */
	unsigned line;
};

struct trust_profile {
	char name[PROFILE_NAME_CAP];
	struct origin origin;
	char *certificate, *sha256;
	bool system_store;
};

enum config_cipher { CIPHER_AUTO, CIPHER_AES128, CIPHER_AES256, CIPHER_DES3 };
enum key_storage { KEY_STORAGE_TPM, KEY_STORAGE_TPM_OR_SOFTWARE, KEY_STORAGE_SOFTWARE };
enum renewal_message { RENEWAL_AUTO, RENEWAL_17, RENEWAL_19, RENEWAL_REENROLL };

struct scep_profile {
	char name[PROFILE_NAME_CAP];
	struct origin origin;
	struct text_list url, trust, ra_sha256;
	struct text_list san_dns, san_upn, san_email, san_ip, san_uri, extended_key_usage;
	char *ca_identifier, *proxy, *tls_trust, *ca_sha256;
	char *challenge_file, *challenge_url, *challenge_credentials_file, *challenge_command;
	char *subject, *template_name;
	unsigned timeout_s;
	bool challenge_once, subject_exact, new_key_on_renewal;
	unsigned key_usage; /* KEY_USAGE_… bits of client/pki/certificate.h */
	unsigned key_bits;  /* 2048, 3072, 4096 */
	enum key_storage key_storage;
	unsigned digest_bits; /* 256, 384, 512 */
	enum config_cipher cipher;
	bool allow_sha1, allow_des;
	unsigned renewal_threshold_percent, renewal_spread_percent;
	enum renewal_message renewal_message;
	unsigned retry_delay_s, retry_delay_max_s;
	enum { AFTER_EXPIRY_REENROLL, AFTER_EXPIRY_WAIT } after_expiry;
	enum { AFTER_REVOCATION_STOP, AFTER_REVOCATION_REENROLL } after_revocation;
	enum { ROLLOVER_INTERMEDIATE, ROLLOVER_ROOT, ROLLOVER_NO } ca_rollover;
};

enum key_reference { KEY_REFERENCE_PKCS11, KEY_REFERENCE_PROVIDER, KEY_REFERENCE_FILE };
enum apply_when { APPLY_NOW, APPLY_NEXT_REAUTH };
enum config_wifi_security {
	SECURITY_WIRED,
	SECURITY_WPA2,
	SECURITY_WPA3,
	SECURITY_WPA2_WPA3,
	SECURITY_WPA2_PSK,
	SECURITY_WPA3_SAE
};

struct wifi_profile { /* [wifi] and [wired] */
	char name[PROFILE_NAME_CAP];
	struct origin origin;
	bool is_wired;
	enum config_wifi_security security;
	char *interface, *ssid, *certificate, *trust, *server_name, *identity, *anonymous_identity;
	char *tls_min, *tls_max, *psk_file, *only_until, *config, *control;
	unsigned priority;
	enum key_reference key_reference;
	enum apply_when apply;
};

struct vpn_profile {
	char name[PROFILE_NAME_CAP];
	struct origin origin;
	bool is_user_tunnel, virtual_ip, is_on_demand;
	char *gateway, *gateway_id, *certificate, *trust, *local_id, *directory, *control;
	struct text_list remote_network, ike, esp;
	enum { REVOCATION_RELAXED, REVOCATION_IFURI, REVOCATION_STRICT } revocation;
};

/** The whole effective configuration, defaults filled in and references checked. Owns everything.
 */
struct config {
	char *root; /* --root, "" for none */
	struct agent_config agent;
	struct tpm_config tpm;
	struct device_config device;
	struct trust_profile *trusts;
	size_t trust_count;
	struct scep_profile *sceps;
	size_t scep_count;
	struct wifi_profile *wifis; /* wifi and wired, in the order of the files */
	size_t wifi_count;
	struct vpn_profile *vpns;
	size_t vpn_count;
	struct config_shown *shown; /* for config_show(): opaque */
};

/**
 * Read and check the configuration (interface, section 2): the read order, drop-ins, masking,
 * merging. A drop-in that is a link to /dev/null says nothing and masks. Files are read whole;
 * nothing else is touched, and nothing waits.
 *
 * file  -c FILE, which replaces all others (factory_dir too); NULL: the read order. Below root too.
 * root  --root, NULL or "" for none. Messages name files by root and path.
 * *out owns itself: config_clear() it; untouched on failure. *why is untouched on success.
 *
 * ERR_INVALID: refused; the sentence has file, line, the name at fault and the nearest known one
 * (code "config.WORD"), why->next_step the remedy.
 * ERR_UNSUPPORTED: what this version does not act on, "not in this version".
 * ERR_NOT_FOUND: no configuration file at all ("config.none"), or no such -c FILE.
 * ERR_TOO_BIG: a file, a list or the number of profiles. ERR_DENIED, ERR_IO, ERR_NO_MEMORY.
 */
enum err config_load(const char *file, const char *root, struct config *out,
		     struct why *why) MUST_CHECK;
/** Release everything and leave *config empty. NULL and an empty one are allowed. */
void config_clear(struct config *config);
/**
 * Effective configuration as text, one "key = value    ; FILE:LINE" or "; default" a line,
 * appended. An empty value means the default. Secrets are never in it: the configuration names
 * files only. It is for reading, not for loading: a comment behind a value is refused there.
 * ERR_TOO_BIG, ERR_NO_MEMORY: *out is unchanged.
 */
enum err config_show(const struct config *config, struct buf *out) MUST_CHECK;

/** Borrowed from *config; NULL when there is none. */
const struct trust_profile *config_find_trust(const struct config *config, const char *name);
const struct scep_profile *config_find_scep(const struct config *config, const char *name);
/** Is there a profile of any kind with this name? */
bool config_has_profile(const struct config *config, const char *name);

#ifdef __cplusplus
}
#endif
#endif
