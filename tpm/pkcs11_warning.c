/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_warning.h"
#include <stddef.h>
#include <stdint.h>
#include "hal/log.h"

/* Sentences of one topic that are remembered, as hashes: a device has a few profiles and a TPM a
 * few ways to fail. The oldest gives way. */
#define REMEMBERED 32

static struct {
	uint64_t hash[REMEMBERED];
	size_t count; /* ever written; the next goes to count % REMEMBERED */
} said[PKCS11_TOPICS];

/* FNV-1a, 64 bits: which sentence it was, not a secret. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
	return hash;
}

void pkcs11_warn(enum pkcs11_topic topic, const struct why *why)
{
	uint64_t hash = hash_of(why->text);
	size_t known = said[topic].count < REMEMBERED ? said[topic].count : REMEMBERED;
	for (size_t i = 0; i < known; i++)
		if (said[topic].hash[i] == hash)
			return;
	said[topic].hash[said[topic].count++ % REMEMBERED] = hash;
	log_warn("signet-pkcs11: %s", why->text);
}

void pkcs11_warn_again(enum pkcs11_topic topic) { said[topic].count = 0; }
