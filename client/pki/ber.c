/* SPDX-License-Identifier: MIT */
#include "client/pki/ber.h"
#include <stdbool.h>

#define TAG_CONSTRUCTED 0x20 /* X.690 section 8.1.2.5 */
#define TAG_NUMBER 0x1f	     /* X.690 section 8.1.2.4: all ones means more bytes follow */
#define TAG_OCTET_STRING 0x04
#define LENGTH_INDEFINITE 0x80 /* X.690 section 8.1.3.6 */
#define LENGTH_LONG 0x80       /* X.690 section 8.1.3.5 */
#define LENGTH_BYTES_MAX 4     /* more than 4 GiB is never ours to read */

struct header {
	uint8_t tag;
	bool is_indefinite;
	size_t len; /* bytes of content; 0 when indefinite */
};

static void skip(struct bytes *in, size_t count)
{
	in->data += count;
	in->len -= count;
}

static enum err read_header(struct bytes *in, struct header *out)
{
	if (in->len < 2)
		return ERR_INVALID;
	struct header header = {.tag = in->data[0]};
	uint8_t first = in->data[1];
	skip(in, 2);
	if ((header.tag & TAG_NUMBER) == TAG_NUMBER)
		return ERR_INVALID;
	if (first == LENGTH_INDEFINITE) {
		if ((header.tag & TAG_CONSTRUCTED) == 0)
			return ERR_INVALID;
		header.is_indefinite = true;
	} else if (first < LENGTH_LONG) {
		header.len = first;
	} else {
		size_t count = first & 0x7fu;
		if (count > LENGTH_BYTES_MAX || count > in->len)
			return ERR_INVALID;
		for (size_t i = 0; i < count; i++)
			header.len = header.len << 8 | in->data[i];
		skip(in, count);
	}
	if (header.len > in->len)
		return ERR_INVALID;
	*out = header;
	return ERR_OK;
}

/* Identifier and minimal length in front of what was written from `begin` on. */
static enum err put_header(struct buf *out, size_t begin, uint8_t tag)
{
	size_t len = out->len - begin;
	uint8_t head[2 + sizeof(size_t)] = {tag};
	size_t used = 1;
	if (len < LENGTH_LONG) {
		head[used++] = (uint8_t)len;
	} else {
		size_t count = 1;
		while (count < sizeof(size_t) && len >> (8 * count) != 0)
			count++;
		head[used++] = (uint8_t)(LENGTH_LONG | count);
		for (size_t i = count; i > 0; i--)
			head[used++] = (uint8_t)(len >> (8 * (i - 1)));
	}
	return buf_insert(out, begin, head, used);
}

static enum err copy_element(struct bytes *in, struct buf *out, bool in_string, int depth);

/* The elements inside a constructed one; moves *in behind it, end-of-contents included. */
static enum err copy_children(struct bytes *in, const struct header *header, struct buf *out,
			      bool in_string, int depth)
{
	struct bytes rest = *in;
	if (!header->is_indefinite)
		rest.len = header->len;
	for (;;) {
		if (!header->is_indefinite && rest.len == 0)
			break;
		if (header->is_indefinite && rest.len >= 2 && rest.data[0] == 0 &&
		    rest.data[1] == 0) {
			skip(&rest, 2);
			break;
		}
		enum err e = copy_element(&rest, out, in_string, depth + 1);
		if (e != ERR_OK)
			return e;
	}
	skip(in, (size_t)(rest.data - in->data));
	return ERR_OK;
}

/* in_string: we are inside a constructed OCTET STRING, whose parts lose their headers. */
static enum err copy_element(struct bytes *in, struct buf *out, bool in_string, int depth)
{
	if (depth > BER_DEPTH_MAX)
		return ERR_INVALID;
	struct header header;
	enum err e = read_header(in, &header);
	if (e != ERR_OK)
		return e;
	bool is_string = (header.tag & ~TAG_CONSTRUCTED) == TAG_OCTET_STRING;
	if (header.tag == 0 || (in_string && !is_string))
		return ERR_INVALID; /* end-of-contents out of place; a stranger in a string */
	size_t begin = out->len;
	if ((header.tag & TAG_CONSTRUCTED) == 0) {
		e = buf_add(out, in->data, header.len);
		skip(in, header.len);
	} else {
		e = copy_children(in, &header, out, is_string, depth);
	}
	if (e != ERR_OK || in_string)
		return e;
	return put_header(out, begin, is_string ? TAG_OCTET_STRING : header.tag);
}

enum err ber_to_der(struct bytes ber, struct buf *out_der)
{
	size_t begin = out_der->len;
	struct bytes rest = ber;
	enum err e = copy_element(&rest, out_der, false, 1);
	if (e == ERR_OK && rest.len != 0)
		e = ERR_INVALID;
	if (e != ERR_OK)
		buf_cut(out_der, begin);
	return e;
}
