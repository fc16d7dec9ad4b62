/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CMS_ATTRIBUTES_H
#define CLIENT_PKI_CMS_ATTRIBUTES_H
#include <stdbool.h>
#include "hal/der.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/* RFC 5652 section 11 */
#define OID_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
/* RFC 8894 section 3.2.1, VeriSign's arc */
#define OID_MESSAGE_TYPE "2.16.840.1.113733.1.9.2"
#define OID_PKI_STATUS "2.16.840.1.113733.1.9.3"
#define OID_FAIL_INFO "2.16.840.1.113733.1.9.4"
#define OID_SENDER_NONCE "2.16.840.1.113733.1.9.5"
#define OID_RECIPIENT_NONCE "2.16.840.1.113733.1.9.6"
#define OID_TRANSACTION_ID "2.16.840.1.113733.1.9.7"
#define OID_FAIL_INFO_TEXT "1.3.6.1.5.5.7.24.1"	     /* RFC 8894 section 3.2.1.4.1 */
#define OID_MICROSOFT_STATUS "1.3.6.1.4.1.311.21.38" /* NDES, seen in its replies */

enum cms_attribute {
	CMS_CONTENT_TYPE,
	CMS_MESSAGE_DIGEST,
	CMS_MESSAGE_TYPE,
	CMS_PKI_STATUS,
	CMS_FAIL_INFO,
	CMS_RECIPIENT_NONCE,
	CMS_TRANSACTION_ID,
	CMS_FAIL_INFO_TEXT,
	CMS_MICROSOFT_STATUS,
	CMS_ATTRIBUTE_COUNT
};

/** The one value of each attribute that we know; `whole.len` is 0 for an absent one. Borrowed. */
struct cms_attributes {
	struct der_tlv value[CMS_ATTRIBUTE_COUNT];
};

/**
 * Read the content of signedAttrs (RFC 5652 section 5.3). Attributes that we do not know are passed
 * over. ERR_INVALID "scep.reply": does not parse, an attribute that we know comes twice or has not
 * one value.
 */
enum err cms_attributes_read(struct bytes attributes, struct cms_attributes *out,
			     struct why *why) MUST_CHECK;
bool cms_attribute_is_present(const struct cms_attributes *attributes, enum cms_attribute which);
/** ERR_INVALID "scep.reply" names the one that is missing. */
enum err cms_attribute_require(const struct cms_attributes *attributes, enum cms_attribute which,
			       struct why *why) MUST_CHECK;
/** For a sentence: "transactionID". */
const char *cms_attribute_name(enum cms_attribute which);
/** Is it a PrintableString (UTF8String, IA5String are let pass) of exactly these characters? */
bool cms_attribute_is_text(const struct cms_attributes *attributes, enum cms_attribute which,
			   const char *text);

#ifdef __cplusplus
}
#endif
#endif
