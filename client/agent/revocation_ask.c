/* SPDX-License-Identifier: MIT */
#include "client/agent/revocation_ask.h"
#include <errno.h>
#include <string.h>
#include "client/pki/crl.h"
#include "client/pki/ocsp.h"
#include "client/scep/frame.h"
#include "hal/child.h"
#include "hal/clock.h"
#include "hal/log.h"

#define SLACK_MS 10000 /* beyond the job's timeout: a slow processor reads and hashes CRL_MAX */

/* ---- the child ---- */

struct asker {
	const struct revocation_job *job;
	http_exchange_fn http;
};

static enum err ask_place(const struct asker *a, const char *url, int64_t left_ms, struct revocation_answer *out,
                          struct why *why)
{
	const struct revocation_job *job = a->job;
	const struct revocation_question *question = &job->question;
	struct http_reply reply = { .status = 0 };
	struct why own = { .code = "" };
	struct buf body;
	buf_init(&body, OCSP_REQUEST_MAX);
	enum err e = job->places->is_ocsp ? ocsp_request_build(question, &body, why) : ERR_OK;
	const struct bytes post = buf_bytes(&body);
	const struct http_request request = { .url = url,
		                              .body = job->places->is_ocsp ? &post : NULL,
		                              .content_type = job->places->is_ocsp ? OCSP_REQUEST_TYPE : NULL,
		                              .proxy = job->proxy,
		                              .ca = job->tls_ca,
		                              .timeout_ms = left_ms > 0 ? left_ms : 1,
		                              .body_max = job->places->is_ocsp ? 0 : CRL_MAX };
	if (e == ERR_OK)
		e = a->http(&request, &reply, why);
	if (e != ERR_OK)
		goto out;
	struct bytes der = buf_bytes(&reply.body);
	if (reply.status != 200)
		e = why_set(&own, ERR_UNREACHABLE, "revocation.status", "the server answers with HTTP status %ld", reply.status);
	else
		e = job->places->is_ocsp ? ocsp_check(der, question, out, &own) : crl_check(der, question, out, &own);
	if (e != ERR_OK)
		why_set(why, e, own.code, "%s: %s", url, own.text);
out:
	http_reply_clear(&reply);
	buf_clear(&body);
	return e;
}

static enum err ask_places(const struct asker *a, struct revocation_answer *out, struct why *why)
{
	int64_t until = clock_boot_ms() + a->job->timeout_ms;
	bool has_answer = false;
	enum err e = why_set(why, ERR_BUG, "revocation.places", "no place to ask");
	for (size_t i = 0; i < a->job->places->count; i++) {
		e = ask_place(a, a->job->places->urls[i], until - clock_boot_ms(), out, why);
		if (e == ERR_OK && out->verdict != REVOCATION_UNKNOWN)
			return e;
		has_answer = has_answer || e == ERR_OK;
		if (e != ERR_OK)
			log_debug("revocation: %s", why->text);
	}
	return has_answer ? ERR_OK : e;
}

static enum err pack_time(struct buf *out, int64_t unix_s)
{
	enum err e = pack_number(out, (uint32_t)((uint64_t)unix_s >> 32));
	return e == ERR_OK ? pack_number(out, (uint32_t)unix_s) : e;
}

static enum err pack_answer(struct buf *out, const struct revocation_answer *answer)
{
	enum err e = pack_number(out, (uint32_t)answer->verdict);
	if (e == ERR_OK)
		e = pack_number(out, answer->reason);
	if (e == ERR_OK)
		e = pack_time(out, answer->revoked_at);
	if (e == ERR_OK)
		e = pack_time(out, answer->this_update);
	return e == ERR_OK ? pack_time(out, answer->next_update) : e;
}

static int child_main(void *ctx, int fd)
{
	struct revocation_answer answer = { .verdict = REVOCATION_UNKNOWN };
	struct why why = { .code = "" };
	struct buf result;
	buf_init(&result, FRAME_MAX);
	enum err e = ask_places(ctx, &answer, &why);
	enum err sent = pack_outcome(&result, e, &why);
	if (sent == ERR_OK && e == ERR_OK)
		sent = pack_answer(&result, &answer);
	if (sent == ERR_OK)
		sent = frame_send(fd, FRAME_RESULT, buf_bytes(&result));
	buf_clear(&result);
	return sent == ERR_OK ? 0 : 1;
}

/* ---- the parent ---- */

static enum err unpack_time(struct bytes *in, int64_t *out)
{
	uint32_t high;
	uint32_t low;
	if (unpack_number(in, &high) != ERR_OK || unpack_number(in, &low) != ERR_OK)
		return ERR_INVALID;
	*out = (int64_t)((uint64_t)high << 32 | low);
	return ERR_OK;
}

static enum err unpack_answer(struct bytes in, struct revocation_answer *out)
{
	struct revocation_answer answer;
	uint32_t verdict;
	uint32_t reason;
	if (unpack_number(&in, &verdict) != ERR_OK || verdict > REVOCATION_REVOKED || unpack_number(&in, &reason) != ERR_OK ||
	    unpack_time(&in, &answer.revoked_at) != ERR_OK || unpack_time(&in, &answer.this_update) != ERR_OK ||
	    unpack_time(&in, &answer.next_update) != ERR_OK || in.len != 0)
		return ERR_INVALID;
	if (!clock_is_moment(answer.revoked_at) || !clock_is_moment(answer.this_update) || !clock_is_moment(answer.next_update))
		return ERR_INVALID;
	answer.verdict = (enum revocation_verdict)verdict;
	answer.reason = reason;
	*out = answer;
	return ERR_OK;
}

/* The dates once more: one of the future, believed and kept, would be newer than every answer that comes. */
static enum err take_answer(struct bytes in, const struct revocation_question *question, struct revocation_answer *out,
                            struct why *why)
{
	struct revocation_answer answer;
	if (unpack_answer(in, &answer) != ERR_OK ||
	    (answer.verdict != REVOCATION_UNKNOWN &&
	     revocation_check_dates(question, answer.this_update, answer.next_update, NULL) != ERR_OK))
		return why_set(why, ERR_INVALID, "revocation.worker", "the worker's result is none that it can have");
	*out = answer;
	return ERR_OK;
}

enum err revocation_ask(const struct revocation_job *job, http_exchange_fn http, struct revocation_answer *out,
                        struct why *why)
{
	struct asker asker = { job, http };
	struct child child;
	struct buf payload;
	enum frame_kind kind;
	if (child_start(child_main, &asker, &child) != ERR_OK)
		return why_set(why, ERR_IO, "revocation.worker", "no worker process: %s", strerror(errno));
	buf_init(&payload, FRAME_MAX);
	int64_t until = clock_boot_ms() + job->timeout_ms + SLACK_MS;
	bool is_stopped = !child_wait(child.fd, until, job->is_stopping, job->ctx);
	enum err e = is_stopped ? ERR_AGAIN : frame_receive(child.fd, until - clock_boot_ms(), &kind, &payload);
	bool has_result = e == ERR_OK && kind == FRAME_RESULT;
	bool is_caged = child_end(&child) && !has_result && !is_stopped;
	struct bytes in = buf_bytes(&payload);
	if (is_stopped)
		e = why_set(why, ERR_UNREACHABLE, "revocation.stopped", "the question was ended: signet stops");
	else if (is_caged)
		e = child_was_caged("revocation.cage", why);
	else if (!has_result)
		e = why_set(why, ERR_UNREACHABLE, "revocation.worker", "the worker that asks for revocation ended without a result");
	else
		e = unpack_outcome(&in, why);
	if (e == ERR_OK)
		e = take_answer(in, &job->question, out, why);
	buf_clear(&payload);
	return e;
}
