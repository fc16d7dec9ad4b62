/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_WIRE_H
#define CLIENT_AGENT_WIRE_H
#include "client/agent/store.h"
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * wire: the exchanges of the last dialogue that failed, as they went over the wire, until the next boot:
 *   RUN/wire/summary      when, which profile, and how it ended
 *   RUN/wire/01.exchange  url, status and content type; or why there was no reply
 *   RUN/wire/01.request   body of a POST, where there was one
 *   RUN/wire/01.reply
 * Best effort: a failure is logged at debug. What the replies hold is a server's, true or not.
 */
#define WIRE_FOLDER "wire"
#define WIRE_EXCHANGES_MAX 12        /* a dialogue with one url has four or five */
#define WIRE_BYTES_MAX (256 * 1024)  /* of all of them: run_dir is memory */

struct wire {
	struct wire_exchange {
		struct buf exchange, request, reply;
	} exchanges[WIRE_EXCHANGES_MAX];
	size_t count, bytes;
};

/** Zeroed is empty. What does not fit any more is left out. */
void wire_add(struct wire *wire, const struct scep_wire *exchange);
/** Replace what is kept of an earlier one. */
void wire_keep(const struct wire *wire, const struct store *store, const char *profile, const struct why *why);
void wire_clear(struct wire *wire);

#ifdef __cplusplus
}
#endif
#endif
