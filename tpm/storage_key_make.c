/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <tss2/tss2_esys.h>
#include "hal/log.h"
#include "tpm/next_step.h"
#include "tpm/tpm_context.h"
#include "tpm/tpm_error.h"

#define OWNER_AUTH_MAX 64 /* bytes: TPM2B_AUTH holds a digest of the largest hash */
#define NEEDED                                                                                     \
	(TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |                     \
	 TPMA_OBJECT_FIXEDPARENT)

static enum err set_owner_auth(struct tpm *tpm, struct why *why)
{
	TPM2B_AUTH auth = {.size = 0};
	struct buf file;
	if (tpm->owner_auth_file[0] == '\0')
		return ERR_OK;
	buf_init(&file, OWNER_AUTH_MAX + 1);
	enum err e = file_read(tpm->owner_auth_file, &file, why);
	if (e == ERR_OK && file.len > 0 && file.data[file.len - 1] == '\n')
		buf_cut(&file, file.len - 1);
	if (e == ERR_OK && file.len > OWNER_AUTH_MAX)
		e = why_set(why, ERR_INVALID, "tpm.owner_auth", "%s has more than %d bytes",
			    tpm->owner_auth_file, OWNER_AUTH_MAX);
	if (e == ERR_OK) {
		auth.size = (UINT16)file.len;
		if (file.len > 0)
			memcpy(auth.buffer, file.data, file.len);
		TSS2_RC rc = Esys_TR_SetAuth(tpm->esys, ESYS_TR_RH_OWNER, &auth);
		if (rc != TSS2_RC_SUCCESS)
			e = tpm_error(rc, "owner authorisation", why);
	}
	explicit_bzero(&auth, sizeof auth);
	buf_clear(&file);
	return e;
}

static enum err owner_error(TSS2_RC rc, const char *command, struct why *why)
{
	uint32_t base = tpm_error_base(rc);
	if (base != TPM2_RC_AUTH_FAIL && base != TPM2_RC_BAD_AUTH)
		return tpm_error(rc, command, why);
	why_set(why, ERR_DENIED, "tpm.owner_auth",
		"%s: the TPM refuses the owner authorisation, which making a storage key needs",
		command);
	NEXT_STEP(why, "write the owner password of the TPM into a file and name it as "
		       "owner_auth_file in [tpm]");
	return ERR_DENIED;
}

/* ECC P-256, template H-2 of the TCG EK profile's way: unique of zero size, as every other tool
 * makes it. */
static enum err create_primary(struct tpm *tpm, ESYS_TR *out, struct why *why)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {.size = 0};
	const TPM2B_PUBLIC template = {
	    .publicArea =
		{
		    .type = TPM2_ALG_ECC,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes = NEEDED | TPMA_OBJECT_SENSITIVEDATAORIGIN |
					TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
		    .parameters.eccDetail =
			{
			    .symmetric = {.algorithm = TPM2_ALG_AES,
					  .keyBits.aes = 128,
					  .mode.aes = TPM2_ALG_CFB},
			    .scheme.scheme = TPM2_ALG_NULL,
			    .curveID = TPM2_ECC_NIST_P256,
			    .kdf.scheme = TPM2_ALG_NULL,
			},
		},
	};
	const TPM2B_DATA outside = {.size = 0};
	const TPML_PCR_SELECTION no_pcr = {.count = 0};
	TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, &sensitive, &template, &outside, &no_pcr, out,
					NULL, NULL, NULL, NULL);
	return rc == TSS2_RC_SUCCESS ? ERR_OK
				     : owner_error(rc, "CreatePrimary of the storage key", why);
}

static enum err make(struct tpm *tpm, struct why *why)
{
	ESYS_TR primary = ESYS_TR_NONE;
	ESYS_TR persistent = ESYS_TR_NONE;
	enum err e = set_owner_auth(tpm, why);
	if (e == ERR_OK)
		e = create_primary(tpm, &primary, why);
	if (e != ERR_OK)
		return e;
	TSS2_RC rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, primary, ESYS_TR_PASSWORD,
				       ESYS_TR_NONE, ESYS_TR_NONE, tpm->srk_handle, &persistent);
	if (rc != TSS2_RC_SUCCESS &&
	    tpm_error_base(rc) != TPM2_RC_NV_DEFINED) /* defined: somebody was faster */
		e = owner_error(rc, "EvictControl of the storage key", why);
	if (rc == TSS2_RC_SUCCESS)
		log_info("tpm: made the storage key at 0x%08x", tpm->srk_handle);
	tpm_flush(tpm, &primary);
	if (persistent != ESYS_TR_NONE)
		Esys_TR_Close(tpm->esys, &persistent);
	return e;
}

static enum err find_or_make(struct tpm *tpm, struct why *why)
{
	ESYS_TR srk = ESYS_TR_NONE;
	TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, tpm->srk_handle, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &srk);
	if (storage_key_is_missing(rc)) {
		enum err e = make(tpm, why);
		if (e != ERR_OK)
			return e;
		rc = Esys_TR_FromTPMPublic(tpm->esys, tpm->srk_handle, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &srk);
	}
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, "ReadPublic of the storage key", why);
	tpm->srk = srk;
	return ERR_OK;
}

static enum err pin_it(struct tpm *tpm, struct why *why)
{
	struct buf pin;
	buf_init(&pin, STORAGE_KEY_PIN_MAX);
	enum err e = storage_key_serialize(tpm, tpm->srk, &pin, why);
	if (e == ERR_OK)
		e = file_write_atomic(tpm->pin_file, buf_bytes(&pin), 0600, why);
	tpm->is_pinned = e == ERR_OK;
	buf_clear(&pin);
	return e;
}

static enum err explain(struct tpm *tpm, uint32_t rc, enum err e, struct why *why)
{
	struct why changed = {.code = ""};
	uint32_t base = tpm_error_base(rc);
	if (storage_key_compare(tpm, &changed) == ERR_CHANGED) {
		if (why != NULL)
			*why = changed;
		return ERR_CHANGED;
	}
	if (base != TPM2_RC_TYPE && base != TPM2_RC_ATTRIBUTES && base != TPM2_RC_KEY)
		return e;
	why_set(why, ERR_UNSUPPORTED, "tpm.storage_key",
		"the key at 0x%08x is no storage key of this TPM (restricted, decrypt, fixedTPM, "
		"fixedParent)",
		tpm->srk_handle);
	NEXT_STEP(why, "set srk in [tpm] to the handle of the storage key");
	return ERR_UNSUPPORTED;
}

const struct storage_key_maker storage_key_maker = {
    .find_or_make = find_or_make, .pin = pin_it, .explain = explain};
