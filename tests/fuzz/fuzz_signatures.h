/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_SIGNATURES_H
#define TESTS_FUZZ_FUZZ_SIGNATURES_H
#include <stdbool.h>

/** certificate_verify_signature() as it is, or, while this is true, one to which every signature is good: that shows the
 * checks behind. For targets that have it replaced at link time (targets.txt). */
extern bool fuzz_every_signature_good;

#endif
