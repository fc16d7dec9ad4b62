/* SPDX-License-Identifier: MIT */
#ifndef VPN_VPN_CONTROL_H
#define VPN_VPN_CONTROL_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * vpn_control: a running charon (strongSwan 5.9 or newer), given our connection over VICI, and watched.
 *
 * Nothing of anybody else's is unloaded: neither connections nor credentials. One exception: the way
 * back to an older certificate on the SAME key (vpn_load.c says why) reads all files of /etc/swanctl
 * anew by `swanctl --load-creds --clear`, so put the old files back before that call; credentials that
 * others loaded over VICI without a file are lost then.
 *
 * A tunnel that is up stays up when a new authentication fails (measured), with three exceptions that
 * are charon's: the IKE_SA was made before charon had read our make_before_break; the gateway's
 * certificate turns out to be revoked, which charon looks up only when the old tunnel is gone; the
 * connection itself differs from what charon has, which replaces it at once.
 *
 * A tunnel that ended in a refusal or in a failure of the TPM never comes back by itself: call
 * vpn_control_start() in each pass for a connection that is not on demand.
 *
 * Errors, each with a sentence and a next step:
 * ERR_NOT_FOUND    "vpn.absent": no charon answers at the socket. Not a failure: it will read our files.
 * ERR_UNSUPPORTED  "vpn.module": this charon has not loaded the PKCS#11 module (charon has to be
 *                  restarted once); "vpn.algorithm": charon lacks an algorithm of ike or esp (Debian:
 *                  libstrongswan-standard-plugins); "vpn.kernel": the kernel has no IPsec;
 *                  "vpn.version": charon is older than 5.9.
 * ERR_INVALID      "vpn.token": the key or the certificate does not load, they do not belong together, or
 *                  charon prefers another certificate with our identity; "vpn.connection": charon refused
 *                  the connection, or the settings are not as vpn_render() writes them.
 * ERR_LOCKED_OUT   never; a TPM that does not sign is ERR_UNREACHABLE "vpn.key".
 * ERR_DENIED       "vpn.refused": the gateway does not accept this device (AUTHENTICATION_FAILED, no
 *                  proposal, TS). A gateway whose own identity is not gateway_id answers the same.
 * ERR_UNTRUSTED    "vpn.gateway_certificate": the gateway was refused, and why.
 * ERR_UNREACHABLE  "vpn.timeout": the gateway does not answer, or its name does not resolve;
 *                  "vpn.failed": no tunnel, and charon did not say why.
 * ERR_IO           "vpn.control": the daemon broke the protocol, or hangs.
 * ERR_TOO_BIG, ERR_NO_MEMORY: one of our own limits.
 */
struct vpn_link { /* all borrowed */
	const char *control;      /* VICI socket, "/run/charon.vici" */
	const char *profile; /* connection and child are named signet-PROFILE */
	struct bytes settings; /* text that vpn_render() made: charon is given the same; _look and _remove
				  do without */
	struct bytes certificate; /* own certificate, DER */
	struct bytes trust;       /* certificate that `cacerts` in the settings names, DER */
	const struct bytes *authorities; /* further CA certificates of our own chain, DER */
	size_t authority_count;
	struct bytes key;         /* PKCS#1 DER of a software key; empty for a key of the module. Secret */
	const char *key_id;       /* SHA-1 of the subjectPublicKey in hex, as charon names keys */
	const char *old_key_id; /* the same of the certificate that ours replaces, to be unloaded (on the way
				   back: of the newer one); "" for none, or the same key */
	bool is_on_demand;
	bool is_key_gone;         /* _remove only: the key is about to be destroyed, so nobody is to keep it */
	unsigned timeout_s;       /* for a whole call; 0: VPN_TIMEOUT_S */
};

#define VPN_TIMEOUT_S 30 /* seconds: charon's first three retransmissions, and a TPM that takes 2 s a command */

/** What charon says of our connection. */
struct vpn_state {
	bool is_loaded;      /* the connection is */
	bool is_up;          /* an IKE_SA is established and its child installed */
	unsigned unique_id;  /* of the newest IKE_SA; 0 for none */
};

/** Where the connection stands; changes nothing; out is written on ERR_OK only. At most 2 s. */
enum err vpn_control_look(const struct vpn_link *link, struct vpn_state *out, struct why *why) MUST_CHECK;
/**
 * Give charon certificates, key and connection, and prove them: a tunnel that is up is authenticated anew (make before
 * break), one that should be up is brought up, one on demand stays down once its key and connection have loaded.
 * Blocks until that has come about, has failed, or the time is over. When it fails a tunnel that was up stays up.
 */
enum err vpn_control_switch(const struct vpn_link *link, struct why *why) MUST_CHECK;
/**
 * Bring the connection up if it is down, on demand or not; certificates, key and connection are given to
 * charon before. ERR_OK at once when it is up. After "vpn.timeout" charon goes on trying by itself.
 */
enum err vpn_control_start(const struct vpn_link *link, struct why *why) MUST_CHECK;
/** Prove that it works now: authenticated anew, or brought up and, when on demand, taken down again whatever came. */
enum err vpn_control_try(const struct vpn_link *link, struct why *why) MUST_CHECK;
/**
 * Take tunnel, connection and key out of charon, old_key_id too. Not there is success, and so is no charon. The key
 * stays when another connection may use our certificate, unless is_key_gone.
 */
enum err vpn_control_remove(const struct vpn_link *link, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
