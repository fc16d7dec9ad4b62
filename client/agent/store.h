/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_STORE_H
#define CLIENT_AGENT_STORE_H
#include "client/config/config.h"
#include "client/pki/certificate.h"
#include "client/scep/scep.h"
#include "hal/file.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * store: the state folder (design, "On disk"). Everything that is true of a profile is read from here.
 *
 *   STATE/scep/PROFILE/current -> 0007        the generation in use
 *   STATE/scep/PROFILE/previous -> 0006       only while `current` is on trial
 *   STATE/scep/PROFILE/0007/{key.der or key.pem, cert.pem, chain.pem, ca.pem, meta.ini}
 *   STATE/scep/PROFILE/0007/refused                        by whom and why, once a consumer failed with it
 *   STATE/hooks/PROFILE.EVENT.SERIAL                       hooks have not been told yet (hook_event.h)
 *   STATE/scep/PROFILE/0008/{key.*, signer.der, message.der, request.der, meta.ini}     a request under way; a renewal's
 *                                                          has no signer.der
 *   STATE/scep/PROFILE/0008/{key.*, request.csr, request.der, meta.ini}    a request that was handed out by hand
 * A generation with cert.pem is complete: it is written last.
 */
#define GENERATION_MAX 9999u /* four digits: one renewal a day for 27 years */

struct store {
	char state[FILE_PATH_MAX]; /* state folder, below --root */
	char run[FILE_PATH_MAX];
	char hooks[FILE_PATH_MAX]; /* hooks_dir; "" below --root, where no hooks run */
};

/** Paths only; touches nothing. */
enum err store_open(const struct config *config, struct store *out, struct why *why) MUST_CHECK;
/** Make the folders, 0700. */
enum err store_prepare(const struct store *store, struct why *why) MUST_CHECK;
/** Take away the half-written files that power cuts left in the state folder. Under the lock: nobody may be writing.
 *  What fails is logged; the next pass tries again. */
void store_tidy(const struct store *store);
/** STATE/NAME or STATE/FOLDER/PROFILE/NAME; parts may be NULL. */
enum err store_path(const struct store *store, const char *folder, const char *profile, const char *name,
                    char out[FILE_PATH_MAX]) MUST_CHECK;

/** What a generation is for and how far its request went: meta.ini, schema 1. */
#define BINDING_CAP 17 /* 16 hex digits and NUL: mark of a storage key, binding.h */
#define BOOT_ID_CAP 37 /* a UUID and NUL */

struct generation_meta {
	bool is_software;          /* key.pem instead of key.der */
	bool is_renewal;           /* message signed by the previous certificate's key */
	bool is_pending;           /* the CA said pending */
	int64_t created, sent_at;  /* unix s; sent_at 0: nothing went out */
	int64_t trusted_at;        /* unix s: written by a confirmed clock (hal/clock.h), a floor for later; 0: never */
	unsigned message_type;     /* 17 or 19 */
	unsigned signer;           /* generation whose key signs a renewal: the answer is encrypted to it */
	char storage_key[BINDING_CAP]; /* that its key hangs on; "" : software, or written before this was */
	bool is_after_change;      /* enrolled because the TPM was cleared or replaced */
	char boot[BOOT_ID_CAP];    /* boot of the last try to get it issued */
	unsigned boots;            /* boots before that one which ended without an answer */
	char transaction_id[SCEP_TRANSACTION_ID_MAX];
	uint8_t nonce[SCEP_NONCE_LEN];
	char url[SCEP_URL_MAX];
};

/** What stands in STATE/scep/PROFILE. Numbers are 0 for "none". */
struct generations {
	unsigned current, previous;
	unsigned request;  /* newest above current with message.der and no cert.pem */
	unsigned complete; /* newest above current with cert.pem: issued, not yet switched to */
	unsigned unused;   /* newest above current with a key and no message.der: nothing of it went out */
	unsigned offline;  /* newest above current with request.csr and no cert.pem: handed out by hand (offline.h) */
	unsigned signer;   /* generation that the request under way was signed by; 0: its own key */
	unsigned newest;   /* highest number seen */
	bool is_refused;   /* `complete` was tried, and a consumer failed with it */
};

enum err generations_look(const struct store *store, const char *profile, struct generations *out,
                          struct why *why) MUST_CHECK;
/** Folder of a generation. */
enum err generation_path(const struct store *store, const char *profile, unsigned number, const char *name,
                         char out[FILE_PATH_MAX]) MUST_CHECK;
enum err generation_read(const struct store *store, const char *profile, unsigned number, const char *name,
                         struct buf *out, struct why *why) MUST_CHECK;
enum err generation_write(const struct store *store, const char *profile, unsigned number, const char *name,
                          struct bytes content, struct why *why) MUST_CHECK;
/** The same, secured by the next generation_write() only (file_write_part() of hal/file.h). */
enum err generation_write_part(const struct store *store, const char *profile, unsigned number, const char *name,
                               struct bytes content, struct why *why) MUST_CHECK;
enum err generation_meta_read(const struct store *store, const char *profile, unsigned number,
                              struct generation_meta *out, struct why *why) MUST_CHECK;
enum err generation_meta_write(const struct store *store, const char *profile, unsigned number,
                               const struct generation_meta *meta, struct why *why) MUST_CHECK;
/** As generation_write_part(). */
enum err generation_meta_write_part(const struct store *store, const char *profile, unsigned number,
                                    const struct generation_meta *meta, struct why *why) MUST_CHECK;
/** Number that the link `name` holds, whatever stands there; 0: no such link. */
unsigned generation_named(const struct store *store, const char *profile, const char *name);
/** Point `name` ("current", "previous") at a generation; number 0 takes the link away. */
enum err generation_link(const struct store *store, const char *profile, const char *name, unsigned number,
                         struct why *why) MUST_CHECK;
/** Remove every generation that neither a link (current, previous) nor `keep` (request, signer, complete, unused, offline) names;
 *  keys are wiped. */
enum err generations_sweep(const struct store *store, const char *profile, const struct generations *keep,
                           struct why *why) MUST_CHECK;
/** DER of the certificate that the request under way was signed by, and its answer is encrypted to: signer.der, or a
 *  renewal's signer's own. */
enum err generation_signer(const struct store *store, const char *profile, const struct generations *g, struct buf *out,
                           struct why *why) MUST_CHECK;
/** DER of a generation's cert.pem. */
enum err generation_certificate(const struct store *store, const char *profile, unsigned number, struct buf *out,
                                struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
