/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_cipher.h"
#include "client/pki/wolf_memory.h"
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/des3.h>
#include <wolfssl/wolfcrypt/wc_encrypt.h>

size_t cms_cipher_key_len(enum cms_cipher cipher)
{
	switch (cipher) {
	case CMS_AES128:
		return 16;
	case CMS_AES256:
		return 32;
	case CMS_DES3:
		return 24;
	case CMS_DES:
		return 8;
	}
	return 0;
}

size_t cms_cipher_block_len(enum cms_cipher cipher)
{
	return cipher == CMS_AES128 || cipher == CMS_AES256 ? AES_BLOCK_SIZE : DES_BLOCK_SIZE;
}

static int run_aes(enum cms_cipher cipher, bool encrypt, const uint8_t *key, const uint8_t *iv,
		   uint8_t *data, word32 len)
{
	Aes aes;
	int r = wc_AesInit(&aes, NULL, INVALID_DEVID);
	if (r != 0)
		return r;
	r = wc_AesSetKey(&aes, key, (word32)cms_cipher_key_len(cipher), iv,
			 encrypt ? AES_ENCRYPTION : AES_DECRYPTION);
	if (r == 0)
		r = encrypt ? wc_AesCbcEncrypt(&aes, data, data, len)
			    : wc_AesCbcDecrypt(&aes, data, data, len);
	wc_AesFree(&aes);
	return r;
}

static int run_des3(bool encrypt, const uint8_t *key, const uint8_t *iv, uint8_t *data, word32 len)
{
	Des3 des;
	int r = wc_Des3Init(&des, NULL, INVALID_DEVID);
	if (r != 0)
		return r;
	r = wc_Des3_SetKey(&des, key, iv, encrypt ? DES_ENCRYPTION : DES_DECRYPTION);
	if (r == 0)
		r = encrypt ? wc_Des3_CbcEncrypt(&des, data, data, len)
			    : wc_Des3_CbcDecrypt(&des, data, data, len);
	wc_Des3Free(&des);
	return r;
}

static int run_des(bool encrypt, const uint8_t *key, const uint8_t *iv, uint8_t *data, word32 len)
{
	return encrypt ? wc_Des_CbcEncryptWithKey(data, data, len, key, iv)
		       : wc_Des_CbcDecryptWithKey(data, data, len, key, iv);
}

static enum err run(enum cms_cipher cipher, bool encrypt, const uint8_t *key, const uint8_t *iv,
		    uint8_t *data, size_t len)
{
	int r = -1;
	if (len == 0 || len > INT32_MAX || len % cms_cipher_block_len(cipher) != 0)
		return ERR_BUG;
	wolf_memory_watch();
	switch (cipher) {
	case CMS_AES128:
	case CMS_AES256:
		r = run_aes(cipher, encrypt, key, iv, data, (word32)len);
		break;
	case CMS_DES3:
		r = run_des3(encrypt, key, iv, data, (word32)len);
		break;
	case CMS_DES:
		r = run_des(encrypt, key, iv, data, (word32)len);
		break;
	}
	return wolf_memory_error(r == 0 ? ERR_OK : ERR_BUG);
}

enum err cms_cipher_encrypt(enum cms_cipher cipher, const uint8_t *key, const uint8_t *iv,
			    uint8_t *data, size_t len)
{
	return run(cipher, true, key, iv, data, len);
}

enum err cms_cipher_decrypt(enum cms_cipher cipher, const uint8_t *key, const uint8_t *iv,
			    uint8_t *data, size_t len)
{
	return run(cipher, false, key, iv, data, len);
}
