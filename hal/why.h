/* SPDX-License-Identifier: MIT */
#ifndef HAL_WHY_H
#define HAL_WHY_H
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * why: the sentence beside an enum err, for a technician.
 *
 * Whoever translates a failure of the outside world (TSS, libcurl, wolfSSL, a server's words) fills
 * it in once; everyone above hands it up untouched, and the top prints it. Plain data, owns nothing.
 * Zero-initialise. Every function here accepts NULL and then does nothing.
 */
struct why {
	char code[40];       /* stable word for scripts, "scep.challenge_refused"; "" when nothing was said */
	char text[640];      /* one sentence: the thing, the place, what was wrong */
	char next_step[320]; /* what a technician does next; "" when nothing is to be done */
};

/**
 * Set code and sentence, and forget the next step. Bytes from outside may be among the arguments,
 * and a code may come from a worker: both pass text_clean() (hal/text.h); text that does not fit is
 * cut at "...".
 * Returns `e`, so that `return why_set(why, ERR_INVALID, "x.y", "...")` reads as one thought.
 */
enum err why_set(struct why *why, enum err e, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/** Set the next step; same rules for bytes from outside. */
void why_next(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
