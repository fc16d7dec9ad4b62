/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_tpm.h"
#include <stdio.h>
#include <string.h>
#include <p11-kit/pkcs11.h>
#include "hal/file.h"
#include "tpm/pkcs11_state.h"
#include "tpm/pkcs11_warning.h"
#include "tpm/rsa_key.h"

/* Seconds for one answer: the slowest TPM that was measured needs 3 for a command, and a consumer
 * with one thread (wpa_supplicant) stands still meanwhile. No answer ends the operation. */
#define ANSWER_S 10
/* Seconds for an operation: three to five commands of such a TPM, and one that asks for them again. */
#define OPERATION_S 20

static enum err use_key(struct rsa_key *key, const struct pkcs11_operation *operation,
			bool is_decryption, struct bytes in, struct buf *out, struct why *why)
{
	enum key_hash hash = operation->how.hash;
	switch (operation->how.padding) {
	case PKCS11_RAW:
		return rsa_key_raw(key, in, out, why);
	case PKCS11_PSS:
		return rsa_key_sign(key, RSA_SIGNATURE_PSS, hash, in, out, why);
	case PKCS11_OAEP:
		return rsa_key_decrypt(key, RSA_ENCRYPTION_OAEP, hash, in, out, why);
	case PKCS11_PKCS1:
		break;
	}
	return is_decryption ? rsa_key_decrypt(key, RSA_ENCRYPTION_PKCS1, hash, in, out, why)
			     : rsa_key_sign_info(key, in, out, why);
}

struct job {
	struct pkcs11_settings settings;
	bool is_doubtful; /* the last answer did not come */
	const struct pkcs11_operation *operation;
	bool is_decryption;
	struct bytes in;
};

/* A decryption has its salted session or does not happen: its text would cross the TPM's bus in clear. */
static enum err run(const struct job *job, struct buf *out, struct why *why)
{
	char pin[FILE_PATH_MAX];
	struct tpm *tpm = NULL;
	struct rsa_key key = {.tpm = NULL};
	snprintf(pin, sizeof pin, "%s/srk.tr", job->settings.state); /* a setting is half as long */
	const struct tpm_settings how = {
	    .tcti = job->settings.tcti,
	    .owner_auth_file = "",
	    .pin_file = pin,
	    .timeout_s = ANSWER_S,
	    .total_s = OPERATION_S,
	    .without_session = !job->is_decryption,
	};
	enum err e = tpm_open_guest(&how, &tpm, why);
	if (e == ERR_OK && job->is_doubtful)
		e = tpm_probe(tpm, why);
	if (e == ERR_OK)
		e = rsa_key_load(tpm, buf_bytes(&job->operation->key_blob), &key, why);
	if (e == ERR_OK)
		e = use_key(&key, job->operation, job->is_decryption, job->in, out, why);
	rsa_key_flush(&key);
	tpm_close(&tpm);
	return e;
}

static CK_RV code_of(enum err e, const struct why *why)
{
	if (e == ERR_OK)
		return CKR_OK;
	if (e == ERR_INVALID && strncmp(why->code, "key.", 4) == 0)
		return CKR_ENCRYPTED_DATA_INVALID; /* of the caller: no news for a technician */
	if (e == ERR_NO_MEMORY)
		return CKR_HOST_MEMORY;
	return CKR_DEVICE_ERROR;
}

unsigned long pkcs11_tpm_run(const struct pkcs11_operation *operation, bool is_decryption,
			     struct bytes in, struct buf *out)
{
	struct job job = {.operation = operation, .is_decryption = is_decryption, .in = in};
	struct why why = {.code = ""};
	CK_RV rv;
	if (pkcs11_take_tpm(&job.settings, &job.is_doubtful)) {
		enum err e = run(&job, out, &why);
		bool is_late = e != ERR_OK && strcmp(why.code, "tpm.timeout") == 0;
		pkcs11_give_tpm(is_late || (job.is_doubtful && e != ERR_OK));
		rv = code_of(e, &why);
	} else {
		why_set(&why, ERR_UNREACHABLE, "tpm.busy",
			"other threads of this program kept the TPM busy for too long");
		rv = CKR_DEVICE_ERROR;
	}
	pkcs11_lock();
	if (rv == CKR_OK)
		pkcs11_warn_again(PKCS11_TOPIC_TPM);
	else if (rv != CKR_ENCRYPTED_DATA_INVALID)
		pkcs11_warn(PKCS11_TOPIC_TPM, &why);
	pkcs11_leave();
	return rv;
}
