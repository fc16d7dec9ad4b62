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
 * A network of ours is recognised by its id_str "signet-PROFILE" (wifi_settings.h writes it).
 *
 * Errors, each with a sentence and a next step:
 * ERR_NOT_FOUND    "wifi.absent": no wpa_supplicant answers at control/interface. Not a failure: it will read its file.
 * ERR_AGAIN        "wifi.out_of_range": no such network in the air, or no link on the wire: nothing was tried.
 * ERR_UNSUPPORTED  "wifi.build": this wpa_supplicant has no way to a key in a TPM.
 * ERR_DENIED       "wifi.refused": the network answered EAP-Failure: it does not accept this device.
 * ERR_UNTRUSTED    "wifi.server_certificate": the network's server was refused, and why.
 * ERR_INVALID      "wifi.key": certificate and key do not load or do not belong together (CTRL-REQ-PASSPHRASE).
 * ERR_UNREACHABLE  "wifi.timeout": asked, and no end of the authentication within the time.
 * ERR_IO           "wifi.control": the control interface refused a command.
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

/** Where the network stands now; changes nothing. The build is not looked at. Under 2 s. */
enum err wifi_control_look(const struct wifi_link *link, struct wifi_state *out, struct why *why) MUST_CHECK;
/**
 * Let wpa_supplicant read its file again (RECONFIGURE) and authenticate with what stands there now.
 * Blocks until it has, has failed, or the time is over. Every link of the interface is down for a moment.
 */
enum err wifi_control_switch(const struct wifi_link *link, struct why *why) MUST_CHECK;
/** Authenticate once more with what is in use (REASSOCIATE); as wifi_control_switch() without the file. */
enum err wifi_control_try(const struct wifi_link *link, struct why *why) MUST_CHECK;
/**
 * Let the next authentication use another certificate, without cutting the link: SET_NETWORK on our network.
 * certificate_path  differs from what the network has now, else wpa_supplicant keeps the old one.
 * private_key       NULL: as it is.
 */
enum err wifi_control_arm(const struct wifi_link *link, const char *certificate_path, const char *private_key,
                          struct why *why) MUST_CHECK;
/** Take our network out of the running wpa_supplicant, leaving the others as they are. Not there is success. */
enum err wifi_control_remove(const struct wifi_link *link, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
