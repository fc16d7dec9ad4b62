/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_WORKER_KEY_H
#define CLIENT_SCEP_WORKER_KEY_H
#include <stdbool.h>
#include "client/scep/frame.h"
#include "tpm/device_key.h"
#ifdef __cplusplus
extern "C" {
#endif

#define WORKER_KEY_WAIT_MS 330000 /* a slow TPM makes a key in up to 300 s */
#define WORKER_QUESTION_MS 60000  /* any other TPM command is done in 30 s */

enum worker_key_index { WORKER_REQUEST_KEY, WORKER_SIGNER_KEY, WORKER_KEY_COUNT };

/** The worker's end of the pipe. */
struct worker_link {
	int fd;
	bool has_keys; /* FRAME_KEYS has come */
	struct public_key keys[WORKER_KEY_COUNT];
};

struct worker_key { /* lives as long as the device_key over it */
	struct worker_link *link;
	enum worker_key_index index;
};

/** A device_key whose operations are questions to the parent. Waits for the keys at first use. */
struct device_key worker_key_open(struct worker_key *key);
/** Ask one question and wait for FRAME_ANSWER; its bytes are appended to *out (may be NULL). */
enum err worker_ask(struct worker_link *link, enum frame_kind kind, struct bytes question, struct buf *out,
                    struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
