/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_operation.h"
#include <string.h>
#include <p11-kit/pkcs11.h>
#include "tpm/key_file.h"
#include "tpm/pkcs11_objects.h"
#include "tpm/pkcs11_session.h"
#include "tpm/pkcs11_state.h"
#include "tpm/pkcs11_tpm.h"
#include "tpm/rsa_key.h"

static struct pkcs11_operation *slot_of(struct pkcs11_session *s, bool is_decryption)
{
	return is_decryption ? &s->decrypt : &s->sign;
}

static CK_RV begin(struct pkcs11_operation *operation, const CK_MECHANISM *mechanism,
		   CK_OBJECT_HANDLE handle, bool is_decryption)
{
	struct pkcs11_object object;
	struct pkcs11_mechanism how;
	if (operation->is_active)
		return CKR_OPERATION_ACTIVE;
	CK_RV rv = pkcs11_mechanism_read(mechanism->mechanism, mechanism->pParameter,
					 mechanism->ulParameterLen, is_decryption, &how);
	if (rv != CKR_OK)
		return rv;
	if (!pkcs11_object_of(handle, &object))
		return CKR_KEY_HANDLE_INVALID;
	if (object.class_ != PKCS11_PRIVATE_KEY)
		return CKR_KEY_TYPE_INCONSISTENT;
	const struct buf *blob = &object.generation->key_blob;
	buf_init(&operation->key_blob, KEY_FILE_MAX);
	if (buf_add(&operation->key_blob, blob->data, blob->len) != ERR_OK)
		return CKR_HOST_MEMORY;
	operation->pub = object.generation->pub;
	operation->how = how;
	operation->is_active = true;
	return CKR_OK;
}

static CK_RV init(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
		  bool is_decryption)
{
	struct pkcs11_session *s;
	if (mechanism == NULL)
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	rv = begin(slot_of(s, is_decryption), mechanism, key, is_decryption);
	pkcs11_leave();
	return rv;
}

/*
 * The lengths that a mechanism allows, before the TPM is asked (PKCS#11 v2.40 mechanisms, 2.1). A
 * shorter block of CKM_RSA_X_509 is a number all the same: `block` holds it with its zeros.
 */
static CK_RV check_data(const struct pkcs11_operation *operation, struct bytes *in,
			uint8_t block[PUBLIC_KEY_MODULUS_MAX])
{
	size_t len = operation->pub.modulus_len;
	switch (operation->how.padding) {
	case PKCS11_PKCS1:
		return in->len <= len - RSA_KEY_PKCS1_LEAST ? CKR_OK : CKR_DATA_LEN_RANGE;
	case PKCS11_PSS:
		return in->len == key_hash_len(operation->how.hash) ? CKR_OK : CKR_DATA_LEN_RANGE;
	case PKCS11_RAW:
		break;
	case PKCS11_OAEP: /* signs nothing */
		return CKR_MECHANISM_INVALID;
	}
	if (in->len > len)
		return CKR_DATA_LEN_RANGE;
	memset(block, 0, len - in->len);
	if (in->len > 0)
		memcpy(block + len - in->len, in->data, in->len);
	*in = (struct bytes){block, len};
	return device_key_is_in_range(&operation->pub, *in) ? CKR_OK : CKR_DATA_INVALID;
}

static CK_RV check_cipher(const struct pkcs11_operation *operation, struct bytes in)
{
	if (in.len != operation->pub.modulus_len)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	return device_key_is_in_range(&operation->pub, in) ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID;
}

/*
 * Take the operation out of its session: it is over, whatever comes of it, unless the caller only
 * asked for the length or has no room (section 5.2). So no second thread can use it meanwhile, and
 * the session may be closed.
 */
static CK_RV take(CK_SESSION_HANDLE session, bool is_decryption, const unsigned char *out,
		  CK_ULONG *out_len, struct pkcs11_operation *taken)
{
	struct pkcs11_session *s;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	struct pkcs11_operation *operation = slot_of(s, is_decryption);
	size_t len = operation->pub.modulus_len;
	/* a clear text is shorter, by how much nobody knows before */
	bool has_room = out != NULL && (is_decryption || *out_len >= len);
	if (!operation->is_active) {
		rv = CKR_OPERATION_NOT_INITIALIZED;
	} else if (!has_room) {
		*out_len = len;
		rv = out == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
	} else {
		*taken = *operation; /* handed over */
		*operation = (struct pkcs11_operation){.is_active = false};
	}
	pkcs11_leave();
	return rv;
}

/* The clear text is longer than the caller's room: he may ask again. */
static void give_back(CK_SESSION_HANDLE session, struct pkcs11_operation *taken)
{
	struct pkcs11_session *s;
	if (pkcs11_session_enter(session, &s) != CKR_OK)
		return;
	if (!s->decrypt.is_active) {
		s->decrypt = *taken; /* handed over */
		*taken = (struct pkcs11_operation){.is_active = false};
	}
	pkcs11_leave();
}

static CK_RV hand_out(const struct buf *result, unsigned char *out, CK_ULONG *out_len)
{
	CK_ULONG room = *out_len;
	*out_len = result->len;
	if (room < result->len)
		return CKR_BUFFER_TOO_SMALL;
	if (result->len > 0)
		memcpy(out, result->data, result->len);
	return CKR_OK;
}

static CK_RV finish(CK_SESSION_HANDLE session, bool is_decryption, struct bytes in,
		    unsigned char *out, CK_ULONG *out_len)
{
	struct pkcs11_operation operation = {.is_active = false};
	uint8_t block[PUBLIC_KEY_MODULUS_MAX];
	struct buf result;
	if (out_len == NULL || (in.data == NULL && in.len > 0))
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = take(session, is_decryption, out, out_len, &operation);
	if (rv != CKR_OK || !operation.is_active)
		return rv;
	buf_init(&result, PUBLIC_KEY_MODULUS_MAX);
	rv = is_decryption ? check_cipher(&operation, in) : check_data(&operation, &in, block);
	if (rv == CKR_OK)
		rv = pkcs11_tpm_run(&operation, is_decryption, in, &result);
	if (rv == CKR_OK)
		rv = hand_out(&result, out, out_len);
	if (rv == CKR_BUFFER_TOO_SMALL)
		give_back(session, &operation);
	pkcs11_operation_clear(&operation);
	buf_clear(&result);
	explicit_bzero(block, sizeof block);
	return rv;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return init(session, mechanism, key, false);
}

static CK_RV sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len,
		  unsigned char *signature, CK_ULONG *signature_len)
{
	return finish(session, false, (struct bytes){data, len}, signature, signature_len);
}

static CK_RV decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return init(session, mechanism, key, true);
}

static CK_RV decrypt(CK_SESSION_HANDLE session, unsigned char *cipher, CK_ULONG len,
		     unsigned char *plain, CK_ULONG *plain_len)
{
	return finish(session, true, (struct bytes){cipher, len}, plain, plain_len);
}

/* RSA works on one block: there are no parts. A failure ends the operation (section 5.2). */
static CK_RV end(CK_SESSION_HANDLE session, bool is_decryption)
{
	struct pkcs11_session *s;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	pkcs11_operation_clear(slot_of(s, is_decryption));
	pkcs11_leave();
	return CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV sign_update(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len)
{
	(void)part;
	(void)len;
	return end(session, false);
}

static CK_RV decrypt_update(CK_SESSION_HANDLE session, unsigned char *cipher, CK_ULONG len,
			    unsigned char *plain, CK_ULONG *plain_len)
{
	(void)cipher;
	(void)len;
	(void)plain;
	(void)plain_len;
	return end(session, true);
}

void pkcs11_operation_calls(void *list)
{
	CK_FUNCTION_LIST *calls = list;
	calls->C_SignInit = sign_init;
	calls->C_Sign = sign;
	calls->C_SignUpdate = sign_update;
	calls->C_DecryptInit = decrypt_init;
	calls->C_Decrypt = decrypt;
	calls->C_DecryptUpdate = decrypt_update;
}
