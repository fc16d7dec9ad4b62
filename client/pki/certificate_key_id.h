/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CERTIFICATE_KEY_ID_H
#define CLIENT_PKI_CERTIFICATE_KEY_ID_H
#include "client/pki/certificate.h"
#ifdef __cplusplus
extern "C" {
#endif

#define KEY_ID_CAP 41 /* SHA-1 in hex, with NUL */
#define KEY_SHA1_LEN 20 /* bytes */

/** SHA-1 of the subjectPublicKey without its count of unused bits: KeyHash of RFC 6960. ERR_INVALID as below. */
enum err certificate_key_sha1(const struct certificate *cert, uint8_t out[KEY_SHA1_LEN]) MUST_CHECK;
/**
 * The same in hex (RFC 5280 section 4.2.1.2, method 1): how charon names a key. ERR_INVALID: no SubjectPublicKeyInfo.
 */
enum err certificate_key_id(const struct certificate *cert, char out[KEY_ID_CAP]) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
