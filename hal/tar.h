/* SPDX-License-Identifier: MIT */
#ifndef HAL_TAR_H
#define HAL_TAR_H
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

#define TAR_NAME_MAX 99 /* bytes: a longer one needs the prefix field, which nothing of ours does */

/**
 * Append one regular file to an archive in the ustar format (IEEE Std 1003.1, pax): mode 0600, owner 0. An archive is its
 * members, and tar_end(). modified: unix s, 0 and above. ERR_INVALID: an empty or absolute name, or one with "..";
 * ERR_TOO_BIG: the name, or out->max. *out is untouched on failure.
 */
enum err tar_add(struct buf *out, const char *name, struct bytes content, int64_t modified) MUST_CHECK;
/** Append the end: two blocks of zeros. */
enum err tar_end(struct buf *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
