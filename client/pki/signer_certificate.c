/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include "client/pki/certificate.h"
#include "client/pki/csr_extension.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"

#define SERIAL_LEN 16	      /* bytes: 127 random bits, RFC 5280 section 4.1.2.2 allows 20 bytes */
#define NOT_BEFORE 1577836800 /* 2020-01-01 00:00:00 UTC: no clock is asked */
#define NOT_AFTER 2524607999  /* 2049-12-31 23:59:59 UTC: the last of UTCTime */
/* bytes of a subject: ours is below 1 KiB, but a renewal takes the CA's over */
#define NAME_MAX_LEN 8192

/* An empty subject would be an empty issuer, which RFC 5280 section 4.1.2.4 forbids. */
static enum err subject_or_random(struct bytes subject, struct buf *out, struct why *why)
{
	uint8_t random[4];
	char hex[2 * sizeof(random) + 1];
	char text[32];
	if (subject.len > 2)
		return buf_add(out, subject.data, subject.len);
	enum err e = random_bytes(random, sizeof(random));
	if (e != ERR_OK)
		return why_set(why, e, "pki.random", "the random generator gave nothing");
	hex_text((struct bytes){random, sizeof(random)}, hex);
	snprintf(text, sizeof(text), "CN=signet-%s", hex);
	return name_from_text(text, out, why);
}

static enum err put_tbs(struct der_out *out, struct bytes name, const struct device_key *key,
			enum key_hash hash, struct why *why)
{
	uint8_t serial[SERIAL_LEN];
	enum err random = random_bytes(serial, sizeof(serial));
	if (random != ERR_OK)
		return why_set(why, random, "pki.random", "the random generator gave nothing");
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and always of full length */
	size_t tbs = der_begin(out);
	size_t version = der_begin(out);
	der_put_small(out, 2); /* v3 */
	der_end(out, version, DER_CONTEXT_CONSTRUCTED(0));
	der_put_unsigned(out, serial, sizeof(serial));
	der_put_rsa_algorithm(out, hash);
	der_put_raw(out, name.data, name.len);
	size_t validity = der_begin(out);
	der_put_time(out, NOT_BEFORE);
	der_put_time(out, NOT_AFTER);
	der_end(out, validity, DER_SEQUENCE);
	der_put_raw(out, name.data, name.len);
	enum err e = der_put_spki(out, key, why);
	size_t wrap = der_begin(out);
	size_t list = der_begin(out);
	der_put_key_usage(out, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT);
	der_end(out, list, DER_SEQUENCE);
	der_end(out, wrap, DER_CONTEXT_CONSTRUCTED(3));
	der_end(out, tbs, DER_SEQUENCE);
	return e;
}

enum err signer_certificate_build(struct bytes subject, const struct device_key *key,
				  enum key_hash hash, struct buf *out_der, struct why *why)
{
	struct der_out tbs;
	struct buf name;
	der_out_init(&tbs, CERTIFICATE_MAX);
	buf_init(&name, NAME_MAX_LEN);
	enum err e = subject_or_random(subject, &name, why);
	if (e == ERR_OK)
		e = put_tbs(&tbs, buf_bytes(&name), key, hash, why);
	if (e == ERR_OK && tbs.err != ERR_OK)
		e = why_set(why, tbs.err, "csr.signer",
			    "the signer certificate cannot be written: %s", err_text(tbs.err));
	if (e == ERR_OK)
		e = signed_der_build(&tbs, key, hash, out_der, why);
	buf_clear(&name);
	der_out_clear(&tbs);
	return e;
}
