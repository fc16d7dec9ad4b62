/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_REVOCATION_ASK_H
#define CLIENT_AGENT_REVOCATION_ASK_H
#include <stdint.h>
#include "client/pki/revocation_answer.h"
#include "client/pki/revocation_places.h"
#include "hal/http.h"
#ifdef __cplusplus
extern "C" {
#endif

struct revocation_job { /* all borrowed */
	const struct revocation_places *places;
	struct revocation_question question;
	const char *proxy;               /* as in struct http_request */
	struct bytes tls_ca;             /* likewise */
	int64_t timeout_ms;              /* for all places together */
	bool (*is_stopping)(void *ctx);  /* the host wants an end: "revocation.stopped". NULL allowed */
	void *ctx;
};

/**
 * Ask the places, one after the other, until one gives an answer that is believed and says something of the certificate. In a
 * forked child (hal/child.h), which hands back the fields of *out and nothing else: the parent reads no byte of a
 * server. Blocks up to the timeout, and ten seconds for the hash over a large list.
 *
 * http  http_exchange, or a test's.
 * ERR_OK: *out is filled, REVOCATION_UNKNOWN when all that answered know nothing of it. Else *out is untouched and *why
 * says what was wrong with the last: as crl_check(), ocsp_check(), http_exchange(); ERR_UNREACHABLE
 * "revocation.status", "revocation.worker", "revocation.cage", "revocation.stopped".
 */
enum err revocation_ask(const struct revocation_job *job, http_exchange_fn http, struct revocation_answer *out,
                        struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
