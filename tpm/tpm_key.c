/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include "tpm/key_file.h"
#include "tpm/next_step.h"
#include "tpm/roca.h"
#include "tpm/rsa_key.h"
#include "tpm/tpm_context.h"
#include "tpm/tpm_error.h"

/* Exactly these: sign + decrypt with scheme NULL, since SCEP encrypts its answer to the requester
 * and each consumer has its own padding; noDA, since without it a few power cuts lock the TPM. */
#define KEY_ATTRIBUTES                                                                             \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |        \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_DECRYPT |                       \
	 TPMA_OBJECT_SIGN_ENCRYPT)
#define BITS_LEAST 2048	       /* NIST SP 800-131A */
#define DEFAULT_EXPONENT 65537 /* what a TPM means by exponent 0 (Part 2, 12.2.3.5) */

static TPMT_PUBLIC key_template(unsigned bits)
{
	return (TPMT_PUBLIC){
	    .type = TPM2_ALG_RSA,
	    .nameAlg = TPM2_ALG_SHA256,
	    .objectAttributes = KEY_ATTRIBUTES,
	    .parameters.rsaDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
				     .scheme.scheme = TPM2_ALG_NULL,
				     .keyBits = (TPMI_RSA_KEY_BITS)bits},
	};
}

static bool is_as_made(const TPMT_PUBLIC *area)
{
	const TPMS_RSA_PARMS *rsa = &area->parameters.rsaDetail;
	return area->type == TPM2_ALG_RSA && area->nameAlg == TPM2_ALG_SHA256 &&
	       area->objectAttributes == KEY_ATTRIBUTES && area->authPolicy.size == 0 &&
	       rsa->symmetric.algorithm == TPM2_ALG_NULL && rsa->scheme.scheme == TPM2_ALG_NULL &&
	       (rsa->exponent == 0 || rsa->exponent == DEFAULT_EXPONENT) &&
	       area->unique.rsa.size * 8u == rsa->keyBits && rsa->keyBits >= BITS_LEAST &&
	       area->unique.rsa.size <= PUBLIC_KEY_MODULUS_MAX &&
	       (area->unique.rsa.buffer[0] & 0x80) != 0;
}

static enum err take_public(const TPMT_PUBLIC *area, struct public_key *out, struct why *why)
{
	if (!is_as_made(area)) {
		why_set(
		    why, ERR_INVALID, "tpm.key_file",
		    "the key is not as signet makes it (RSA, fixedTPM, fixedParent, sign, decrypt, "
		    "noDA, scheme NULL)");
		NEXT_STEP(why, "restore the key file from a backup of this device, or enroll anew");
		return ERR_INVALID;
	}
	struct public_key pub = {.modulus_len = area->unique.rsa.size,
				 .exponent = DEFAULT_EXPONENT};
	memcpy(pub.modulus, area->unique.rsa.buffer, pub.modulus_len);
	*out = pub;
	return ERR_OK;
}

/* ---- the seam ---- */

static enum err key_public(void *self, struct public_key *out, struct why *why)
{
	const struct rsa_key *k = self;
	(void)why;
	*out = k->pub;
	return ERR_OK;
}

static enum err key_sign(void *self, enum key_hash hash, struct bytes digest, struct buf *out,
			 struct why *why)
{
	return rsa_key_sign(self, RSA_SIGNATURE_PKCS1, hash, digest, out, why);
}

static enum err key_decrypt(void *self, struct bytes cipher, struct buf *out, struct why *why)
{
	return rsa_key_raw(self, cipher, out, why);
}

static void key_close(void *self)
{
	struct rsa_key *k = self;
	rsa_key_flush(k);
	free(k);
}

static const struct device_key_ops tpm_key_ops = {
    .public_key = key_public,
    .sign = key_sign,
    .decrypt = key_decrypt,
    .close = key_close,
};

static enum err hand_out(struct rsa_key *key, struct device_key *out, struct why *why)
{
	struct rsa_key *k = malloc(sizeof *k);
	if (k == NULL)
		return why_set(why, ERR_NO_MEMORY, "tpm.memory", "no memory for a key");
	*k = *key;
	*out = (struct device_key){.ops = &tpm_key_ops, .self = k}; /* handed to the caller */
	key->handle = ESYS_TR_NONE;
	return ERR_OK;
}

/* ---- making ---- */

struct made {
	uint32_t handle;
	TPM2B_PUBLIC *public_area;
	TPM2B_PRIVATE *private_area;
};

static TSS2_RC create_loaded(struct tpm *tpm, const TPMT_PUBLIC *area, struct made *out)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {.size = 0};
	TPM2B_TEMPLATE template = {.size = 0};
	size_t len = 0;
	TSS2_RC rc =
	    Tss2_MU_TPMT_PUBLIC_Marshal(area, template.buffer, sizeof template.buffer, &len);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	template.size = (UINT16)len;
	return Esys_CreateLoaded(tpm->esys, tpm->srk, tpm->session, ESYS_TR_NONE, ESYS_TR_NONE,
				 &sensitive, &template, &out->handle, &out->private_area,
				 &out->public_area);
}

/* TPMs before library revision 1.38 have no CreateLoaded. */
static TSS2_RC create_and_load(struct tpm *tpm, const TPMT_PUBLIC *area, struct made *out)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {.size = 0};
	const TPM2B_PUBLIC template = {.publicArea = *area};
	const TPM2B_DATA outside = {.size = 0};
	const TPML_PCR_SELECTION no_pcr = {.count = 0};
	TSS2_RC rc = Esys_Create(tpm->esys, tpm->srk, tpm->session, ESYS_TR_NONE, ESYS_TR_NONE,
				 &sensitive, &template, &outside, &no_pcr, &out->private_area,
				 &out->public_area, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	return Esys_Load(tpm->esys, tpm->srk, tpm->session, ESYS_TR_NONE, ESYS_TR_NONE,
			 out->private_area, out->public_area, &out->handle);
}

/* For a new key asked only after a refusal: on a TPM that can, this would be a command for nothing. */
static bool has_key_size(struct tpm *tpm, unsigned bits)
{
	const TPMT_PUBLIC area = key_template(bits);
	const TPMT_PUBLIC_PARMS parameters = {.type = area.type,
					      .parameters.rsaDetail = area.parameters.rsaDetail};
	TSS2_RC rc =
	    Esys_TestParms(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &parameters);
	uint32_t base = tpm_error_base(rc);
	return base != TPM2_RC_VALUE && base != TPM2_RC_KEY_SIZE;
}

enum err tpm_offers_key(struct tpm *tpm, unsigned bits, bool *out, struct why *why)
{
	enum err e = tpm_connect(tpm, why);
	if (e == ERR_OK)
		*out = has_key_size(tpm, bits);
	return e;
}

static enum err not_made(struct tpm *tpm, TSS2_RC rc, unsigned bits, struct why *why)
{
	uint32_t base = tpm_error_base(rc);
	if ((base == TPM2_RC_VALUE || base == TPM2_RC_KEY_SIZE) && !has_key_size(tpm, bits)) {
		why_set(why, ERR_UNSUPPORTED, "tpm.key_size",
			"this TPM makes no RSA keys of %u bits", bits);
		NEXT_STEP(why, "set key = rsa2048 in the profile");
		return ERR_UNSUPPORTED;
	}
	return tpm_key_error(tpm, rc, "making the key", why);
}

static enum err write_blob(struct tpm *tpm, const struct made *made, struct buf *out,
			   struct why *why)
{
	uint8_t public_area[sizeof(TPM2B_PUBLIC)];
	uint8_t private_area[sizeof(TPM2B_PRIVATE)];
	size_t public_len = 0;
	size_t private_len = 0;
	if (Tss2_MU_TPM2B_PUBLIC_Marshal(made->public_area, public_area, sizeof public_area,
					 &public_len) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Marshal(made->private_area, private_area, sizeof private_area,
					  &private_len) != TSS2_RC_SUCCESS)
		return why_set(why, ERR_BUG, "tpm.marshal", "the new key does not marshal");
	struct key_file file = {
	    tpm->srk_handle, {public_area, public_len}, {private_area, private_len}};
	enum err e = key_file_write(&file, out);
	return e == ERR_OK ? e : why_set(why, e, "tpm.key_file", "no room for the key file");
}

/* What an interposer on the bus could have changed is looked at before anything leaves the device.
 */
static enum err check_made(const struct made *made, unsigned bits, struct public_key *out,
			   struct why *why)
{
	enum err e = take_public(&made->public_area->publicArea, out, why);
	if (e != ERR_OK || out->modulus_len != bits / 8)
		return why_set(why, ERR_UNREACHABLE, "tpm.io",
			       "the TPM made another key than it was asked for");
	if (!roca_is_vulnerable(out->modulus, out->modulus_len))
		return ERR_OK;
	why_set(why, ERR_UNSUPPORTED, "tpm.roca",
		"this TPM makes keys that can be factored (CVE-2017-15361)");
	NEXT_STEP(why, "update the TPM's firmware");
	return ERR_UNSUPPORTED;
}

static enum err create(struct tpm *tpm, unsigned bits, struct made *made, struct why *why)
{
	const TPMT_PUBLIC area = key_template(bits);
	TSS2_RC rc = create_loaded(tpm, &area, made);
	if (tpm_error_base(rc) == TPM2_RC_COMMAND_CODE)
		rc = create_and_load(tpm, &area, made);
	return rc == TSS2_RC_SUCCESS ? ERR_OK : not_made(tpm, rc, bits, why);
}

enum err tpm_make_key(struct tpm *tpm, unsigned bits, struct buf *out_blob,
		      struct device_key *out_key, struct why *why)
{
	struct made made = {.handle = ESYS_TR_NONE};
	struct rsa_key key = {.tpm = tpm, .handle = ESYS_TR_NONE};
	size_t len_before = out_blob->len;
	if (bits != 2048 && bits != 3072 && bits != 4096)
		return why_set(why, ERR_BUG, "tpm.key_size", "a key of %u bits", bits);
	enum err e = tpm_ready(tpm, why);
	if (e == ERR_OK)
		e = create(tpm, bits, &made, why);
	if (e == ERR_OK)
		e = check_made(&made, bits, &key.pub, why);
	if (e == ERR_OK)
		e = storage_key_pin(tpm, why);
	if (e == ERR_OK)
		e = write_blob(tpm, &made, out_blob, why);
	key.handle = made.handle;
	if (e == ERR_OK)
		e = hand_out(&key, out_key, why);
	if (e != ERR_OK)
		buf_cut(out_blob, len_before);
	rsa_key_flush(&key);
	Esys_Free(made.public_area);
	Esys_Free(made.private_area);
	return e;
}

/* ---- loading ---- */

static enum err read_blob(struct bytes blob, uint32_t *parent, TPM2B_PUBLIC *public_area,
			  TPM2B_PRIVATE *private_area, struct why *why)
{
	struct key_file file;
	size_t public_at = 0;
	size_t private_at = 0;
	enum err e = key_file_read(blob, &file, why);
	if (e != ERR_OK)
		return e;
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(file.public_area.data, file.public_area.len, &public_at,
					   public_area) != TSS2_RC_SUCCESS ||
	    public_at != file.public_area.len || public_area->size + 2u != public_at || /* the TSS does not compare them */
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(file.private_area.data, file.private_area.len,
					    &private_at, private_area) != TSS2_RC_SUCCESS ||
	    private_at != file.private_area.len) {
		e = why_set(why, ERR_INVALID, "tpm.key_file",
			    "the TPM structures in the key file are damaged");
		NEXT_STEP(why, "restore it from a backup of this device, or enroll anew");
	}
	*parent = file.parent;
	return e;
}

enum err tpm_key_file_public(struct bytes blob, struct public_key *out, struct why *why)
{
	TPM2B_PUBLIC public_area = {.size = 0};
	TPM2B_PRIVATE private_area = {.size = 0};
	uint32_t parent;
	enum err e = read_blob(blob, &parent, &public_area, &private_area, why);
	return e == ERR_OK ? take_public(&public_area.publicArea, out, why) : e;
}

static enum err check_parent(const struct tpm *tpm, uint32_t parent, struct why *why)
{
	if (parent == tpm->srk_handle)
		return ERR_OK;
	why_set(why, ERR_UNSUPPORTED, "tpm.pin_handle",
		"the key lies below 0x%08x, but [tpm] srk is 0x%08x", parent, tpm->srk_handle);
	NEXT_STEP(why, "set srk = 0x%08x, or retire the profile and enroll anew", parent);
	return ERR_UNSUPPORTED;
}

enum err rsa_key_load(struct tpm *tpm, struct bytes blob, struct rsa_key *out, struct why *why)
{
	TPM2B_PUBLIC public_area = {.size = 0};
	TPM2B_PRIVATE private_area = {.size = 0};
	struct rsa_key key = {.tpm = tpm, .handle = ESYS_TR_NONE};
	uint32_t parent;
	enum err e = read_blob(blob, &parent, &public_area, &private_area, why);
	if (e == ERR_OK)
		e = take_public(&public_area.publicArea, &key.pub, why);
	if (e == ERR_OK && tpm->srk_handle != 0) /* 0: the pin tells, when tpm_ready() read it */
		e = check_parent(tpm, parent, why);
	if (e == ERR_OK)
		e = tpm_ready(tpm, why);
	if (e == ERR_OK)
		e = check_parent(tpm, parent, why);
	if (e != ERR_OK)
		return e;
	TSS2_RC rc;
	int tries = 0;
	do {
		rc = Esys_Load(tpm->esys, tpm->srk, tpm_authorisation(tpm), ESYS_TR_NONE,
			       ESYS_TR_NONE, &private_area, &public_area, &key.handle);
	} while (tries++ == 0 && tpm_session_again(tpm, rc));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_key_error(tpm, rc, "Load", why);
	e = storage_key_pin(tpm, why);
	if (e != ERR_OK)
		rsa_key_flush(&key);
	else
		*out = key;
	return e;
}

enum err tpm_load_key(struct tpm *tpm, struct bytes blob, struct device_key *out_key,
		      struct why *why)
{
	struct rsa_key key = {.handle = ESYS_TR_NONE};
	enum err e = rsa_key_load(tpm, blob, &key, why);
	if (e == ERR_OK)
		e = hand_out(&key, out_key, why);
	rsa_key_flush(&key);
	return e;
}
