/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/der_mutator.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "hal/der.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size); /* libFuzzer's own */

#define DEPTH_MAX 40           /* of elements: above every limit of ours, so that the limits are reached */
#define MESSAGE_MAX (1024 * 1024) /* bytes: libFuzzer's own largest input */
#define HEADER_MAX 6           /* tag, length of length, four bytes */

/* xorshift32: the same input and seed give the same mutation. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static size_t pick(uint32_t *state, size_t count)
{
	return next_random(state) % count;
}

/* ---- reading ---- */

/* Header of a definite element; false: none, or longer than what is there. */
static bool read_header(const uint8_t *data, size_t at, size_t end, struct der_node *out)
{
	if (end - at < 2 || (data[at] & 0x1f) == 0x1f)
		return false;
	size_t len = data[at + 1];
	size_t head = 2;
	if (len == 0x80 || len > 0x84)
		return false;
	if (len > 0x80) {
		size_t bytes = len & 0x7f;
		if (end - at < 2 + bytes)
			return false;
		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | data[at + 2 + i];
		head += bytes;
	}
	if (len > end - at - head)
		return false;
	*out = (struct der_node){ .start = at, .content = at + head, .end = at + head + len, .parent = -1 };
	return true;
}

static bool is_all_elements(const uint8_t *data, size_t at, size_t end)
{
	struct der_node node;
	while (at < end) {
		if (!read_header(data, at, end, &node))
			return false;
		at = node.end;
	}
	return true;
}

/* Where the elements inside begin; 0: it is a leaf. */
static size_t inside(const uint8_t *data, const struct der_node *node)
{
	uint8_t tag = data[node->start];
	if (node->content == node->end)
		return 0;
	if ((tag & 0x20) != 0)
		return node->content;
	if ((tag == DER_OCTET_STRING || tag == DER_CONTEXT(0)) && is_all_elements(data, node->content, node->end))
		return node->content;
	if (tag == DER_BIT_STRING && data[node->content] == 0 && node->end - node->content > 2 &&
	    is_all_elements(data, node->content + 1, node->end))
		return node->content + 1;
	return 0;
}

static void read_level(const uint8_t *data, size_t at, size_t end, int parent, unsigned depth, struct der_node *out,
                       size_t cap, size_t *count)
{
	while (at < end && *count < cap) {
		struct der_node node;
		if (!read_header(data, at, end, &node))
			return;
		node.parent = parent;
		int own = (int)*count;
		out[(*count)++] = node;
		size_t first = depth < DEPTH_MAX ? inside(data, &node) : 0;
		if (first != 0)
			read_level(data, first, node.end, own, depth + 1, out, cap, count);
		at = node.end;
	}
}

size_t der_nodes_read(const uint8_t *data, size_t size, struct der_node *out, size_t cap)
{
	size_t count = 0;
	read_level(data, 0, size, -1, 0, out, cap, &count);
	return count;
}

/* ---- writing ---- */

static size_t write_length(uint8_t *out, size_t len)
{
	if (len < 0x80) {
		out[0] = (uint8_t)len;
		return 1;
	}
	size_t bytes = len < 0x100 ? 1 : len < 0x10000 ? 2 : len < 0x1000000 ? 3 : 4;
	out[0] = (uint8_t)(0x80 | bytes);
	for (size_t i = 0; i < bytes; i++)
		out[1 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
	return 1 + bytes;
}

/* Bytes with room for a change. */
struct text {
	uint8_t *data;
	size_t size, cap;
};

/* Put `len` bytes in the place of [from, to). */
static bool splice(struct text *t, size_t from, size_t to, const uint8_t *bytes, size_t len)
{
	if (t->size - (to - from) + len > t->cap)
		return false;
	memmove(t->data + from + len, t->data + to, t->size - to);
	if (len > 0)
		memcpy(t->data + from, bytes, len);
	t->size = t->size - (to - from) + len;
	return true;
}

/* The lengths of what stands around a place that grew by `delta`, from the inside out. */
static bool repair(struct text *t, const struct der_node *nodes, int parent, long delta)
{
	for (int i = parent; i >= 0; i = nodes[i].parent) {
		uint8_t length[HEADER_MAX];
		size_t old = nodes[i].content - nodes[i].start - 1;
		size_t len = write_length(length, (size_t)((long)(nodes[i].end - nodes[i].content) + delta));
		if (!splice(t, nodes[i].start + 1, nodes[i].content, length, len))
			return false;
		delta += (long)len - (long)old;
	}
	return true;
}

static bool put(struct text *t, const struct der_node *nodes, int parent, size_t from, size_t to, const uint8_t *bytes,
                size_t len)
{
	return splice(t, from, to, bytes, len) && repair(t, nodes, parent, (long)len - (long)(to - from));
}

/* ---- one change each ---- */

/* What a reader may look for: put in the place of an element, or beside it. */
static const struct known {
	const char *bytes;
	size_t len;
} known[] = {
#define KNOWN(text) { text, sizeof(text) - 1 }
	KNOWN("\x05\x00"), /* NULL */
	KNOWN("\x30\x00"), KNOWN("\x31\x00"), KNOWN("\x04\x00"), KNOWN("\x02\x01\x00"), KNOWN("\x02\x01\xff"),
	KNOWN("\x01\x01\xff"), KNOWN("\x03\x01\x00"), KNOWN("\xa0\x00"), KNOWN("\x80\x00"), KNOWN("\x00\x00"),
	KNOWN("\x02\x05\x00\xff\xff\xff\xff"), KNOWN("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
	KNOWN("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), /* data, signedData, envelopedData */
	KNOWN("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), KNOWN("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"),
	KNOWN("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), KNOWN("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"), /* RSA, OAEP */
	KNOWN("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"), KNOWN("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03"), /* SHA-2 */
	KNOWN("\x06\x05\x2b\x0e\x03\x02\x1a"), /* SHA-1 */
	KNOWN("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), KNOWN("\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07"), /* AES-256, 3DES */
	KNOWN("\x06\x05\x2b\x0e\x03\x02\x07"), /* DES */
	KNOWN("\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x02"), KNOWN("\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x03"), /* SCEP */
	KNOWN("\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x04"), KNOWN("\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x05"),
	KNOWN("\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x06"), KNOWN("\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x07"),
	KNOWN("\x13\x01\x30"), KNOWN("\x13\x01\x32"), KNOWN("\x13\x01\x33"),
	KNOWN("\x06\x03\x55\x1d\x11"), KNOWN("\x06\x03\x55\x1d\x13"), KNOWN("\x06\x03\x55\x1d\x0f"), KNOWN("\x06\x03\x55\x1d\x25"),
	KNOWN("\x06\x03\x55\x1d\x1f"), KNOWN("\x06\x03\x55\x1d\x1c"), KNOWN("\x06\x03\x55\x1d\x1b"), KNOWN("\x06\x03\x55\x1d\x14"),
	KNOWN("\x17\x0d""260101000000Z"), KNOWN("\x18\x0f""99991231235959Z"), KNOWN("\x18\x0f""00000101000000Z"),
#undef KNOWN
};

static bool change_content(struct text *t, const struct der_node *nodes, size_t i)
{
	size_t len = nodes[i].end - nodes[i].content;
	size_t max = len + 64;
	uint8_t *content = malloc(max);
	if (content == NULL)
		return false;
	memcpy(content, t->data + nodes[i].content, len);
	size_t new_len = LLVMFuzzerMutate(content, len, max);
	struct der_node own[1] = { nodes[i] };
	uint8_t header[HEADER_MAX] = { t->data[nodes[i].start] };
	size_t header_len = 1 + write_length(header + 1, new_len);
	uint8_t *whole = realloc(content, header_len + new_len);
	if (whole == NULL) {
		free(content);
		return false;
	}
	memmove(whole + header_len, whole, new_len);
	memcpy(whole, header, header_len);
	bool done = put(t, nodes, own->parent, own->start, own->end, whole, header_len + new_len);
	free(whole);
	return done;
}

static bool change_tag(struct text *t, const struct der_node *nodes, size_t i, uint32_t *random)
{
	static const uint8_t tags[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e,
	                                0x24, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4 };
	t->data[nodes[i].start] = tags[pick(random, sizeof tags)];
	return true;
}

/* BER (X.690 section 8.1.3.6): an indefinite length, and the end of its content. */
static bool make_indefinite(struct text *t, const struct der_node *nodes, size_t i)
{
	static const uint8_t end[2] = { 0, 0 };
	static const uint8_t length[1] = { 0x80 };
	size_t old = nodes[i].content - nodes[i].start - 1;
	if ((t->data[nodes[i].start] & 0x20) == 0 || !splice(t, nodes[i].end, nodes[i].end, end, sizeof end))
		return false;
	return splice(t, nodes[i].start + 1, nodes[i].content, length, 1) &&
	       repair(t, nodes, nodes[i].parent, 3 - (long)old);
}

/* X.690 section 8.7.3: an OCTET STRING in one part. */
static bool make_constructed(struct text *t, const struct der_node *nodes, size_t i)
{
	size_t len = nodes[i].end - nodes[i].start;
	uint8_t header[HEADER_MAX] = { 0x24 };
	if (t->data[nodes[i].start] != DER_OCTET_STRING)
		return false;
	size_t header_len = 1 + write_length(header + 1, len);
	return put(t, nodes, nodes[i].parent, nodes[i].start, nodes[i].start, header, header_len);
}

static bool put_copy(struct text *t, const struct der_node *nodes, int parent, size_t from, size_t to,
                     const struct der_node *source)
{
	size_t len = source->end - source->start;
	uint8_t *copy = malloc(len + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, t->data + source->start, len);
	bool done = put(t, nodes, parent, from, to, copy, len);
	free(copy);
	return done;
}

static bool change_length(struct text *t, const struct der_node *nodes, size_t i, uint32_t *random)
{
	size_t at = nodes[i].start + 1 + pick(random, nodes[i].content - nodes[i].start - 1);
	t->data[at] = (uint8_t)next_random(random);
	return true;
}

static bool change(struct text *t, const struct der_node *nodes, size_t count, uint32_t *random)
{
	size_t i = pick(random, count);
	size_t other = pick(random, count);
	const struct known *k = &known[pick(random, sizeof known / sizeof known[0])];
	const struct der_node *n = &nodes[i];
	switch (pick(random, 16)) {
	case 0:
	case 1:
		return put(t, nodes, n->parent, n->start, n->end, NULL, 0);
	case 2:
	case 3:
		return put_copy(t, nodes, n->parent, n->end, n->end, n);
	case 4:
	case 5:
		return put_copy(t, nodes, n->parent, n->start, n->end, &nodes[other]);
	case 6:
		return put_copy(t, nodes, n->parent, n->start, n->start, &nodes[other]);
	case 7:
		return put(t, nodes, n->parent, n->start, n->end, (const uint8_t *)k->bytes, k->len);
	case 8:
		return put(t, nodes, n->parent, n->start, n->start, (const uint8_t *)k->bytes, k->len);
	case 9:
		return change_tag(t, nodes, i, random);
	case 10:
		return make_indefinite(t, nodes, i);
	case 11:
		return make_constructed(t, nodes, i);
	case 12:
		return change_length(t, nodes, i, random);
	default:
		return change_content(t, nodes, i);
	}
}

static struct der_node nodes[DER_NODES_MAX], others[DER_NODES_MAX];

/* Leaves are many: one that a reader stops at early would be changed seldom. So a level is picked first, half of the time. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint32_t random = seed * 2654435761u | 1;
	struct text t = { .size = size, .cap = max_size };
	size_t count = der_nodes_read(data, size, nodes, DER_NODES_MAX);
	if (count == 0 || pick(&random, 8) == 0 || max_size > MESSAGE_MAX)
		return LLVMFuzzerMutate(data, size, max_size);
	if (pick(&random, 2) == 0 && count > 24)
		count = 24;
	t.data = malloc(max_size);
	if (t.data == NULL)
		return size;
	memcpy(t.data, data, size);
	if (change(&t, nodes, count, &random) && t.size > 0) {
		size = t.size;
		memcpy(data, t.data, size);
		free(t.data);
		return size;
	}
	free(t.data);
	return LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned int seed)
{
	uint32_t random = seed * 2654435761u | 1;
	struct text t = { .data = out, .size = a_size, .cap = max_size };
	size_t count = der_nodes_read(a, a_size, nodes, DER_NODES_MAX);
	size_t other_count = der_nodes_read(b, b_size, others, DER_NODES_MAX);
	if (a_size > max_size)
		return 0;
	memcpy(out, a, a_size);
	if (count == 0 || other_count == 0)
		return a_size;
	const struct der_node *n = &nodes[pick(&random, count)];
	const struct der_node *from = &others[pick(&random, other_count)];
	/* like for like where there is some: a Name for a Name, an algorithm for an algorithm */
	for (size_t tries = 0; tries < 16 && b[from->start] != a[n->start]; tries++)
		from = &others[pick(&random, other_count)];
	if (put(&t, nodes, n->parent, n->start, n->end, b + from->start, from->end - from->start))
		return t.size;
	memcpy(out, a, a_size);
	return a_size;
}
