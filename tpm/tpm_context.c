/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_context.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>
#include "hal/log.h"
#include "tpm/tpm_error.h"

enum err tpm_open(const struct tpm_settings *settings, struct tpm **out, struct why *why)
{
	struct tpm *tpm = calloc(1, sizeof *tpm);
	if (tpm == NULL)
		return why_set(why, ERR_NO_MEMORY, "tpm.memory", "no memory for a TPM connection");
	if (snprintf(tpm->tcti_name, sizeof tpm->tcti_name, "%s", settings->tcti) >= (int)sizeof tpm->tcti_name ||
	    snprintf(tpm->owner_auth_file, FILE_PATH_MAX, "%s", settings->owner_auth_file) >= FILE_PATH_MAX ||
	    snprintf(tpm->pin_file, FILE_PATH_MAX, "%s", settings->pin_file) >= FILE_PATH_MAX) {
		free(tpm);
		return why_set(why, ERR_TOO_BIG, "config.tpm", "tcti or owner_auth_file in [tpm] is too long");
	}
	tpm->srk_handle = settings->srk;
	tpm->without_parameter_encryption = settings->without_parameter_encryption;
	tpm->srk = tpm->session = ESYS_TR_NONE;
	*out = tpm;
	return ERR_OK;
}

enum err tpm_connect(struct tpm *tpm, struct why *why)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;
	ESYS_CONTEXT *esys = NULL;
	if (tpm->esys != NULL)
		return ERR_OK;
	setenv("TSS2_LOG", "all+NONE", 0); /* its lines repeat what our own sentences say */
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tpm->tcti_name, &tcti);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Initialize(&esys, tcti, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		Tss2_TctiLdr_Finalize(&tcti);
		why_set(why, ERR_UNREACHABLE, "tpm.absent", "no TPM answers at \"%s\" (%s)", tpm->tcti_name, Tss2_RC_Decode(rc));
		why_next(why, "check [tpm] tcti, the firmware's TPM setting, the kernel's driver and permissions of the device");
		return ERR_UNREACHABLE;
	}
	tpm->esys = esys;
	tpm->tcti = tcti;
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
		TSS2_TCTI_CONTEXT *tcti = t->tcti;
		Esys_Finalize(&esys);
		Tss2_TctiLdr_Finalize(&tcti);
	}
	free(t);
	*tpm = NULL;
}

/* Salted to the pinned storage key: an interposer on the bus neither reads nor changes what it carries. */
static enum err start_session(struct tpm *tpm, struct why *why)
{
	const TPMT_SYM_DEF aes = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB };
	TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION;
	ESYS_TR session = ESYS_TR_NONE;
	if (!tpm->without_parameter_encryption)
		attributes |= TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
	TSS2_RC rc = Esys_StartAuthSession(tpm->esys, tpm->srk, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
	                                   TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, &session);
	if (rc != TSS2_RC_SUCCESS) {
		struct why changed = { .code = "" };
		if (storage_key_compare(tpm, &changed) == ERR_CHANGED) {
			if (why != NULL)
				*why = changed;
			return ERR_CHANGED;
		}
		return tpm_error(rc, "StartAuthSession", why);
	}
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
	if (e == ERR_OK && tpm->session == ESYS_TR_NONE)
		e = start_session(tpm, why);
	return e;
}

static enum err read_properties(struct tpm *tpm, struct tpm_facts *out, struct why *why)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	uint32_t version[2] = { 0, 0 };
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
	                                TPM2_PT_MANUFACTURER, TPM2_MAX_TPM_PROPERTIES, &more, &data);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, "GetCapability", why);
	for (uint32_t i = 0; i < data->data.tpmProperties.count && i < TPM2_MAX_TPM_PROPERTIES; i++) {
		const TPMS_TAGGED_PROPERTY *p = &data->data.tpmProperties.tpmProperty[i];
		if (p->property == TPM2_PT_MANUFACTURER)
			for (int b = 0; b < 4; b++) {
				char c = (char)(p->value >> (24 - 8 * b));
				out->manufacturer[b] = c > ' ' && c < 0x7f ? c : '\0';
			}
		else if (p->property == TPM2_PT_FIRMWARE_VERSION_1)
			version[0] = p->value;
		else if (p->property == TPM2_PT_FIRMWARE_VERSION_2)
			version[1] = p->value;
		else if (p->property == TPM2_PT_LOCKOUT_COUNTER)
			out->lockout_counter = p->value;
		else if (p->property == TPM2_PT_PERMANENT)
			out->is_locked_out = (p->value & TPMA_PERMANENT_INLOCKOUT) != 0;
	}
	snprintf(out->firmware, sizeof out->firmware, "%u.%u.%u.%u", version[0] >> 16, version[0] & 0xffffu,
	         version[1] >> 16, version[1] & 0xffffu);
	Esys_Free(data);
	return ERR_OK;
}

enum err tpm_look(struct tpm *tpm, struct tpm_facts *out, struct why *why)
{
	struct tpm_facts facts = { .manufacturer = "" };
	enum err e = tpm_connect(tpm, why);
	if (e == ERR_OK)
		e = read_properties(tpm, &facts, why);
	if (e == ERR_OK)
		e = storage_key_compare(tpm, why);
	if (e == ERR_OK)
		*out = facts;
	return e;
}
