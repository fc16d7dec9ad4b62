/* SPDX-License-Identifier: MIT */
#ifndef TPM_TPM_H
#define TPM_TPM_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/why.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * tpm: one open connection to a TPM 2.0, its storage key and one salted HMAC session.
 *
 * Errors of every function, each with a sentence and a next step in *why (codes "tpm.…"):
 * ERR_UNREACHABLE  no TPM at all (tpm.absent: no such device or socket), or one that cannot be used
 *                  now: try again later (tpm.no_resource_manager, tpm.io, tpm.timeout, tpm.busy,
 *                  tpm.restarted, tpm.not_started, tpm.failure, tpm.answer_forged,
 *                  tpm.local_crypto).
 * ERR_LOCKED_OUT   dictionary-attack lockout (tpm.lockout).
 * ERR_CHANGED      the storage key is gone or another one, or a key blob is of another TPM
 *                  (tpm.cleared, tpm.changed, tpm.foreign_key).
 * ERR_DENIED       owner authorisation is missing or wrong (tpm.owner_auth), no room for a storage
 *                  key (tpm.full), or a refusal without a known reason (tpm.refused).
 * ERR_UNSUPPORTED  this TPM has no such key size or algorithm (tpm.key_size, tpm.algorithm), makes
 *                  weak keys (tpm.roca), or has another kind of key at the configured handle
 *                  (tpm.storage_key, tpm.pin_handle).
 * ERR_INVALID      key.der or srk.tr does not parse (tpm.key_file, tpm.pin_file).
 * ERR_NOT_FOUND    a guest finds no srk.tr (tpm.no_pin).
 */
struct tpm;

struct tpm_settings {	  /* borrowed for tpm_open() */
	const char *tcti; /* "device:/dev/tpmrm0", "swtpm:path=...", "tabrmd:..." as tctildr(7) */
	uint32_t srk;	  /* persistent handle of the storage key, 0x81000001; 0: the pin's */
	const char *owner_auth_file; /* "" : empty owner authorisation */
	const char *pin_file;	     /* path of srk.tr */
	unsigned
	    timeout_s; /* seconds an answer may take, 0: 30; "device:" and "swtpm:path=" only */
	unsigned total_s; /* seconds for the whole connection, 0: no limit; tpm_wire.h */
	bool without_session; /* keys are used with their empty password: nothing secret may pass */
	bool without_parameter_encryption; /* only tests: shows that the capture test can fail */
};

struct tpm_facts {
	char manufacturer[5]; /* TPM2_PT_MANUFACTURER, "IBM", "IFX" */
	char firmware[24];    /* "7.62.1.2" as TPM2_PT_FIRMWARE_VERSION_1/2 */
	uint32_t lockout_counter;
	bool is_locked_out;
};

/**
 * Remember the settings; no connection yet, no TPM command. The connection, the storage key (found,
 * or made and pinned in pin_file when no pin exists) and the session come with the first function
 * that needs them. With a pin the storage key is taken from the pin without a TPM command.
 */
enum err tpm_open(const struct tpm_settings *settings, struct tpm **out,
		  struct why *why) MUST_CHECK;
/**
 * The same for a guest in another program's process: neither looks for, makes nor pins a storage
 * key, and leaves the environment alone.
 */
enum err tpm_open_guest(const struct tpm_settings *settings, struct tpm **out,
			struct why *why) MUST_CHECK;
/**
 * One short command that leaves nothing in the TPM: does it answer again? After a tpm.timeout ask
 * this before a key is loaded: a TPM without resource manager keeps what it loads too late.
 */
enum err tpm_probe(struct tpm *tpm, struct why *why) MUST_CHECK;
/** Flush what we loaded, close, release. NULL is allowed; *tpm becomes NULL. */
void tpm_close(struct tpm **tpm);

/**
 * Make an RSA key: sign and decrypt, scheme NULL, fixedTPM, fixedParent, sensitiveDataOrigin,
 * userWithAuth, noDA, empty authorisation, no policy, below the storage key. Checks the ROCA
 * fingerprint. Nothing is stored in the TPM.
 *
 * bits       2048, 3072 or 4096.
 * out_blob   appended to: DER of "TSS2 PRIVATE KEY" (key.der). The only copy there will ever be.
 * out_key    open key; the caller's, closed before the tpm.
 * Blocks up to 300 s: prime search on a slow TPM.
 */
enum err tpm_make_key(struct tpm *tpm, unsigned bits, struct buf *out_blob,
		      struct device_key *out_key, struct why *why) MUST_CHECK;
/** Load the key of a key.der made by tpm_make_key(). `blob` is borrowed for the call. */
enum err tpm_load_key(struct tpm *tpm, struct bytes blob, struct device_key *out_key,
		      struct why *why) MUST_CHECK;
/** The public half of a key.der, without a TPM. */
enum err tpm_key_file_public(struct bytes blob, struct public_key *out, struct why *why) MUST_CHECK;
/**
 * Who made the TPM, its firmware and lockout state; two TPM commands, three with a pin; no session.
 * Also compares the pinned storage key with the one at the handle when a pin exists: ERR_CHANGED.
 */
enum err tpm_look(struct tpm *tpm, struct tpm_facts *out, struct why *why) MUST_CHECK;
/**
 * The result of the TPM's own self-test (TPM2_GetTestResult, Part 3 section 10.4); changes nothing. One command.
 * ERR_UNREACHABLE "tpm.failure": it failed, and the TPM does nothing else until its next start.
 * *out_is_done false: some algorithms have not been tested yet, which the TPM does at their first use.
 */
enum err tpm_test_result(struct tpm *tpm, bool *out_is_done, struct why *why) MUST_CHECK;
/** Does it make RSA keys of so many bits? One command (TPM2_TestParms); nothing is made. */
enum err tpm_offers_key(struct tpm *tpm, unsigned bits, bool *out, struct why *why) MUST_CHECK;
/**
 * Append what srk.tr would hold for the storage key that is in the TPM now, whatever is pinned. One
 * TPM command. ERR_CHANGED "tpm.cleared": there is none at its handle.
 */
enum err tpm_storage_key(struct tpm *tpm, struct buf *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
