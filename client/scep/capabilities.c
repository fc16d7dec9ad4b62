/* SPDX-License-Identifier: MIT */
#include "client/scep/capabilities.h"
#include <string.h>
#include <strings.h>

#define CAPS_MAX 4096 /* bytes: a list of words; what is longer is some web page */

static void take_word(struct scep_capabilities *caps, const char *word, size_t len)
{
	static const struct {
		const char *word;
		size_t offset;
	} words[] = {
#define WORD(text, field) { text, offsetof(struct scep_capabilities, field) }
		WORD("AES", has_aes),         WORD("DES3", has_des3),     WORD("POSTPKIOperation", has_post),
		WORD("Renewal", has_renewal), WORD("SHA-1", has_sha1),    WORD("SHA-256", has_sha256),
		WORD("SHA-512", has_sha512),  WORD("GetNextCACert", has_next_ca),
#undef WORD
	};
	if (len == strlen("SCEPStandard") && strncasecmp(word, "SCEPStandard", len) == 0)
		caps->is_known = caps->has_aes = caps->has_post = caps->has_sha256 = true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (len != strlen(words[i].word) || strncasecmp(word, words[i].word, len) != 0)
			continue;
		*(bool *)((char *)caps + words[i].offset) = true;
		caps->is_known = true;
	}
}

struct scep_capabilities scep_capabilities_parse(struct bytes body)
{
	struct scep_capabilities caps = { .is_known = false };
	if (body.len > CAPS_MAX || (body.len > 0 && body.data[0] == '<'))
		return caps;
	size_t start = 0;
	for (size_t i = 0; i <= body.len; i++) {
		if (i < body.len && strchr("\r\n \t", body.data[i]) == NULL)
			continue;
		take_word(&caps, (const char *)body.data + start, i - start);
		start = i + 1;
	}
	return caps;
}

bool scep_capabilities_post(const struct scep_capabilities *caps)
{
	return caps->has_post || !caps->is_known;
}

enum cms_cipher scep_capabilities_cipher(const struct scep_capabilities *caps, struct cms_floor floor)
{
	if (caps->has_aes)
		return CMS_AES128;
	if (caps->is_known && !caps->has_des3 && floor.allow_des)
		return CMS_DES;
	return CMS_DES3;
}

enum key_hash scep_capabilities_digest(const struct scep_capabilities *caps, enum key_hash wanted,
                                       struct cms_floor floor)
{
	if (caps->is_known && floor.allow_sha1 && !caps->has_sha256 && !caps->has_sha512)
		return KEY_SHA1;
	return wanted;
}
