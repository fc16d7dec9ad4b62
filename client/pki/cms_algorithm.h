/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_ALGORITHM_H
#define CLIENT_PKI_CMS_ALGORITHM_H
#include <stdbool.h>
#include "client/pki/cms.h"
#include "hal/der.h"
#ifdef __cplusplus
extern "C" {
#endif

#define OID_DATA "1.2.840.113549.1.7.1"		  /* RFC 5652 section 4 */
#define OID_SIGNED_DATA "1.2.840.113549.1.7.2"	  /* RFC 5652 section 5.1 */
#define OID_ENVELOPED_DATA "1.2.840.113549.1.7.3" /* RFC 5652 section 6.1 */
#define OID_RSA_ENCRYPTION "1.2.840.113549.1.1.1" /* RFC 3370 section 4.2.1 */
#define OID_RSAES_OAEP "1.2.840.113549.1.1.7"	  /* RFC 4055 section 4 */

/** AlgorithmIdentifier, RFC 5280 section 4.1.1.2. `parameters` is all zero when absent. Borrowed.
 */
struct cms_algorithm {
	char oid[DER_OID_TEXT_MAX];
	struct der_tlv parameters;
};

/** Take an AlgorithmIdentifier (tag SEQUENCE) from the front of *in. ERR_INVALID. */
enum err cms_algorithm_next(struct bytes *in, struct cms_algorithm *out) MUST_CHECK;
/** True when the parameters are absent or NULL. */
bool cms_algorithm_is_plain(const struct cms_algorithm *algorithm);

/** Name of an algorithm for a person; its dotted OID when we have no name. Borrowed from `oid`
 * then. */
const char *cms_algorithm_name(const char *oid);

const char *cms_digest_oid(enum key_hash hash);
/** False for a digest that we never accept. */
bool cms_digest_from_oid(const char *oid, enum key_hash *out);
/**
 * The signature algorithm (sha256WithRSAEncryption, ecdsa-with-SHA256...) that a SignerInfo means:
 * its signatureAlgorithm may name the key alone (RFC 3370 section 3.2) and then the digest is
 * `hash`. NULL when it is none of ours or names another digest than `hash`.
 */
const char *cms_signature_oid(const char *oid, enum key_hash hash);

const char *cms_cipher_oid(enum cms_cipher cipher);
/** False for a cipher that we never accept. */
bool cms_cipher_from_oid(const char *oid, enum cms_cipher *out);

#ifdef __cplusplus
}
#endif
#endif
