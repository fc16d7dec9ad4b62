/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_session.h"
#include "pkcs11_lab.hpp"

TEST_GROUP_BASE(pkcs11_session, pkcs11_group)
{
	static CK_RV mutex(void *) { return CKR_OK; }
	static CK_RV create(void **) { return CKR_OK; }
	CK_RV initialize(bool has_create, bool has_others, CK_FLAGS flags, void *reserved = nullptr)
	{
		CK_C_INITIALIZE_ARGS args = {};
		args.CreateMutex = has_create ? create : nullptr;
		args.DestroyMutex = args.LockMutex = args.UnlockMutex = has_others ? mutex : nullptr;
		args.flags = flags;
		args.pReserved = reserved;
		return p11->C_Initialize(&args);
	}
};

TEST(pkcs11_session, NothingWorksBeforeInitialize)
{
	CK_INFO info;
	CK_ULONG n = 0;
	CK_SESSION_HANDLE s;
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSlotList(CK_TRUE, nullptr, &n));
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_OpenSession(1, CKF_SERIAL_SESSION, nullptr, nullptr, &s));
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseAllSessions(1));
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_FindObjectsInit(1, nullptr, 0));
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetMechanismList(1, nullptr, &n));
	LONGS_EQUAL(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(nullptr));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, C_GetFunctionList(nullptr));
}

// charon comes with callbacks alone first, and again with the system's locks.
TEST(pkcs11_session, LocksAreTheSystems)
{
	LONGS_EQUAL(CKR_CANT_LOCK, initialize(true, true, 0));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, initialize(true, false, CKF_OS_LOCKING_OK));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, initialize(false, true, 0));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, initialize(false, false, CKF_OS_LOCKING_OK, this));
	LONGS_EQUAL(CKR_OK, initialize(true, true, CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS));
	LONGS_EQUAL(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(nullptr));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, p11->C_Finalize(this));
	LONGS_EQUAL(CKR_OK, p11->C_Finalize(nullptr));
	LONGS_EQUAL(CKR_OK, initialize(false, false, 0));
}

TEST(pkcs11_session, OneSlotWithTheTokenSignetWhateverTheTpmDoes)
{
	CK_SLOT_ID slots[2] = {0, 0};
	CK_ULONG n = 2;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	CK_INFO info;
	start();
	LONGS_EQUAL(CKR_OK, p11->C_GetSlotList(CK_TRUE, slots, &n));
	LONGS_EQUAL(1, n);
	n = 0;
	LONGS_EQUAL(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_FALSE, slots, &n));
	LONGS_EQUAL(1, n);
	LONGS_EQUAL(CKR_OK, p11->C_GetSlotInfo(slots[0], &slot));
	CHECK((slot.flags & CKF_TOKEN_PRESENT) != 0);
	LONGS_EQUAL(CKR_OK, p11->C_GetTokenInfo(slots[0], &token));
	MEMCMP_EQUAL("signet                          ", token.label, 32);
	LONGS_EQUAL(CKF_TOKEN_INITIALIZED | CKF_WRITE_PROTECTED, token.flags); // no login, no PIN
	LONGS_EQUAL(CKR_OK, p11->C_GetInfo(&info));
	LONGS_EQUAL(2, info.cryptokiVersion.major);
	LONGS_EQUAL(40, info.cryptokiVersion.minor);
	MEMCMP_EQUAL("signet                          ", info.manufacturerID, 32);
	LONGS_EQUAL(CKR_SLOT_ID_INVALID, p11->C_GetSlotInfo(9, &slot));
	LONGS_EQUAL(CKR_SLOT_ID_INVALID, p11->C_GetTokenInfo(9, &token));
}

TEST(pkcs11_session, EveryEntryOfTheListIsThere)
{
	LONGS_EQUAL(2, p11->version.major);
	const void *const *entry = reinterpret_cast<const void *const *>(&p11->C_Initialize);
	const void *const *last = reinterpret_cast<const void *const *>(&p11->C_WaitForSlotEvent);
	LONGS_EQUAL(67, last - entry); // 68 functions of v2.40
	for (; entry <= last; entry++)
		CHECK(*entry != nullptr);
	start();
	CK_SLOT_ID slot;
	unsigned char some[4];
	LONGS_EQUAL(CKR_FUNCTION_NOT_SUPPORTED, p11->C_WaitForSlotEvent(0, &slot, nullptr));
	LONGS_EQUAL(CKR_FUNCTION_NOT_SUPPORTED, p11->C_GenerateRandom(session, some, 4));
	LONGS_EQUAL(CKR_FUNCTION_NOT_SUPPORTED, p11->C_DestroyObject(session, 3));
	LONGS_EQUAL(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(session));
}

TEST(pkcs11_session, StateIsThatOfAUserWithoutLogin)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE writing;
	unsigned char any_pin[] = "1234";
	start();
	LONGS_EQUAL(CKR_OK, p11->C_GetSessionInfo(session, &info));
	LONGS_EQUAL(CKS_RO_USER_FUNCTIONS, info.state); // charon asks for a PIN in any other
	LONGS_EQUAL(CKF_SERIAL_SESSION, info.flags);
	LONGS_EQUAL(1, info.slotID);
	LONGS_EQUAL(CKR_OK, p11->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &writing));
	LONGS_EQUAL(CKR_OK, p11->C_GetSessionInfo(writing, &info));
	LONGS_EQUAL(CKS_RW_USER_FUNCTIONS, info.state);
	LONGS_EQUAL(CKR_OK, p11->C_Login(session, CKU_USER, any_pin, 4));
	LONGS_EQUAL(CKR_OK, p11->C_Logout(session));
	LONGS_EQUAL(CKR_SESSION_HANDLE_INVALID, p11->C_Login(999999, CKU_USER, any_pin, 4));
}

TEST(pkcs11_session, SessionsAreLimitedAndTheirHandlesNotGivenAgain)
{
	std::vector<CK_SESSION_HANDLE> open;
	CK_SESSION_HANDLE s;
	start();
	for (int i = 1; i < PKCS11_SESSIONS_MAX; i++)
		open.push_back(open_session());
	LONGS_EQUAL(CKR_SESSION_COUNT, p11->C_OpenSession(1, CKF_SERIAL_SESSION, nullptr, nullptr, &s));
	LONGS_EQUAL(CKR_OK, p11->C_CloseSession(open[7]));
	LONGS_EQUAL(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(open[7]));
	s = open_session();
	CHECK(s > open.back());
	LONGS_EQUAL(CKR_SLOT_ID_INVALID, p11->C_CloseAllSessions(7));
	LONGS_EQUAL(CKR_OK, p11->C_CloseAllSessions(1));
	LONGS_EQUAL(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(s));
	LONGS_EQUAL(CKR_SESSION_PARALLEL_NOT_SUPPORTED, p11->C_OpenSession(1, 0, nullptr, nullptr, &s));
	LONGS_EQUAL(CKR_SLOT_ID_INVALID, p11->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &s));
}

TEST(pkcs11_session, SearchesFollowTheirOrder)
{
	CK_OBJECT_HANDLE found;
	CK_ULONG n;
	start();
	LONGS_EQUAL(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &found, 1, &n));
	LONGS_EQUAL(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(session));
	LONGS_EQUAL(CKR_OK, p11->C_FindObjectsInit(session, nullptr, 0));
	LONGS_EQUAL(CKR_OPERATION_ACTIVE, p11->C_FindObjectsInit(session, nullptr, 0));
	LONGS_EQUAL(CKR_OK, p11->C_FindObjects(session, &found, 1, &n));
	LONGS_EQUAL(0, n);
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, p11->C_FindObjects(session, nullptr, 1, &n));
	LONGS_EQUAL(CKR_OK, p11->C_FindObjectsFinal(session));
}
