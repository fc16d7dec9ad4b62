/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_PROOF_H
#define CLIENT_PKI_PROOF_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Does an RSASSA-PKCS1-v1_5 signature over a digest verify under an RSA public key?
 * The proof of a new generation: a signature that the TPM made, under the key that the CA certified.
 *
 * signature_oid  sha1/256/384/512WithRSAEncryption, dotted (RFC 8017 appendix A.2.4).
 * ERR_UNTRUSTED  "key.proof": it does not. ERR_UNSUPPORTED: another algorithm or key type.
 */
enum err proof_verify(struct bytes spki, const char *signature_oid, struct bytes digest, struct bytes signature,
                      struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
