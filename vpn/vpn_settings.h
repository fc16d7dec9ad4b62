/* SPDX-License-Identifier: MIT */
#ifndef VPN_VPN_SETTINGS_H
#define VPN_VPN_SETTINGS_H
#include <stdbool.h>
#include <stddef.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

enum vpn_revocation { VPN_RELAXED, VPN_IFURI, VPN_STRICT };

/** One IKEv2 connection with everything resolved. All borrowed. */
struct vpn_connection {
	const char *profile;	/* connection, child and secret are named signet-PROFILE */
	const char *gateway;	/* host name or address */
	const char *gateway_id; /* "" for the gateway itself; never a pattern: it is what pins the
				   gateway */
	const char *local_id;	/* a name that is in the certificate */
	const char *ca_file;	/* name below x509ca */
	const char *key_handle_hex; /* CKA_ID of the key in hex (profile name of the certificate);
				       "" for a file key */
	const char *key_file;	    /* name below private/ for a software key; "" else */
	const char *const *ike, *const *esp, *const *remote_networks;
	size_t ike_count, esp_count, remote_network_count; /* no remote network: 0.0.0.0/0, ::/0 */
	bool has_virtual_ip, is_on_demand, is_user_tunnel;
	enum vpn_revocation revocation;
};

/*
 * Nothing here lets charon ignore dates while the clock is not trusted. strongSwan has no such option
 * for a connection; its plugin systime-fix does it for the whole daemon, hence for connections that
 * are not ours, and Debian 12 does not build it. What helps a tunnel at 1970 is a clock that is set to
 * the floor.
 */

/**
 * Text of swanctl/conf.d/60-signet-PROFILE.conf: a whole file that signet owns. Appended; *out is
 * unchanged on failure. ERR_INVALID names the value that strongSwan would read as something else,
 * ERR_TOO_BIG, ERR_NO_MEMORY. On demand means that nothing starts it but a command to charon.
 */
enum err vpn_render(const struct vpn_connection *connection, struct buf *out,
		    struct why *why) MUST_CHECK;
/** Text of strongswan.d/60-signet.conf: make_before_break, and the pkcs11 module when module_path
 * is not "". ERR_INVALID: no absolute path. */
enum err vpn_render_daemon(const char *module_path, struct buf *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
