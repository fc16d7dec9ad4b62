/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/pki/certificate.h"
#include "hal/log.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What every target shares: libFuzzer's entry points, promises that stop the run, and files of the corpus. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A promise of the code under test: the run stops with this input when it is broken. */
void fuzz_expect(bool is_kept);
/** A failure names code and sentence. */
void fuzz_expect_why(enum err e, const struct why *why);
/** A sink for hal/log.h: nothing of what the target logs is read. */
void fuzz_ignore_log(enum log_level level, const char *line);

/** A whole file of at most 8 KiB; the caller frees .data. These four end the program where the corpus is not as it must be. */
struct bytes fuzz_load(const char *path);
/** *out borrows from memory that stays to the end. */
void fuzz_load_certificate(const char *path, struct certificate *out);
void fuzz_load_into(const char *path, struct certificate_set *set);
void fuzz_broken(const char *path);

#ifdef __cplusplus
}
#endif
#endif
