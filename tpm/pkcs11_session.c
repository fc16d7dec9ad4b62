/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_session.h"
#include <stdlib.h>
#include <p11-kit/pkcs11.h>
#include "tpm/pkcs11_state.h"

static struct pkcs11_session *sessions;
static size_t session_count;
static unsigned long last_handle; /* never goes back: a closed one's handle is nobody's */

void pkcs11_operation_clear(struct pkcs11_operation *operation)
{
	buf_clear(&operation->key_blob);
	operation->is_active = false;
}

static void close_at(struct pkcs11_session **at)
{
	struct pkcs11_session *gone = *at;
	*at = gone->next;
	session_count--;
	pkcs11_operation_clear(&gone->sign);
	pkcs11_operation_clear(&gone->decrypt);
	free(gone->found);
	free(gone);
}

void pkcs11_sessions_clear(void)
{
	while (sessions != NULL)
		close_at(&sessions);
}

struct pkcs11_session *pkcs11_session_of(unsigned long handle)
{
	struct pkcs11_session *s = sessions;
	while (s != NULL && s->handle != handle)
		s = s->next;
	return s;
}

unsigned long pkcs11_session_enter(unsigned long handle, struct pkcs11_session **out)
{
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	*out = pkcs11_session_of(handle);
	if (*out != NULL)
		return CKR_OK;
	pkcs11_leave();
	return CKR_SESSION_HANDLE_INVALID;
}

static CK_RV add_session(bool is_writing, CK_SESSION_HANDLE *out)
{
	if (session_count >= PKCS11_SESSIONS_MAX)
		return CKR_SESSION_COUNT;
	struct pkcs11_session *s = calloc(1, sizeof *s);
	if (s == NULL)
		return CKR_HOST_MEMORY;
	s->handle = ++last_handle;
	s->is_writing = is_writing;
	s->next = sessions;
	sessions = s;
	session_count++;
	*out = s->handle;
	return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
			  CK_SESSION_HANDLE *out)
{
	(void)application;
	(void)notify; /* nothing here ever surrenders or is removed */
	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (slot != PKCS11_SLOT)
		return CKR_SLOT_ID_INVALID;
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	rv = add_session((flags & CKF_RW_SESSION) != 0, out);
	pkcs11_leave();
	return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	struct pkcs11_session **at = &sessions;
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	while (*at != NULL && (*at)->handle != session)
		at = &(*at)->next;
	if (*at != NULL)
		close_at(at);
	else
		rv = CKR_SESSION_HANDLE_INVALID;
	pkcs11_leave();
	return rv;
}

static CK_RV close_all_sessions(CK_SLOT_ID slot)
{
	CK_RV rv = pkcs11_enter();
	if (rv != CKR_OK)
		return rv;
	if (slot == PKCS11_SLOT)
		pkcs11_sessions_clear();
	pkcs11_leave();
	return slot == PKCS11_SLOT ? CKR_OK : CKR_SLOT_ID_INVALID;
}

/* Always logged in: charon asks for a PIN in any other state, and there is none. */
static CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	struct pkcs11_session *s;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	*info = (CK_SESSION_INFO){
	    .slotID = PKCS11_SLOT,
	    .state = s->is_writing ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS,
	    .flags = CKF_SERIAL_SESSION | (s->is_writing ? CKF_RW_SESSION : 0),
	};
	pkcs11_leave();
	return CKR_OK;
}

static CK_RV check_session(CK_SESSION_HANDLE session)
{
	struct pkcs11_session *s;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv == CKR_OK)
		pkcs11_leave();
	return rv;
}

/* Any PIN will do, since none is kept: a consumer that insists on one is served. */
static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
	(void)user;
	(void)pin;
	(void)len;
	return check_session(session);
}

static CK_RV logout(CK_SESSION_HANDLE session) { return check_session(session); }

void pkcs11_session_calls(void *list)
{
	CK_FUNCTION_LIST *calls = list;
	calls->C_OpenSession = open_session;
	calls->C_CloseSession = close_session;
	calls->C_CloseAllSessions = close_all_sessions;
	calls->C_GetSessionInfo = get_session_info;
	calls->C_Login = login;
	calls->C_Logout = logout;
}
