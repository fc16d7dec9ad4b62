/* SPDX-License-Identifier: MIT */
/*
 * pkcs11_module: libsignet-pkcs11.so, the TPM's keys for wpa_supplicant, strongSwan, OpenSSL, curl
 * and GnuTLS. PKCS#11 v2.40, read-only, one fixed slot and token; exports C_GetFunctionList.
 *
 * Each file hangs its own calls into the list by a function pkcs11_..._calls(void *list), `list`
 * being a CK_FUNCTION_LIST: so no type of the ABI is in a header of ours. CK_ULONG, CK_RV and
 * handles are unsigned long there.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <p11-kit/pkcs11.h>
#include "tpm/pkcs11_find.h"
#include "tpm/pkcs11_mechanism.h"
#include "tpm/pkcs11_objects.h"
#include "tpm/pkcs11_operation.h"
#include "tpm/pkcs11_session.h"
#include "tpm/pkcs11_state.h"
#include "tpm/pkcs11_warning.h"
#if __has_include(<sys/single_threaded.h>) /* glibc from 2.32 on */
#include <sys/single_threaded.h>
#else
static const char __libc_single_threaded = 0; /* nobody knows: then it is not */
#endif

#define VERSION                                                                                    \
	{                                                                                          \
		2, 40                                                                              \
	} /* of PKCS#11 */

static pthread_once_t list_once = PTHREAD_ONCE_INIT;
static CK_FUNCTION_LIST list;

/* Fixed texts are padded with blanks and have no NUL (PKCS#11 v2.40 base, section 3.1). */
static void put_text(unsigned char *out, size_t cap, const char *text)
{
	memset(out, ' ', cap);
	memcpy(out, text, strlen(text));
}

/*
 * The TSS writes lines of its own to stderr, more than one for a failure that our one sentence
 * tells. TSS2_LOG keeps it quiet, but setenv() beside a thread that reads its environment is a
 * crash: only where there is no other thread yet. In other daemons TSS2_LOG belongs into the unit.
 */
static void quieten_tss(void)
{
	if (__libc_single_threaded)
		setenv("TSS2_LOG", "all+NONE", 0);
}

/* PKCS#11 v2.40 base, section 5.4: our locks are the system's, so callbacks alone will not do. */
static CK_RV check_locking(const CK_C_INITIALIZE_ARGS *args)
{
	if (args == NULL)
		return CKR_OK;
	bool has_some = args->CreateMutex != NULL || args->DestroyMutex != NULL ||
			args->LockMutex != NULL || args->UnlockMutex != NULL;
	bool has_all = args->CreateMutex != NULL && args->DestroyMutex != NULL &&
		       args->LockMutex != NULL && args->UnlockMutex != NULL;
	if (args->pReserved != NULL || has_some != has_all)
		return CKR_ARGUMENTS_BAD;
	return has_all && (args->flags & CKF_OS_LOCKING_OK) == 0 ? CKR_CANT_LOCK : CKR_OK;
}

static CK_RV initialize(void *args)
{
	struct pkcs11_settings settings;
	struct why why = {.code = ""};
	CK_RV rv = check_locking(args);
	if (rv != CKR_OK)
		return rv;
	pkcs11_settings_read(&settings, &why);
	pkcs11_lock();
	rv = pkcs11_begin(&settings);
	if (rv == CKR_OK) {
		quieten_tss();
		pkcs11_sessions_clear(); /* a child of a fork starts anew */
		if (why.code[0] != '\0')
			pkcs11_warn(PKCS11_TOPIC_SETTINGS, &why);
	}
	pkcs11_leave();
	return rv;
}

static CK_RV finalize(void *reserved)
{
	if (reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	pkcs11_sessions_clear();
	pkcs11_objects_clear();
	for (int topic = 0; topic < PKCS11_TOPICS; topic++)
		pkcs11_warn_again((enum pkcs11_topic)topic);
	pkcs11_end();
	pkcs11_leave();
	return CKR_OK;
}

static CK_RV check_initialised(void)
{
	CK_RV rv = pkcs11_enter();
	if (rv == CKR_OK)
		pkcs11_leave();
	return rv;
}

static CK_RV get_info(CK_INFO *info)
{
	CK_RV rv = check_initialised();
	if (rv != CKR_OK || info == NULL)
		return rv != CKR_OK ? rv : CKR_ARGUMENTS_BAD;
	*info = (CK_INFO){.cryptokiVersion = VERSION};
	put_text(info->manufacturerID, sizeof info->manufacturerID, "signet");
	put_text(info->libraryDescription, sizeof info->libraryDescription, "signet TPM keys");
	info->libraryVersion.minor = 1;
	return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL with_token, CK_SLOT_ID *slots, CK_ULONG *count)
{
	(void)with_token; /* it always has one: a TPM that is away comes back */
	CK_RV rv = check_initialised();
	if (rv != CKR_OK || count == NULL)
		return rv != CKR_OK ? rv : CKR_ARGUMENTS_BAD;
	CK_ULONG room = *count;
	*count = 1;
	if (slots == NULL)
		return CKR_OK;
	if (room < 1)
		return CKR_BUFFER_TOO_SMALL;
	slots[0] = PKCS11_SLOT;
	return CKR_OK;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	CK_RV rv = check_initialised();
	if (rv != CKR_OK || info == NULL)
		return rv != CKR_OK ? rv : CKR_ARGUMENTS_BAD;
	if (slot != PKCS11_SLOT)
		return CKR_SLOT_ID_INVALID;
	*info = (CK_SLOT_INFO){.flags = CKF_TOKEN_PRESENT | CKF_HW_SLOT};
	put_text(info->slotDescription, sizeof info->slotDescription, "TPM 2.0");
	put_text(info->manufacturerID, sizeof info->manufacturerID, "signet");
	return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = check_initialised();
	if (rv != CKR_OK || info == NULL)
		return rv != CKR_OK ? rv : CKR_ARGUMENTS_BAD;
	if (slot != PKCS11_SLOT)
		return CKR_SLOT_ID_INVALID;
	*info = (CK_TOKEN_INFO){
	    .flags = CKF_TOKEN_INITIALIZED | CKF_WRITE_PROTECTED, /* and no CKF_LOGIN_REQUIRED */
	    .ulMaxSessionCount = PKCS11_SESSIONS_MAX,
	    .ulSessionCount = CK_UNAVAILABLE_INFORMATION,
	    .ulMaxRwSessionCount = PKCS11_SESSIONS_MAX,
	    .ulRwSessionCount = CK_UNAVAILABLE_INFORMATION,
	    .ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
	};
	put_text(info->label, sizeof info->label, "signet");
	put_text(info->manufacturerID, sizeof info->manufacturerID, "signet");
	put_text(info->model, sizeof info->model, "TPM 2.0");
	put_text(info->serialNumber, sizeof info->serialNumber, "1");
	memset(info->utcTime, ' ', sizeof info->utcTime);
	return CKR_OK;
}

static CK_RV unsupported(void) { return CKR_FUNCTION_NOT_SUPPORTED; }

static CK_RV not_parallel(CK_SESSION_HANDLE session)
{
	(void)session;
	return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out); /* the one symbol of the module */

/* Of a read-only token. Called as functions with parameters, none of which `unsupported` looks at:
 * the caller's to pass and to remove in every ABI of Linux. */
#define NONE(name) list.name = (CK_##name)(void (*)(void))unsupported

static void fill_list(void)
{
	NONE(C_InitToken);
	NONE(C_InitPIN);
	NONE(C_SetPIN);
	NONE(C_GetOperationState);
	NONE(C_SetOperationState);
	NONE(C_CreateObject);
	NONE(C_CopyObject);
	NONE(C_DestroyObject);
	NONE(C_GetObjectSize);
	NONE(C_SetAttributeValue);
	NONE(C_EncryptInit);
	NONE(C_Encrypt);
	NONE(C_EncryptUpdate);
	NONE(C_EncryptFinal);
	NONE(C_DecryptFinal);
	NONE(C_DigestInit);
	NONE(C_Digest);
	NONE(C_DigestUpdate);
	NONE(C_DigestKey);
	NONE(C_DigestFinal);
	NONE(C_SignFinal);
	NONE(C_SignRecoverInit);
	NONE(C_SignRecover);
	NONE(C_VerifyInit);
	NONE(C_Verify);
	NONE(C_VerifyUpdate);
	NONE(C_VerifyFinal);
	NONE(C_VerifyRecoverInit);
	NONE(C_VerifyRecover);
	NONE(C_DigestEncryptUpdate);
	NONE(C_DecryptDigestUpdate);
	NONE(C_SignEncryptUpdate);
	NONE(C_DecryptVerifyUpdate);
	NONE(C_GenerateKey);
	NONE(C_GenerateKeyPair);
	NONE(C_WrapKey);
	NONE(C_UnwrapKey);
	NONE(C_DeriveKey);
	NONE(C_SeedRandom);
	NONE(C_GenerateRandom);
	NONE(C_WaitForSlotEvent); /* ends charon's thread for it: the slot never changes */
	list.version = (CK_VERSION)VERSION;
	list.C_Initialize = initialize;
	list.C_Finalize = finalize;
	list.C_GetInfo = get_info;
	list.C_GetFunctionList = C_GetFunctionList;
	list.C_GetSlotList = get_slot_list;
	list.C_GetSlotInfo = get_slot_info;
	list.C_GetTokenInfo = get_token_info;
	list.C_GetFunctionStatus = not_parallel;
	list.C_CancelFunction = not_parallel;
	pkcs11_mechanism_calls(&list);
	pkcs11_session_calls(&list);
	pkcs11_find_calls(&list);
	pkcs11_operation_calls(&list);
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	pthread_once(&list_once, fill_list);
	*out = &list;
	return CKR_OK;
}
