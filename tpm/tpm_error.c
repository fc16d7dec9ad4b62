/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_error.h"
#include <stddef.h>
#include <tss2/tss2_common.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

#define LAYER_MASK 0x00ff0000u /* TSS2_RC_LAYER_MASK of the TSS specification */

uint32_t tpm_error_base(uint32_t rc)
{
	if ((rc & LAYER_MASK) != TSS2_TPM_RC_LAYER && (rc & LAYER_MASK) != TSS2_RESMGR_TPM_RC_LAYER)
		return rc;
	rc &= 0xffffu;
	return (rc & TPM2_RC_FMT1) != 0 ? rc & (TPM2_RC_FMT1 | 0x3fu) : rc;
}

struct row {
	uint32_t base;
	enum err e;
	const char *code, *sentence, *next;
};

static const struct row rows[] = {
	{ TPM2_RC_LOCKOUT, ERR_LOCKED_OUT, "tpm.lockout", "the TPM is in dictionary-attack lockout",
	  "wait for it to heal (tpm2_getcap properties-variable shows the interval); find who guesses passwords" },
	{ TPM2_RC_OBJECT_MEMORY, ERR_UNREACHABLE, "tpm.no_resource_manager", "the TPM has no room for a key",
	  "use /dev/tpmrm0 or tpm2-abrmd in [tpm] tcti, not /dev/tpm0" },
	{ TPM2_RC_SESSION_MEMORY, ERR_UNREACHABLE, "tpm.no_resource_manager", "the TPM has no room for a session",
	  "use /dev/tpmrm0 or tpm2-abrmd in [tpm] tcti, not /dev/tpm0" },
	{ TPM2_RC_SESSION_HANDLES, ERR_UNREACHABLE, "tpm.no_resource_manager", "the TPM has no session handle left",
	  "use /dev/tpmrm0 or tpm2-abrmd; a program leaks sessions" },
	{ TPM2_RC_RETRY, ERR_UNREACHABLE, "tpm.busy", "the TPM is busy", "try again" },
	{ TPM2_RC_YIELDED, ERR_UNREACHABLE, "tpm.busy", "the TPM is busy", "try again" },
	{ TPM2_RC_TESTING, ERR_UNREACHABLE, "tpm.busy", "the TPM tests itself", "try again in a few seconds" },
	{ TPM2_RC_NV_RATE, ERR_UNREACHABLE, "tpm.busy", "the TPM limits writes to its flash", "try again in a minute" },
	{ TPM2_RC_NV_UNAVAILABLE, ERR_UNREACHABLE, "tpm.busy", "the TPM's flash is not available", "try again in a minute" },
	{ TPM2_RC_NV_SPACE, ERR_DENIED, "tpm.full", "the TPM has no room for a storage key",
	  "free a persistent handle (tpm2_getcap handles-persistent)" },
	{ TPM2_RC_INITIALIZE, ERR_UNREACHABLE, "tpm.io", "the TPM was not started up", "let the firmware or kernel do TPM2_Startup" },
	{ TPM2_RC_AUTH_FAIL, ERR_DENIED, "tpm.owner_auth", "the TPM refuses the authorisation", "set owner_auth_file in [tpm]" },
	{ TPM2_RC_BAD_AUTH, ERR_DENIED, "tpm.owner_auth", "the TPM refuses the authorisation", "set owner_auth_file in [tpm]" },
	{ TPM2_RC_INTEGRITY, ERR_CHANGED, "tpm.foreign_key", "the key belongs to another TPM, or this one was cleared",
	  "hand in a challenge to enroll anew" },
	{ TPM2_RC_FAILURE, ERR_UNREACHABLE, "tpm.failure", "the TPM is in failure mode", "power-cycle the device" },
	{ TPM2_RC_COMMAND_CODE, ERR_UNSUPPORTED, "tpm.algorithm", "the TPM does not know this command",
	  "update its firmware" },
	{ TPM2_RC_HASH, ERR_UNSUPPORTED, "tpm.algorithm", "the TPM does not know this hash", "set digest = sha256" },
	{ TPM2_RC_KEY_SIZE, ERR_UNSUPPORTED, "tpm.key_size", "the TPM does not offer this key size", "set key = rsa2048" },
};

enum err tpm_error(uint32_t rc, const char *command, struct why *why)
{
	uint32_t base = tpm_error_base(rc);
	const char *words = Tss2_RC_Decode(rc);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].base != base)
			continue;
		why_set(why, rows[i].e, rows[i].code, "%s: %s (%s)", command, rows[i].sentence, words);
		why_next(why, "%s", rows[i].next);
		return rows[i].e;
	}
	if ((rc & LAYER_MASK) == TSS2_TCTI_RC_LAYER || (rc & LAYER_MASK) == TSS2_ESAPI_RC_LAYER) {
		why_set(why, ERR_UNREACHABLE, "tpm.io", "%s: talking to the TPM failed (%s)", command, words);
		why_next(why, "try again; look at the kernel's log and the resource manager");
		return ERR_UNREACHABLE;
	}
	return why_set(why, ERR_DENIED, "tpm.refused", "%s: the TPM refuses (%s)", command, words);
}
