/* SPDX-License-Identifier: MIT */
#ifndef HAL_DER_H
#define HAL_DER_H
#include <stdbool.h>
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Identifier octets, ITU-T X.690 section 8.1.2 */
#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OID 0x06
#define DER_ENUMERATED 0x0a
#define DER_UTF8_STRING 0x0c
#define DER_PRINTABLE_STRING 0x13
#define DER_TELETEX_STRING 0x14
#define DER_IA5_STRING 0x16
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_BMP_STRING 0x1e
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0x80 | (n))             /* [n] primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* [n] constructed */

#define DER_OID_TEXT_MAX 128 /* characters of a dotted OID with its NUL; longer is refused */

/**
 * Writer with a sticky error: write everything, ask once at the end.
 * der_begin() .. der_end() wrap what was written in between.
 */
struct der_out {
	struct buf bytes;
	enum err err;
};

void der_out_init(struct der_out *out, size_t max);
/** One TLV. */
void der_put(struct der_out *out, uint8_t tag, const void *content, size_t len);
void der_put_text(struct der_out *out, uint8_t tag, const char *text);
/** Bytes that are DER already. */
void der_put_raw(struct der_out *out, const void *der, size_t len);
/** INTEGER from a big-endian unsigned number; leading zeros are dropped, a 00 put before a top bit. */
void der_put_unsigned(struct der_out *out, const void *big_endian, size_t len);
void der_put_small(struct der_out *out, uint32_t value);
void der_put_bool(struct der_out *out, bool value);
void der_put_null(struct der_out *out);
/** Dotted text, "1.2.840.113549.1.1.11"; malformed: ERR_INVALID sticks. */
void der_put_oid(struct der_out *out, const char *dotted);
/** BIT STRING without unused bits. */
void der_put_bits(struct der_out *out, const void *content, size_t len);
/** UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). unix seconds. */
void der_put_time(struct der_out *out, int64_t unix_s);
size_t der_begin(const struct der_out *out);
void der_end(struct der_out *out, size_t begin, uint8_t tag);
/** As der_end with DER_SET, after sorting the elements as DER asks (X.690 section 11.6). */
void der_end_set_of(struct der_out *out, size_t begin);
/** Hand the bytes over to *out_der (appended) and clear; or the sticky error, *out_der untouched. */
enum err der_finish(struct der_out *out, struct buf *out_der) MUST_CHECK;
/** Release without taking. Safe twice. */
void der_out_clear(struct der_out *out);

/** One element of a reader. `content` and `whole` borrow from the input. */
struct der_tlv {
	uint8_t tag;
	struct bytes content;
	struct bytes whole; /* with identifier and length */
};

/**
 * Read the next element from the front of *in and move *in behind it.
 * Definite lengths only, minimal form, single-byte tags. ERR_INVALID for anything else, ERR_NOT_FOUND
 * when *in is empty; *in and *out untouched then.
 */
enum err der_next(struct bytes *in, struct der_tlv *out) MUST_CHECK;
/** As der_next, and the tag must be `tag` (else ERR_INVALID, *in untouched). */
enum err der_expect(struct bytes *in, uint8_t tag, struct der_tlv *out) MUST_CHECK;
/** If the next element has `tag` take it and return true; else leave *in alone. */
bool der_take(struct bytes *in, uint8_t tag, struct der_tlv *out);
/** Content of an OBJECT IDENTIFIER as dotted text. ERR_INVALID, ERR_TOO_BIG. */
enum err der_oid_text(struct bytes content, char out[], size_t cap) MUST_CHECK;
/** True when the element is the OBJECT IDENTIFIER `dotted`. */
bool der_is_oid(const struct der_tlv *tlv, const char *dotted);
/** UTCTime or GeneralizedTime in the forms of RFC 5280 (seconds, Z). ERR_INVALID. */
enum err der_time(const struct der_tlv *tlv, int64_t *out_unix_s) MUST_CHECK;
/** Non-negative INTEGER that fits 32 bits. ERR_INVALID, ERR_TOO_BIG. */
enum err der_small(const struct der_tlv *tlv, uint32_t *out) MUST_CHECK;

bool bytes_equal(struct bytes a, struct bytes b);

#ifdef __cplusplus
}
#endif
#endif
