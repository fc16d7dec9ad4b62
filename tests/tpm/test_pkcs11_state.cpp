/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_state.h"
#include <atomic>
#include <pthread.h>
#include <sys/wait.h>
#include "pkcs11_lab.hpp"

/* Threads here allocate nothing: ASan's own locks do not survive a fork in the middle of an allocation. */
static std::atomic<bool> state_has_turn, state_may_end;

static void *hold_turn(void *)
{
	struct pkcs11_settings settings;
	bool is_doubtful;
	if (pkcs11_take_tpm(&settings, &is_doubtful)) {
		state_has_turn = true;
		while (!state_may_end)
			usleep(1000);
		pkcs11_give_tpm(false);
	}
	return nullptr;
}

static void *hold_lock_again_and_again(void *)
{
	while (!state_may_end) {
		pkcs11_lock();
		state_has_turn = true;
		usleep(500); // where a thread may be cancelled, was it not for the lock
		pkcs11_leave();
	}
	return nullptr;
}

TEST_GROUP_BASE(pkcs11_state, pkcs11_group)
{
	pthread_t thread;
	struct pkcs11_settings settings;
	bool is_doubtful = false;
	void begin(void *(*body)(void *))
	{
		start();
		state_has_turn = state_may_end = false;
		LONGS_EQUAL(0, pthread_create(&thread, nullptr, body, nullptr));
		while (!state_has_turn)
			usleep(1000);
	}
	void finish()
	{
		state_may_end = true;
		pthread_join(thread, nullptr);
	}
	/** Exit status of a child that takes lock and turn; its alarm ends one that waits for ever. */
	int child_takes_both()
	{
		pid_t child = fork();
		if (child == 0) {
			alarm(10);
			bool is_ours = pkcs11_enter() == CKR_OK;
			pkcs11_leave();
			is_ours = is_ours && pkcs11_take_tpm(&settings, &is_doubtful);
			pkcs11_give_tpm(false);
			_exit(is_ours ? 0 : 1);
		}
		int status = -1;
		waitpid(child, &status, 0);
		return status;
	}
};

TEST(pkcs11_state, ChildOfAForkHasTheTurnThatAThreadOfItsParentHolds)
{
	begin(hold_turn);
	int status = child_takes_both();
	finish();
	LONGS_EQUAL(0, status);
}

TEST(pkcs11_state, ChildOfAForkHasTheLockThatAThreadOfItsParentHolds)
{
	unsigned failed = 0;
	begin(hold_lock_again_and_again);
	for (int i = 0; i < 30 && failed == 0; i++)
		failed += child_takes_both() != 0;
	finish();
	LONGS_EQUAL(0, failed);
}

TEST(pkcs11_state, TurnIsWaitedForAndLockMeanwhileFree)
{
	begin(hold_turn);
	LONGS_EQUAL(CKR_OK, pkcs11_enter()); // a search goes on while the TPM works
	pkcs11_leave();
	state_may_end = true;
	CHECK(pkcs11_take_tpm(&settings, &is_doubtful));
	pkcs11_give_tpm(true);
	finish();
	CHECK(pkcs11_take_tpm(&settings, &is_doubtful));
	CHECK(is_doubtful); // the last one saw no answer
	pkcs11_give_tpm(false);
}

// charon cancels threads at its end.
TEST(pkcs11_state, ThreadThatHoldsLockOrTurnIsNotCancelled)
{
	for (auto body : {hold_turn, hold_lock_again_and_again}) {
		begin(body);
		pthread_cancel(thread);
		usleep(50000);
		finish();
		CHECK(pkcs11_take_tpm(&settings, &is_doubtful));
		pkcs11_give_tpm(false);
		LONGS_EQUAL(CKR_OK, p11->C_Finalize(nullptr));
	}
}
