/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_context.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>
#include "hal/log.h"
#include "tpm/next_step.h"
#include "tpm/tpm_error.h"
#include "tpm/tpm_wire.h"

#define TIMEOUT_DEFAULT_S 30 /* seconds: the longest command but key generation takes about 2 */

enum err tpm_open_guest(const struct tpm_settings *settings, struct tpm **out, struct why *why)
{
	struct tpm *tpm = calloc(1, sizeof *tpm);
	if (tpm == NULL)
		return why_set(why, ERR_NO_MEMORY, "tpm.memory", "no memory for a TPM connection");
	if (snprintf(tpm->tcti_name, sizeof tpm->tcti_name, "%s", settings->tcti) >=
		(int)sizeof tpm->tcti_name ||
	    snprintf(tpm->owner_auth_file, FILE_PATH_MAX, "%s", settings->owner_auth_file) >=
		FILE_PATH_MAX ||
	    snprintf(tpm->pin_file, FILE_PATH_MAX, "%s", settings->pin_file) >= FILE_PATH_MAX) {
		free(tpm);
		return why_set(why, ERR_TOO_BIG, "config.tpm",
			       "tcti or owner_auth_file in [tpm] is too long");
	}
	tpm->srk_handle = settings->srk;
	tpm->total_s = settings->total_s;
	tpm->timeout_s = settings->timeout_s != 0 ? settings->timeout_s : TIMEOUT_DEFAULT_S;
	tpm->without_parameter_encryption = settings->without_parameter_encryption;
	tpm->without_session = settings->without_session;
	tpm->srk = tpm->session = ESYS_TR_NONE;
	*out = tpm;
	return ERR_OK;
}

enum err tpm_open(const struct tpm_settings *settings, struct tpm **out, struct why *why)
{
	enum err e = tpm_open_guest(settings, out, why);
	if (e == ERR_OK)
		(*out)->maker = &storage_key_maker;
	return e;
}

/* Is there something that may be a TPM, even if it does not work? A software key must not replace
 * it. */
static bool is_there(const char *tcti_name)
{
	const char *path = tpm_wire_path(tcti_name);
	if (path != NULL)
		return file_exists(path);
	return file_exists("/dev/tpm0") || file_exists("/dev/tpmrm0");
}

static enum err no_connection(const struct tpm *tpm, const char *words, struct why *why)
{
	if (!is_there(tpm->tcti_name)) {
		why_set(why, ERR_UNREACHABLE, "tpm.absent", "there is no TPM at \"%s\" (%s)",
			tpm->tcti_name, words);
		NEXT_STEP(why,
			  "check [tpm] tcti, the firmware's TPM setting and the kernel's driver");
		return ERR_UNREACHABLE;
	}
	why_set(why, ERR_UNREACHABLE, "tpm.io", "the TPM at \"%s\" cannot be opened (%s)",
		tpm->tcti_name, words);
	NEXT_STEP(why,
		  "check [tpm] tcti, the permissions of the device and who else holds it open");
	return ERR_UNREACHABLE;
}

static void close_tcti(struct tpm *tpm)
{
	TSS2_TCTI_CONTEXT *tcti = tpm->tcti;
	if (tpm->is_own_wire)
		tpm_wire_close(&tpm->tcti);
	else if (tcti != NULL)
		Tss2_TctiLdr_Finalize(&tcti);
	tpm->tcti = NULL;
}

static enum err open_tcti(struct tpm *tpm, struct why *why)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;
	tpm->is_own_wire = tpm_wire_knows(tpm->tcti_name);
	if (tpm->is_own_wire) {
		tpm->tcti = tpm_wire_open(tpm->tcti_name, tpm->timeout_s, tpm->total_s);
		return tpm->tcti != NULL ? ERR_OK : no_connection(tpm, strerror(errno), why);
	}
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tpm->tcti_name, &tcti);
	if (rc != TSS2_RC_SUCCESS)
		return no_connection(tpm, Tss2_RC_Decode(rc), why);
	tpm->tcti = tcti;
	return ERR_OK;
}

enum err tpm_connect(struct tpm *tpm, struct why *why)
{
	ESYS_CONTEXT *esys = NULL;
	if (tpm->esys != NULL)
		return ERR_OK;
	if (tpm->maker != NULL)			   /* setenv() is not for a process with threads */
		setenv("TSS2_LOG", "all+NONE", 0); /* its lines repeat what our own sentences say */
	enum err e = open_tcti(tpm, why);
	if (e != ERR_OK)
		return e;
	TSS2_RC rc = Esys_Initialize(&esys, tpm->tcti, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		close_tcti(tpm);
		return tpm_error(rc, "Esys_Initialize", why);
	}
	tpm->esys = esys;
	return ERR_OK;
}

void tpm_flush(struct tpm *tpm, uint32_t *handle)
{
	if (*handle == ESYS_TR_NONE || tpm->esys == NULL)
		return;
	TSS2_RC rc = Esys_FlushContext(tpm->esys, *handle);
	if (rc != TSS2_RC_SUCCESS)
		log_debug("tpm: FlushContext: %s", Tss2_RC_Decode(rc));
	*handle = ESYS_TR_NONE;
}

void tpm_close(struct tpm **tpm)
{
	struct tpm *t = *tpm;
	if (t == NULL)
		return;
	tpm_flush(t, &t->session);
	if (t->esys != NULL) {
		ESYS_CONTEXT *esys = t->esys;
		Esys_Finalize(&esys);
		close_tcti(t);
	}
	free(t);
	*tpm = NULL;
}

/* Salted to the pinned storage key: an interposer on the bus neither reads nor changes what it
 * carries. */
static enum err start_session(struct tpm *tpm, struct why *why)
{
	const TPMT_SYM_DEF aes = {
	    .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION;
	ESYS_TR session = ESYS_TR_NONE;
	if (!tpm->without_parameter_encryption)
		attributes |= TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
	TSS2_RC rc = Esys_StartAuthSession(tpm->esys, tpm->srk, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &aes,
					   TPM2_ALG_SHA256, &session);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_key_error(tpm, rc, "StartAuthSession", why);
	rc = Esys_TRSess_SetAttributes(tpm->esys, session, attributes, 0xff);
	if (rc != TSS2_RC_SUCCESS) {
		tpm_flush(tpm, &session);
		return tpm_error(rc, "session attributes", why);
	}
	tpm->session = session;
	return ERR_OK;
}

enum err tpm_ready(struct tpm *tpm, struct why *why)
{
	enum err e = tpm_connect(tpm, why);
	if (e == ERR_OK && tpm->srk == ESYS_TR_NONE)
		e = storage_key_open(tpm, why);
	if (e == ERR_OK && tpm->session == ESYS_TR_NONE && !tpm->without_session)
		e = start_session(tpm, why);
	return e;
}

uint32_t tpm_authorisation(const struct tpm *tpm)
{
	return tpm->session != ESYS_TR_NONE ? tpm->session : ESYS_TR_PASSWORD;
}

enum err tpm_probe(struct tpm *tpm, struct why *why)
{
	enum err e = tpm_connect(tpm, why);
	if (e != ERR_OK)
		return e;
	TPMS_CAPABILITY_DATA *data = NULL;
	TSS2_RC rc =
	    Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
			       TPM2_CAP_TPM_PROPERTIES, TPM2_PT_MANUFACTURER, 1, NULL, &data);
	Esys_Free(data);
	return rc == TSS2_RC_SUCCESS ? ERR_OK : tpm_error(rc, "GetCapability", why);
}

bool tpm_session_again(struct tpm *tpm, uint32_t rc)
{
	uint32_t base = tpm_error_base(rc);
	bool is_about_session =
	    (rc & (TPM2_RC_FMT1 | TPM2_RC_P | TPM2_RC_S)) == (TPM2_RC_FMT1 | TPM2_RC_S);
	bool is_lost = base == TPM2_RC_REFERENCE_S0 ||
		       (is_about_session && (base == TPM2_RC_VALUE || base == TPM2_RC_HANDLE));
	if (!is_lost || tpm->session == ESYS_TR_NONE)
		return false;
	log_debug("tpm: the session is gone, starting another");
	tpm_flush(tpm, &tpm->session); /* in case that it is not */
	return start_session(tpm, NULL) == ERR_OK;
}

enum err tpm_key_error(struct tpm *tpm, uint32_t rc, const char *command, struct why *why)
{
	enum err e = tpm_error(rc, command, why);
	if (e != ERR_DENIED && e != ERR_CHANGED)
		return e;
	if (tpm->maker != NULL)
		return tpm->maker->explain(tpm, rc, e, why);
	if (!storage_key_is_missing(rc))
		return e;
	return why_set(why, ERR_CHANGED, "tpm.cleared",
		       "the storage key at 0x%08x is gone: this TPM was cleared, or is another one",
		       tpm->srk_handle);
}

static void take_property(const TPMS_TAGGED_PROPERTY *p, struct tpm_facts *out, uint32_t version[2])
{
	switch (p->property) {
	case TPM2_PT_MANUFACTURER:
		for (int b = 0; b < 4; b++) {
			char c = (char)(p->value >> (24 - 8 * b));
			out->manufacturer[b] = c > ' ' && c < 0x7f ? c : '\0';
		}
		break;
	case TPM2_PT_FIRMWARE_VERSION_1:
		version[0] = p->value;
		break;
	case TPM2_PT_FIRMWARE_VERSION_2:
		version[1] = p->value;
		break;
	case TPM2_PT_LOCKOUT_COUNTER:
		out->lockout_counter = p->value;
		break;
	case TPM2_PT_PERMANENT:
		out->is_locked_out = (p->value & TPMA_PERMANENT_INLOCKOUT) != 0;
		break;
	default:
		break;
	}
}

static enum err read_properties(struct tpm *tpm, struct tpm_facts *out, struct why *why)
{
	/* a TPM ends its answer with the group, fixed or variable, and says that there is no more
	 */
	static const uint32_t wanted[][2] = {{TPM2_PT_MANUFACTURER, TPM2_PT_FIRMWARE_VERSION_2},
					     {TPM2_PT_PERMANENT, TPM2_PT_LOCKOUT_COUNTER}};
	uint32_t version[2] = {0, 0};
	for (size_t group = 0; group < sizeof wanted / sizeof wanted[0]; group++) {
		TPMS_CAPABILITY_DATA *data = NULL;
		uint32_t first = wanted[group][0];
		TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
						TPM2_CAP_TPM_PROPERTIES, first,
						wanted[group][1] - first + 1, NULL, &data);
		if (rc != TSS2_RC_SUCCESS)
			return tpm_error(rc, "GetCapability", why);
		const TPML_TAGGED_TPM_PROPERTY *list = &data->data.tpmProperties;
		for (uint32_t i = 0; i < list->count && i < TPM2_MAX_TPM_PROPERTIES; i++)
			take_property(&list->tpmProperty[i], out, version);
		Esys_Free(data);
	}
	snprintf(out->firmware, sizeof out->firmware, "%u.%u.%u.%u", version[0] >> 16,
		 version[0] & 0xffffu, version[1] >> 16, version[1] & 0xffffu);
	return ERR_OK;
}

enum err tpm_look(struct tpm *tpm, struct tpm_facts *out, struct why *why)
{
	struct tpm_facts facts = {.manufacturer = ""};
	enum err e = tpm_connect(tpm, why);
	if (e == ERR_OK)
		e = read_properties(tpm, &facts, why);
	if (e == ERR_OK)
		e = storage_key_compare(tpm, why);
	if (e == ERR_OK)
		*out = facts;
	return e;
}

enum err tpm_test_result(struct tpm *tpm, bool *out_is_done, struct why *why)
{
	TPM2B_MAX_BUFFER *data = NULL;
	TPM2_RC result = TPM2_RC_SUCCESS;
	enum err e = tpm_connect(tpm, why);
	if (e != ERR_OK)
		return e;
	TSS2_RC rc = Esys_GetTestResult(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &data, &result);
	Esys_Free(data);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, "GetTestResult", why);
	bool is_open = result == TPM2_RC_NEEDS_TEST || result == TPM2_RC_TESTING;
	if (result != TPM2_RC_SUCCESS && !is_open) /* what a TPM in failure mode gives as its result, too */
		return why_set(why, ERR_UNREACHABLE, "tpm.failure", "the TPM's self-test failed (0x%x)", result);
	*out_is_done = !is_open;
	return ERR_OK;
}
