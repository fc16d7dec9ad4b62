/* SPDX-License-Identifier: MIT */
#include "client/pki/wolf_memory.h"
#include <stdbool.h>
#include <stdlib.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/memory.h>

static wolfSSL_Malloc_cb inner_malloc = malloc;
static wolfSSL_Realloc_cb inner_realloc = realloc;
static bool has_failed;
static unsigned failures;

static void note(const void *block)
{
	if (block != NULL)
		return;
	has_failed = true;
	failures++;
}

static void *watched_malloc(size_t size)
{
	void *block = inner_malloc(size);
	note(block);
	return block;
}

static void *watched_realloc(void *block, size_t size)
{
	void *grown = inner_realloc(block, size);
	note(grown);
	return grown;
}

void wolf_memory_watch(void)
{
	wolfSSL_Malloc_cb now_malloc = NULL;
	wolfSSL_Realloc_cb now_realloc = NULL;
	wolfSSL_Free_cb now_free = NULL;
	has_failed = false;
	if (wolfSSL_GetAllocators(&now_malloc, &now_free, &now_realloc) != 0 || now_malloc == watched_malloc)
		return;
	if (wolfSSL_SetAllocators(watched_malloc, now_free != NULL ? now_free : free, watched_realloc) != 0)
		return;
	inner_malloc = now_malloc != NULL ? now_malloc : malloc;
	inner_realloc = now_realloc != NULL ? now_realloc : realloc;
}

void wolf_memory_missed(void)
{
	failures++;
}

unsigned wolf_memory_failures(void)
{
	return failures;
}

enum err wolf_memory_error(enum err otherwise)
{
	return has_failed ? ERR_NO_MEMORY : otherwise;
}
