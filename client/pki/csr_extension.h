/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CSR_EXTENSION_H
#define CLIENT_PKI_CSR_EXTENSION_H
#include "client/pki/csr.h"
#include "hal/der.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What csr.c, signer_certificate.c and scep/request_record.c share; nobody else needs it. */

/** keyUsage, critical, of KEY_USAGE_ bits. */
void der_put_key_usage(struct der_out *out, unsigned key_usage);
/** The Extensions a request asks for, one after the other; nothing when none. ERR_INVALID names the
 * value. */
enum err csr_put_extensions(struct der_out *out, const struct csr_content *content,
			    struct why *why) MUST_CHECK;
/** One GeneralName (RFC 5280 section 4.2.1.6). ERR_INVALID names kind and value. */
enum err san_put(struct der_out *out, const struct san *san, struct why *why) MUST_CHECK;
/** SubjectPublicKeyInfo of the device's key. */
enum err der_put_spki(struct der_out *out, const struct device_key *key,
		      struct why *why) MUST_CHECK;
/**
 * SEQUENCE { what was written to *to_be_signed, signature algorithm, signature }, appended to
 * *out_der. One device_key_sign(). *to_be_signed stays the caller's.
 */
enum err signed_der_build(const struct der_out *to_be_signed, const struct device_key *key,
			  enum key_hash hash, struct buf *out_der, struct why *why) MUST_CHECK;
/** AlgorithmIdentifier of RSASSA-PKCS1-v1_5 with `hash` (RFC 8017 appendix A.2.4). */
void der_put_rsa_algorithm(struct der_out *out, enum key_hash hash);

#ifdef __cplusplus
}
#endif
#endif
