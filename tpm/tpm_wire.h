/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_WIRE_H
#define TPM_TPM_WIRE_H
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * tpm_wire: the way to a TPM with an end to each wait.
 *
 * For "device:PATH" (Linux' /dev/tpmrm0) and "swtpm:path=PATH" (the socket of swtpm). The TSS has
 * both, but its device TCTI asks for random bytes at each open, and its swtpm TCTI waits for ever.
 */

/** Is `tcti_name` one of the two? */
bool tpm_wire_knows(const char *tcti_name);
/**
 * Open it. No command is sent.
 *
 * timeout_s  seconds an answer may take; key generation gets WIRE_CREATE_S in any case.
 * return     a TSS2_TCTI_CONTEXT, the caller's until tpm_wire_close(); NULL: errno says why.
 */
void *tpm_wire_open(const char *tcti_name, unsigned timeout_s);
/** Close and release. NULL is allowed; *tcti becomes NULL. */
void tpm_wire_close(void **tcti);
/** Path of the device or socket in `tcti_name`; NULL when it names none. Borrows from it. */
const char *tpm_wire_path(const char *tcti_name);

#ifdef __cplusplus
}
#endif
#endif
