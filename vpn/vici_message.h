/* SPDX-License-Identifier: MIT */
#ifndef VPN_VICI_MESSAGE_H
#define VPN_VICI_MESSAGE_H
#include <stdbool.h>
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Packets and messages of charon's control interface, as strongSwan 5.9's
 * src/libcharon/plugins/vici/README.md describes them. Pure: bytes in, bytes out.
 *
 * A packet is a length of 4 bytes (not counting itself), a type, for some types a name, and a
 * message: sections, lists and values, each with a name of at most 255 bytes, values of at most
 * 65535.
 */

#define VICI_PACKET_MAX                                                                            \
	(128U * 1024U)	  /* bytes behind the length: charon's own limit is 512 KiB, what we ask   \
			     for is a tenth of ours */
#define VICI_DEPTH_MAX 8  /* sections within sections: load-conn and list-sa need 4 */
#define VICI_NAME_MAX 255 /* bytes of a name: its length is one byte */
#define VICI_VALUE_MAX 65535 /* bytes of a value: its length is two */

enum vici_packet_type {
	VICI_CMD_REQUEST = 0,
	VICI_CMD_RESPONSE = 1,
	VICI_CMD_UNKNOWN = 2,
	VICI_EVENT_REGISTER = 3,
	VICI_EVENT_UNREGISTER = 4,
	VICI_EVENT_CONFIRM = 5,
	VICI_EVENT_UNKNOWN = 6,
	VICI_EVENT = 7
};

struct vici_packet {
	enum vici_packet_type type;
	char name[VICI_NAME_MAX + 1]; /* "" where the type has none */
	struct bytes message;	      /* borrowed from the packet; checked by vici_check() */
};

/**
 * Writer of a message with a sticky error: write everything, look once at the end.
 * bytes.data may hold a private key: vici_out_clear() wipes.
 */
struct vici_out {
	struct buf bytes; /* the message so far */
	enum err err;	  /* ERR_BUG: not balanced, or a name or value too long; ERR_TOO_BIG,
			     ERR_NO_MEMORY */
	unsigned depth;
	bool is_in_list;
};

void vici_out_init(struct vici_out *out);
void vici_put(struct vici_out *out, const char *name, struct bytes value);
void vici_put_text(struct vici_out *out, const char *name, const char *value);
void vici_begin(struct vici_out *out, const char *name);
void vici_end(struct vici_out *out);
void vici_begin_list(struct vici_out *out, const char *name);
void vici_put_item(struct vici_out *out, struct bytes value);
void vici_end_list(struct vici_out *out);
/** ERR_OK and the message, borrowed until the next call; or the sticky error. */
enum err vici_finish(const struct vici_out *out, struct bytes *out_message) MUST_CHECK;
/** Wipe and release. NULL-safe, callable twice. */
void vici_out_clear(struct vici_out *out);

/**
 * Append the head of a packet with its length: the message follows it. `name` is "" for types
 * without one. ERR_TOO_BIG above VICI_PACKET_MAX, ERR_BUG for a name that is too long.
 */
enum err vici_packet_head(enum vici_packet_type type, const char *name, size_t message_len,
			  struct buf *out) MUST_CHECK;
/**
 * Read what stands behind the length. ERR_INVALID: an unknown type, a name that is cut off, is
 * empty or has a NUL, a message that vici_check() refuses. *out is written on ERR_OK only.
 */
enum err vici_packet_read(struct bytes packet, struct vici_packet *out) MUST_CHECK;
/**
 * Is it a whole message: known elements, balanced, nothing cut off, sections no deeper than
 * VICI_DEPTH_MAX, in lists items only, no NUL in a name? ERR_INVALID.
 */
enum err vici_check(struct bytes message) MUST_CHECK;

enum vici_kind { VICI_SECTION, VICI_VALUE, VICI_LIST };

/** A section, value or list at the top of a message; `content` is itself what stands in it. */
struct vici_part {
	enum vici_kind kind;
	char name[VICI_NAME_MAX + 1];
	struct bytes content; /* borrowed: a message, a value, or items */
};

/**
 * Take the next part from the front of a message that vici_check() accepted. False at its end (and
 * for bytes that are no such message: nothing is read beyond them).
 */
bool vici_next(struct bytes *message, struct vici_part *out);
/** Take the next item from the content of a list. */
bool vici_next_item(struct bytes *list, struct bytes *out);
/** The first part of this kind and name at the top of `message`. */
bool vici_find(struct bytes message, enum vici_kind kind, const char *name, struct bytes *out);
/** A value as text, cut to cap-1 bytes, control characters as '?'; "" when it is not there. */
void vici_text(struct bytes message, const char *name, char out[], size_t cap);
/** A decimal value; 0 when it is not there or is none. */
unsigned vici_number(struct bytes message, const char *name);
bool vici_is(struct bytes value, const char *text);
/** Does the list `name` at the top of `message` hold `text`? */
bool vici_has_item(struct bytes message, const char *name, const char *text);

#ifdef __cplusplus
}
#endif
#endif
