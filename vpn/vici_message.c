/* SPDX-License-Identifier: MIT */
#include "vpn/vici_message.h"
#include <string.h>

enum element {
	SECTION_START = 1,
	SECTION_END = 2,
	KEY_VALUE = 3,
	LIST_START = 4,
	LIST_ITEM = 5,
	LIST_END = 6
};

/* Writing */

void vici_out_init(struct vici_out *out)
{
	*out = (struct vici_out){.err = ERR_OK};
	buf_init(&out->bytes, VICI_PACKET_MAX);
}

static void put_bytes(struct vici_out *out, const void *bytes, size_t len)
{
	if (out->err == ERR_OK)
		out->err = buf_add(&out->bytes, bytes, len);
}

static void put_byte(struct vici_out *out, unsigned byte)
{
	uint8_t one = (uint8_t)byte;
	put_bytes(out, &one, 1);
}

static void put_name(struct vici_out *out, enum element element, const char *name)
{
	size_t len = strlen(name);
	if (out->is_in_list || len == 0 || len > VICI_NAME_MAX) {
		out->err = out->err == ERR_OK ? ERR_BUG : out->err;
		return;
	}
	put_byte(out, element);
	put_byte(out, (unsigned)len);
	put_bytes(out, name, len);
}

static void put_value(struct vici_out *out, struct bytes value)
{
	if (value.len > VICI_VALUE_MAX) {
		out->err = out->err == ERR_OK ? ERR_TOO_BIG : out->err;
		return;
	}
	put_byte(out, (unsigned)(value.len >> 8));
	put_byte(out, (unsigned)(value.len & 0xff));
	if (value.len > 0)
		put_bytes(out, value.data, value.len);
}

void vici_put(struct vici_out *out, const char *name, struct bytes value)
{
	put_name(out, KEY_VALUE, name);
	put_value(out, value);
}

void vici_put_text(struct vici_out *out, const char *name, const char *value)
{
	vici_put(out, name, (struct bytes){(const uint8_t *)value, strlen(value)});
}

void vici_begin(struct vici_out *out, const char *name)
{
	put_name(out, SECTION_START, name);
	if (++out->depth > VICI_DEPTH_MAX && out->err == ERR_OK)
		out->err = ERR_BUG;
}

void vici_end(struct vici_out *out)
{
	if (out->is_in_list || out->depth == 0) {
		out->err = out->err == ERR_OK ? ERR_BUG : out->err;
		return;
	}
	out->depth--;
	put_byte(out, SECTION_END);
}

void vici_begin_list(struct vici_out *out, const char *name)
{
	put_name(out, LIST_START, name);
	out->is_in_list = true;
}

void vici_put_item(struct vici_out *out, struct bytes value)
{
	if (!out->is_in_list && out->err == ERR_OK)
		out->err = ERR_BUG;
	put_byte(out, LIST_ITEM);
	put_value(out, value);
}

void vici_end_list(struct vici_out *out)
{
	if (!out->is_in_list && out->err == ERR_OK)
		out->err = ERR_BUG;
	out->is_in_list = false;
	put_byte(out, LIST_END);
}

enum err vici_finish(const struct vici_out *out, struct bytes *out_message)
{
	if (out->err != ERR_OK)
		return out->err;
	if (out->depth != 0 || out->is_in_list)
		return ERR_BUG;
	*out_message = buf_bytes(&out->bytes);
	return ERR_OK;
}

void vici_out_clear(struct vici_out *out)
{
	if (out == NULL)
		return;
	buf_clear(&out->bytes);
	out->depth = 0;
	out->is_in_list = false;
	out->err = ERR_OK;
}

/* Packets */

static bool has_name(unsigned type)
{
	return type == VICI_CMD_REQUEST || type == VICI_EVENT_REGISTER ||
	       type == VICI_EVENT_UNREGISTER || type == VICI_EVENT;
}

enum err vici_packet_head(enum vici_packet_type type, const char *name, size_t message_len,
			  struct buf *out)
{
	uint8_t head[6 + VICI_NAME_MAX];
	size_t name_len = strlen(name), len = 4;
	if (name_len > VICI_NAME_MAX || (name_len > 0) != has_name(type))
		return ERR_BUG;
	size_t body = 1 + (name_len > 0 ? 1 + name_len : 0);
	if (message_len > VICI_PACKET_MAX - body)
		return ERR_TOO_BIG;
	body += message_len;
	for (unsigned i = 0; i < 4; i++)
		head[i] = (uint8_t)(body >> (24 - 8 * i));
	head[len++] = (uint8_t)type;
	if (name_len > 0) {
		head[len++] = (uint8_t)name_len;
		memcpy(head + len, name, name_len);
		len += name_len;
	}
	return buf_add(out, head, len);
}

/* Reading. Every function moves *in on success only. */

static bool take_byte(struct bytes *in, unsigned *out)
{
	if (in->len == 0)
		return false;
	*out = *in->data;
	*in = (struct bytes){in->data + 1, in->len - 1};
	return true;
}

static bool take_bytes(struct bytes *in, size_t len, struct bytes *out)
{
	if (in->len < len)
		return false;
	*out = (struct bytes){in->data, len};
	*in = (struct bytes){in->data + len, in->len - len};
	return true;
}

static bool take_name(struct bytes *in, char out[VICI_NAME_MAX + 1])
{
	struct bytes left = *in, name;
	unsigned len;
	if (!take_byte(&left, &len) || len == 0 || !take_bytes(&left, len, &name) ||
	    memchr(name.data, '\0', len) != NULL)
		return false;
	memcpy(out, name.data, len);
	out[len] = '\0';
	*in = left;
	return true;
}

static bool take_value(struct bytes *in, struct bytes *out)
{
	struct bytes left = *in;
	unsigned high, low;
	if (!take_byte(&left, &high) || !take_byte(&left, &low) ||
	    !take_bytes(&left, (size_t)high << 8 | low, out))
		return false;
	*in = left;
	return true;
}

struct reading {
	struct bytes left;
	unsigned depth;
	bool is_in_list;
	char name[VICI_NAME_MAX + 1]; /* of the last element that has one */
	struct bytes value;	      /* of the last element that has one */
};

/* One element; false when it is none, or not here. */
static bool step(struct reading *r, unsigned *out_element)
{
	if (!take_byte(&r->left, out_element))
		return false;
	if (r->is_in_list && *out_element != LIST_ITEM && *out_element != LIST_END)
		return false;
	switch (*out_element) {
	case SECTION_START:
		return ++r->depth <= VICI_DEPTH_MAX && take_name(&r->left, r->name);
	case SECTION_END:
		return r->depth > 0 && r->depth-- > 0;
	case KEY_VALUE:
		return take_name(&r->left, r->name) && take_value(&r->left, &r->value);
	case LIST_START:
		r->is_in_list = true;
		return take_name(&r->left, r->name);
	case LIST_ITEM:
		return r->is_in_list && take_value(&r->left, &r->value);
	case LIST_END:
		if (!r->is_in_list)
			return false;
		r->is_in_list = false;
		return true;
	}
	return false;
}

enum err vici_check(struct bytes message)
{
	struct reading r = {.left = message};
	unsigned element;
	while (r.left.len > 0)
		if (!step(&r, &element))
			return ERR_INVALID;
	return r.depth == 0 && !r.is_in_list ? ERR_OK : ERR_INVALID;
}

enum err vici_packet_read(struct bytes packet, struct vici_packet *out)
{
	char name[VICI_NAME_MAX + 1] = "";
	unsigned type;
	if (!take_byte(&packet, &type) || type > VICI_EVENT ||
	    (has_name(type) && !take_name(&packet, name)))
		return ERR_INVALID;
	enum err e = vici_check(packet);
	if (e != ERR_OK)
		return e;
	out->type = (enum vici_packet_type)type;
	memcpy(out->name, name, sizeof name);
	out->message = packet;
	return ERR_OK;
}

bool vici_next(struct bytes *message, struct vici_part *out)
{
	struct reading r = {.left = *message};
	unsigned element;
	if (!step(&r, &element))
		return false;
	struct vici_part part = {.content = r.value};
	memcpy(part.name, r.name, sizeof part.name);
	if (element == KEY_VALUE) {
		part.kind = VICI_VALUE;
	} else if (element == SECTION_START || element == LIST_START) {
		part.kind = element == SECTION_START ? VICI_SECTION : VICI_LIST;
		part.content = r.left;
		while (r.depth > 0 || r.is_in_list) {
			part.content.len = (size_t)(r.left.data - part.content.data);
			if (!step(&r, &element))
				return false;
		}
	} else {
		return false;
	}
	*out = part;
	*message = r.left;
	return true;
}

bool vici_next_item(struct bytes *list, struct bytes *out)
{
	struct bytes left = *list;
	unsigned element;
	if (!take_byte(&left, &element) || element != LIST_ITEM || !take_value(&left, out))
		return false;
	*list = left;
	return true;
}

bool vici_find(struct bytes message, enum vici_kind kind, const char *name, struct bytes *out)
{
	struct vici_part part;
	while (vici_next(&message, &part))
		if (part.kind == kind && strcmp(part.name, name) == 0) {
			*out = part.content;
			return true;
		}
	return false;
}

void vici_text(struct bytes message, const char *name, char out[], size_t cap)
{
	struct bytes value;
	size_t len = 0;
	if (vici_find(message, VICI_VALUE, name, &value))
		for (; len < value.len && len + 1 < cap; len++)
			out[len] = value.data[len] < 0x20 || value.data[len] == 0x7f
				       ? '?'
				       : (char)value.data[len];
	out[len] = '\0';
}

unsigned vici_number(struct bytes message, const char *name)
{
	struct bytes value;
	unsigned number = 0;
	if (!vici_find(message, VICI_VALUE, name, &value) || value.len == 0 ||
	    value.len > 9) /* digits of what always fits 32 bits but the last billions */
		return 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return 0;
		number = number * 10 + (unsigned)(value.data[i] - '0');
	}
	return number;
}

bool vici_is(struct bytes value, const char *text)
{
	size_t len = strlen(text);
	return value.len == len && (len == 0 || memcmp(value.data, text, len) == 0);
}

bool vici_has_item(struct bytes message, const char *name, const char *text)
{
	struct bytes list, item;
	if (!vici_find(message, VICI_LIST, name, &list))
		return false;
	while (vici_next_item(&list, &item))
		if (vici_is(item, text))
			return true;
	return false;
}
