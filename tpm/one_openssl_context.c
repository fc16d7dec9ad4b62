/* SPDX-License-Identifier: MIT */
/*
 * One OpenSSL library context for ESYS, in the program only.
 *
 * ESYS of tpm2-tss 3 asks OpenSSL for a library context of its own for each hash, HMAC, cipher and random number, so that
 * no TPM provider of the default context is asked, and frees it again. Each new one reads in all algorithms: 36 of them
 * are two thirds of the instructions of an enrollment (tests/bench/compare). The program's functions come before
 * libcrypto's in the search for a symbol, so these two hand out ESYS's first context again and again: still not the
 * default one. Whoever else asks, a provider in the worker say, gets what libcrypto makes. A PKCS#11 module may not do
 * this to its host; and a program that has libcrypto linked statically cannot (SIGNET_ONE_OPENSSL_CONTEXT=OFF).
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SEEN __attribute__((visibility("default"), used)) /* by libraries, which link time optimisation does not see */

struct ossl_lib_ctx_st; /* <openssl/types.h>, which nothing else of signet needs */

SEEN struct ossl_lib_ctx_st *OSSL_LIB_CTX_new(void);
SEEN void OSSL_LIB_CTX_free(struct ossl_lib_ctx_st *context);

static struct ossl_lib_ctx_st *one; /* until the process ends; one thread does TPM work */

static struct ossl_lib_ctx_st *make(void)
{
	struct ossl_lib_ctx_st *(*real)(void);
	void *found = dlsym(RTLD_NEXT, "OSSL_LIB_CTX_new");
	if (found == NULL)
		return NULL;
	memcpy(&real, &found, sizeof real); /* POSIX: they are of one size */
	return real();
}

static bool is_esys(const void *caller)
{
	Dl_info info;
	return dladdr(caller, &info) != 0 && info.dli_fname != NULL && strstr(info.dli_fname, "/libtss2-esys.so") != NULL;
}

struct ossl_lib_ctx_st *OSSL_LIB_CTX_new(void)
{
	if (!is_esys(__builtin_return_address(0)))
		return make();
	if (one == NULL)
		one = make();
	return one;
}

void OSSL_LIB_CTX_free(struct ossl_lib_ctx_st *context)
{
	void (*real)(struct ossl_lib_ctx_st *);
	void *found = context != one ? dlsym(RTLD_NEXT, "OSSL_LIB_CTX_free") : NULL;
	if (found == NULL)
		return;
	memcpy(&real, &found, sizeof real);
	real(context);
}
