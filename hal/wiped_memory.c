/* SPDX-License-Identifier: MIT */
#include "hal/wiped_memory.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each block, and is as wide as malloc() aligns. */
union head {
	size_t size; /* bytes behind it */
	max_align_t alignment;
};

static unsigned failures;

unsigned wiped_failures(void) { return failures; }

static union head *head_of(void *block) { return (union head *)block - 1; }

void *wiped_malloc(size_t size)
{
	union head *head = size <= SIZE_MAX - sizeof *head ? malloc(sizeof *head + size) : NULL;
	if (head == NULL) {
		failures++;
		return NULL;
	}
	head->size = size;
	return head + 1;
}

void *wiped_calloc(size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		failures++;
		return NULL;
	}
	void *block = wiped_malloc(count * size);
	if (block != NULL)
		memset(block, 0, count * size);
	return block;
}

void *wiped_realloc(void *block, size_t size)
{
	void *grown = wiped_malloc(size);
	if (grown == NULL || block == NULL)
		return grown;
	size_t old = head_of(block)->size;
	memcpy(grown, block, old < size ? old : size);
	wiped_free(block);
	return grown;
}

char *wiped_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = wiped_malloc(size);
	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void wiped_free(void *block)
{
	if (block == NULL)
		return;
	union head *head = head_of(block);
	explicit_bzero(block, head->size);
	free(head);
}
