/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <tss2/tss2_esys.h>
#include "hal/der.h"
#include "hal/log.h"
#include "tpm/tpm_context.h"
#include "tpm/tpm_error.h"

#define PIN_MAX 4096	  /* bytes of srk.tr: a serialised RSA-4096 public area is below 1 KiB */
#define OWNER_AUTH_MAX 64 /* bytes: TPM2B_AUTH holds a digest of the largest hash */
#define NEEDED                                                                                     \
	(TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |                     \
	 TPMA_OBJECT_FIXEDPARENT)

/* TPM 2.0 Part 2, 6.6.3: TPM_RC_HANDLE, "the handle is not correct for the use" */
static bool is_no_such_handle(TSS2_RC rc) { return tpm_error_base(rc) == TPM2_RC_HANDLE; }

static enum err serialize(struct tpm *tpm, ESYS_TR srk, struct buf *out, struct why *why)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	TSS2_RC rc = Esys_TR_Serialize(tpm->esys, srk, &bytes, &len);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, "storage key", why);
	enum err e = buf_add(out, bytes, len);
	Esys_Free(bytes);
	return e == ERR_OK ? e : why_set(why, e, "tpm.memory", "no memory for the storage key");
}

static enum err bad_pin(const struct tpm *tpm, struct why *why)
{
	why_set(why, ERR_INVALID, "tpm.pin_file",
		"%s is damaged: no storage key can be read from it", tpm->pin_file);
	why_next(why,
		 "if this is still the device's TPM, remove the file: the key at 0x%08x is then "
		 "pinned anew",
		 tpm->srk_handle);
	return ERR_INVALID;
}

/* The TSS reads past what it does not know: a pin is good when writing it again gives its bytes. */
static enum err check_pin(struct tpm *tpm, ESYS_TR srk, const struct buf *pin, struct why *why)
{
	TPM2_HANDLE handle = 0;
	struct buf again;
	buf_init(&again, PIN_MAX);
	enum err e = ERR_OK;
	if (serialize(tpm, srk, &again, NULL) != ERR_OK ||
	    !bytes_equal(buf_bytes(&again), buf_bytes(pin)) ||
	    Esys_TR_GetTpmHandle(tpm->esys, srk, &handle) != TSS2_RC_SUCCESS) {
		e = bad_pin(tpm, why);
	} else if (handle != tpm->srk_handle) {
		e = why_set(why, ERR_UNSUPPORTED, "tpm.pin_handle",
			    "%s pins the storage key at 0x%08x, but [tpm] srk is 0x%08x",
			    tpm->pin_file, handle, tpm->srk_handle);
		why_next(why,
			 "set srk = 0x%08x; to move to another storage key retire all profiles "
			 "and remove the file",
			 handle);
	}
	buf_clear(&again);
	return e;
}

static enum err load_pin(struct tpm *tpm, struct why *why)
{
	ESYS_TR srk = ESYS_TR_NONE;
	struct buf pin;
	buf_init(&pin, PIN_MAX);
	enum err e = file_read(tpm->pin_file, &pin, why);
	if (e == ERR_OK && (pin.len == 0 || Esys_TR_Deserialize(tpm->esys, pin.data, pin.len,
								&srk) != TSS2_RC_SUCCESS))
		e = bad_pin(tpm, why);
	if (e == ERR_OK)
		e = check_pin(tpm, srk, &pin, why);
	if (e == ERR_OK) {
		tpm->srk = srk;
		tpm->is_pinned = true;
	} else if (srk != ESYS_TR_NONE) {
		Esys_TR_Close(tpm->esys, &srk);
	}
	buf_clear(&pin);
	return e;
}

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
	why_next(why, "write the owner password of the TPM into a file and name it as "
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
	if (is_no_such_handle(rc)) {
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

enum err storage_key_pin(struct tpm *tpm, struct why *why)
{
	struct buf pin;
	if (tpm->is_pinned)
		return ERR_OK;
	buf_init(&pin, PIN_MAX);
	enum err e = serialize(tpm, tpm->srk, &pin, why);
	if (e == ERR_OK)
		e = file_write_atomic(tpm->pin_file, buf_bytes(&pin), 0600, why);
	tpm->is_pinned = e == ERR_OK;
	buf_clear(&pin);
	return e;
}

enum err storage_key_open(struct tpm *tpm, struct why *why)
{
	struct why own = {.code = ""};
	enum err e = load_pin(tpm, &own);
	if (e == ERR_NOT_FOUND)
		return find_or_make(tpm, why);
	if (e != ERR_OK && why != NULL)
		*why = own;
	return e;
}

static enum err changed(struct tpm *tpm, const char *code, const char *what, struct why *why)
{
	enum err e = why_set(why, ERR_CHANGED, code, "%s: the storage key at 0x%08x %s",
			     tpm->tcti_name, tpm->srk_handle, what);
	why_next(why, "if that is meant, remove %s and enroll anew with a fresh challenge",
		 tpm->pin_file);
	return e;
}

static bool is_same_name(const TPM2B_NAME *a, const TPM2B_NAME *b)
{
	return a->size == b->size && memcmp(a->name, b->name, a->size) == 0;
}

enum err storage_key_compare(struct tpm *tpm, struct why *why)
{
	TPM2B_NAME *pinned = NULL;
	TPM2B_NAME *present = NULL;
	ESYS_TR now = ESYS_TR_NONE;
	enum err e = tpm->srk == ESYS_TR_NONE ? load_pin(tpm, why)
		     : tpm->is_pinned	      ? ERR_OK
					      : ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND) {
		if (why != NULL)
			*why = (struct why){.code = ""};
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	TSS2_RC rc = Esys_TR_GetName(tpm->esys, tpm->srk, &pinned);
	/* ESYS refuses a second object of one handle with another name, and leaks it: forget ours
	 * first */
	Esys_TR_Close(tpm->esys, &tpm->srk);
	tpm->srk = ESYS_TR_NONE;
	tpm->is_pinned = false;
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_TR_FromTPMPublic(tpm->esys, tpm->srk_handle, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &now);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_TR_GetName(tpm->esys, now, &present);
	if (is_no_such_handle(rc)) {
		e = changed(tpm, "tpm.cleared", "is gone: this TPM was cleared, or is another one",
			    why);
	} else if (rc != TSS2_RC_SUCCESS) {
		e = tpm_error(rc, "ReadPublic of the storage key", why);
	} else if (!is_same_name(pinned, present)) {
		e = changed(
		    tpm, "tpm.changed",
		    "is not the one pinned at first use: this TPM is another one, or was cleared",
		    why);
	} else {
		tpm->srk = now;
		tpm->is_pinned = true;
		now = ESYS_TR_NONE;
	}
	Esys_Free(pinned);
	Esys_Free(present);
	if (now != ESYS_TR_NONE)
		Esys_TR_Close(tpm->esys, &now);
	return e;
}
