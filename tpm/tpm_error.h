/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_ERROR_H
#define TPM_TPM_ERROR_H
#include <stdint.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * A TSS2_RC as the error that says what to do next (tpm.h), with the TSS's words and the command it came from.
 * What only the caller can judge (a key that does not load) comes back as ERR_DENIED "tpm.refused".
 */
enum err tpm_error(uint32_t rc, const char *command, struct why *why);
/** Format-one response codes without their handle, session and parameter numbers (TPM 2.0 Part 2, 6.6.3). */
uint32_t tpm_error_base(uint32_t rc);

#ifdef __cplusplus
}
#endif
#endif
