/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_WOLF_MEMORY_H
#define CLIENT_PKI_WOLF_MEMORY_H
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Whether wolfCrypt failed because it had no memory. A signature that could not be checked for want of memory is no forged
 * one, and a key that could not be read no damaged one: both have consequences. wolfCrypt's codes do not tell (5.5.4: some
 * functions answer any failure below them with a code of their own), so its allocations are watched.
 */

/** Forget what was, and watch from now on. Allocators that somebody else gave wolfCrypt stay in use. */
void wolf_memory_watch(void);
/** What a failure since then means: ERR_NO_MEMORY if an allocation failed, else `otherwise`. */
enum err wolf_memory_error(enum err otherwise);

#ifdef __cplusplus
}
#endif
#endif
