/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_CONTEXT_H
#define TPM_TPM_CONTEXT_H
#include "hal/file.h"
#include "tpm/tpm.h"
#ifdef __cplusplus
extern "C" {
#endif

#define TCTI_NAME_MAX 512 /* characters of [tpm] tcti with its NUL */

/** Inside of tpm/ only. Handles are ESYS_TR numbers: no TSS type is in a header of ours. */
struct tpm {
	char tcti_name[TCTI_NAME_MAX];
	char owner_auth_file[FILE_PATH_MAX], pin_file[FILE_PATH_MAX];
	uint32_t srk_handle; /* persistent handle */
	unsigned timeout_s;
	bool without_parameter_encryption;
	void *esys, *tcti;     /* ESYS_CONTEXT, TSS2_TCTI_CONTEXT; NULL until connected */
	bool is_pinned;	       /* srk is the one in pin_file */
	bool is_own_wire;      /* tcti is of tpm_wire.c, not of tctildr */
	uint32_t srk, session; /* ESYS_TR; ESYS_TR_NONE until there */
};

/** Connect to the TPM. No command. Safe when connected. */
enum err tpm_connect(struct tpm *tpm, struct why *why) MUST_CHECK;
/** Connected, with storage key and session: what every key operation needs. */
enum err tpm_ready(struct tpm *tpm, struct why *why) MUST_CHECK;
/**
 * True when `rc` says that the TPM lost our session (a suspend does that), and another one could be
 * started: the caller repeats its command once.
 */
bool tpm_session_again(struct tpm *tpm, uint32_t rc);
/** Flush an object; a failure is logged at debug, since a resource manager does it at close. */
void tpm_flush(struct tpm *tpm, uint32_t *handle);
/**
 * As tpm_error() for a command that used the storage key. Where that key itself may be the reason,
 * one more command looks at it and *why tells "tpm.cleared" or "tpm.changed".
 */
enum err tpm_key_error(struct tpm *tpm, uint32_t rc, const char *command, struct why *why);

/** Fill tpm->srk from the pin, or find or make the storage key (storage_key.c). */
enum err storage_key_open(struct tpm *tpm, struct why *why) MUST_CHECK;
/**
 * Pin the storage key once it has carried a key: that a TPM makes or loads a fixedTPM key below it
 * proves restricted, decrypt, fixedTPM and fixedParent (Part 1, 23.2) without a look of our own.
 */
enum err storage_key_pin(struct tpm *tpm, struct why *why) MUST_CHECK;
/**
 * Compare the pinned key with the one at the handle now: one command. ERR_CHANGED "tpm.cleared"
 * (none there) or "tpm.changed" (another one); ERR_OK also when nothing is pinned.
 */
enum err storage_key_compare(struct tpm *tpm, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
