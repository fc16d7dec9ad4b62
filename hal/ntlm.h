/* SPDX-License-Identifier: MIT */
#ifndef HAL_NTLM_H
#define HAL_NTLM_H
#include <stdbool.h>
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Whether a header line of a reply is an NTLM challenge that must not be answered (MS-NLMP section 2.2.1.2).
 *
 * libcurl answers a challenge that carries target information by NTLMv2, and any other by NTLMv1 and LM, from which
 * whoever sent the challenge computes the password's hash within hours. So a challenge counts only when it carries
 * that information; one that does not parse is refused too.
 *
 * line  a whole line "WWW-Authenticate: NTLM TlRM...", borrowed, no NUL needed; lines of other headers, and
 *       "NTLM" alone, which only offers the scheme, are false.
 */
bool ntlm_is_weak(const char *line, size_t len);

#ifdef __cplusplus
}
#endif
#endif
