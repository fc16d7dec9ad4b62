/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_state.h"
#include <pthread.h>
#include <time.h>
#include <p11-kit/pkcs11.h>

/* Seconds that a thread waits for those before it: a few signatures of a slow TPM. IKE and EAP
 * peers have given up by then, and each of those before has a limit of its own (pkcs11_tpm.c). */
#define TURN_S 30

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static pthread_cond_t turn_is_free; /* set up by prepare() */
static bool is_initialised, is_child, tpm_is_taken, tpm_is_doubtful;
static int cancel_before_lock, cancel_before_turn; /* of the thread that has the lock, the turn */
static struct pkcs11_settings current;

/* charon cancels threads: one that ends with the lock or the turn would stop all others for ever.
 */
void pkcs11_lock(void)
{
	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pthread_mutex_lock(&lock);
	cancel_before_lock = before;
}

void pkcs11_leave(void)
{
	int before = cancel_before_lock;
	pthread_mutex_unlock(&lock);
	pthread_setcancelstate(before, NULL);
}

static void init_turn(void)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* devices boot in 1970 */
	pthread_cond_init(&turn_is_free, &attributes);
	pthread_condattr_destroy(&attributes);
}

/* The one thread that a child has is the one that forked, and it holds the lock. Whoever was at the
 * TPM or waited for it is not there. */
static void after_fork_in_child(void)
{
	init_turn();
	tpm_is_taken = false;
	is_child = true;
	pkcs11_leave();
}

static void prepare(void)
{
	init_turn();
	pthread_atfork(pkcs11_lock, pkcs11_leave, after_fork_in_child);
}

unsigned long pkcs11_enter(void)
{
	pkcs11_lock();
	if (is_initialised)
		return CKR_OK;
	pkcs11_leave();
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

unsigned long pkcs11_begin(const struct pkcs11_settings *settings)
{
	pthread_once(&prepared, prepare);
	if (is_initialised && !is_child)
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	is_initialised = true;
	is_child = false;
	tpm_is_doubtful = false;
	current = *settings;
	return CKR_OK;
}

void pkcs11_end(void) { is_initialised = false; }

const struct pkcs11_settings *pkcs11_current_settings(void) { return &current; }

bool pkcs11_take_tpm(struct pkcs11_settings *out_settings, bool *out_is_doubtful)
{
	struct timespec until;
	int rc = 0;
	int before;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TURN_S;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pkcs11_lock();
	while (tpm_is_taken && rc == 0)
		rc = pthread_cond_timedwait(&turn_is_free, &lock, &until);
	bool is_ours = !tpm_is_taken;
	if (is_ours) {
		tpm_is_taken = true;
		cancel_before_turn = before;
		*out_settings = current;
		*out_is_doubtful = tpm_is_doubtful;
	}
	pkcs11_leave();
	if (!is_ours)
		pthread_setcancelstate(before, NULL);
	return is_ours;
}

void pkcs11_give_tpm(bool is_doubtful)
{
	pkcs11_lock();
	int before = cancel_before_turn;
	tpm_is_taken = false;
	tpm_is_doubtful = is_doubtful;
	pthread_cond_signal(&turn_is_free);
	pkcs11_leave();
	pthread_setcancelstate(before, NULL);
}
