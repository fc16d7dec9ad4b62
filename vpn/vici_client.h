/* SPDX-License-Identifier: MIT */
#ifndef VPN_VICI_CLIENT_H
#define VPN_VICI_CLIENT_H
#include <stdint.h>
#include "hal/buf.h"
#include "hal/why.h"
#include "vpn/vici_message.h"
#ifdef __cplusplus
extern "C" {
#endif

#define VICI_EVENTS_MAX                                                                            \
	10000 /* events before one answer, or in one wait: a gateway's list-certs has hundreds */

/**
 * One conversation with charon over its socket. Nothing here waits beyond `deadline_ms`.
 *
 * Errors of all calls: ERR_IO "vpn.control" with a sentence (charon does not answer in time, closed
 * the socket, or broke the protocol; the conversation is of no more use), ERR_NO_MEMORY.
 */
struct vici_client {
	int fd;		     /* -1: closed */
	const char *path;    /* borrowed: the socket, for sentences */
	int64_t deadline_ms; /* clock_boot_ms() */
	struct buf packet;   /* the last one, with its length of 4 bytes; wiped */
	/* Events, also those that come while an answer is awaited. Borrowed until it returns; it
	 * must not call the client. NULL: dropped. */
	void (*on_event)(void *ctx, const char *name, struct bytes message);
	void *ctx;
};

/**
 * Connect. ERR_NOT_FOUND "vpn.absent": nobody listens there. *out is closed then, else to be closed
 * by vici_close(). `path` is borrowed for the client's life.
 */
enum err vici_open(const char *path, int64_t deadline_ms, struct vici_client *out,
		   struct why *why) MUST_CHECK;
/** NULL-safe, callable twice. */
void vici_close(struct vici_client *client);
/**
 * Ask and wait for the answer, which is borrowed until the next call.
 * ERR_UNSUPPORTED "vpn.version": this charon has no such command.
 */
enum err vici_ask(struct vici_client *client, const char *command, struct bytes message,
		  struct bytes *out_answer, struct why *why) MUST_CHECK;
/** Have events of this name come (`is_wanted`) or no more. ERR_UNSUPPORTED "vpn.version": no such.
 */
enum err vici_listen(struct vici_client *client, const char *event, bool is_wanted,
		     struct why *why) MUST_CHECK;
/** Wait for one event, at most `ms`. ERR_AGAIN: none came; says nothing. */
enum err vici_wait(struct vici_client *client, int ms, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
