/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_PARSE_H
#define CLIENT_PKI_CMS_PARSE_H
#include <stdbool.h>
#include "client/pki/cms_algorithm.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CMS_MESSAGE_MAX (256 * 1024) /* bytes: the largest HTTP body */

/** SignedData, RFC 5652 section 5.1. Borrowed. */
struct cms_signed_data {
	uint32_t version;
	struct bytes digest_algorithms; /* content of the SET */
	bool has_content;
	struct bytes content;	   /* of the eContent OCTET STRING */
	struct bytes certificates; /* content of [0]: CertificateChoices; len 0: none */
	struct bytes signer_infos; /* content of the SET */
};

/** SignerInfo, RFC 5652 section 5.3. Borrowed. */
struct cms_signer_info {
	uint32_t version;
	struct der_tlv identifier;
	struct cms_algorithm digest;
	bool has_attributes;
	struct bytes attributes; /* content of [0] signedAttrs, in the order received */
	struct cms_algorithm signature_algorithm;
	struct bytes signature;
};

/**
 * Open a ContentInfo (RFC 5652 section 3; BER accepted) of type `oid`.
 *
 * out_der      initialised here and filled with the message as DER; the caller clears it, after
 * failure as well. out_content  the content inside [0], borrowed from *out_der. ERR_INVALID, code
 * "cms.format": no such ContentInfo; the sentence says what came instead.
 */
enum err cms_content_info(struct bytes message, const char *oid, struct buf *out_der,
			  struct bytes *out_content, struct why *why) MUST_CHECK;
/** Read the SignedData that cms_content_info() gave. ERR_INVALID. */
enum err cms_signed_data_read(struct bytes content, struct cms_signed_data *out,
			      struct why *why) MUST_CHECK;
/**
 * Read the only SignerInfo; none, or more than one, is ERR_UNTRUSTED "scep.signer". Version numbers
 * and the set of digest algorithms must fit it (RFC 5652 sections 5.1, 5.3): nothing signs them, so
 * a change must show elsewhere.
 */
enum err cms_signer_info_read(const struct cms_signed_data *data, struct cms_signer_info *out,
			      struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
