/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_HASH_H
#define CLIENT_PKI_HASH_H
#include "hal/buf.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define HASH_MAX 64         /* bytes: SHA-512 */
#define HASH_DIGEST_INFO_MAX (19 + HASH_MAX) /* bytes: the longest prefix of RFC 8017 is 19 */
#define SHA256_LEN 32
#define SHA256_HEX_LEN 65   /* with NUL */

/** Digest of in; out holds key_hash_len(hash) bytes. ERR_BUG when wolfSSL lacks the hash. */
enum err hash_digest(enum key_hash hash, struct bytes in, uint8_t out[HASH_MAX]) MUST_CHECK;
/** DigestInfo of a digest (RFC 8017 section 9.2 note 1): what PKCS#1 v1.5 pads. Bytes written, 0 for a
 *  digest of the wrong length. */
size_t hash_digest_info(enum key_hash hash, struct bytes digest, uint8_t out[HASH_DIGEST_INFO_MAX]);
/** Lower-case hex of SHA-256(in). "" on failure. */
void sha256_hex(struct bytes in, char out[SHA256_HEX_LEN]);
/** HMAC-SHA-256 (RFC 2104). */
enum err hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_LEN]) MUST_CHECK;
/** Random bytes from wolfCrypt's DRBG seeded by the kernel. */
enum err random_bytes(uint8_t *out, size_t len) MUST_CHECK;
/** Lower-case hex of bytes; out holds 2*len+1. */
void hex_text(struct bytes in, char out[]);

#ifdef __cplusplus
}
#endif
#endif
