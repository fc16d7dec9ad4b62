/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_REVOCATION_PLACES_H
#define CLIENT_PKI_REVOCATION_PLACES_H
#include "client/pki/certificate.h"
#ifdef __cplusplus
extern "C" {
#endif

#define REVOCATION_PLACES_MAX 4 /* addresses asked: two servers, by two names each */
#define REVOCATION_URL_MAX 512  /* bytes with NUL */

/** Where a certificate says that it can be asked whether it is revoked. Plain data. */
struct revocation_places {
	char urls[REVOCATION_PLACES_MAX][REVOCATION_URL_MAX]; /* http:// or https:// */
	size_t count;
	bool is_ocsp; /* else lists; OCSP only where no list is named */
};

/**
 * Out of cRLDistributionPoints, else authorityInfoAccess (RFC 5280 sections 4.2.1.13, 4.2.2.1). Other schemes (ldap:),
 * points for some reasons only and lists of another issuer are left out; so is what does not parse, and what is beyond
 * the limits.
 */
void revocation_places_read(const struct certificate *cert, struct revocation_places *out);
/** Is this GeneralName (whole TLV) the name of a distribution point of the certificate that could be asked? */
bool revocation_places_name(const struct certificate *cert, struct bytes general_name);

#ifdef __cplusplus
}
#endif
#endif
