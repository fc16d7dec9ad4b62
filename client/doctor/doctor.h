/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DOCTOR_DOCTOR_H
#define CLIENT_DOCTOR_DOCTOR_H
#include "client/doctor/report.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * doctor: named checks of a device that may be broken. Changes nothing: writes no file, takes no
 * lock, makes and loads nothing in the TPM, tells no daemon anything and sends no request to a CA.
 * Whoever asks a server does so in a worker.
 */

/** ERR_NOT_FOUND "usage.argument": `only` is no id as doctor_examine() takes it, with the list. */
enum err doctor_check_only(const char *only, struct why *why) MUST_CHECK;
/**
 * Run the checks, in the order of their table (checks.h). Runs as any user: what he may not see is
 * FINDING_UNSEEN and says so. Blocks at most DOCTOR_LIMIT_S, also with a TPM, servers and daemons
 * that hang: what is left then is FINDING_UNSEEN.
 *
 * only  an id ("tpm.state"), or what stands before the dot ("tpm"); NULL: all.
 * ERR_NOT_FOUND "usage.argument": no such id. ERR_NO_MEMORY. *out is untouched on failure, else released by report_clear().
 */
#define DOCTOR_LIMIT_S 28 /* seconds: a technician waits for half a minute */
enum err doctor_examine(const struct config *config, const char *only, struct doctor_report *out,
			struct why *why) MUST_CHECK;

/**
 * `signet test tpm`: who made it, its self-test, its key sizes; sign and verify with the key of
 * each profile that has one in the TPM (or of `name` alone). Loads keys and flushes them; makes and
 * pins nothing. At most TRY_LIMIT_S. Errors as doctor_examine(); what was found wrong is in the
 * report, with the exit code it means.
 */
#define TRY_LIMIT_S 28
enum err doctor_try_tpm(const struct config *config, const char *name, struct doctor_report *out,
			struct why *why) MUST_CHECK;
/** `signet test scep`: for each url of the scep profiles (or of `name`) what a request would use.
 * No challenge is taken and no PKIOperation sent. */
enum err doctor_try_scep(const struct config *config, const char *name, struct doctor_report *out,
			 struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
