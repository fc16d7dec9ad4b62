/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_CONTEXT_H
#define TPM_TPM_CONTEXT_H
#include "hal/file.h"
#include "tpm/tpm.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Inside of tpm/ only: handles are ESYS_TR numbers, kept as uint32_t so that no TSS type is in a header. */
struct tpm {
	char tcti_name[512];
	char owner_auth_file[FILE_PATH_MAX], pin_file[FILE_PATH_MAX];
	uint32_t srk_handle; /* persistent handle */
	bool without_parameter_encryption;
	void *esys, *tcti;   /* ESYS_CONTEXT, TSS2_TCTI_CONTEXT; NULL until connected */
	uint32_t srk, session; /* ESYS_TR; ESYS_TR_NONE until there */
};

/** Connect to the TPM. No command. Safe when connected. */
enum err tpm_connect(struct tpm *tpm, struct why *why) MUST_CHECK;
/** Connected, with storage key and session: what every key operation needs. */
enum err tpm_ready(struct tpm *tpm, struct why *why) MUST_CHECK;
/** Flush an object; a failure is logged at debug, since a resource manager does it at close. */
void tpm_flush(struct tpm *tpm, uint32_t *handle);

/** Fill tpm->srk from the pin, or find or make the storage key and pin it (storage_key.c). */
enum err storage_key_open(struct tpm *tpm, struct why *why) MUST_CHECK;
/**
 * Compare the pinned key with the one at the handle now: one command. ERR_CHANGED "tpm.cleared" (none there) or "tpm.changed"
 * (another); ERR_OK also when nothing is pinned.
 */
enum err storage_key_compare(struct tpm *tpm, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
