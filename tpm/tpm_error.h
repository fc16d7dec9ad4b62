/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_ERROR_H
#define TPM_TPM_ERROR_H
#include <stdint.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * A TSS2_RC as the error that says what to do next (tpm.h), with the TSS's words and the command it
 * came from. A refusal that only the caller can judge (a key that does not load) is ERR_DENIED
 * "tpm.refused". Never ERR_OK: `rc` must not be TSS2_RC_SUCCESS.
 */
enum err tpm_error(uint32_t rc, const char *command, struct why *why);
/**
 * The code of a TPM, whoever handed it on, without handle, session and parameter numbers
 * (TPM 2.0 Part 2, 6.6.3); any other code unchanged.
 */
uint32_t tpm_error_base(uint32_t rc);

#ifdef __cplusplus
}
#endif
#endif
