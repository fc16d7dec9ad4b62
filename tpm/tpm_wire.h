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
 * total_s    seconds for everything from now to the last answer, key generation too; 0: no such limit. A TPM that asks
 *            for each command again and again (TPM_RC_RETRY) has no other.
 *
 * On "device:" a chip that hangs is waited for as long as Linux' driver waits, 120 s for most commands (measured with
 * Linux 6.1): the driver works inside of poll(), read() and close(), and no signal ends that. The limits hold between
 * its answers.
 * return     a TSS2_TCTI_CONTEXT, the caller's until tpm_wire_close(); NULL: errno says why.
 */
void *tpm_wire_open(const char *tcti_name, unsigned timeout_s, unsigned total_s);
/** Close and release. NULL is allowed; *tcti becomes NULL. */
void tpm_wire_close(void **tcti);
/** Path of the device or socket in `tcti_name`; NULL when it names none. Borrows from it. */
const char *tpm_wire_path(const char *tcti_name);

#ifdef __cplusplus
}
#endif
#endif
