/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_CHALLENGE_PAGE_H
#define CLIENT_SCEP_CHALLENGE_PAGE_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Find the enrollment challenge in the page of mscep_admin, whatever its language: the one bold text
 * of 8 to 64 hex digits without a blank (the thumbprint beside it has blanks). UTF-16LE without
 * byte-order mark, as NDES sends it, or UTF-8.
 *
 * out_challenge   appended to; secret.
 * ERR_DENIED      "challenge.cache_full", "challenge.no_permission": the page says so. Do not ask again at once.
 * ERR_UNREACHABLE "challenge.page": none or more than one candidate: no page of NDES, ask another time.
 */
enum err challenge_page_parse(struct bytes page, struct buf *out_challenge, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
