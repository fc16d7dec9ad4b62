/* SPDX-License-Identifier: MIT */
#ifndef TPM_ROCA_H
#define TPM_ROCA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/** Has this RSA modulus (big-endian) the fingerprint of CVE-2017-15361: a power of 65537 modulo
 * every small prime? */
bool roca_is_vulnerable(const uint8_t *modulus, size_t len);

#ifdef __cplusplus
}
#endif
#endif
