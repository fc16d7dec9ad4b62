/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PKI_EXTENSION_H
#define CLIENT_PKI_EXTENSION_H
#include <stdbool.h>
#include "hal/der.h"
#ifdef __cplusplus
extern "C" {
#endif

#define EXTENSION_MAX 64 /* extensions of one certificate, list or entry: Microsoft's have about 10 */

/** One Extension (RFC 5280 section 4.1). Borrows from what it was read from. */
struct extension {
	struct der_tlv id;
	bool is_critical;
	struct bytes value; /* content of the OCTET STRING */
};

/**
 * Read Extensions: one SEQUENCE, nothing behind it, each OID at most once (section 4.2). `each` is called in their
 * order; what it returns but ERR_OK ends the walk and is returned. ERR_INVALID: no such SEQUENCE.
 */
enum err extensions_read(struct bytes der, enum err (*each)(const struct extension *extension, void *ctx), void *ctx)
	MUST_CHECK;
/** Content of a BOOLEAN, whatever its tag: X.690 section 11.1, TRUE is FF. ERR_INVALID. */
enum err extension_bool(const struct der_tlv *tlv, bool *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
