/* SPDX-License-Identifier: MIT */
#ifndef TPM_NEXT_STEP_H
#define TPM_NEXT_STEP_H
#include "hal/why.h"

/**
 * next_step: what a technician does next, in the program; nothing in the PKCS#11 module. Its
 * warnings tell what failed, signet tells what to do, and the module is to be small.
 */
#ifdef SIGNET_WITHOUT_NEXT_STEPS
#define NEXT_STEP(why, ...) ((void)(why))
#define NEXT_STEP_TEXT(words) ""
#define NEXT_STEP_MAX 1
#else
#define NEXT_STEP(why, ...) why_next(why, __VA_ARGS__)
#define NEXT_STEP_TEXT(words) words
#define NEXT_STEP_MAX 120 /* characters of a text in a table, with the NUL */
#endif

#endif
