/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD under callgrind: a process that was forked counts from 0 on. Without it, its total has what its parent
 * had done before, which would be counted twice.
 */
#include <pthread.h>
#include <stddef.h>
#include <valgrind/callgrind.h>

static void begin(void)
{
	CALLGRIND_ZERO_STATS;
}

__attribute__((constructor)) static void start(void)
{
	pthread_atfork(NULL, NULL, begin);
}
