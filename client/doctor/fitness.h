/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DOCTOR_FITNESS_H
#define CLIENT_DOCTOR_FITNESS_H
#include "client/pki/certificate.h"
#include "client/pki/csr.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What a certificate is good for. Pure; an extension that is absent forbids nothing (RFC
 * 5280 4.2.1.3, 4.2.1.12). */

/** May its key sign, as TLS 1.2, 1.3 and IKEv2 need it? */
bool fitness_can_sign(const struct certificate *cert);
/** Extended key usage of an EAP-TLS client: clientAuth or anyExtendedKeyUsage (RFC 5216
 * section 5.3). */
bool fitness_is_client(const struct certificate *cert);
/** Of an IKE peer: what RFC 4945 section 5.1.3.12 and gateways in the field take: clientAuth,
 * ipsecIKE, iKEIntermediate, any. */
bool fitness_is_ike(const struct certificate *cert);
/** Is `name`, a host name or an address of e-mail, among its subjectAltNames, or `name` a DN and
 * its subject? */
bool fitness_has_name(const struct certificate *cert, const char *name);
/** The first of the wanted names that it does not have; NULL: it has all. Borrowed. */
const struct san *fitness_missing_name(const struct certificate *cert, const struct san *wanted,
				       size_t count);

#ifdef __cplusplus
}
#endif
#endif
