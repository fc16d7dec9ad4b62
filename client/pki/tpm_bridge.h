/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_TPM_BRIDGE_H
#define CLIENT_PKI_TPM_BRIDGE_H
#include <stdbool.h>
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * tpm_bridge: lends a device_key to wolfCrypt, so that its constant-time code takes the padding off
 * a block whose private operation ran in the TPM.
 */
struct tpm_bridge_padding {
	bool is_oaep;	    /* RFC 8017 section 7.1; else PKCS#1 v1.5, section 7.2 */
	enum key_hash hash; /* of OAEP; SHA-1 is sound here, it signs nothing */
	enum key_hash mgf;  /* of OAEP's MGF1 */
};

/**
 * Unwrap a content-encryption key. One device_key_decrypt().
 *
 * wrapped       modulus_len bytes, else ERR_INVALID before any TPM command.
 * key_len       bytes that the key must have.
 * out_key       appended to: key_len bytes in any case. Secret. Untouched on failure.
 * out_is_good   false: the padding or the length was wrong, and out_key got random bytes (RFC 3218
 * section 2.3.2). The caller goes on as if it were good and fails at the end, so that neither its
 * words nor its time tell which check failed. Errors of device_key_decrypt() with its why;
 * ERR_NO_MEMORY; ERR_BUG when wolfCrypt refuses. Uses wolfCrypt's global table of devices: one call
 * at a time in a process.
 */
enum err tpm_bridge_unwrap(const struct device_key *key, const struct tpm_bridge_padding *padding,
			   struct bytes wrapped, size_t key_len, struct buf *out_key,
			   bool *out_is_good, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
