/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <tss2/tss2_esys.h>
#include "hal/der.h"
#include "tpm/next_step.h"
#include "tpm/tpm_context.h"
#include "tpm/tpm_error.h"

bool storage_key_is_missing(uint32_t rc) { return tpm_error_base(rc) == TPM2_RC_HANDLE; }

enum err storage_key_serialize(struct tpm *tpm, uint32_t srk, struct buf *out, struct why *why)
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
	NEXT_STEP(why,
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
	buf_init(&again, STORAGE_KEY_PIN_MAX);
	enum err e = ERR_OK;
	if (storage_key_serialize(tpm, srk, &again, NULL) != ERR_OK ||
	    !bytes_equal(buf_bytes(&again), buf_bytes(pin)) ||
	    Esys_TR_GetTpmHandle(tpm->esys, srk, &handle) != TSS2_RC_SUCCESS) {
		e = bad_pin(tpm, why);
	} else if (tpm->srk_handle == 0) {
		tpm->srk_handle = handle;
	} else if (handle != tpm->srk_handle) {
		e = why_set(why, ERR_UNSUPPORTED, "tpm.pin_handle",
			    "%s pins the storage key at 0x%08x, but [tpm] srk is 0x%08x",
			    tpm->pin_file, handle, tpm->srk_handle);
		NEXT_STEP(why,
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
	buf_init(&pin, STORAGE_KEY_PIN_MAX);
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

enum err storage_key_pin(struct tpm *tpm, struct why *why)
{
	return tpm->is_pinned ? ERR_OK : tpm->maker->pin(tpm, why);
}

enum err storage_key_open(struct tpm *tpm, struct why *why)
{
	struct why own = {.code = ""};
	enum err e = load_pin(tpm, &own);
	if (e == ERR_NOT_FOUND && tpm->maker != NULL)
		return tpm->maker->find_or_make(tpm, why);
	if (e == ERR_NOT_FOUND) {
		why_set(&own, e, "tpm.no_pin", "%s: no storage key is pinned there", tpm->pin_file);
		NEXT_STEP(&own, "signet apply pins it with the first key; then try again");
	}
	if (e != ERR_OK && why != NULL)
		*why = own;
	return e;
}

static enum err changed(struct tpm *tpm, const char *code, const char *what, struct why *why)
{
	enum err e = why_set(why, ERR_CHANGED, code, "%s: the storage key at 0x%08x %s",
			     tpm->tcti_name, tpm->srk_handle, what);
	NEXT_STEP(why, "if that is meant, remove %s and enroll anew with a fresh challenge",
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
	if (storage_key_is_missing(rc)) {
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

enum err tpm_storage_key(struct tpm *tpm, struct buf *out, struct why *why)
{
	ESYS_TR present = ESYS_TR_NONE;
	enum err e = tpm_connect(tpm, why);
	if (e != ERR_OK)
		return e;
	TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, tpm->srk_handle, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &present);
	if (storage_key_is_missing(rc))
		return changed(tpm, "tpm.cleared", "is gone: this TPM was cleared, or is another one",
			       why);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_error(rc, "ReadPublic of the storage key", why);
	e = storage_key_serialize(tpm, present, out, why);
	Esys_TR_Close(tpm->esys, &present);
	return e;
}
