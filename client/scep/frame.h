/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_FRAME_H
#define CLIENT_SCEP_FRAME_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define FRAME_MAX (512 * 1024) /* bytes: the largest is a result of 16 and 8 certificates of 16 KiB */

/** Between worker and parent: one byte of kind, four of length (big-endian), payload. */
enum frame_kind {
	/* questions of the worker */
	FRAME_SIGN = 1, /* which key, hash, digest -> signature */
	FRAME_DECRYPT,  /* which key, block -> block */
	FRAME_STORE,    /* a struct scep_sent, or nothing for "a challenge page is about to be asked" */
	FRAME_RESULT,   /* error and why, or an answer; the last frame */
	FRAME_PROGRESS, /* step, result; not answered */
	FRAME_HINT,     /* enum scep_hint, value in two numbers, high half first; not answered */
	FRAME_WIRE,     /* a struct scep_wire; not answered */
	/* of the parent */
	FRAME_KEYS,     /* public halves of the two keys, once they are there; or an error */
	FRAME_ANSWER    /* error and why, or the bytes asked for */
};

enum err frame_send(int fd, enum frame_kind kind, struct bytes payload) MUST_CHECK;
/** Waits at most `wait_ms`. ERR_UNREACHABLE: nothing came, or the other end is gone; ERR_INVALID: not a frame. */
enum err frame_receive(int fd, int64_t wait_ms, enum frame_kind *out_kind, struct buf *out_payload) MUST_CHECK;

/** Payload parts: length-prefixed blobs, read back in order. */
enum err pack_blob(struct buf *out, struct bytes blob) MUST_CHECK;
enum err pack_number(struct buf *out, uint32_t value) MUST_CHECK;
enum err unpack_blob(struct bytes *in, struct bytes *out) MUST_CHECK;
enum err unpack_number(struct bytes *in, uint32_t *out) MUST_CHECK;
/** Blob as NUL-terminated text; a NUL inside or no room: ERR_INVALID. */
enum err unpack_text(struct bytes *in, char out[], size_t cap) MUST_CHECK;
/** An error and its sentence. unpack_outcome returns the transported error itself, *why filled. */
enum err pack_outcome(struct buf *out, enum err e, const struct why *why) MUST_CHECK;
enum err unpack_outcome(struct bytes *in, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
