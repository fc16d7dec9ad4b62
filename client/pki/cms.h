/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_H
#define CLIENT_PKI_CMS_H
#include <stdbool.h>
#include "client/pki/certificate.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SCEP_NONCE_LEN 16      /* RFC 8894 section 3.2.1.5 */
#define SCEP_TRANSACTION_ID_MAX 72 /* characters with NUL: ours is 40 upper-case hex digits */

enum scep_message_type { /* RFC 8894 section 3.2.1.2 */
	SCEP_CERT_REP = 3,
	SCEP_RENEWAL_REQ = 17,
	SCEP_PKCS_REQ = 19,
	SCEP_CERT_POLL = 20
};
enum scep_status { SCEP_SUCCESS = 0, SCEP_FAILURE = 2, SCEP_PENDING = 3 }; /* section 3.2.1.3 */
enum cms_cipher { CMS_AES128, CMS_AES256, CMS_DES3, CMS_DES };

/** What may be weaker than the floor of SHA-256 and 3DES, by `allow_legacy`. */
struct cms_floor {
	bool allow_sha1, allow_des;
};

/** One pkiMessage to send (RFC 8894 section 3). All borrowed. */
struct cms_request {
	enum scep_message_type type;
	const char *transaction_id;
	uint8_t sender_nonce[SCEP_NONCE_LEN];
	struct bytes content;        /* CSR, or IssuerAndSubject for a poll */
	struct bytes recipient_der;  /* certificate we encrypt to, PKCS#1 v1.5 */
	enum cms_cipher cipher;
	enum key_hash digest;
	struct bytes signer_der;     /* our signer or old certificate */
	const struct device_key *key; /* of signer_der */
};

/**
 * Build SignedData(EnvelopedData(content)). One device_key_sign(). No signingTime.
 * out appended to, untouched on failure. ERR_INVALID "cms.signer": signer_der is not of this key, found before
 * anything is signed. ERR_UNSUPPORTED "scep.recipient": the recipient has no RSA key. Else the key's own errors.
 */
enum err cms_build_request(const struct cms_request *request, struct buf *out, struct why *why) MUST_CHECK;

/** A CertRep whose signature, digest and attributes have been checked. */
struct cms_reply {
	enum scep_status status;
	int fail_info;           /* 0..4; -1: none or unknown */
	char fail_info_raw[16];
	char fail_info_text[512]; /* RFC 8894 section 3.2.1.4.1; "" when absent */
	char microsoft_text[512]; /* 1.3.6.1.4.1.311.21.38; "" when absent */
	struct buf envelope;     /* ContentInfo of EnvelopedData; empty for FAILURE and PENDING */
};

/**
 * Check a CertRep (RFC 8894 section 3.3.2; BER accepted) and read its attributes.
 *
 * accepted   the certificates whose signature counts: the caller judged them against the pin.
 * others     all other certificates at hand, only to name a refused signer with its SHA-256; may be NULL.
 * Exactly one SignerInfo; the signer found by issuer and serial (or SKI) among `accepted`; contentType,
 * messageDigest; messageType 3; transactionID equal in full; recipientNonce 16 bytes and equal; status.
 * A digest below the floor: ERR_UNTRUSTED, code "scep.legacy_sha1", the sentence names allow_legacy = sha1.
 * ERR_UNTRUSTED "scep.signer": not signed by an accepted one: names the SHA-256 for ra_sha256 when known.
 * The floor is asked after the signature: only the server itself can talk anyone into allowing SHA-1.
 * ERR_UNTRUSTED "scep.signature": digest or signature wrong; "scep.algorithm": MD5, PSS... by name;
 * "scep.transaction_id", "scep.nonce": it answers another message.
 * ERR_INVALID "scep.reply", "cms.format": does not parse, an attribute missing, twice or of no known value.
 * *out is untouched on failure; released by cms_reply_clear().
 */
enum err cms_verify_reply(struct bytes message, const char *transaction_id,
                          const uint8_t nonce[SCEP_NONCE_LEN], const struct certificate_set *accepted,
                          const struct certificate_set *others, struct cms_floor floor, struct cms_reply *out,
                          struct why *why) MUST_CHECK;
void cms_reply_clear(struct cms_reply *reply);
/**
 * Open an EnvelopedData (PKCS#1 v1.5 or OAEP; AES-128/256-CBC, 3DES, DES by the floor): one
 * device_key_decrypt(). All padding failures read alike. recipient_der: our signer's certificate.
 * Code "scep.legacy_des" when the floor refuses, naming allow_legacy = des. ERR_INVALID "scep.envelope": for
 * another certificate, damaged, or undecryptable. A failing key's error and sentence are handed up as they are.
 * One call at a time in a process (client/pki/tpm_bridge.h). out appended to, untouched on failure; secret.
 */
enum err cms_open_envelope(struct bytes envelope, struct bytes recipient_der, const struct device_key *key,
                           struct cms_floor floor, struct buf *out, struct why *why) MUST_CHECK;
/**
 * Certificates of a certs-only SignedData (RFC 8894 section 3.4; BER accepted), signed or not, added to *out,
 * which is untouched on failure. One that does not parse is passed over with a warning in the log; none at all is
 * ERR_INVALID, more than CERTIFICATE_SET_MAX of either kind ERR_TOO_BIG. Nothing here is authenticated.
 */
enum err cms_certificates(struct bytes message, struct certificate_set *out, struct why *why) MUST_CHECK;
/**
 * The same of a certs-only SignedData inside a SignedData that one of `accepted` signed (RFC 8894 section 4.7.1). Errors of
 * the signature are those of cms_verify_reply(). Only the signature is judged: what the certificates are is the caller's.
 */
enum err cms_signed_certificates(struct bytes message, const struct certificate_set *accepted,
                                 const struct certificate_set *others, struct cms_floor floor,
                                 struct certificate_set *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
