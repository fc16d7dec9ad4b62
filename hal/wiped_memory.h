/* SPDX-License-Identifier: MIT */
#ifndef HAL_WIPED_MEMORY_H
#define HAL_WIPED_MEMORY_H
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

/*
 * malloc() and its family for a foreign library that copies our secrets and forgets to wipe them: what
 * is released here is overwritten first. A block of one family must not meet the other's free().
 */

void *wiped_malloc(size_t size);
void *wiped_calloc(size_t count, size_t size);
/** Always moves: the old block is wiped. NULL leaves it as it is. */
void *wiped_realloc(void *block, size_t size);
char *wiped_strdup(const char *text);
void wiped_free(void *block);
/** How many blocks were asked for in vain, in this process so far. */
unsigned wiped_failures(void);

#ifdef __cplusplus
}
#endif
#endif
