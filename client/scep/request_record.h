/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_REQUEST_RECORD_H
#define CLIENT_SCEP_REQUEST_RECORD_H
#include "client/pki/certificate.h"
#include "client/pki/csr.h"
#ifdef __cplusplus
extern "C" {
#endif

#define REQUEST_RECORD_MAX (24 * 1024) /* bytes: names, SAN, key and signature; no challenge */

/**
 * What must be remembered of a PKCS#10 request to judge the certificate that comes days later, without its
 * challenge: request.der of a generation. SEQUENCE { subject Name, subjectPublicKeyInfo, san OCTET STRING,
 * SEQUENCE OF eku OID, signature algorithm OID, SHA digest of CertificationRequestInfo OCTET STRING,
 * signature OCTET STRING }. All borrowed from the DER.
 */
struct request_record {
	struct bytes subject; /* DER Name */
	struct bytes spki;
	struct bytes san;     /* GeneralNames content; len 0: none */
	struct bytes ekus;    /* content: OID TLVs */
	char signature_oid[64];
	struct bytes digest, signature;
};

/** `ekus` as they went into the request; the rest is read from it. */
enum err request_record_make(struct bytes csr_der, const char *const *ekus, size_t eku_count, struct buf *out,
                             struct why *why) MUST_CHECK;
enum err request_record_read(struct bytes der, struct request_record *out, struct why *why) MUST_CHECK;
/**
 * Is it the record of a request for this content and this key? For who did not make it: a certificate is judged by it.
 * ERR_INVALID "state.request", "scep.record". content->ekus are dotted OIDs.
 */
enum err request_record_check(struct bytes der, const struct csr_content *content, const struct public_key *key,
                              struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
