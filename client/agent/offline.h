/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_OFFLINE_H
#define CLIENT_AGENT_OFFLINE_H
#include "client/agent/pass.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * offline: a certificate for a device without a network. Its request goes out on a stick, what was issued comes back on one.
 *
 * The generation of such a request stands beside what SCEP does, and nobody waits for it: a technician who never comes
 * back must not keep a device from renewing. The certificate that comes first, whichever way, is used; one that the
 * present certificate is newer than is refused. The request is agent_csr()'s.
 */

/**
 * Judge the certificate of such a request as SCEP's are judged (issued.h), and let it become current. The trust profiles
 * are installed. file: what certificate_bundle.h reads; intermediates that are no trust profile are taken from it.
 * ERR_NOT_FOUND "import.no_request". ERR_UNTRUSTED "scep.issued_…": nothing has changed.
 */
enum err offline_import(struct pass *pass, const struct scep_profile *profile, struct bytes file,
                        struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
