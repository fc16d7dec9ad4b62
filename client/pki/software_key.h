/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_SOFTWARE_KEY_H
#define CLIENT_PKI_SOFTWARE_KEY_H
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Make an RSA key in memory. out_pem appended to: PKCS#8 or PKCS#1 PEM that OpenSSL reads; secret. */
enum err software_key_make(unsigned bits, struct buf *out_pem, struct device_key *out_key, struct why *why) MUST_CHECK;
/** Open the key of a key.pem made here. */
enum err software_key_load(struct bytes pem, struct device_key *out_key, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
