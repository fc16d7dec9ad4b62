/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_WORKER_H
#define CLIENT_SCEP_WORKER_H
#include "client/scep/scep.h"
#ifdef __cplusplus
extern "C" {
#endif

/** What the parent does for its worker. Runs in the parent only. */
struct worker_host {
	/**
	 * Make or load the keys; called once, while the worker already talks to the server: secrets of the job may go now. *out_signer_key may
	 * be left zeroed: the request's key signs the messages too. Both are closed by worker_run().
	 */
	enum err (*open_keys)(void *ctx, struct device_key *out_request_key, struct device_key *out_signer_key,
	                      struct why *why);
	enum err (*store)(void *ctx, const struct scep_sent *sent, struct why *why);
	void (*progress)(void *ctx, const char *step, const char *result);  /* NULL allowed */
	void (*hint)(void *ctx, enum scep_hint hint, int64_t value);         /* NULL allowed; the range is checked */
	void (*wire)(void *ctx, const struct scep_wire *wire); /* NULL allowed; made up by the worker, as the others are */
	bool (*is_stopping)(void *ctx); /* asked twice a second: the child is ended, "worker.stopped". NULL allowed */
	void *ctx;
};

/**
 * Run scep_dialogue() in a forked child that has sockets and one pipe, and no key, no disk and no TPM of its
 * own; serve its questions. Same outputs and errors as scep_dialogue(), and ERR_UNREACHABLE "worker.…" when the child
 * died. Blocks at most the job's timeout after the keys are open, and a little.
 */
enum err worker_run(const struct scep_job *job, http_exchange_fn http, const struct worker_host *host,
                    struct scep_answer *out, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
