/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_RA_H
#define CLIENT_SCEP_RA_H
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Who of the server's certificates counts. Zero-initialise; released by ra_choice_clear(). */
struct ra_choice {
	struct certificate_set accepted; /* may sign a CertRep */
	struct buf recipient;            /* we encrypt to this one */
	struct buf issuing;              /* the issuing CA that acts now */
};

/**
 * Judge what GetCACert offered against the pin (the rule stands in the README, "Whom signet believes").
 * Accepted: the issuing CA itself, byte for byte; a certificate that is no CA, issued directly by it, valid,
 * with the EKU Certificate Request Agent or id-kp-cmcRA; one whose SHA-256 is in ra_sha256 and that chains to the pin.
 * The issuing CA is the one with ca_sha256, else the lowest certificate of the profile's trust chain; with
 * server->has_rollover also one that it announced (the last server->announced_count of the anchors), and, without
 * ca_sha256, one the server offers that has the same subject; each must be a CA, be valid and chain to the pin. What acts
 * for any of them is accepted; `issuing` is the CA of the recipient.
 * ERR_UNTRUSTED "scep.ra": nobody is accepted; the sentence prints the SHA-256 for ra_sha256. "scep.ra_expired": the server
 * has registration authorities and none of them is valid now.
 */
enum err ra_choose(const struct scep_server *server, const struct certificate_set *offered, struct ra_choice *out,
                   struct why *why) MUST_CHECK;
void ra_choice_clear(struct ra_choice *choice);
/** The moment `cert` is checked at: server->now; with an untrusted clock moved into its validity and that of the anchors
 *  (clock_within): such a clock must not refuse "not yet valid", nor conclude "expired" above its floor. Other
 *  certificates of a server move nothing. */
int64_t ra_check_time(const struct scep_server *server, const struct certificate *cert);

#ifdef __cplusplus
}
#endif
#endif
