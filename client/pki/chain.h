/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_CHAIN_H
#define CLIENT_PKI_CHAIN_H
#include "client/pki/certificate.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CHAIN_MAX 8 /* certificates from leaf to root: deeper is no company's PKI */

/**
 * Path from `leaf` to a self-signed certificate of `anchors`, through `pool` and the other anchors
 * (RFC 5280 section 6.1: signatures, dates at `now`, cA, keyCertSign where a keyUsage is, pathLen, unknown
 * critical extensions, names). The pool is not trusted: order and strangers in it do not matter.
 *
 * now         unix s; certificates of the path must be valid then.
 * out_path    the issuers in order, leaf and root left out; may be NULL. Untouched on failure.
 * ERR_UNTRUSTED  no path; the sentence names the first missing link or the failed check.
 */
enum err chain_build(struct bytes leaf_der, const struct certificate_set *pool,
                     const struct certificate_set *anchors, int64_t now, struct certificate_set *out_path,
                     struct why *why) MUST_CHECK;
/**
 * May this certificate be installed as an anchor or intermediate? cA TRUE, keyCertSign when a keyUsage is
 * there, valid at now, self-signed with a good signature, or issued by one of `installed`.
 */
enum err chain_check_ca(struct bytes der, const struct certificate_set *installed, int64_t now,
                        struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
