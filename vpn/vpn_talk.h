/* SPDX-License-Identifier: MIT */
#ifndef VPN_VPN_TALK_H
#define VPN_VPN_TALK_H
#include "vpn/vici_client.h"
#include "vpn/vici_connection.h"
#include "vpn/vpn_control.h"
#include "vpn/vpn_words.h"
#ifdef __cplusplus
extern "C" {
#endif

#define VPN_SAS_MAX                                                                                \
	16 /* IKE_SAs of one connection at a time: two in a reauthentication, more is an error     \
	      somewhere */

struct vpn_sa {
	unsigned id;	     /* charon counts up */
	bool is_established; /* authenticated, and not being deleted */
	bool is_up;	     /* and its child carries traffic */
};

/** Whose certificate charon would take for our identity. */
enum vpn_front { VPN_FRONT_NONE, VPN_FRONT_OURS, VPN_FRONT_SAME_KEY, VPN_FRONT_OTHER };

/** One call of vpn_control: the conversation with charon, and what its events have said so far. */
struct vpn_talk {
	const struct vpn_link *link; /* borrowed */
	struct why *why;	     /* borrowed; may be NULL */
	char name[64];		     /* signet-PROFILE */
	struct vici_client client;
	int64_t prove_until_ms; /* clock_boot_ms(): earlier than the client's, to leave time to tidy
				   up */

	/* of the settings; vpn_talk_read() */
	struct vici_connection wanted;
	struct vici_out load; /* message of load-conn */

	/* heard */
	struct vpn_words words;
	bool hears_tokens;     /* lines of no IKE_SA count, for token_* below */
	char token_line[256];  /* the last line about a token or module; "" for none */
	bool is_changed;       /* an IKE_SA or child went up or down, a gateway was verified */
	bool is_verifying;     /* charon has begun to verify the gateway's certificate afterwards */
	bool is_distrusted;    /* and has refused it: the IKE_SA is about to go */
	unsigned newest_heard; /* highest id in a line about our IKE_SAs */
	unsigned verified;     /* highest id whose gateway's certificate was verified afterwards */

	/* listed */
	struct vpn_sa sas[VPN_SAS_MAX]; /* in the order of id */
	size_t sa_count;
	unsigned newest_before; /* highest id before this call began one; vpn_prove_clear() */
	enum vpn_front front;
	char own_id[VICI_TEXT_MAX + 1]; /* local id of our connection as charon has it */
	bool is_id_shared;		/* another connection may use our certificate */
};

/**
 * Connect to charon for a call of at most `timeout_ms`. ERR_NOT_FOUND "vpn.absent", ERR_INVALID for
 * a profile that is no name, or as vici_client.h says. On failure there is nothing to close, but
 * vpn_talk_close() does no harm.
 */
enum err vpn_talk_open(const struct vpn_link *link, unsigned timeout_ms, struct vpn_talk *out,
		       struct why *why) MUST_CHECK;
void vpn_talk_close(struct vpn_talk *talk);
/** Read link->settings into wanted and load. ERR_INVALID "vpn.connection". */
enum err vpn_talk_read(struct vpn_talk *talk) MUST_CHECK;
/**
 * Ask with `message` (finished here, and cleared whatever comes) and give the answer, borrowed
 * until the next question. That charon says success = no is ERR_OK: vpn_talk_is_done().
 */
enum err vpn_talk_ask(struct vpn_talk *talk, const char *command, struct vici_out *message,
		      struct bytes *out_answer) MUST_CHECK;
/** As vpn_talk_ask() with one text in the message; key NULL: with none. */
enum err vpn_talk_ask_text(struct vpn_talk *talk, const char *command, const char *key,
			   const char *value, struct bytes *out_answer) MUST_CHECK;
bool vpn_talk_is_done(struct bytes answer);
/** Have charon stream the events `event` while answering `command` {key = value}; key NULL: {}. */
enum err vpn_talk_stream(struct vpn_talk *talk, const char *command, const char *event,
			 const char *key, const char *value) MUST_CHECK;
/** List our IKE_SAs into sas[]. */
enum err vpn_talk_list_sas(struct vpn_talk *talk) MUST_CHECK;
/** End one IKE_SA without asking the gateway. Not there is success. */
enum err vpn_talk_end_sa(struct vpn_talk *talk, unsigned id) MUST_CHECK;
/** The newest IKE_SA that is up; NULL for none. Borrowed until the next list. */
const struct vpn_sa *vpn_talk_newest_up(const struct vpn_talk *talk);

#ifdef __cplusplus
}
#endif
#endif
