/* SPDX-License-Identifier: MIT */
#ifndef TPM_KEY_FILE_H
#define TPM_KEY_FILE_H
#include "hal/buf.h"
#include "hal/why.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define KEY_FILE_MAX (8 * 1024) /* bytes of key.der: an RSA-4096 blob is below 2 KiB */

/** key.der taken apart: "TSS2 PRIVATE KEY" (draft-bottomley-tpm2-keys section 3.1). Borrowed from
 * its bytes. */
struct key_file {
	uint32_t parent;	   /* persistent handle, 0x81000001 */
	struct bytes public_area;  /* TPM2B_PUBLIC */
	struct bytes private_area; /* TPM2B_PRIVATE */
};

/** Append the DER. Empty authorisation, no policy. */
enum err key_file_write(const struct key_file *file, struct buf *out) MUST_CHECK;
/** Anything but an own loadable key with empty authorisation is ERR_INVALID "tpm.key_file". */
enum err key_file_read(struct bytes der, struct key_file *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
