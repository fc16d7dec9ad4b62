/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_algorithm.h"
#include <string.h>

struct digest {
	enum key_hash hash;
	const char *oid;   /* RFC 3370 section 2.1, RFC 5754 section 2 */
	const char *rsa;   /* RFC 8017 appendix A.2.4 */
	const char *ecdsa; /* RFC 5758 section 3.2 */
};

static const struct digest digests[] = {
    {KEY_SHA1, "1.3.14.3.2.26", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"},
    {KEY_SHA256, "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"},
    {KEY_SHA384, "2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"},
    {KEY_SHA512, "2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"},
};

struct cipher {
	enum cms_cipher cipher;
	const char *oid;
};

static const struct cipher ciphers[] = {
    {CMS_AES128, "2.16.840.1.101.3.4.1.2"},  /* RFC 3565 section 4.1 */
    {CMS_AES256, "2.16.840.1.101.3.4.1.42"}, /* RFC 3565 section 4.1 */
    {CMS_DES3, "1.2.840.113549.3.7"},	     /* RFC 3370 section 5.1 */
    {CMS_DES, "1.3.14.3.2.7"},		     /* OIW, as NDES and old clients use it */
};

/* What a server may send, so that a refusal can name it. */
static const struct {
	const char *oid, *name;
} names[] = {
    {"1.2.840.113549.2.2", "MD2"},
    {"1.2.840.113549.2.4", "MD4"},
    {"1.2.840.113549.2.5", "MD5"},
    {"1.3.14.3.2.26", "SHA-1"},
    {"2.16.840.1.101.3.4.2.1", "SHA-256"},
    {"2.16.840.1.101.3.4.2.2", "SHA-384"},
    {"2.16.840.1.101.3.4.2.3", "SHA-512"},
    {"2.16.840.1.101.3.4.2.4", "SHA-224"},
    {OID_RSA_ENCRYPTION, "RSA"},
    {"1.2.840.113549.1.1.4", "MD5 with RSA"},
    {"1.2.840.113549.1.1.5", "SHA-1 with RSA"},
    {OID_RSAES_OAEP, "RSA-OAEP"},
    {"1.2.840.113549.1.1.10", "RSA-PSS"},
    {"1.2.840.113549.1.1.11", "SHA-256 with RSA"},
    {"1.2.840.113549.1.1.12", "SHA-384 with RSA"},
    {"1.2.840.113549.1.1.13", "SHA-512 with RSA"},
    {"1.2.840.113549.3.2", "RC2-CBC"},
    {"1.2.840.113549.3.4", "RC4"},
    {"1.2.840.113549.3.7", "3DES-CBC"},
    {"1.3.14.3.2.7", "DES-CBC"},
    {"2.16.840.1.101.3.4.1.2", "AES-128-CBC"},
    {"2.16.840.1.101.3.4.1.6", "AES-128-GCM"},
    {"2.16.840.1.101.3.4.1.22", "AES-192-CBC"},
    {"2.16.840.1.101.3.4.1.26", "AES-192-GCM"},
    {"2.16.840.1.101.3.4.1.42", "AES-256-CBC"},
    {"2.16.840.1.101.3.4.1.46", "AES-256-GCM"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum err cms_algorithm_next(struct bytes *in, struct cms_algorithm *out)
{
	struct cms_algorithm algorithm = {0};
	struct bytes rest = *in;
	struct der_tlv sequence, oid;
	enum err e = der_expect(&rest, DER_SEQUENCE, &sequence);
	if (e != ERR_OK)
		return ERR_INVALID;
	struct bytes inside = sequence.content;
	if (der_expect(&inside, DER_OID, &oid) != ERR_OK ||
	    der_oid_text(oid.content, algorithm.oid, sizeof(algorithm.oid)) != ERR_OK)
		return ERR_INVALID;
	if (inside.len > 0 && der_next(&inside, &algorithm.parameters) != ERR_OK)
		return ERR_INVALID;
	if (inside.len > 0)
		return ERR_INVALID;
	*in = rest;
	*out = algorithm;
	return ERR_OK;
}

bool cms_algorithm_is_plain(const struct cms_algorithm *algorithm)
{
	return algorithm->parameters.whole.len == 0 ||
	       (algorithm->parameters.tag == DER_NULL && algorithm->parameters.content.len == 0);
}

const char *cms_algorithm_name(const char *oid)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(oid, names[i].oid) == 0)
			return names[i].name;
	}
	return oid;
}

const char *cms_digest_oid(enum key_hash hash)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (digests[i].hash == hash)
			return digests[i].oid;
	}
	return "";
}

bool cms_digest_from_oid(const char *oid, enum key_hash *out)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (strcmp(oid, digests[i].oid) == 0) {
			*out = digests[i].hash;
			return true;
		}
	}
	return false;
}

const char *cms_signature_oid(const char *oid, enum key_hash hash)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (digests[i].hash != hash)
			continue;
		if (strcmp(oid, OID_RSA_ENCRYPTION) == 0 || strcmp(oid, digests[i].rsa) == 0)
			return digests[i].rsa;
		if (strcmp(oid, digests[i].ecdsa) == 0)
			return digests[i].ecdsa;
	}
	return NULL;
}

const char *cms_cipher_oid(enum cms_cipher cipher)
{
	for (size_t i = 0; i < COUNT(ciphers); i++) {
		if (ciphers[i].cipher == cipher)
			return ciphers[i].oid;
	}
	return "";
}

bool cms_cipher_from_oid(const char *oid, enum cms_cipher *out)
{
	for (size_t i = 0; i < COUNT(ciphers); i++) {
		if (strcmp(oid, ciphers[i].oid) == 0) {
			*out = ciphers[i].cipher;
			return true;
		}
	}
	return false;
}
