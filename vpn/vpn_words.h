/* SPDX-License-Identifier: MIT */
#ifndef VPN_VPN_WORDS_H
#define VPN_VPN_WORDS_H
#include <stdbool.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * What charon's log says while an IKE_SA is tried, and what that means for us. Pure.
 *
 * The lines are those of strongSwan 5.9.8, each seen in a run (tests/vpn/real_control.py) unless
 * the table says otherwise. Only how a line begins counts: what a peer may have put into it (names
 * of certificates) stands further behind.
 */
struct vpn_words {
	int best; /* row of the table in vpn_words.c + 1; 0: nothing heard that means anything */
	char line[256]; /* charon's words */
};

/** Hear one line; the one that explains most is kept. */
void vpn_words_hear(struct vpn_words *words, const char *line);
/**
 * Turn what was heard into a sentence; *why is filled as vpn_control.h promises it.
 * name, gateway, gateway_id  of the connection, for the sentence
 * otherwise                  charon's own words where no line was heard that means anything
 * Returns the error of the sentence, never ERR_OK.
 */
enum err vpn_words_say(const struct vpn_words *words, const char *name, const char *gateway,
		       const char *gateway_id, const char *otherwise, struct why *why);

#ifdef __cplusplus
}
#endif
#endif
