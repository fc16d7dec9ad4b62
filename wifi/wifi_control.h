/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_CONTROL_H
#define WIFI_WIFI_CONTROL_H
#include <stdbool.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * wifi_control: a running wpa_supplicant (2.10 or newer), told to use what its file says, and watched.
 *
 * A network of ours is recognised by its id_str "signet-PROFILE" (wifi_settings.h writes it). Another network is never
 * selected, disabled or removed.
 *
 * Errors, each with a sentence and a next step; *why is complete, out parameters are untouched:
 * ERR_NOT_FOUND    "wifi.absent": no wpa_supplicant answers at control/interface. Not a failure: it will read its file.
 *                  "wifi.no_network": it runs, with another file than ours. Says nothing about the certificate either.
 * ERR_AGAIN        "wifi.out_of_range": no such network in the air, no link on the wire, interface off: nothing was tried.
 *                  "wifi.other_network": it prefers another network on this interface; ours was not tried.
 * ERR_UNSUPPORTED  "wifi.build": this wpa_supplicant has no way to a key in a TPM, or the engine, module or provider
 *                  for it is missing, too old or not loaded.
 * ERR_DENIED       "wifi.refused": the network answered EAP-Failure: it does not accept this device.
 *                  "wifi.pass_phrase": the access point does not accept the pass phrase.
 * ERR_UNTRUSTED    "wifi.server_certificate": the network's server was refused, and why.
 * ERR_INVALID      "wifi.key": certificate and key do not load or do not belong together (CTRL-REQ-PASSPHRASE).
 *                  "wifi.value", "wifi.control": a path that cannot be sent, a socket's name that cannot be.
 * ERR_UNREACHABLE  "wifi.timeout": asked, and no end of the authentication within the time; how far it came.
 * ERR_IO           "wifi.control": the control interface refused a command (RECONFIGURE: its file has an error).
 *
 * wpa_supplicant takes the paths of a PKCS#11 engine and module at its start only, not with RECONFIGURE (measured, 2.10).
 * Where its file has just got them, "wifi.key" with the next step "restart wpa_supplicant" is what a switch ends with.
 *
 * No answer within 5 s counts as absent: wpa_supplicant is deaf while its TPM signs, so a shorter wait would err.
 */
enum wifi_key_way { WIFI_KEY_ENGINE, WIFI_KEY_PROVIDER, WIFI_KEY_FILE };

struct wifi_link { /* all borrowed */
	const char *control;   /* folder of the control sockets */
	const char *interface;
	const char *profile;
	bool is_wired;
	bool is_open;          /* a pass phrase network: success is the connection, there is no EAP */
	enum wifi_key_way key; /* what the build must be able to do */
	unsigned timeout_s;    /* for a whole wifi_control_switch() or _try(); 0: WIFI_TIMEOUT_S */
};

#define WIFI_TIMEOUT_S 30 /* seconds: two rounds of EAP over a TPM that takes 2 s a command, and a scan */

/** What STATUS says of our network. */
struct wifi_state {
	bool is_current;       /* our network is the one in use, or being tried */
	bool is_authorised;    /* 802.1X port open with EAP SUCCESS; a pass phrase network: connected */
	char session[132];     /* EAP session id in hex: another one means authenticated anew; "" for none */
};

/**
 * Where the network stands now; changes nothing. The build is not looked at. No network of ours in the running daemon is
 * success with is_current false. At once; 5 s with a daemon that hangs.
 */
enum err wifi_control_look(const struct wifi_link *link, struct wifi_state *out, struct why *why) MUST_CHECK;
/**
 * Let wpa_supplicant read its file again (RECONFIGURE) and authenticate with what stands there now.
 * Blocks until it has, has failed, or the time is over. Every link of the interface is down for a moment.
 * On a wire without link and out of range (ERR_AGAIN) the file has been read: it will be used when the network is back.
 * Measured, wired against hostapd 2.10, which is deaf for 5 s after an EAP-Failure: 2.0 s; 8.0 s right after a
 * refusal; 2.0 to 10.0 s right after a key that did not load.
 */
enum err wifi_control_switch(const struct wifi_link *link, struct why *why) MUST_CHECK;
/**
 * Authenticate once more with what is in use (REASSOCIATE); as wifi_control_switch() without the file. A TLS session that
 * the server resumes counts as authenticated.
 */
enum err wifi_control_try(const struct wifi_link *link, struct why *why) MUST_CHECK;
/**
 * Let the next authentication use another certificate, without cutting the link: SET_NETWORK on our network.
 * certificate_path  differs from what the network has now, else wpa_supplicant keeps the old one.
 * private_key       NULL: as it is. When it is refused, the certificate is put back as it was.
 * What is set here lives until the next RECONFIGURE. The next authentication is the network's (or wifi_control_try()'s).
 */
enum err wifi_control_arm(const struct wifi_link *link, const char *certificate_path, const char *private_key,
                          struct why *why) MUST_CHECK;
/** Take our network out of the running wpa_supplicant, leaving the others as they are. Not there is success. */
enum err wifi_control_remove(const struct wifi_link *link, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
