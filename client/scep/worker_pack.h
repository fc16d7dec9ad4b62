/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_WORKER_PACK_H
#define CLIENT_SCEP_WORKER_PACK_H
#include "client/scep/frame.h"
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/** How a request and an answer cross the pipe between worker and parent. */
enum err pack_sent(struct buf *out, const struct scep_sent *sent) MUST_CHECK;
/** Bounds are those of struct scep_sent. *out must be initialised; cleared on failure. */
enum err unpack_sent(struct bytes in, struct scep_sent *out) MUST_CHECK;
enum err pack_answer(struct buf *out, const struct scep_answer *answer) MUST_CHECK;
/** *out must be zeroed; cleared on failure. */
enum err unpack_answer(struct bytes in, struct scep_answer *out) MUST_CHECK;

enum err pack_wire(struct buf *out, const struct scep_wire *wire) MUST_CHECK;
/** Borrows from `in`. No part is longer than SCEP_WIRE_MAX. */
enum err unpack_wire(struct bytes in, struct scep_wire *out) MUST_CHECK;

/** A set of certificates; DER is not looked at. unpack: ERR_INVALID beyond `max`; what came before stays in *out. */
enum err pack_certificates(struct buf *out, const struct certificate_set *set) MUST_CHECK;
enum err unpack_certificates(struct bytes *in, size_t max, struct certificate_set *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
