/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_RECORD_H
#define CLIENT_AGENT_RECORD_H
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

#define AUTHORITIES_TEXT_MAX ((CONFIG_LIST_MAX + 1) * PROFILE_NAME_CAP)

/** Where settings stand and which daemon reads them: what takes them off when their profile is gone from the
 *  configuration. Paths as the configuration has them, without --root. */
struct placement {
	char path[FILE_PATH_MAX];               /* file they were written to; "": none yet */
	char control[FILE_PATH_MAX];            /* folder of wpa_supplicant's sockets; charon's VICI socket */
	char interface[16];                     /* wifi and wired */
	char certificate[PROFILE_NAME_CAP];     /* its scep profile, "" for none */
	char authorities[AUTHORITIES_TEXT_MAX]; /* vpn: trust profiles copied beside it, a blank between two */
	bool is_wired;
};

/** What is known of a wifi, wired or vpn profile: STATE/wifi/NAME, STATE/vpn/NAME. */
struct record {
	struct placement at;
	char sha256[65];          /* of those settings, to see a change of either side */
	unsigned told;            /* generation of the certificate that its daemon was last told to use; 0: none */
	unsigned proven;          /* generation it has authenticated with; 0: none */
	int64_t told_at;          /* unix s */
	int64_t first_proven_at;  /* unix s; 0: never. Stays when the settings change */
	char session[132];        /* authentication that was in use when it was told: another one proves */
};

/** A record that is not there, or not readable, is an empty one. `folder`: "wifi" or "vpn". */
void record_read(const struct store *store, const char *folder, const char *profile, struct record *out);
/**
 * The daemon is about to be moved: from here on nobody knows what it uses, and until the next record_write() told and
 * proven read as none. Remembered in the run folder, without wear: a power cut ends the daemon as well, and the next start
 * reads the settings.
 */
enum err record_doubt(const struct store *store, const char *profile, struct why *why) MUST_CHECK;
/** Written only when it differs from what stands there. A power cut may bring the one before back: then it is told and
 *  proven once more. */
enum err record_write(const struct store *store, const char *folder, const char *profile, const struct record *record,
                      struct why *why) MUST_CHECK;
/** Not there is success. */
enum err record_remove(const struct store *store, const char *folder, const char *profile, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
