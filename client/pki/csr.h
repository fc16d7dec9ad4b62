/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CSR_H
#define CLIENT_PKI_CSR_H
#include "hal/buf.h"
#include "hal/why.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CSR_MAX (32 * 1024)            /* bytes: a challenge of 16 KiB and room for names */
#define CSR_CHALLENGE_MAX (16 * 1024)  /* bytes: Intune's is 5 to 8 KiB */

enum san_kind { SAN_DNS, SAN_UPN, SAN_EMAIL, SAN_IP, SAN_URI };
struct san {
	enum san_kind kind;
	const char *value; /* text as configured, already expanded; borrowed */
};

/** What goes into a PKCS#10 request (RFC 2986). All borrowed. */
struct csr_content {
	struct bytes subject;      /* DER Name */
	const struct san *sans;
	size_t san_count;          /* SAN is critical when the subject is empty (RFC 5280 4.2.1.6) */
	struct bytes raw_san;      /* content of GeneralNames taken over byte for byte (renewal); used when san_count is 0 */
	unsigned key_usage;        /* KEY_USAGE_… bits; 0: no extension */
	const char *const *ekus;   /* dotted OIDs */
	size_t eku_count;
	const char *template_name; /* 1.3.6.1.4.1.311.20.2 as BMPString; NULL or "": none */
	const struct buf *challenge; /* challengePassword (RFC 2985 5.4.1); NULL: none. PrintableString
	                                when it fits, else UTF8String */
};

/** Build and sign. One device_key_sign(). out_der appended to. ERR_INVALID names the SAN or EKU at fault. */
enum err csr_build(const struct csr_content *content, const struct device_key *key, enum key_hash hash,
                   struct buf *out_der, struct why *why) MUST_CHECK;
/**
 * The self-signed certificate that signs a first request (RFC 8894 section 2.3): subject as given (an
 * empty one becomes CN=signet-XXXXXXXX, random), random 16-byte serial, 2020-01-01 to 2049-12-31,
 * keyUsage digitalSignature + keyEncipherment. One device_key_sign().
 */
enum err signer_certificate_build(struct bytes subject, const struct device_key *key, enum key_hash hash,
                                  struct buf *out_der, struct why *why) MUST_CHECK;
/** SubjectPublicKeyInfo of an RSA key (RFC 3279 section 2.3.1), appended. */
enum err spki_build(const struct public_key *key, struct buf *out_der) MUST_CHECK;
/**
 * Proof: does the request's own signature verify under the issued certificate's key (and is that key the
 * request's)? ERR_UNTRUSTED. Also hands out the parts a later check needs, borrowed from csr_der; may be NULL.
 */
enum err csr_verify_under(struct bytes csr_der, struct bytes spki, struct why *why) MUST_CHECK;
/** GeneralNames content of the request's SAN extension and its subject, borrowed. len 0: none. */
enum err csr_read(struct bytes csr_der, struct bytes *out_subject, struct bytes *out_san, struct bytes *out_spki,
                  struct why *why) MUST_CHECK;
/** EKU word of the configuration (clientAuth, serverAuth, emailProtection, ipsecIKE) or dotted OID -> dotted OID.
 *  NULL when neither. */
const char *eku_oid(const char *word);

#ifdef __cplusplus
}
#endif
#endif
