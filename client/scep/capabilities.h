/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_CAPABILITIES_H
#define CLIENT_SCEP_CAPABILITIES_H
#include <stdbool.h>
#include "client/pki/cms.h"
#ifdef __cplusplus
extern "C" {
#endif

/** GetCACaps words (RFC 8894 section 3.5.2). Not authenticated: a hint, never an authority. */
struct scep_capabilities {
	bool is_known; /* the server said at least one word that we know */
	bool has_aes, has_des3, has_post, has_renewal, has_sha1, has_sha256, has_sha512, has_next_ca;
};

/** Parse a reply: CRLF or LF, any order and case, unknown words ignored; a web page has no words. */
struct scep_capabilities scep_capabilities_parse(struct bytes body);
/** POST unless the server told words and POST was not among them. */
bool scep_capabilities_post(const struct scep_capabilities *caps);
/** `auto`: AES-128 when told, else 3DES: the floor that every server has. */
enum cms_cipher scep_capabilities_cipher(const struct scep_capabilities *caps, struct cms_floor floor);
/** The wanted digest; SHA-1 only when the server told words without any SHA-2 and the floor allows it. */
enum key_hash scep_capabilities_digest(const struct scep_capabilities *caps, enum key_hash wanted,
                                       struct cms_floor floor);

#ifdef __cplusplus
}
#endif
#endif
