/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_error.h"
#include "tpm/next_step.h"
#include <stdbool.h>
#include <stddef.h>
#include <tss2/tss2_common.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

#define LAYER_MASK 0x00ff0000u	    /* TSS2_RC_LAYER_MASK of the TSS specification */
#define CODE_MASK 0xffffu	    /* below the layer */
#define FMT1_NUMBER_MASK 0x3fu	    /* Part 2, 6.6.3: bits 0-5 of a format-one code */
#define TPM_CODE_LEAST TPM2_RC_FMT1 /* own codes of a resource manager are below */
#define TPM_ERROR_TIMEOUT                                                                          \
	TSS2_TCTI_RC_NO_CONNECTION /* tpm_wire.c says so; ESYS would retry others */

static bool is_of_tpm(uint32_t rc)
{
	switch (rc & LAYER_MASK) {
	case TSS2_TPM_RC_LAYER:
	case TSS2_RESMGR_TPM_RC_LAYER:
		return true;
	case TSS2_RESMGR_RC_LAYER: /* where Linux puts "no such command" (tpm2-space.c) */
		return (rc & CODE_MASK) >= TPM_CODE_LEAST;
	default:
		return false;
	}
}

uint32_t tpm_error_base(uint32_t rc)
{
	if (!is_of_tpm(rc))
		return rc;
	rc &= CODE_MASK;
	return (rc & TPM2_RC_FMT1) != 0 ? rc & (TPM2_RC_FMT1 | FMT1_NUMBER_MASK) : rc;
}

#define CODE_MAX 24	/* characters with the NUL: the compiler refuses longer ones */
#define SENTENCE_MAX 56 /* likewise */

struct row { /* texts in place: pointers to them would cost a relocation each */
	uint32_t base;
	uint8_t e; /* enum err */
	char code[CODE_MAX], sentence[SENTENCE_MAX], next[NEXT_STEP_MAX];
};

#define USE_MANAGER "use /dev/tpmrm0 or tpm2-abrmd in [tpm] tcti, not /dev/tpm0"
#define WAIT_A_MINUTE "try again in a minute"

static const struct row rows[] = {
    {TPM2_RC_LOCKOUT, ERR_LOCKED_OUT, "tpm.lockout", "the TPM is in dictionary-attack lockout",
     NEXT_STEP_TEXT("wait for it to heal (tpm2_getcap properties-variable shows the interval); "
		    "find who guesses passwords")},
    {TPM2_RC_OBJECT_MEMORY, ERR_UNREACHABLE, "tpm.no_resource_manager",
     "the TPM has no room for another key", NEXT_STEP_TEXT(USE_MANAGER)},
    {TPM2_RC_SESSION_MEMORY, ERR_UNREACHABLE, "tpm.no_resource_manager",
     "the TPM has no room for another session", NEXT_STEP_TEXT(USE_MANAGER)},
    {TPM2_RC_MEMORY, ERR_UNREACHABLE, "tpm.no_resource_manager", "the TPM is out of memory",
     NEXT_STEP_TEXT(USE_MANAGER)},
    {TPM2_RC_OBJECT_HANDLES, ERR_UNREACHABLE, "tpm.no_resource_manager",
     "the TPM has no key handle left", NEXT_STEP_TEXT(USE_MANAGER)},
    {TPM2_RC_SESSION_HANDLES, ERR_UNREACHABLE, "tpm.no_resource_manager",
     "the TPM has no session handle left",
     NEXT_STEP_TEXT(USE_MANAGER "; a program leaks sessions (tpm2_getcap handles-saved-session)")},
    {TPM2_RC_CONTEXT_GAP, ERR_UNREACHABLE, "tpm.no_resource_manager",
     "the TPM's sessions are used up by an old one",
     NEXT_STEP_TEXT("a program leaks sessions: end it, or tpm2_flushcontext -s")},
    {TPM2_RC_RETRY, ERR_UNREACHABLE, "tpm.busy", "the TPM is busy", NEXT_STEP_TEXT("try again")},
    {TPM2_RC_YIELDED, ERR_UNREACHABLE, "tpm.busy", "the TPM is busy", NEXT_STEP_TEXT("try again")},
    {TPM2_RC_CANCELED, ERR_UNREACHABLE, "tpm.busy", "the command was cancelled",
     NEXT_STEP_TEXT("try again")},
    {TPM2_RC_TESTING, ERR_UNREACHABLE, "tpm.busy", "the TPM tests itself",
     NEXT_STEP_TEXT("try again in a few seconds")},
    {TPM2_RC_NV_RATE, ERR_UNREACHABLE, "tpm.busy", "the TPM limits writes to its flash",
     NEXT_STEP_TEXT(WAIT_A_MINUTE)},
    {TPM2_RC_NV_UNAVAILABLE, ERR_UNREACHABLE, "tpm.busy", "the TPM's flash is not available",
     NEXT_STEP_TEXT(WAIT_A_MINUTE)},
    {TPM2_RC_REFERENCE_H0, ERR_UNREACHABLE, "tpm.restarted",
     "the TPM forgot the loaded key: it was reset in between", NEXT_STEP_TEXT("try again")},
    {TPM2_RC_REFERENCE_S0, ERR_UNREACHABLE, "tpm.restarted",
     "the TPM forgot the session: it was reset in between", NEXT_STEP_TEXT("try again")},
    {TPM2_RC_INITIALIZE, ERR_UNREACHABLE, "tpm.not_started", "the TPM was not started up",
     NEXT_STEP_TEXT("the firmware or the kernel must send TPM2_Startup: look at their logs")},
    {TPM2_RC_FAILURE, ERR_UNREACHABLE, "tpm.failure", "the TPM is in failure mode",
     NEXT_STEP_TEXT("power-cycle the device; if it stays so the TPM is broken")},
    {TPM2_RC_NV_SPACE, ERR_DENIED, "tpm.full", "the TPM has no room for a storage key",
     NEXT_STEP_TEXT("free a persistent handle (tpm2_getcap handles-persistent)")},
    {TPM2_RC_INTEGRITY, ERR_CHANGED, "tpm.foreign_key",
     "the key is not of this TPM, or its file was damaged",
     NEXT_STEP_TEXT("on a new board hand in a challenge to enroll anew; else restore the file")},
    {TPM2_RC_COMMAND_CODE, ERR_UNSUPPORTED, "tpm.algorithm", "the TPM does not know this command",
     NEXT_STEP_TEXT("update its firmware")},
    {TPM2_RC_HASH, ERR_UNSUPPORTED, "tpm.algorithm", "the TPM does not know this hash",
     NEXT_STEP_TEXT("set digest = sha256")},
    {TPM2_RC_CURVE, ERR_UNSUPPORTED, "tpm.algorithm", "the TPM has no ECC P-256",
     NEXT_STEP_TEXT("make an RSA storage key with tpm2_createprimary and tpm2_evictcontrol")},
    {TPM2_RC_KEY_SIZE, ERR_UNSUPPORTED, "tpm.key_size", "the TPM does not offer this key size",
     NEXT_STEP_TEXT("set key = rsa2048")},
    {TPM_ERROR_TIMEOUT, ERR_UNREACHABLE, "tpm.timeout", "the TPM did not answer in time",
     NEXT_STEP_TEXT("look at the kernel's log; power-cycle the device if it stays so")},
    {TSS2_ESYS_RC_RSP_AUTH_FAILED, ERR_UNREACHABLE, "tpm.answer_forged",
     "the answer lacks the session's HMAC: it was changed",
     NEXT_STEP_TEXT("try again; if it stays so somebody sits between the processor and the TPM")},
    {TSS2_ESYS_RC_GENERAL_FAILURE, ERR_UNREACHABLE, "tpm.local_crypto",
     "libcrypto of this process cannot make a session key",
     NEXT_STEP_TEXT("use no OpenSSL engine that takes EC keys over in this process")},
    {TSS2_ESYS_RC_MEMORY, ERR_NO_MEMORY, "tpm.memory", "no memory",
     NEXT_STEP_TEXT("free some memory")},
};

enum err tpm_error(uint32_t rc, const char *command, struct why *why)
{
	uint32_t base = tpm_error_base(rc);
	const char *words = Tss2_RC_Decode(rc);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].base != base)
			continue;
		enum err e = (enum err)rows[i].e;
		why_set(why, e, rows[i].code, "%s: %s (%s)", command, rows[i].sentence, words);
		NEXT_STEP(why, "%s", rows[i].next);
		return e;
	}
	if (!is_of_tpm(rc)) {
		why_set(why, ERR_UNREACHABLE, "tpm.io", "%s: talking to the TPM failed (%s)",
			command, words);
		NEXT_STEP(why, "try again; look at the kernel's log and the resource manager");
		return ERR_UNREACHABLE;
	}
	why_set(why, ERR_DENIED, "tpm.refused", "%s: the TPM refuses (%s)", command, words);
	NEXT_STEP(why, "show this line to whoever cares for the device's TPM");
	return ERR_DENIED;
}
