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
/**
 * What the outcome since then means: ERR_NO_MEMORY if an allocation failed, else `otherwise`, which may be ERR_OK: some
 * functions go on without the memory, and give a wrong number as if it were right.
 */
enum err wolf_memory_error(enum err otherwise);
/** A check of ours was not made for want of memory: for who counts. */
void wolf_memory_missed(void);
/** How many allocations of wolfCrypt have failed in this process since the first watch, and checks were missed: did one in
 * between? */
unsigned wolf_memory_failures(void);

#ifdef __cplusplus
}
#endif
#endif
