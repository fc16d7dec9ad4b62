/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#define FILE_LEN_MAX 8192 /* bytes: the longest of ours is a list of three certificates */

void fuzz_expect(bool is_kept)
{
	if (!is_kept)
		__builtin_trap();
}

void fuzz_expect_why(enum err e, const struct why *why)
{
	fuzz_expect(e == ERR_OK || e == ERR_NO_MEMORY || (why->code[0] != '\0' && why->text[0] != '\0'));
}

void fuzz_ignore_log(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

void fuzz_broken(const char *path)
{
	fprintf(stderr, "%s: cannot be used\n", path);
	abort();
}

struct bytes fuzz_load(const char *path)
{
	uint8_t *data = malloc(FILE_LEN_MAX);
	FILE *f = fopen(path, "rb");
	if (data == NULL || f == NULL)
		fuzz_broken(path);
	size_t len = fread(data, 1, FILE_LEN_MAX, f);
	fclose(f);
	return (struct bytes){ data, len };
}

void fuzz_load_certificate(const char *path, struct certificate *out)
{
	if (certificate_parse(fuzz_load(path), out, NULL) != ERR_OK)
		fuzz_broken(path);
}

void fuzz_load_into(const char *path, struct certificate_set *set)
{
	struct bytes der = fuzz_load(path);
	if (certificate_set_add(set, der) != ERR_OK)
		fuzz_broken(path);
	free((void *)der.data);
}
