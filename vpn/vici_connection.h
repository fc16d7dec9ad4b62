/* SPDX-License-Identifier: MIT */
#ifndef VPN_VICI_CONNECTION_H
#define VPN_VICI_CONNECTION_H
#include "hal/buf.h"
#include "hal/why.h"
#include "vpn/vici_message.h"
#ifdef __cplusplus
extern "C" {
#endif

#define VICI_SETTINGS_MAX (16U * 1024U) /* bytes of one file; vpn_render() makes about 1 KiB */
#define VICI_TEXT_MAX 1024		/* bytes of one value, as vpn_settings.c allows */

/** What else the settings say that charon has to be told, or a sentence needs. */
struct vici_connection {
	char name[64];			    /* signet-PROFILE */
	char gateway[256];		    /* remote_addrs */
	char gateway_id[VICI_TEXT_MAX + 1]; /* remote.id */
	char local_id[VICI_TEXT_MAX + 1];   /* local.id */
	char handle[2 * 32 + 1]; /* CKA_ID of a key of the module in hex; "" for a key file */
	char module[32];	 /* "signet"; "" for a key file */
};

/**
 * Turn the text that vpn_render() made into the message of `load-conn`, as swanctl does it: lists
 * are cut at commas, `cacerts = FILE` becomes `trust` (DER). So charon is given by VICI what it
 * reads from the same file at its next start, and finds no difference.
 *
 * A reader of our own text and of nothing else: what vpn_render() never writes is refused.
 * The message is appended to *out (vici_out_init() before). ERR_INVALID "vpn.connection" names the
 * line; ERR_TOO_BIG, ERR_NO_MEMORY. On failure *out_connection is untouched, *out to be cleared.
 */
enum err vici_connection_read(struct bytes settings, struct bytes trust, struct vici_out *out,
			      struct vici_connection *out_connection, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
