/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_outcome.h"
#include <stdio.h>
#include <string.h>

/* What is wrong with the server's certificate, and what to do about it. */
struct fault {
	const char *text, *next;
};

static const char next_trust[] =
    "compare the RADIUS server's certificate chain with the trust profiles of this network, "
    "or suspect a rogue access point";
static const char next_server[] = "have the RADIUS server's certificate renewed";
static const char next_name[] =
    "set server_name to the name in the RADIUS server's certificate; if that name is foreign, "
    "suspect a rogue access point";
static const char next_clock[] =
    "set this device's clock (timedatectl), else have the RADIUS server's certificate renewed";

static const struct fault faults[] = {
    [WIFI_FAULT_UNSPECIFIED] = {"was refused", next_trust},
    [WIFI_FAULT_UNTRUSTED] = {"does not come from a CA that this network trusts", next_trust},
    [WIFI_FAULT_REVOKED] = {"is revoked", next_server},
    [WIFI_FAULT_NOT_YET_VALID] = {"is not yet valid", next_clock},
    [WIFI_FAULT_EXPIRED] = {"has expired", next_clock},
    [WIFI_FAULT_SUBJECT] = {"has another subject than asked for", next_name},
    [WIFI_FAULT_ALT_SUBJECT] = {"lacks the alternative name asked for", next_name},
    [WIFI_FAULT_BAD_CERTIFICATE] = {"is not a server certificate, or damaged", next_server},
    [WIFI_FAULT_PROBE] = {"was only looked at", next_trust},
    [WIFI_FAULT_NAME_SUFFIX] = {"has another name than server_name", next_name},
    [WIFI_FAULT_NAME] = {"has another name than server_name", next_name},
    [WIFI_FAULT_KEY_LENGTH] = {"has a key that is too short", next_server},
    [WIFI_FAULT_DN] = {"has another subject than asked for", next_name},
};

static enum err server(const struct wifi_link *link, const struct wifi_event *event,
		       struct why *why)
{
	size_t reason = event->reason >= 0 ? (size_t)event->reason : 0;
	const struct fault *fault = &faults[reason < sizeof faults / sizeof faults[0] ? reason : 0];
	const char *whose = event->depth > 0 ? "a CA certificate of the network's server"
					     : "the certificate of the network's server";
	why_set(why, ERR_UNTRUSTED, "wifi.server_certificate", "%s: %s (\"%s\", depth %d) %s: %s",
		link->profile, whose, event->subject, event->depth, fault->text,
		event->text[0] != '\0' ? event->text : "no more is said");
	why_next(why, "%s", fault->next);
	return ERR_UNTRUSTED;
}

static enum err key(const struct wifi_link *link, const struct wifi_attempt *a,
		    const struct wifi_circumstances *around, struct why *why)
{
	why_set(why, ERR_INVALID, "wifi.key",
		"%s: wpa_supplicant cannot use the key with the certificate (it asks for a %s): "
		"they do not load, or do not belong together",
		link->profile, a->asked[0] != '\0' ? a->asked : "pass phrase");
	switch (link->key) {
	case WIFI_KEY_ENGINE:
		if (around->is_module_new)
			why_next(why, "restart wpa_supplicant: it takes the path of a PKCS#11 "
				      "module or engine at its start only");
		else
			why_next(why, "restart wpa_supplicant if its file is new to it; else see "
				      "signet doctor, and what "
				      "wpa_supplicant says (journalctl -u 'wpa_supplicant*')");
		break;
	case WIFI_KEY_PROVIDER:
		why_next(why, "see that OPENSSL_CONF of wpa_supplicant's unit activates the "
			      "provider tpm2 and that the TPM was "
			      "there when it started; restart it");
		break;
	case WIFI_KEY_FILE:
		why_next(why, "see whether wpa_supplicant may read the files (journalctl -u "
			      "'wpa_supplicant*')");
		break;
	}
	return ERR_INVALID;
}

struct silence {
	const char *text, *next;
};

static enum err timed_out(const struct wifi_link *link, const struct wifi_attempt *a,
			  struct why *why)
{
	static const struct silence silences[] = {
	    [WIFI_STAGE_NOTHING] =
		{"nothing happened",
		 "see what wpa_supplicant says (journalctl -u 'wpa_supplicant*')"},
	    [WIFI_STAGE_SCANNING] =
		{"it was still scanning",
		 "see whether the network is in the air (wpa_cli scan_results)"},
	    [WIFI_STAGE_ASSOCIATING] = {"the access point did not answer the association",
					"move the device nearer, or look at the access point"},
	    [WIFI_STAGE_REJECTED] =
		{"the access point refused the association before any authentication",
		 "compare security with what the access point offers, and see its list of refused "
		 "stations"},
	    [WIFI_STAGE_ASSOCIATED] = {"associated, and nobody began EAP",
				       "see whether 802.1X is on at this port or access point, and "
				       "whether it reaches its RADIUS server"},
	    [WIFI_STAGE_EAP] =
		{"EAP began and did not end",
		 "see whether the RADIUS server answers, and how long the TPM takes to sign"},
	    [WIFI_STAGE_UNSIGNED] =
		{"this device broke EAP off by itself: its key did not sign",
		 "see what signet status says of the TPM, and wpa_supplicant's journal for lines of "
		 "signet-pkcs11"},
	    [WIFI_STAGE_PORT] = {"EAP succeeded, and the connection did not open",
				 "look at the access point: the handshake behind EAP fails"},
	};
	const struct silence *s = &silences[a->stage];
	why_set(why, ERR_UNREACHABLE, "wifi.timeout", "%s: not authenticated on %s in %lld s: %s",
		link->profile, link->interface, (long long)(a->end - a->begun + 999) / 1000,
		s->text);
	why_next(why, "%s",
		 link->is_wired && a->stage == WIFI_STAGE_ASSOCIATED
		     ? "see whether 802.1X is on at this switch port, and whether the switch "
		       "reaches its RADIUS server"
		     : s->next);
	return ERR_UNREACHABLE;
}

enum err wifi_outcome_no_link(const struct wifi_link *link, struct why *why)
{
	why_set(why, ERR_AGAIN, "wifi.out_of_range", "%s: %s %s", link->profile, link->interface,
		link->is_wired ? "has no link: nothing was tried"
			       : "is switched off: nothing was tried");
	why_next(why, "%s",
		 link->is_wired ? "plug the cable in, or see the switch port"
				: "see rfkill list and ip link");
	return ERR_AGAIN;
}

static enum err out_of_range(const struct wifi_link *link, const struct wifi_circumstances *around,
			     struct why *why)
{
	why_set(why, ERR_AGAIN, "wifi.out_of_range", "%s: %s: nothing was tried", link->profile,
		around->is_seen ? "the network is in the air, but not with the security asked for"
				: "the network is not in the air");
	why_next(why, "%s",
		 around->is_seen
		     ? "compare security with what the access point offers (wpa_cli scan_results)"
		     : "nothing, if the device is elsewhere; else see ssid and the access point");
	return ERR_AGAIN;
}

enum err wifi_outcome(const struct wifi_link *link, const struct wifi_attempt *a,
		      const struct wifi_circumstances *around, struct why *why)
{
	switch (a->ending) {
	case WIFI_END_SUCCESS:
		return ERR_OK;
	case WIFI_END_REFUSED:
		why_set(why, ERR_DENIED, "wifi.refused",
			"%s: the network does not accept this device (EAP-Failure)", link->profile);
		why_next(why, "see the RADIUS server's log for this device: certificate unknown, "
			      "revoked, expired, or no rule for it");
		return ERR_DENIED;
	case WIFI_END_SERVER:
		return server(link, &a->server, why);
	case WIFI_END_KEY:
		return key(link, a, around, why);
	case WIFI_END_PASS_PHRASE:
		why_set(why, ERR_DENIED, "wifi.pass_phrase",
			"%s: the access point does not accept the pass phrase", link->profile);
		why_next(why, "compare the pass phrase with the access point's");
		return ERR_DENIED;
	case WIFI_END_TIMEOUT:
		return timed_out(link, a, why);
	case WIFI_END_OUT_OF_RANGE:
		return out_of_range(link, around, why);
	case WIFI_END_OTHER:
		why_set(why, ERR_AGAIN, "wifi.other_network",
			"%s: wpa_supplicant prefers another network (number %d) on %s: nothing was "
			"tried",
			link->profile, a->other_id, link->interface);
		why_next(
		    why, "%s",
		    link->is_wired
			? "take the other network out of the file: on a wire the first one is used"
			: "give this one the higher priority, if it should be used here");
		return ERR_AGAIN;
	case WIFI_END_GONE:
		why_set(why, ERR_NOT_FOUND, "wifi.absent",
			"%s: wpa_supplicant ended while it was asked", link->profile);
		why_next(why, "see whether it comes back (systemctl status 'wpa_supplicant*')");
		return ERR_NOT_FOUND;
	case WIFI_END_NONE:
		break;
	}
	return why_set(why, ERR_BUG, "wifi.control", "%s: the attempt has not ended",
		       link->profile);
}
