/* SPDX-License-Identifier: MIT */
#include "hal/der.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARCS_MAX 20 /* numbers of one OID */

void der_out_init(struct der_out *out, size_t max)
{
	buf_init(&out->bytes, max);
	out->err = ERR_OK;
}

static void add(struct der_out *out, const void *p, size_t len)
{
	if (out->err == ERR_OK)
		out->err = buf_add(&out->bytes, p, len);
}

/* Identifier and length octets, X.690 section 8.1.3 and 10.1 */
static size_t head(uint8_t tag, size_t len, uint8_t out[6])
{
	out[0] = tag;
	if (len < 0x80) {
		out[1] = (uint8_t)len;
		return 2;
	}
	size_t count = len > 0xffffff ? 4 : len > 0xffff ? 3 : len > 0xff ? 2 : 1;
	out[1] = (uint8_t)(0x80 | count);
	for (size_t i = 0; i < count; i++)
		out[2 + i] = (uint8_t)(len >> 8 * (count - 1 - i));
	return 2 + count;
}

void der_put(struct der_out *out, uint8_t tag, const void *content, size_t len)
{
	uint8_t h[6];
	add(out, h, head(tag, len, h));
	add(out, content, len);
}

void der_put_text(struct der_out *out, uint8_t tag, const char *text)
{
	der_put(out, tag, text, strlen(text));
}

void der_put_raw(struct der_out *out, const void *der, size_t len) { add(out, der, len); }

void der_put_unsigned(struct der_out *out, const void *big_endian, size_t len)
{
	static const uint8_t zero = 0;
	const uint8_t *p = big_endian;
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	bool needs_zero = len == 0 || (*p & 0x80) != 0;
	uint8_t h[6];
	add(out, h, head(DER_INTEGER, len + needs_zero, h));
	if (needs_zero)
		add(out, &zero, 1);
	add(out, p, len);
}

void der_put_small(struct der_out *out, uint32_t value)
{
	uint8_t four[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
			   (uint8_t)value};
	der_put_unsigned(out, four, sizeof four);
}

void der_put_bool(struct der_out *out, bool value)
{
	uint8_t byte = value ? 0xff : 0;
	der_put(out, DER_BOOLEAN, &byte, 1);
}

void der_put_null(struct der_out *out) { der_put(out, DER_NULL, NULL, 0); }

static size_t base128(uint64_t value, uint8_t out[10])
{
	size_t count = 1;
	for (uint64_t v = value >> 7; v != 0; v >>= 7)
		count++;
	for (size_t i = 0; i < count; i++)
		out[i] =
		    (uint8_t)((value >> 7 * (count - 1 - i) & 0x7f) | (i + 1 < count ? 0x80 : 0));
	return count;
}

static bool read_arcs(const char *dotted, uint64_t arcs[ARCS_MAX], size_t *out_count)
{
	size_t count = 0;
	for (const char *p = dotted;; p++) {
		uint64_t value = 0;
		const char *start = p;
		for (; *p >= '0' && *p <= '9'; p++) {
			if (value > UINT32_MAX)
				return false;
			value = value * 10 + (uint64_t)(*p - '0');
		}
		if (p == start || count == ARCS_MAX)
			return false;
		arcs[count++] = value;
		if (*p == '\0')
			break;
		if (*p != '.')
			return false;
	}
	*out_count = count;
	return count >= 2 && arcs[0] <= 2 && (arcs[0] == 2 || arcs[1] < 40);
}

#define OID_CONTENT_MAX (ARCS_MAX * 10)

/* -> its length; 0: `dotted` is none */
static size_t oid_content(const char *dotted, uint8_t out[OID_CONTENT_MAX])
{
	uint64_t arcs[ARCS_MAX];
	size_t count;
	if (!read_arcs(dotted, arcs, &count))
		return 0;
	size_t len = base128(arcs[0] * 40 + arcs[1], out);
	for (size_t i = 2; i < count; i++)
		len += base128(arcs[i], out + len);
	return len;
}

void der_put_oid(struct der_out *out, const char *dotted)
{
	uint8_t content[OID_CONTENT_MAX];
	size_t len = oid_content(dotted, content);
	if (len > 0)
		der_put(out, DER_OID, content, len);
	else if (out->err == ERR_OK)
		out->err = ERR_INVALID;
}

void der_put_bits(struct der_out *out, const void *content, size_t len)
{
	static const uint8_t unused = 0;
	uint8_t h[6];
	add(out, h, head(DER_BIT_STRING, len + 1, h));
	add(out, &unused, 1);
	add(out, content, len);
}

void der_put_time(struct der_out *out, int64_t unix_s)
{
	char text[32];
	struct tm tm;
	time_t t = (time_t)unix_s;
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 50 || tm.tm_year > 9999 - 1900) {
		if (out->err == ERR_OK)
			out->err = ERR_INVALID;
		return;
	}
	bool is_utc = tm.tm_year < 150;
	strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
	der_put_text(out, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, text + (is_utc ? 2 : 0));
}

size_t der_begin(const struct der_out *out) { return out->bytes.len; }

void der_end(struct der_out *out, size_t begin, uint8_t tag)
{
	uint8_t h[6];
	if (out->err != ERR_OK)
		return;
	size_t n = head(tag, out->bytes.len - begin, h);
	out->err = buf_insert(&out->bytes, begin, h, n);
}

static int compare_whole(const void *a, const void *b)
{
	const struct bytes *x = a;
	const struct bytes *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int r = memcmp(x->data, y->data, len);
	return r != 0 ? r : x->len < y->len ? -1 : x->len > y->len;
}

#define SET_MAX 64 /* elements of one SET OF that we write */

void der_end_set_of(struct der_out *out, size_t begin)
{
	struct bytes parts[SET_MAX];
	size_t count = 0;
	if (out->err != ERR_OK)
		return;
	struct buf copy;
	buf_init(&copy, out->bytes.max);
	if (out->bytes.len > begin)
		out->err = buf_add(&copy, out->bytes.data + begin, out->bytes.len - begin);
	struct bytes in = buf_bytes(&copy);
	while (out->err == ERR_OK && in.len > 0) {
		struct der_tlv tlv;
		out->err = count == SET_MAX ? ERR_TOO_BIG : der_next(&in, &tlv);
		if (out->err == ERR_OK)
			parts[count++] = tlv.whole;
	}
	if (out->err == ERR_OK) {
		qsort(parts, count, sizeof parts[0], compare_whole);
		buf_cut(&out->bytes, begin);
		for (size_t i = 0; i < count; i++)
			add(out, parts[i].data, parts[i].len);
	}
	buf_clear(&copy);
	der_end(out, begin, DER_SET);
}

enum err der_finish(struct der_out *out, struct buf *out_der)
{
	enum err e = out->err;
	if (e == ERR_OK)
		e = buf_add(out_der, out->bytes.data, out->bytes.len);
	der_out_clear(out);
	return e;
}

void der_out_clear(struct der_out *out) { buf_clear(&out->bytes); }

enum err der_next(struct bytes *in, struct der_tlv *out)
{
	if (in->len == 0)
		return ERR_NOT_FOUND;
	if (in->len < 2 || (in->data[0] & 0x1f) == 0x1f)
		return ERR_INVALID;
	size_t len = in->data[1];
	size_t at = 2;
	if (len >= 0x80) {
		size_t count = len & 0x7f;
		if (count == 0 || count > 4 || in->len < 2 + count || in->data[2] == 0)
			return ERR_INVALID;
		len = 0;
		for (; at < 2 + count; at++)
			len = len << 8 | in->data[at];
		if (len < 0x80)
			return ERR_INVALID;
	}
	if (len > in->len - at)
		return ERR_INVALID;
	*out = (struct der_tlv){
	    .tag = in->data[0], .content = {in->data + at, len}, .whole = {in->data, at + len}};
	*in = (struct bytes){in->data + at + len, in->len - at - len};
	return ERR_OK;
}

enum err der_expect(struct bytes *in, uint8_t tag, struct der_tlv *out)
{
	struct bytes rest = *in;
	struct der_tlv tlv;
	if (der_next(&rest, &tlv) != ERR_OK || tlv.tag != tag)
		return ERR_INVALID;
	*in = rest;
	*out = tlv;
	return ERR_OK;
}

bool der_take(struct bytes *in, uint8_t tag, struct der_tlv *out)
{
	return der_expect(in, tag, out) == ERR_OK;
}

enum err der_oid_text(struct bytes content, char out[], size_t cap)
{
	char text[DER_OID_TEXT_MAX] = "";
	size_t len = 0;
	uint64_t value = 0;
	bool is_first = true;
	if (content.len == 0 || (content.data[content.len - 1] & 0x80) != 0)
		return ERR_INVALID;
	for (size_t i = 0; i < content.len; i++) {
		if (value == 0 && content.data[i] == 0x80)
			return ERR_INVALID;
		if (value > UINT64_MAX >> 7)
			return ERR_TOO_BIG;
		value = value << 7 | (content.data[i] & 0x7f);
		if ((content.data[i] & 0x80) != 0)
			continue;
		uint64_t top = value < 80 ? value / 40 : 2;
		int n = is_first ? snprintf(text, sizeof text, "%llu.%llu", (unsigned long long)top,
					    (unsigned long long)(value - top * 40))
				 : snprintf(text + len, sizeof text - len, ".%llu",
					    (unsigned long long)value);
		if (n < 0 || (size_t)n >= sizeof text - len)
			return ERR_TOO_BIG;
		len += (size_t)n;
		is_first = false;
		value = 0;
	}
	if (len >= cap)
		return ERR_TOO_BIG;
	memcpy(out, text, len + 1);
	return ERR_OK;
}

bool der_is_oid(const struct der_tlv *tlv, const char *dotted)
{
	uint8_t wanted[OID_CONTENT_MAX];
	if (tlv->tag != DER_OID || tlv->content.len == 0)
		return false;
	return bytes_equal(tlv->content, (struct bytes){wanted, oid_content(dotted, wanted)});
}

static bool two_digits(const uint8_t *p, int *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar; March is the first month of its year
 * here. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

enum err der_time(const struct der_tlv *tlv, int64_t *out_unix_s)
{
	const uint8_t *p = tlv->content.data;
	bool is_utc = tlv->tag == DER_UTC_TIME;
	size_t wanted = is_utc ? 13 : 15;
	int f[6];
	int century = 0;
	if ((!is_utc && tlv->tag != DER_GENERALIZED_TIME) || tlv->content.len != wanted ||
	    p[wanted - 1] != 'Z')
		return ERR_INVALID;
	if (!is_utc) {
		if (!two_digits(p, &century))
			return ERR_INVALID;
		p += 2;
	}
	for (size_t i = 0; i < 6; i++)
		if (!two_digits(p + 2 * i, &f[i]))
			return ERR_INVALID;
	int year = is_utc ? f[0] + (f[0] < 50 ? 2000 : 1900) : century * 100 + f[0];
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (f[1] < 1 || f[1] > 12 || f[2] < 1 || f[2] > month_days[f[1] - 1] ||
	    (f[1] == 2 && f[2] == 29 && !is_leap) || f[3] > 23 || f[4] > 59 || f[5] > 59)
		return ERR_INVALID;
	*out_unix_s = days_of(year, f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5];
	return ERR_OK;
}

enum err der_small(const struct der_tlv *tlv, uint32_t *out)
{
	struct bytes c = tlv->content;
	if (tlv->tag != DER_INTEGER || c.len == 0 || (c.data[0] & 0x80) != 0 ||
	    (c.len > 1 && c.data[0] == 0 && (c.data[1] & 0x80) == 0))
		return ERR_INVALID;
	if (c.len > 5 || (c.len == 5 && c.data[0] != 0))
		return ERR_TOO_BIG;
	uint32_t value = 0;
	for (size_t i = 0; i < c.len; i++)
		value = value << 8 | c.data[i];
	*out = value;
	return ERR_OK;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
