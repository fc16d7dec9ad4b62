/* SPDX-License-Identifier: MIT */
/*
 * One OpenSSL library context for ESYS, in the program only.
 *
 * ESYS of tpm2-tss 3 asks OpenSSL for a library context of its own for each hash, HMAC, cipher and random number, so that
 * no TPM provider of the default context is asked, and frees it again. Each new one reads in all algorithms: 36 of them
 * are two thirds of the instructions of an enrollment (tests/bench/compare). The program's functions come before
 * libcrypto's in the search for a symbol, so these two hand out the first context again and again: still not the default
 * one. Without libcrypto below ESYS nobody calls them. A PKCS#11 module may not do so to its host; and a program that has
 * libcrypto linked statically cannot (SIGNET_ONE_OPENSSL_CONTEXT=OFF).
 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define SEEN __attribute__((visibility("default"), used)) /* by the libraries, which link time optimisation does not see */

struct ossl_lib_ctx_st; /* <openssl/types.h>, which nothing else of signet needs */

SEEN struct ossl_lib_ctx_st *OSSL_LIB_CTX_new(void);
SEEN void OSSL_LIB_CTX_free(struct ossl_lib_ctx_st *context);

static struct ossl_lib_ctx_st *one; /* until the process ends; one thread does TPM work */

struct ossl_lib_ctx_st *OSSL_LIB_CTX_new(void)
{
	struct ossl_lib_ctx_st *(*make)(void);
	void *found = one == NULL ? dlsym(RTLD_NEXT, "OSSL_LIB_CTX_new") : NULL;
	if (found != NULL) {
		memcpy(&make, &found, sizeof make); /* POSIX: they are of one size */
		one = make();
	}
	return one;
}

/* Whoever calls it has the one: there is no other. */
void OSSL_LIB_CTX_free(struct ossl_lib_ctx_st *context)
{
	(void)context;
}
