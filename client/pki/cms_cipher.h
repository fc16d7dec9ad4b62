/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_CIPHER_H
#define CLIENT_PKI_CMS_CIPHER_H
#include <stdbool.h>
#include "client/pki/cms.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CMS_CIPHER_KEY_MAX 32	/* bytes: AES-256 */
#define CMS_CIPHER_BLOCK_MAX 16 /* bytes: AES; also the longest IV */

/** Bytes of the key: 16, 32, 24, 8. */
size_t cms_cipher_key_len(enum cms_cipher cipher);
/** Bytes of a block and of the IV. */
size_t cms_cipher_block_len(enum cms_cipher cipher);
/** Encrypt whole blocks in place, CBC. key and iv have the lengths above. ERR_BUG when wolfCrypt
 * refuses. */
enum err cms_cipher_encrypt(enum cms_cipher cipher, const uint8_t *key, const uint8_t *iv,
			    uint8_t *data, size_t len) MUST_CHECK;
/** Decrypt whole blocks in place, CBC. The padding stays on. ERR_BUG when wolfCrypt refuses. */
enum err cms_cipher_decrypt(enum cms_cipher cipher, const uint8_t *key, const uint8_t *iv,
			    uint8_t *data, size_t len) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
