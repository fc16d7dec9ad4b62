/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_SETTINGS_H
#define WIFI_WIFI_SETTINGS_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define WIFI_ID_PREFIX "signet-" /* of id_str: how the running daemon, and a rewritten file, know a network of ours */
#define WIFI_CONFIG_MAX (256 * 1024) /* bytes of a wpa_supplicant.conf we will touch */

enum wifi_security {
	WIFI_WIRED,
	WIFI_WPA2,
	WIFI_WPA3,
	WIFI_WPA2_WPA3,
	WIFI_WPA2_PSK,
	WIFI_WPA3_SAE
};

/** One network with everything resolved. All borrowed; text is UTF-8. */
struct wifi_network {
	const char *profile; /* name of the wifi or wired profile: marks the block */
	enum wifi_security security;
	const char *ssid;			   /* 1..32 bytes; ignored when wired */
	const char *identity, *anonymous_identity; /* anonymous may be "" */
	const char *server_name;		   /* domain_suffix_match; required for EAP */
	const char *ca_path;	      /* PEM file of the anchor, as written into the settings */
	const char *certificate_path; /* client certificate with its chain, PEM */
	const char
	    *private_key; /* "pkcs11:token=signet;object=NAME;type=private", or a file path */
	const char *pkcs11_engine_path,
	    *pkcs11_module_path;       /* "" unless pkcs11: global lines of the file */
	const char *tls_min, *tls_max; /* "1.0".."1.3" */
	bool ignores_dates; /* the server's certificate may be expired or not yet valid: the clock is
			       not trusted */
	int priority;
	const struct buf
	    *psk; /* pass phrase 8..63 characters or 64 hex digits; NULL unless PSK/SAE. Secret */
	const char *control; /* ctrl_interface folder, written when the file is new */
};

/** Render the block that signet owns, with its begin and end marks, appended. ERR_INVALID names the
 * value; ERR_TOO_BIG. */
enum err wifi_render(const struct wifi_network *network, struct buf *out,
		     struct why *why) MUST_CHECK;
/**
 * New text of a whole wpa_supplicant configuration: `present` (may be empty) with our block of
 * `profile` put in, replaced, or (block NULL) taken out. Everything a user wrote beside it stays
 * byte for byte. Global lines that our networks need (pkcs11_engine_path, pkcs11_module_path,
 * ctrl_interface in a new file, ap_scan=0 in a new wired file) stand in a marked block of their
 * own, before the networks; a user's own line of the same name wins and is named in *why when it
 * conflicts (ERR_DENIED).
 */
enum err wifi_merge(struct bytes present, const struct wifi_network *network, struct bytes block,
		    struct buf *out, struct why *why) MUST_CHECK;
/**
 * As wifi_merge, taking the profile's block out; with the last one go the global lines. What
 * wifi_merge made of a file becomes that file again, byte for byte. Both: ERR_INVALID with the line
 * of a damaged mark, ERR_TOO_BIG.
 */
enum err wifi_remove(struct bytes present, const char *profile, struct buf *out,
		     struct why *why) MUST_CHECK;
/** Does somebody else own the interface? NetworkManager or iwd manages it: ERR_DENIED with the key
 * to set. Looks at /run/NetworkManager/devices and at /var/lib/iwd + /run/iwd below root; "" for
 * none. */
enum err wifi_check_owner(const char *root, const char *interface, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
