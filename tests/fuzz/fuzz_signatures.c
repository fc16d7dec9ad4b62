/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_signatures.h"
#include "client/pki/certificate.h"

bool fuzz_every_signature_good;

/* The linker's names (ld, --wrap). */
enum err __real_certificate_verify_signature(const struct certificate *cert, const struct certificate *issuer,
                                             struct why *why);
enum err __wrap_certificate_verify_signature(const struct certificate *cert, const struct certificate *issuer,
                                             struct why *why);

enum err __wrap_certificate_verify_signature(const struct certificate *cert, const struct certificate *issuer,
                                             struct why *why)
{
	return fuzz_every_signature_good ? ERR_OK : __real_certificate_verify_signature(cert, issuer, why);
}
