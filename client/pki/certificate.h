/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CERTIFICATE_H
#define CLIENT_PKI_CERTIFICATE_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/der.h"
#include "hal/why.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CERTIFICATE_MAX (16 * 1024) /* bytes DER: the largest seen in the field is below 8 KiB */
#define CERTIFICATE_SET_MAX 16      /* certificates in one reply: NDES sends 3 to 6 */
#define CERTIFICATE_EKU_MAX 16
#define OID_EKU_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define OID_EKU_REQUEST_AGENT "1.3.6.1.4.1.311.20.2.1" /* Microsoft Certificate Request Agent */
#define OID_EKU_CMC_RA "1.3.6.1.5.5.7.3.28"            /* id-kp-cmcRA, RFC 6402 */

/* KeyUsage, RFC 5280 section 4.2.1.3: bit n of the BIT STRING is 1u << n here */
#define KEY_USAGE_DIGITAL_SIGNATURE (1u << 0)
#define KEY_USAGE_NON_REPUDIATION (1u << 1)
#define KEY_USAGE_KEY_ENCIPHERMENT (1u << 2)
#define KEY_USAGE_DATA_ENCIPHERMENT (1u << 3)
#define KEY_USAGE_KEY_AGREEMENT (1u << 4)
#define KEY_USAGE_KEY_CERT_SIGN (1u << 5)
#define KEY_USAGE_CRL_SIGN (1u << 6)

/** A parsed X.509 certificate. Every `struct bytes` borrows from the DER given to certificate_parse(). */
struct certificate {
	struct bytes der;
	struct bytes tbs;             /* whole TLV that is signed */
	struct bytes serial;          /* INTEGER content */
	struct bytes subject, issuer; /* whole Name TLVs */
	struct bytes spki;            /* whole SubjectPublicKeyInfo TLV */
	struct bytes san;             /* content of the SEQUENCE of GeneralNames; len 0: none */
	struct bytes crl_points, access; /* cRLDistributionPoints, authorityInfoAccess, not looked into; len 0: none */
	int64_t not_before, not_after; /* unix s */
	bool is_ca;                   /* basicConstraints cA TRUE */
	int path_len;                 /* -1: no limit */
	bool has_key_usage;
	unsigned key_usage;           /* KEY_USAGE_…; 0 when absent */
	bool has_eku;
	size_t eku_count;
	char eku[CERTIFICATE_EKU_MAX][DER_OID_TEXT_MAX]; /* dotted; Microsoft's own run to 75 characters */
	bool has_unknown_critical;    /* a critical extension that we do not know */
	char signature_oid[DER_OID_TEXT_MAX]; /* dotted signatureAlgorithm */
	struct bytes signature;       /* content of the BIT STRING without the count of unused bits */
};

/** Owned DER certificates, in the order they came. Zero-initialise. */
struct certificate_set {
	struct buf der[CERTIFICATE_SET_MAX];
	size_t count;
};

/** Parse one DER certificate (RFC 5280 section 4.1). Trailing bytes are ERR_INVALID. Checks no signature. */
enum err certificate_parse(struct bytes der, struct certificate *out, struct why *why) MUST_CHECK;
/** True when SHA-256 of two DER certificates would be equal: byte compare. */
bool certificate_equal(struct bytes a_der, struct bytes b_der);
bool certificate_has_eku(const struct certificate *cert, const char *dotted);
/** RSA public key of an SPKI TLV. ERR_UNSUPPORTED for other key types. */
enum err certificate_rsa_key(struct bytes spki, struct public_key *out) MUST_CHECK;
/** Does `issuer`'s key verify `cert`'s signature? RSA PKCS#1 v1.5 (1024 to 4096 bits)
 *  and ECDSA (P-256, P-384, P-521) with SHA-1 (allowed here: a root's own is not a proof), 256, 384, 512;
 *  never MD5. ERR_UNTRUSTED when not, whatever the reason. Names are not compared. */
enum err certificate_verify_signature(const struct certificate *cert, const struct certificate *issuer,
                                      struct why *why) MUST_CHECK;
/** Verify a detached RSASSA-PKCS1-v1_5 or ECDSA signature over `message` under an SPKI. ERR_UNTRUSTED. */
enum err certificate_verify_message(struct bytes spki, const char *signature_oid, struct bytes message,
                                    struct bytes signature, struct why *why) MUST_CHECK;

/** The same over a digest that was taken before: the proof of a new generation, whose request is no longer at hand. */
enum err certificate_verify_digest(struct bytes spki, const char *signature_oid, struct bytes digest,
                                   struct bytes signature, struct why *why) MUST_CHECK;

/** One certificate out of a .cer/.crt/.pem file: DER, or the first PEM CERTIFICATE block. */
enum err certificate_from_file(struct bytes file, struct buf *out_der, struct why *why) MUST_CHECK;
/** Append PEM of a DER certificate. */
enum err certificate_to_pem(struct bytes der, struct buf *out) MUST_CHECK;
/** Add every CERTIFICATE block of a PEM text to *out; none is ERR_INVALID. *out is untouched on failure. */
enum err certificate_set_from_pem(struct bytes pem, struct certificate_set *out, struct why *why) MUST_CHECK;
/** Add a copy; ERR_TOO_BIG beyond CERTIFICATE_SET_MAX; a certificate that is in already is success. */
enum err certificate_set_add(struct certificate_set *set, struct bytes der) MUST_CHECK;
void certificate_set_clear(struct certificate_set *set);

#ifdef __cplusplus
}
#endif
#endif
