/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_SETTINGS_H
#define CLIENT_AGENT_SETTINGS_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/** What wifi and vpn settings share: the certificate profile they use, as it stands on disk. */
struct settings_certificate {
	bool is_software;
	char certificate_path[FILE_PATH_MAX]; /* as written into settings: below state_dir, without --root */
	char private_key[FILE_PATH_MAX];      /* pkcs11 URI, or path of key.pem */
	char key_path[FILE_PATH_MAX];         /* of key.der or key.pem */
};

/** ERR_NOT_FOUND "waiting.certificate": not enrolled yet. */
enum err settings_certificate_look(const struct pass *pass, const char *profile, struct settings_certificate *out,
                                   struct why *why) MUST_CHECK;
/** ERR_NOT_FOUND "waiting.trust" unless STATE/trust/NAME.pem is there; out: its path as written into settings. */
enum err settings_trust_look(const struct pass *pass, const char *name, char out[FILE_PATH_MAX], struct why *why) MUST_CHECK;
/**
 * The intermediates of a generation's own chain (chain.pem) that lead to `trusted`, the profile's trust profiles, and are
 * none of them: what a daemon must send with the certificate of a CA that was renewed. Never a root, nor what stands below
 * one that was only announced: some daemons trust what they are given to send. Number 0: of `current`. A chain.pem that is
 * missing or damaged has none.
 */
enum err settings_own_chain(const struct pass *pass, const char *profile, unsigned number,
                            const struct certificate_set *trusted, struct certificate_set *out, struct why *why) MUST_CHECK;
/** Expand variables of a text for settings. */
enum err settings_expand(const struct pass *pass, const char *text, struct buf *out, const char **out_text,
                         struct why *why) MUST_CHECK;
/** Does the file hold exactly this? A file that is not there holds nothing. */
bool settings_is_same(const char *path, struct bytes content);
/** Write a target file; a failure becomes `code` (wifi.write, vpn.write) with the key to set. */
enum err settings_write(const char *path, struct bytes content, unsigned mode, const char *code, const char *key,
                        struct why *why) MUST_CHECK;
#ifdef __cplusplus
}
#endif
#endif
