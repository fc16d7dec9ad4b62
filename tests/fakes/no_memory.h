/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAKES_NO_MEMORY_H
#define TESTS_FAKES_NO_MEMORY_H
#ifdef __cplusplus
extern "C" {
#endif

/**
 * no_memory: the n-th allocation of our own code from now on fails; 0: none. Also wolfCrypt's, where wolf_memory_watch()
 * was called before, since it takes our malloc then. Linked with --wrap, so libraries else and the test's own C++ are left
 * alone. Counts down, and stays at 0 once it has failed.
 */
extern unsigned no_memory_in;

#ifdef __cplusplus
}
#include <functional>
#include "CppUTest/TestHarness.h"
#include "hal/err.h"

#define ALLOCATIONS_MAX 5000 /* of one piece of work: far above what any makes */

/** Let each allocation of `work`, or each `step`-th, fail once, until it needs no more: each time `check` gets what it
 * answered. */
inline void no_memory_each(const std::function<enum err()> &work, const std::function<void(enum err)> &check,
			   unsigned step = 1)
{
	bool has_failed = true;
	unsigned n = 1;
	for (; has_failed && n < ALLOCATIONS_MAX; n += step) {
		no_memory_in = n;
		enum err e = work();
		has_failed = no_memory_in == 0;
		no_memory_in = 0;
		check(e);
	}
	CHECK_TEXT(n > 2 && n < ALLOCATIONS_MAX, "it allocates nothing, or never ends");
}
#endif
#endif
