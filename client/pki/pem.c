/* SPDX-License-Identifier: MIT */
#include "client/pki/pem.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 48 /* 64 characters a line, RFC 7468 section 2; a multiple of three */
#define BOUNDARY_MAX 64 /* characters of "-----BEGIN label-----" with its NUL */

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Four characters make three bytes; '=' only at the very end. */
static enum err decode(struct bytes in, struct buf *out)
{
	uint8_t line[LINE_BYTES];
	size_t len = 0;
	uint32_t bits = 0;
	size_t have = 0;
	size_t pad = 0;
	enum err e = ERR_OK;
	for (size_t i = 0; i < in.len && e == ERR_OK; i++) {
		uint8_t c = in.data[i];
		if (is_space(c))
			continue;
		int value = c == '=' ? 0 : base64_value(c);
		pad += c == '=';
		if (value < 0 || pad > (c == '=' ? 2 : 0)) {
			e = ERR_INVALID;
			break;
		}
		bits = bits << 6 | (uint32_t)value;
		if (++have % 4 != 0)
			continue;
		if (len == sizeof line) {
			e = buf_add(out, line, len);
			len = 0;
		}
		for (int shift = 16; shift >= 0; shift -= 8)
			line[len++] = (uint8_t)(bits >> shift);
	}
	if (e == ERR_OK && (have == 0 || have % 4 != 0))
		e = ERR_INVALID;
	if (e == ERR_OK)
		e = buf_add(out, line, len - pad);
	explicit_bzero(line, sizeof(line)); /* a private key passes here */
	return e;
}

static const uint8_t *find(struct bytes in, const char *needle)
{
	return in.len > 0 ? memmem(in.data, in.len, needle, strlen(needle)) : NULL;
}

static enum err boundary(char out[BOUNDARY_MAX], const char *word, const char *label)
{
	int len = snprintf(out, BOUNDARY_MAX, "-----%s %s-----", word, label);
	return len < 0 || len >= BOUNDARY_MAX ? ERR_BUG : ERR_OK;
}

enum err pem_next(struct bytes *text, const char *label, struct buf *out_der)
{
	char begin[BOUNDARY_MAX];
	char end[BOUNDARY_MAX];
	if (boundary(begin, "BEGIN", label) != ERR_OK || boundary(end, "END", label) != ERR_OK)
		return ERR_BUG;
	const uint8_t *at = find(*text, begin);
	if (at == NULL)
		return ERR_NOT_FOUND;
	const uint8_t *stop = text->data + text->len;
	at += strlen(begin);
	const uint8_t *last = find((struct bytes){at, (size_t)(stop - at)}, end);
	if (last == NULL)
		return ERR_INVALID;
	struct buf der;
	buf_init(&der, out_der->max - out_der->len);
	enum err e = decode((struct bytes){at, (size_t)(last - at)}, &der);
	if (e == ERR_OK)
		e = buf_add(out_der, der.data, der.len);
	buf_clear(&der);
	if (e == ERR_OK) {
		last += strlen(end);
		*text = (struct bytes){last, (size_t)(stop - last)};
	}
	return e;
}

static enum err encode_line(struct bytes in, struct buf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[LINE_BYTES / 3 * 4 + 1];
	size_t len = 0;
	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t bits = (uint32_t)in.data[i] << 16;
		bits |= left > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
		bits |= left > 2 ? in.data[i + 2] : 0u;
		line[len++] = digits[bits >> 18];
		line[len++] = digits[bits >> 12 & 63];
		line[len++] = left > 1 ? digits[bits >> 6 & 63] : '=';
		line[len++] = left > 2 ? digits[bits & 63] : '=';
	}
	line[len++] = '\n';
	enum err e = buf_add(out, line, len);
	explicit_bzero(line, sizeof(line));
	return e;
}

enum err pem_add(const char *label, struct bytes der, struct buf *out)
{
	char begin[BOUNDARY_MAX];
	char end[BOUNDARY_MAX];
	size_t before = out->len;
	if (boundary(begin, "BEGIN", label) != ERR_OK || boundary(end, "END", label) != ERR_OK)
		return ERR_BUG;
	enum err e = buf_add_text(out, begin);
	if (e == ERR_OK)
		e = buf_add_text(out, "\n");
	for (size_t i = 0; i < der.len && e == ERR_OK; i += LINE_BYTES) {
		size_t len = der.len - i < LINE_BYTES ? der.len - i : LINE_BYTES;
		e = encode_line((struct bytes){der.data + i, len}, out);
	}
	if (e == ERR_OK)
		e = buf_add_text(out, end);
	if (e == ERR_OK)
		e = buf_add_text(out, "\n");
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}
