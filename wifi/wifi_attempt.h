/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_ATTEMPT_H
#define WIFI_WIFI_ATTEMPT_H
#include <stdbool.h>
#include <stdint.h>
#include "wifi/wifi_event.h"
#include "wifi/wifi_status.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * One attempt to get a network of ours authenticated, as a decision machine: events, answers and the time go
 * in, what to do next comes out. It sends nothing, waits for nothing and reads no clock.
 *
 * Whose events these are: everything before the answer to our command is thrown away by the caller. An EAP-FAILURE or
 * EAP-SUCCESS counts only behind an EAP-STARTED of this attempt (an authenticator sends a stray EAP-Failure when it
 * ends the association before ours), and only while the network in use is not known to be another one.
 */

/*
 * ms without progress until REASSOCIATE. wpa_supplicant sends one EAPOL-Start 2.0 s after an association and the next 30 s
 * later (IEEE 802.1X startPeriod); hostapd is deaf for 5 s after an EAP-Failure. Measured with its wired driver: at 2000 the
 * restarts collide with the starts (a storm of EAP rounds), at 3000 a rollback takes 8.0 s, without any 31.5 s.
 */
#define WIFI_QUIET_MS 3000
/*
 * Same while EAP is under way: a signature is three commands of a TPM, at 2 s each on a slow one, and then comes the RADIUS
 * server. hostapd may drop a station in the middle of EAP because of the failure before it, and never says so; a rollback
 * takes 12 s then.
 */
#define WIFI_EAP_QUIET_MS 8000
#define WIFI_KEY_AGAIN_MS 5000    /* after a switch: a key asked for in this time gets one more RECONFIGURE */
#define WIFI_LAST_WORD_MS 2000    /* from our refusal of the server to the EAP-Failure that ends it */
#define WIFI_LOOK_MS 250          /* between two looks whether the port has opened after EAP-SUCCESS */
#define WIFI_SCANS_IN_VAIN 2      /* scans without our network until it counts as out of range */
#define WIFI_METHOD_TLS 13        /* EAP-TLS, RFC 5216 section 3.1 */

enum wifi_do { WIFI_DO_WAIT, WIFI_DO_RECONFIGURE, WIFI_DO_REASSOCIATE, WIFI_DO_LOOK, WIFI_DO_END };

/** How far it came: the last thing seen, for the sentence of a timeout. */
enum wifi_stage {
	WIFI_STAGE_NOTHING,
	WIFI_STAGE_SCANNING,
	WIFI_STAGE_ASSOCIATING,
	WIFI_STAGE_REJECTED,
	WIFI_STAGE_ASSOCIATED,
	WIFI_STAGE_EAP,
	WIFI_STAGE_UNSIGNED, /* EAP broke off on our side: the TPM did not sign */
	WIFI_STAGE_PORT /* EAP succeeded, the port is not open */
};

enum wifi_end {
	WIFI_END_NONE,
	WIFI_END_SUCCESS,
	WIFI_END_REFUSED,
	WIFI_END_SERVER,      /* `server` says why */
	WIFI_END_KEY,
	WIFI_END_PASS_PHRASE,
	WIFI_END_TIMEOUT,     /* `stage` says how far */
	WIFI_END_OUT_OF_RANGE,
	WIFI_END_OTHER,       /* another network is in use; `other_id` */
	WIFI_END_GONE         /* wpa_supplicant ends */
};

struct wifi_attempt {
	int id;                /* of our network */
	bool is_open;          /* a pass phrase network */
	bool may_reconfigure;  /* this is a switch, and it was not answered with RECONFIGURE yet */
	int64_t begun, end;    /* ms */
	int64_t progress;      /* ms: when something happened last */
	int64_t looked;        /* ms: when WIFI_DO_LOOK was given out last */
	bool is_running;       /* EAP began in this attempt and has not ended */
	bool is_success;       /* EAP-SUCCESS (a pass phrase network: CONNECTED) was seen */
	bool is_other;         /* the network in use is not ours, as STATUS said */
	bool has_own_fault;    /* our TLS broke EAP off */
	bool is_refused_by_us; /* `server` is set */
	int64_t refused_at;    /* ms */
	struct wifi_event server;
	int scans_in_vain;
	int other_id;
	char asked[24];        /* what a key was asked for with, "PASSPHRASE" */
	enum wifi_stage stage;
	enum wifi_end ending;
};

/** Begin, or begin anew after RECONFIGURE and REASSOCIATE were answered; `end_ms` is the caller's. */
void wifi_attempt_begin(struct wifi_attempt *a, int id, bool is_open, bool is_switch, int64_t now_ms, int64_t end_ms);
/** RECONFIGURE was done once more: everything seen so far belongs to before. The end stays. */
void wifi_attempt_again(struct wifi_attempt *a, int id, int64_t now_ms);
/** What an event of wpa_supplicant, a STATUS answer, or the time alone leads to. */
enum wifi_do wifi_attempt_event(struct wifi_attempt *a, const struct wifi_event *event, int64_t now_ms);
enum wifi_do wifi_attempt_status(struct wifi_attempt *a, const struct wifi_status *status, int64_t now_ms);
enum wifi_do wifi_attempt_time(struct wifi_attempt *a, int64_t now_ms);
/** ms until wifi_attempt_time() may say something else than WIFI_DO_WAIT; at least 1. */
int wifi_attempt_wait_ms(const struct wifi_attempt *a, int64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
