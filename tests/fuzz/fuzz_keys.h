/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_KEYS_H
#define TESTS_FUZZ_FUZZ_KEYS_H
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define FUZZ_MODULUS_LEN 256 /* bytes */
#define FUZZ_CEK 0x55        /* each byte of the content key: tests/data/fuzz/make.py */

/**
 * A device_key that opens every wrapped key to the same content key, in PKCS#1 v1.5: so a target can seal, and mutated envelopes
 * are decrypted. It signs nothing.
 *
 * key_len  bytes of the content key; the last call counts for all.
 */
struct device_key fuzz_key(size_t key_len);

#ifdef __cplusplus
}
#endif
#endif
