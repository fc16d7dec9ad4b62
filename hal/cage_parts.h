/* SPDX-License-Identifier: MIT */
#ifndef HAL_CAGE_PARTS_H
#define HAL_CAGE_PARTS_H
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Between the sources of hal/cage.h, in the order in which they are called. ERR_UNSUPPORTED: this kernel has it not. */

/** Make the list of files that may be read; *out_rules is a descriptor, to be closed by cage_files_enter(). */
enum err cage_files_open(int *out_rules) MUST_CHECK;
/** Another user, no capability. ERR_DENIED: the process stays the user that it is. */
enum err cage_user_enter(void) MUST_CHECK;
/** Needs no_new_privs, as the next. */
enum err cage_files_enter(int *rules) MUST_CHECK;
enum err cage_calls_enter(void) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
