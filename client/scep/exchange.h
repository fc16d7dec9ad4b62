/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_EXCHANGE_H
#define CLIENT_SCEP_EXCHANGE_H
#include "client/scep/capabilities.h"
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/** The HTTP side of RFC 8894 section 4: one function an operation, all within one deadline. */
struct exchange {
	const struct scep_ports *ports; /* http and hint */
	const struct scep_server *server;
	int64_t deadline_ms; /* clock_boot_ms() */
};

/** GetCACaps. A server that has none, or breaks the connection, has no capabilities: ERR_OK. ERR_UNREACHABLE
 *  only when it cannot be connected to. */
enum err exchange_capabilities(const struct exchange *x, const char *url, struct scep_capabilities *out,
                               struct why *why) MUST_CHECK;
/** GetCACert: one DER certificate or a certs-only SignedData, whatever the content type says. */
enum err exchange_ca_certificates(const struct exchange *x, const char *url, const char *identifier,
                                  struct certificate_set *out, struct why *why) MUST_CHECK;
/** GetNextCACert (section 4.7), within a quarter of the time that is left. Appends the reply's body, which is to be verified. */
enum err exchange_next_ca(const struct exchange *x, const char *url, const char *identifier, struct buf *out,
                          struct why *why) MUST_CHECK;
/** PKIOperation by POST, or by GET with message= when the server has no POST. Appends the reply's body. */
enum err exchange_message(const struct exchange *x, const char *url, bool use_post, struct bytes message,
                          struct buf *out, struct why *why) MUST_CHECK;
/** The challenge page, behind a login (hal/http.h) where user is not NULL. Appends its body, which holds a secret.
 *  ERR_DENIED "challenge.login", "challenge.login_clear", "challenge.login_kind", "challenge.account": no way in. */
enum err exchange_page(const struct exchange *x, const char *url, const char *user, const struct buf *password,
                       struct buf *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
