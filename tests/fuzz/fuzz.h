/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/pki/certificate.h"
#include "hal/log.h"

/* What every target shares: libFuzzer's entry points, a promise that stops the run, and files of the corpus. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_FILE_MAX 8192 /* bytes: the longest of ours is a list of three certificates */

/** A promise of the code under test. */
static inline void expect(int is_kept)
{
	if (!is_kept)
		__builtin_trap();
}

/** Nothing of what the target logs is read. */
static inline void ignore_log(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

/** A failure names code and sentence. */
static inline void expect_why(enum err e, const struct why *why)
{
	expect(e == ERR_OK || e == ERR_NO_MEMORY || (why->code[0] != '\0' && why->text[0] != '\0'));
}

/** The corpus is not as the target needs it. */
static inline void broken(const char *path)
{
	fprintf(stderr, "%s: cannot be used\n", path);
	abort();
}

/** A file below tests/data; it lives to the end. */
static inline struct bytes load(const char *path)
{
	uint8_t *data = malloc(FUZZ_FILE_MAX);
	FILE *f = fopen(path, "rb");
	if (data == NULL || f == NULL)
		broken(path);
	size_t len = fread(data, 1, FUZZ_FILE_MAX, f);
	fclose(f);
	return (struct bytes){ data, len };
}

static inline void load_certificate(const char *path, struct certificate *out)
{
	if (certificate_parse(load(path), out, NULL) != ERR_OK)
		broken(path);
}

static inline void load_into(const char *path, struct certificate_set *set)
{
	struct bytes der = load(path);
	if (certificate_set_add(set, der) != ERR_OK)
		broken(path);
	free((void *)der.data);
}

#endif
