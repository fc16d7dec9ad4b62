/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_SETTINGS_H
#define TPM_PKCS11_SETTINGS_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define PKCS11_SETTING_MAX 512 /* characters of one value with its NUL, as [tpm] tcti has */

/** Where the keys are, and the TPM that can use them. */
struct pkcs11_settings {
	char state[PKCS11_SETTING_MAX]; /* folder of srk.tr and scep/ */
	char tcti[PKCS11_SETTING_MAX];
};

/**
 * Compiled-in values (SIGNET_STATE_DIR, SIGNET_TCTI of CMake), replaced by /etc/signet/pkcs11.conf
 * where there is one, replaced by SIGNET_STATE and SIGNET_TCTI of an environment that may be
 * trusted (secure_getenv(3)): for tests. Never fails: a file that cannot be used leaves the
 * compiled-in values in force, and *why tells of it (why->code is "" otherwise).
 */
void pkcs11_settings_read(struct pkcs11_settings *out, struct why *why);
/**
 * Text of pkcs11.conf: lines "state = /folder" and "tcti = device:/dev/tpmrm0", empty ones, and
 * comments from ';' or '#' at the beginning or behind a blank. Anything else is ERR_INVALID
 * "pkcs11.settings" with the number of the line, and *settings stays as it was.
 */
enum err pkcs11_settings_parse(struct bytes text, struct pkcs11_settings *settings,
			       struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
