/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_mechanism.h"
#include <stddef.h>
#include <p11-kit/pkcs11.h>
#include "tpm/pkcs11_state.h"

/* No CKM_SHA..._RSA_PKCS: consumers that see one would hand us the text instead of its hash. */
static const struct row {
	CK_MECHANISM_TYPE type;
	CK_FLAGS flags;
	enum pkcs11_padding padding;
} rows[] = {
    {CKM_RSA_PKCS, CKF_HW | CKF_SIGN | CKF_DECRYPT, PKCS11_PKCS1},
    {CKM_RSA_X_509, CKF_HW | CKF_SIGN | CKF_DECRYPT, PKCS11_RAW},
    {CKM_RSA_PKCS_PSS, CKF_HW | CKF_SIGN, PKCS11_PSS},
    {CKM_RSA_PKCS_OAEP, CKF_HW | CKF_DECRYPT, PKCS11_OAEP},
};
#define ROWS (sizeof rows / sizeof rows[0])
#define BITS_LEAST 2048 /* as tpm_key.c makes them */
#define BITS_MOST (PUBLIC_KEY_MODULUS_MAX * 8)

static const struct row *row_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

/* A TPM uses one hash for the digest, for MGF1 and for the length of the salt. */
static bool read_hash(CK_MECHANISM_TYPE hash, unsigned long mgf, enum key_hash *out)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		unsigned long mgf;
		enum key_hash hash;
	} hashes[] = {
	    {CKM_SHA_1, CKG_MGF1_SHA1, KEY_SHA1},
	    {CKM_SHA256, CKG_MGF1_SHA256, KEY_SHA256},
	    {CKM_SHA384, CKG_MGF1_SHA384, KEY_SHA384},
	    {CKM_SHA512, CKG_MGF1_SHA512, KEY_SHA512},
	};
	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
		if (hashes[i].type != hash || hashes[i].mgf != mgf)
			continue;
		*out = hashes[i].hash;
		return true;
	}
	return false;
}

static bool read_pss(const CK_RSA_PKCS_PSS_PARAMS *p, enum key_hash *out)
{
	return read_hash(p->hash_alg, p->mgf, out) && p->s_len == key_hash_len(*out);
}

static bool read_oaep(const CK_RSA_PKCS_OAEP_PARAMS *p, enum key_hash *out)
{
	bool is_source = p->source == CKZ_DATA_SPECIFIED || p->source == 0;
	return read_hash(p->hash_alg, p->mgf, out) && is_source && p->source_data_len == 0;
}

unsigned long pkcs11_mechanism_read(unsigned long type, const void *parameter,
				    unsigned long parameter_len, bool is_decryption,
				    struct pkcs11_mechanism *out)
{
	const struct row *row = row_of(type);
	struct pkcs11_mechanism read = {.hash = KEY_SHA256};
	bool is_right = false;
	if (row == NULL || (row->flags & (is_decryption ? CKF_DECRYPT : CKF_SIGN)) == 0)
		return CKR_MECHANISM_INVALID;
	read.padding = row->padding;
	switch (row->padding) {
	case PKCS11_PKCS1:
	case PKCS11_RAW:
		is_right = parameter_len == 0;
		break;
	case PKCS11_PSS:
		is_right = parameter != NULL && parameter_len == sizeof(CK_RSA_PKCS_PSS_PARAMS) &&
			   read_pss(parameter, &read.hash);
		break;
	case PKCS11_OAEP:
		is_right = parameter != NULL && parameter_len == sizeof(CK_RSA_PKCS_OAEP_PARAMS) &&
			   read_oaep(parameter, &read.hash);
		break;
	}
	if (!is_right)
		return CKR_MECHANISM_PARAM_INVALID;
	*out = read;
	return CKR_OK;
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_ULONG room;
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	pkcs11_leave();
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	if (slot != PKCS11_SLOT)
		return CKR_SLOT_ID_INVALID;
	room = *count;
	*count = ROWS;
	if (list == NULL)
		return CKR_OK;
	if (room < ROWS)
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < ROWS; i++)
		list[i] = rows[i].type;
	return CKR_OK;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	const struct row *row = row_of(type);
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	pkcs11_leave();
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if (slot != PKCS11_SLOT)
		return CKR_SLOT_ID_INVALID;
	if (row == NULL)
		return CKR_MECHANISM_INVALID;
	*info = (CK_MECHANISM_INFO){BITS_LEAST, BITS_MOST, row->flags};
	return CKR_OK;
}

void pkcs11_mechanism_calls(void *list)
{
	CK_FUNCTION_LIST *calls = list;
	calls->C_GetMechanismList = get_mechanism_list;
	calls->C_GetMechanismInfo = get_mechanism_info;
}
