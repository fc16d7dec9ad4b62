/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_PEM_H
#define CLIENT_PKI_PEM_H
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Take the next "-----BEGIN label-----" block of a text (RFC 7468) and move *text behind it.
 * Whatever stands before it is passed over. Blocks with headers ("Proc-Type:") are ERR_INVALID.
 *
 * out_der  appended to; secret when the block is. Untouched on failure, and so is *text.
 * ERR_NOT_FOUND: no such block; ERR_INVALID: its end or its base64 is wrong; ERR_TOO_BIG:
 * out_der->max.
 */
enum err pem_next(struct bytes *text, const char *label, struct buf *out_der) MUST_CHECK;
/** Append DER as a PEM block: lines of 64 characters, "\n". */
enum err pem_add(const char *label, struct bytes der, struct buf *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
