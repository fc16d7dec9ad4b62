/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_SCEP_KEY_H
#define CLIENT_AGENT_SCEP_KEY_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The key of a generation, as a file of its folder: key.der in the TPM, or key.pem. */
#define KEY_BUSY_S 330 /* told to the host: prime search takes up to 300 s on a slow TPM */

/** *out is closed by the caller. ERR_CHANGED, ERR_INVALID, ERR_NOT_FOUND: it does not load here, and never will. */
enum err scep_load_key(struct pass *pass, const char *profile, unsigned generation, struct device_key *out,
                       struct why *why) MUST_CHECK;
/**
 * Make one as the profile's key and key_storage say, and write its file, secured by the next generation_write(). meta: what
 * kind it is and what it hangs on is set, and has to be written by the caller. *out is closed by the caller.
 */
enum err scep_make_key(struct pass *pass, const struct scep_profile *profile, unsigned generation,
                       struct generation_meta *meta, struct device_key *out, struct why *why) MUST_CHECK;
/** The same with the key of another generation. */
enum err scep_copy_key(struct pass *pass, const char *profile, unsigned from, unsigned generation,
                       struct generation_meta *meta, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
