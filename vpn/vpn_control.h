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
 * Nothing of anybody else's is unloaded: neither connections nor credentials.
 *
 * Errors, each with a sentence and a next step:
 * ERR_NOT_FOUND    "vpn.absent": no charon answers at the socket. Not a failure: it will read our files.
 * ERR_UNSUPPORTED  "vpn.module": this charon has not loaded the PKCS#11 module (charon has to be restarted once).
 * ERR_INVALID      "vpn.token": the key or the certificate does not load; "vpn.connection": charon refused it.
 * ERR_LOCKED_OUT   never; a TPM that does not sign is ERR_UNREACHABLE "vpn.key".
 * ERR_DENIED       "vpn.refused": the gateway does not accept this device (AUTHENTICATION_FAILED, no proposal, TS).
 * ERR_UNTRUSTED    "vpn.gateway_certificate": the gateway was refused, and why.
 * ERR_UNREACHABLE  "vpn.timeout": the gateway does not answer, or its name does not resolve.
 * ERR_IO           "vpn.control": the daemon broke the protocol.
 */
struct vpn_link { /* all borrowed */
	const char *control;      /* VICI socket, "/run/charon.vici" */
	const char *profile;      /* connection and child are named signet-PROFILE */
	struct bytes settings;    /* text that vpn_render() made: charon is given the same */
	struct bytes certificate; /* own certificate, DER */
	struct bytes trust;       /* certificate that `cacerts` in the settings names, DER */
	const struct bytes *authorities; /* further CA certificates of our own chain, DER */
	size_t authority_count;
	struct bytes key;         /* PKCS#1 DER of a software key; empty for a key of the module. Secret */
	const char *key_id;       /* SHA-1 of the subjectPublicKey in hex, as charon names keys */
	const char *old_key_id;   /* the same of the certificate before, to be unloaded; "" for none */
	bool is_on_demand;
	unsigned timeout_s;       /* for a whole call; 0: VPN_TIMEOUT_S */
};

#define VPN_TIMEOUT_S 30 /* seconds: charon's first three retransmissions, and a TPM that takes 2 s a command */

/** What charon says of our connection. */
struct vpn_state {
	bool is_loaded;      /* the connection is */
	bool is_up;          /* an IKE_SA is established and its child installed */
	unsigned unique_id;  /* of the newest IKE_SA; 0 for none */
};

/** Where the connection stands; changes nothing. Under 2 s. */
enum err vpn_control_look(const struct vpn_link *link, struct vpn_state *out, struct why *why) MUST_CHECK;
/**
 * Give charon certificates, key and connection, and prove them: a tunnel that is up is authenticated anew (make before
 * break), one that should be up is brought up, one on demand stays down once its key and connection have loaded.
 * Blocks until that has come about, has failed, or the time is over. When it fails a tunnel that was up stays up.
 */
enum err vpn_control_switch(const struct vpn_link *link, struct why *why) MUST_CHECK;
/** Bring the connection up if it is down: loaded first if charon does not know it. ERR_OK at once when it is up. */
enum err vpn_control_start(const struct vpn_link *link, struct why *why) MUST_CHECK;
/** Prove that it works now: authenticated anew, or brought up and, when on demand, taken down again. */
enum err vpn_control_try(const struct vpn_link *link, struct why *why) MUST_CHECK;
/** Take tunnel, connection and key out of charon. Not there is success. */
enum err vpn_control_remove(const struct vpn_link *link, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
