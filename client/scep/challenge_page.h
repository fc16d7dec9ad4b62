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
 * of 8 to 128 hex digits without a blank (the thumbprint beside it has blanks). UTF-16LE with or without
 * byte-order mark, as NDES sends it, or UTF-8.
 *
 * out_challenge    appended to; secret. Nothing of the page but its title gets into a sentence.
 * ERR_DENIED       "challenge.cache_full", "challenge.no_permission": the page says so; "challenge.none": a page of NDES
 *                  that shows no challenge, in words we do not know. Do not ask again at once.
 * ERR_UNREACHABLE  "challenge.page": no page of NDES, or one with several candidates.
 */
enum err challenge_page_parse(struct bytes page, struct buf *out_challenge, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
