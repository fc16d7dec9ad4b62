/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_ISSUED_H
#define CLIENT_SCEP_ISSUED_H
#include "client/scep/request_record.h"
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/** A certificate that passed every check, and its issuers without the root. Released by issued_clear(). */
struct issued {
	struct buf leaf;
	struct certificate_set path;
};

/**
 * Judge what a CA issued, before anything of it touches the disk. Picked by public key, never by
 * position. Checks: the request's own signature verifies under it; no CA; its dates; chain to the pin; the EKUs
 * asked for; subject (RFC 5280 section 7.1) and SAN (a superset) as asked unless `subject_exact` is false; on renewal
 * (old_der.len > 0) another serial and other bytes than before.
 * ERR_UNTRUSTED with codes "scep.issued_…": exit 18, nothing is to be installed.
 */
enum err issued_judge(const struct scep_server *server, const struct request_record *record, bool subject_exact,
                      struct bytes old_der, const struct certificate_set *certificates, struct issued *out,
                      struct why *why) MUST_CHECK;
void issued_clear(struct issued *issued);

#ifdef __cplusplus
}
#endif
#endif
