/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_CONTEXT_H
#define TPM_TPM_CONTEXT_H
#include "hal/file.h"
#include "tpm/tpm.h"
#ifdef __cplusplus
extern "C" {
#endif

#define TCTI_NAME_MAX 512 /* characters of [tpm] tcti with its NUL */

struct tpm;

/**
 * Making, pinning and judging a storage key: what a guest must not do, and does not even contain.
 * (To compare leaks memory in libtss2 3.2.1, which a daemon that fails for weeks would feel.)
 */
struct storage_key_maker {
	enum err (*find_or_make)(struct tpm *tpm, struct why *why); /* fills tpm->srk */
	enum err (*pin)(struct tpm *tpm, struct why *why);
	/* whether the storage key is the reason of this refusal: storage_key_compare(), and a look
	 * at its kind. `e` and *why as tpm_error() left them. */
	enum err (*explain)(struct tpm *tpm, uint32_t rc, enum err e, struct why *why);
};
extern const struct storage_key_maker storage_key_maker; /* storage_key_make.c */

/** Inside of tpm/ only. Handles are ESYS_TR numbers: no TSS type is in a header of ours. */
struct tpm {
	char tcti_name[TCTI_NAME_MAX];
	char owner_auth_file[FILE_PATH_MAX], pin_file[FILE_PATH_MAX];
	uint32_t srk_handle; /* persistent handle */
	unsigned timeout_s, total_s;
	bool without_parameter_encryption;
	bool without_session;		       /* as in struct tpm_settings */
	const struct storage_key_maker *maker; /* NULL for a guest */
	void *esys, *tcti;     /* ESYS_CONTEXT, TSS2_TCTI_CONTEXT; NULL until connected */
	bool is_pinned;	       /* srk is the one in pin_file */
	bool is_own_wire;      /* tcti is of tpm_wire.c, not of tctildr */
	uint32_t srk, session; /* ESYS_TR; ESYS_TR_NONE until there */
};

/** Connect to the TPM. No command. Safe when connected. */
enum err tpm_connect(struct tpm *tpm, struct why *why) MUST_CHECK;
/** Connected, with storage key and, unless `without_session`, session: what every key operation
 * needs. */
enum err tpm_ready(struct tpm *tpm, struct why *why) MUST_CHECK;
/** ESYS_TR that authorises a use of a key: the session, or the empty password. */
uint32_t tpm_authorisation(const struct tpm *tpm);
/**
 * True when `rc` says that the TPM lost our session (a suspend does that), and another one could be
 * started: the caller repeats its command once.
 */
bool tpm_session_again(struct tpm *tpm, uint32_t rc);
/** Flush an object; a failure is logged at debug, since a resource manager does it at close. */
void tpm_flush(struct tpm *tpm, uint32_t *handle);
/**
 * As tpm_error() for a command that used the storage key. Where that key itself may be the reason,
 * one more command looks at it and *why tells "tpm.cleared" or "tpm.changed"; not so for a guest.
 */
enum err tpm_key_error(struct tpm *tpm, uint32_t rc, const char *command, struct why *why);

#define STORAGE_KEY_PIN_MAX 4096 /* bytes of srk.tr: a serialised RSA-4096 area is below 1 KiB */

/** Fill tpm->srk from the pin, or by the maker where there is none (storage_key.c). */
enum err storage_key_open(struct tpm *tpm, struct why *why) MUST_CHECK;
/**
 * Pin the storage key once it has carried a key: that a TPM makes or loads a fixedTPM key below it
 * proves restricted, decrypt, fixedTPM and fixedParent (Part 1, 23.2) without a look of our own.
 * A guest's is pinned always.
 */
enum err storage_key_pin(struct tpm *tpm, struct why *why) MUST_CHECK;
/** Append the bytes of srk.tr for this ESYS_TR. */
enum err storage_key_serialize(struct tpm *tpm, uint32_t srk, struct buf *out,
			       struct why *why) MUST_CHECK;
/** TPM 2.0 Part 2, 6.6.3: TPM_RC_HANDLE, "the handle is not correct for the use": nothing is there.
 */
bool storage_key_is_missing(uint32_t rc);
/**
 * Compare the pinned key with the one at the handle now: one command. ERR_CHANGED "tpm.cleared"
 * (none there) or "tpm.changed" (another one); ERR_OK also when nothing is pinned.
 */
enum err storage_key_compare(struct tpm *tpm, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
