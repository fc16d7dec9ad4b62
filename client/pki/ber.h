/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_BER_H
#define CLIENT_PKI_BER_H
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BER_DEPTH_MAX 16 /* nested elements: a signed reply with certificates has 11 */

/**
 * One BER element (ITU-T X.690 section 8) with definite, minimal lengths, so that the DER reader
 * can read it.
 *
 * Indefinite lengths become definite, lengths minimal, and a constructed OCTET STRING one primitive
 * OCTET STRING. Nothing else is touched: values, order of SETs and everything that is DER already
 * stay byte for byte. A constructed [n] IMPLICIT OCTET STRING is not told from other constructed
 * elements; whoever reads it puts its parts together.
 *
 * ber      exactly one element; bytes behind it are ERR_INVALID.
 * out_der  appended to; bounded by its max. Untouched on failure.
 * ERR_INVALID: no BER, tags of more than one byte, or deeper than BER_DEPTH_MAX. ERR_TOO_BIG,
 * ERR_NO_MEMORY.
 */
enum err ber_to_der(struct bytes ber, struct buf *out_der) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
