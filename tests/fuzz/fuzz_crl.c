/* SPDX-License-Identifier: MIT */
/* A revocation list, an OCSP answer, and the extensions that say where they are: all that an unauthenticated server and
 * a proxy can put before the check for revocation. What is believed must carry the signature of the corpus' CA, so it
 * is one of the corpus' own files. Corpus: tests/data/revocation. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/pki/crl.h"
#include "client/pki/ocsp.h"
#include "client/pki/revocation_places.h"

#define NOW 1795400000 /* within the validity of the corpus */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct certificate cert, issuer;

static void load(const char *path, struct certificate *out)
{
	static uint8_t files[2][4096];
	static size_t count;
	uint8_t *file = files[count++];
	FILE *f = fopen(path, "rb");
	size_t len = f != NULL ? fread(file, 1, sizeof files[0], f) : 0;
	if (f != NULL)
		fclose(f);
	if (certificate_parse((struct bytes){ file, len }, out, NULL) != ERR_OK)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	load(TEST_DATA "/revocation/leaf.der", &cert);
	load(TEST_DATA "/revocation/ca.der", &issuer);
	return 0;
}

static void check(enum err e, const struct why *why, const struct revocation_answer *answer)
{
	if (e != ERR_OK && (why->code[0] == '\0' || why->text[0] == '\0' || answer->next_update != 0))
		__builtin_trap();
	if (e == ERR_OK && answer->next_update < NOW)
		__builtin_trap();
}

static void read_places(struct bytes in)
{
	struct certificate other = cert;
	struct revocation_places places;
	other.crl_points = in;
	other.access = in;
	revocation_places_read(&other, &places);
	if (places.count > REVOCATION_PLACES_MAX)
		__builtin_trap();
	for (size_t i = 0; i < places.count; i++)
		if (memchr(places.urls[i], '\0', REVOCATION_URL_MAX) == NULL)
			__builtin_trap();
	(void)revocation_places_name(&other, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes in = { data, size };
	const struct revocation_question question = { &cert, &issuer, NOW, true };
	struct revocation_answer answer = { .next_update = 0 };
	struct why why = { .code = "" };
	check(crl_check(in, &question, &answer, &why), &why, &answer);
	answer = (struct revocation_answer){ .next_update = 0 };
	why = (struct why){ .code = "" };
	check(ocsp_check(in, &question, &answer, &why), &why, &answer);
	read_places(in);
	return 0;
}
