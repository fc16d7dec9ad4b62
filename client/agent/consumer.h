/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_CONSUMER_H
#define CLIENT_AGENT_CONSUMER_H
#include "client/agent/pass.h"
#include "client/agent/record.h"
#include "client/agent/view.h"
#ifdef __cplusplus
extern "C" {
#endif

/** A wifi, wired or vpn profile: settings on disk, and a daemon outside that uses them with a certificate. */
struct consumer {
	enum profile_kind kind;
	const char *name;
	const char *certificate; /* its scep profile; "" for a network with a pass phrase */
	const struct consumer_ops *ops;
	const struct wifi_profile *wifi; /* wifi and wired, else NULL */
	const struct vpn_profile *vpn;   /* vpn, else NULL */
};

/** Every consumer of the configuration, in its order. Borrows from it. */
size_t consumers_list(const struct config *config, struct consumer out[CONFIG_PROFILES_MAX]);

/** Generations a daemon is moved between. */
struct move {
	unsigned to;        /* of the certificate it is to use; 1 for a network with a pass phrase */
	unsigned from;      /* the one to be forgotten; 0: none */
	unsigned timeout_s; /* 0: the daemon's own */
};

/** What a daemon says. */
struct daemon_state {
	bool is_authenticated;
	char session[132]; /* another one: authenticated anew */
};

/**
 * What differs between wpa_supplicant (wifi_step.c) and strongSwan (vpn_step.c).
 * A daemon that is not there is ERR_NOT_FOUND, out of reach ERR_AGAIN; neither is a failure (wifi_control.h, vpn_control.h).
 */
struct consumer_ops {
	const char *folder; /* of its record */
	/* Are the settings in place? ERR_NOT_FOUND "waiting.…": not yet, or changed by somebody else. Writes nothing. */
	enum err (*look)(const struct pass *pass, const struct consumer *c, struct why *why);
	/* Where they stand, by the configuration alone. */
	enum err (*place)(const struct consumer *c, const struct config *config, struct placement *out, struct why *why);
	/* Write what differs. out: SHA-256 of the settings, hex. */
	enum err (*install)(const struct pass *pass, const struct consumer *c, char out[65], struct why *why);
	enum err (*state)(const struct pass *pass, const struct consumer *c, struct daemon_state *out, struct why *why);
	/* Let the daemon use the settings and authenticate with them. Blocks. */
	enum err (*use)(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why);
	/* Let the next authentication use them, without cutting the link. NULL: it cannot. */
	enum err (*arm)(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why);
	/* Proven before: is it still up? Bring it up again. */
	enum err (*keep)(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why);
	/* A live, harmless try. */
	enum err (*test)(const struct pass *pass, const struct consumer *c, const struct move *move, struct why *why);
	/* Settings off the disk, then out of the daemon. No daemon is success. is_key_gone: its certificate's key goes too. */
	enum err (*remove)(const struct pass *pass, const char *name, const struct placement *at, bool is_key_gone,
	                   struct why *why);
	/* Is its daemon there? No question to it. */
	bool (*is_present)(const struct pass *pass, const struct consumer *c);
};
extern const struct consumer_ops wifi_consumer, vpn_consumer;

enum consumer_result {
	CONSUMER_OPEN,   /* not proven, and nobody's fault: daemon absent, out of range, waits for its next authentication */
	CONSUMER_PROVEN, /* has authenticated with this generation */
	CONSUMER_FAILED  /* was asked, and could not: what a trial judges by */
};

/**
 * Write what differs of its settings. Where they stand is recorded before: a cut leaves nothing that consumer_remove()
 * does not find. *out_record is its record, out_sha256 that of the settings; both on ERR_OK only.
 */
enum err consumer_install(const struct pass *pass, const struct consumer *c, struct record *out_record,
                          char out_sha256[65], struct why *why) MUST_CHECK;
/**
 * Let a consumer use generation move->to: settings written, its daemon moved, and proven; at once done when it was
 * before. *out is set also on failure: CONSUMER_OPEN with an error is trouble that says nothing about the certificate
 * (settings that cannot be written, a daemon that cannot use such a key), CONSUMER_PROVEN with one that it stopped
 * working since.
 */
enum err consumer_work(const struct pass *pass, const struct consumer *c, const struct move *move,
                       enum consumer_result *out, struct why *why) MUST_CHECK;
/** Has a network that was only to be used until another one works done its duty? */
bool consumer_is_over(const struct pass *pass, const struct consumer *c);
/**
 * Take it off by its record, with or without a profile: settings, daemon, record. Done before is success, and so is a
 * daemon that is not there: it reads its files at its next start. A daemon that is there and does not do it is an error;
 * the settings are off then, and the record stays for the next try.
 */
enum err consumer_remove(const struct pass *pass, const struct consumer_ops *ops, const char *name, bool is_key_gone,
                         struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
