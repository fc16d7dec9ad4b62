/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_REFUSAL_H
#define CLIENT_SCEP_REFUSAL_H
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * A FAILURE in a technician's words: failInfo (RFC 8894 section 3.2.1.4), failInfoText, Microsoft's own text, and what
 * to do. Always ERR_DENIED; code "scep.challenge_refused" when the words point at the challenge, else "scep.refused".
 */
enum err refusal_explain(const struct cms_reply *reply, const struct scep_sent *sent, struct why *why);
/** What to do next, by why->code, where the sentence of a failed dialogue or of what it issued came without; else untouched. */
void refusal_advise(struct why *why);

#ifdef __cplusplus
}
#endif
#endif
