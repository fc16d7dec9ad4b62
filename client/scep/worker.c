/* SPDX-License-Identifier: MIT */
#include "client/scep/worker.h"
#include <errno.h>
#include <string.h>
#include "client/scep/request_record.h"
#include "client/scep/worker_key.h"
#include "client/scep/worker_pack.h"
#include "hal/child.h"
#include "hal/clock.h"

#define SLACK_MS 30000    /* beyond the dialogue's own timeout: TPM operations and parsing */
#define QUESTIONS_MAX 256 /* frames: a dialogue sends eight and four for each reply of each url; a broken worker must not go on for ever */
#define STORES_MAX 2      /* a page and a request, or RenewalReq and then PKCSReq: each is a write to flash */
#define OPERATIONS_MAX 16 /* signatures and decryptions: a request takes three and its answer one, and there are two of each at most */

/* ---- the child ---- */

static enum err ask_store(void *ctx, const struct scep_sent *sent, struct why *why)
{
	struct buf question;
	buf_init(&question, FRAME_MAX);
	enum err e = sent != NULL ? pack_sent(&question, sent) : ERR_OK;
	if (e == ERR_OK)
		e = worker_ask(ctx, FRAME_STORE, buf_bytes(&question), NULL, why);
	buf_clear(&question);
	return e;
}

static void tell_progress(void *ctx, const char *step, const char *result)
{
	struct worker_link *link = ctx;
	struct buf text;
	buf_init(&text, FRAME_MAX);
	if (pack_blob(&text, (struct bytes){ (const uint8_t *)step, strlen(step) }) == ERR_OK &&
	    pack_blob(&text, (struct bytes){ (const uint8_t *)result, strlen(result) }) == ERR_OK &&
	    frame_send(link->fd, FRAME_PROGRESS, buf_bytes(&text)) != ERR_OK) {
		/* the parent is gone: the next question says so */
	}
	buf_clear(&text);
}

static void tell_hint(void *ctx, enum scep_hint hint, int64_t value)
{
	struct worker_link *link = ctx;
	struct buf number;
	buf_init(&number, FRAME_MAX);
	if (pack_number(&number, (uint32_t)hint) == ERR_OK && pack_number(&number, (uint32_t)(value >> 32)) == ERR_OK &&
	    pack_number(&number, (uint32_t)value) == ERR_OK &&
	    frame_send(link->fd, FRAME_HINT, buf_bytes(&number)) != ERR_OK) {
		/* the parent is gone: the next question says so */
	}
	buf_clear(&number);
}

static void tell_wire(void *ctx, const struct scep_wire *wire)
{
	struct worker_link *link = ctx;
	struct buf frame;
	buf_init(&frame, FRAME_MAX);
	if (pack_wire(&frame, wire) == ERR_OK && frame_send(link->fd, FRAME_WIRE, buf_bytes(&frame)) != ERR_OK) {
		/* the parent is gone: the next question says so */
	}
	buf_clear(&frame);
}

struct child_work {
	const struct scep_job *job;
	http_exchange_fn http;
};

static int child_main(void *ctx, int fd)
{
	const struct child_work *work = ctx;
	struct worker_link link = { .fd = fd };
	struct worker_key request_key = { &link, WORKER_REQUEST_KEY };
	struct worker_key signer_key = { &link, WORKER_SIGNER_KEY };
	struct device_key keys[] = { worker_key_open(&request_key), worker_key_open(&signer_key) };
	struct scep_ports ports = { work->http, &keys[0], &keys[1], ask_store, tell_progress, tell_hint, tell_wire, &link };
	struct scep_answer answer = { .status = SCEP_PENDING };
	struct why why = { .code = "" };
	struct buf result;
	buf_init(&result, FRAME_MAX);
	enum err e = scep_dialogue(work->job, &ports, &answer, &why);
	enum err sent = pack_outcome(&result, e, &why);
	if (sent == ERR_OK && e == ERR_OK)
		sent = pack_answer(&result, &answer);
	if (sent == ERR_OK)
		sent = frame_send(fd, FRAME_RESULT, buf_bytes(&result));
	scep_answer_clear(&answer);
	buf_clear(&result);
	return sent == ERR_OK ? 0 : 1;
}

/* ---- the parent ---- */

struct service {
	const struct worker_host *host;
	const struct scep_job *job;
	int fd;
	unsigned operations, stores;
	struct device_key keys[WORKER_KEY_COUNT];
	struct scep_answer *out;
	struct why *why;
};

static const struct device_key *key_at(const struct service *s, uint32_t index)
{
	if (index >= WORKER_KEY_COUNT)
		return NULL;
	return s->keys[index].ops != NULL ? &s->keys[index] : &s->keys[WORKER_REQUEST_KEY];
}

static enum err send_keys(struct service *s, enum err e, const struct why *why)
{
	struct buf payload;
	struct why own = { .code = "" };
	buf_init(&payload, FRAME_MAX);
	enum err r = pack_outcome(&payload, e, why);
	for (uint32_t i = 0; i < WORKER_KEY_COUNT && e == ERR_OK && r == ERR_OK; i++) {
		struct public_key pub;
		r = device_key_public(key_at(s, i), &pub, &own);
		if (r == ERR_OK)
			r = pack_blob(&payload, (struct bytes){ pub.modulus, pub.modulus_len });
		if (r == ERR_OK)
			r = pack_number(&payload, pub.exponent);
	}
	if (r == ERR_OK)
		r = frame_send(s->fd, FRAME_KEYS, buf_bytes(&payload));
	buf_clear(&payload);
	return r;
}

static enum err operate(const struct service *s, enum frame_kind kind, struct bytes in, struct buf *out,
                        struct why *why)
{
	uint32_t index;
	uint32_t hash;
	struct bytes block;
	if (unpack_number(&in, &index) != ERR_OK || unpack_number(&in, &hash) != ERR_OK || hash > KEY_SHA512 ||
	    unpack_blob(&in, &block) != ERR_OK || in.len != 0 || key_at(s, index) == NULL)
		return why_set(why, ERR_INVALID, "worker.frame", "the worker asked something that does not parse");
	return kind == FRAME_SIGN ? device_key_sign(key_at(s, index), (enum key_hash)hash, block, out, why)
	                          : device_key_decrypt(key_at(s, index), block, out, why);
}

/* The next dialogue goes to that url, the id into files, and by the record the certificate is judged: nothing of it is the
 * worker's to choose. */
static bool is_plausible(const struct service *s, const struct scep_sent *sent)
{
	static const char hex[] = "0123456789ABCDEF";
	const struct scep_server *server = &s->job->server;
	struct public_key key;
	bool is_known = false;
	for (size_t i = 0; i < server->url_count; i++)
		is_known = is_known || strcmp(sent->url, server->urls[i]) == 0;
	return is_known && sent->transaction_id[0] != '\0' &&
	       strspn(sent->transaction_id, hex) == strlen(sent->transaction_id) &&
	       device_key_public(key_at(s, WORKER_REQUEST_KEY), &key, NULL) == ERR_OK &&
	       request_record_check(buf_bytes(&sent->record), &s->job->content, &key, NULL) == ERR_OK;
}

/* What is sent again or asked about is stored already. */
static bool may_store(struct service *s)
{
	return s->job->sent == NULL && s->stores++ < STORES_MAX;
}

static enum err store(struct service *s, struct bytes in, struct why *why)
{
	struct scep_sent sent;
	if (!may_store(s))
		return why_set(why, ERR_INVALID, "worker.frame", "the worker stores more than a dialogue does");
	if (in.len == 0)
		return s->host->store(s->host->ctx, NULL, why);
	scep_sent_init(&sent);
	enum err e = unpack_sent(in, &sent);
	if (e == ERR_OK && !is_plausible(s, &sent))
		e = ERR_INVALID;
	e = e == ERR_OK ? s->host->store(s->host->ctx, &sent, why)
	                : why_set(why, e, "worker.frame", "the worker's request is not the one that was asked for");
	scep_sent_clear(&sent);
	return e;
}

static enum err answer_question(struct service *s, enum frame_kind kind, struct bytes question)
{
	struct buf answer;
	struct buf bytes;
	struct why why = { .code = "" };
	if (kind != FRAME_STORE && s->operations++ == OPERATIONS_MAX)
		return ERR_TOO_BIG;
	buf_init(&answer, FRAME_MAX);
	buf_init(&bytes, FRAME_MAX / 2);
	enum err e = kind == FRAME_STORE ? store(s, question, &why) : operate(s, kind, question, &bytes, &why);
	enum err r = pack_outcome(&answer, e, &why);
	if (r == ERR_OK && e == ERR_OK)
		r = buf_add(&answer, bytes.data, bytes.len);
	if (r == ERR_OK)
		r = frame_send(s->fd, FRAME_ANSWER, buf_bytes(&answer));
	buf_clear(&bytes);
	buf_clear(&answer);
	return r;
}

static void pass_progress(const struct service *s, struct bytes in)
{
	char step[64];
	char result[160];
	if (s->host->progress != NULL && unpack_text(&in, step, sizeof step) == ERR_OK &&
	    unpack_text(&in, result, sizeof result) == ERR_OK)
		s->host->progress(s->host->ctx, step, result);
}

static void pass_hint(const struct service *s, struct bytes in)
{
	uint32_t kind;
	uint32_t high;
	uint32_t low;
	if (s->host->hint == NULL || unpack_number(&in, &kind) != ERR_OK || unpack_number(&in, &high) != ERR_OK ||
	    unpack_number(&in, &low) != ERR_OK || in.len != 0)
		return;
	uint64_t value = (uint64_t)high << 32 | low;
	if (value > 0 && ((kind == SCEP_HINT_DATE && clock_is_moment((int64_t)value)) ||
	                  (kind == SCEP_HINT_RETRY_AFTER && value <= INT32_MAX)))
		s->host->hint(s->host->ctx, (enum scep_hint)kind, (int64_t)value);
}

static void pass_wire(const struct service *s, struct bytes in)
{
	struct scep_wire wire;
	if (s->host->wire != NULL && unpack_wire(in, &wire) == ERR_OK)
		s->host->wire(s->host->ctx, &wire);
}

static enum err take_result(const struct service *s, struct bytes in)
{
	enum err e = unpack_outcome(&in, s->why);
	if (e != ERR_OK)
		return e;
	e = unpack_answer(in, s->out);
	return e == ERR_OK ? e : why_set(s->why, e, "worker.frame", "the worker's result does not parse");
}

static enum err serve(struct service *s, int64_t until_ms)
{
	struct buf payload;
	enum frame_kind kind;
	buf_init(&payload, FRAME_MAX);
	enum err e = ERR_OK;
	for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
		if (!child_wait(s->fd, until_ms, s->host->is_stopping, s->host->ctx)) {
			e = why_set(s->why, ERR_UNREACHABLE, "worker.stopped", "the dialogue was ended: signet stops");
			goto out;
		}
		e = frame_receive(s->fd, until_ms - clock_boot_ms(), &kind, &payload);
		if (e != ERR_OK)
			break;
		if (kind == FRAME_RESULT) {
			e = take_result(s, buf_bytes(&payload));
			goto out;
		}
		if (kind == FRAME_PROGRESS)
			pass_progress(s, buf_bytes(&payload));
		else if (kind == FRAME_HINT)
			pass_hint(s, buf_bytes(&payload));
		else if (kind == FRAME_WIRE)
			pass_wire(s, buf_bytes(&payload));
		else if (kind == FRAME_SIGN || kind == FRAME_DECRYPT || kind == FRAME_STORE)
			e = answer_question(s, kind, buf_bytes(&payload));
		else
			e = ERR_INVALID;
		if (e != ERR_OK)
			break;
	}
	e = why_set(s->why, ERR_UNREACHABLE, "worker.lost", "the worker that talks to the server ended without a result");
	why_next(s->why, "try again; if it repeats, run with -v and report it");
out:
	buf_clear(&payload);
	return e;
}

enum err worker_run(const struct scep_job *job, http_exchange_fn http, const struct worker_host *host,
                    struct scep_answer *out, struct why *why)
{
	struct service s = { .host = host, .job = job, .out = out, .why = why };
	struct why key_why = { .code = "" };
	struct child_work work = { job, http };
	struct child child;
	if (child_start(child_main, &work, &child) != ERR_OK)
		return why_set(why, ERR_IO, "worker.start", "no worker process: %s", strerror(errno));
	s.fd = child.fd;
	enum err e = host->open_keys(host->ctx, &s.keys[WORKER_REQUEST_KEY], &s.keys[WORKER_SIGNER_KEY], &key_why);
	if (e != ERR_OK) {
		if (why != NULL)
			*why = key_why;
	} else if (send_keys(&s, e, &key_why) != ERR_OK) {
		/* the worker may have ended already with a result: serve() reads it */
		e = serve(&s, clock_boot_ms() + SLACK_MS);
	} else {
		e = serve(&s, clock_boot_ms() + job->server.timeout_ms + SLACK_MS);
	}
	if (child_end(&child) && e == ERR_UNREACHABLE && why != NULL && strcmp(why->code, "worker.lost") == 0)
		e = child_was_caged("worker.cage", why);
	device_key_close(&s.keys[WORKER_SIGNER_KEY]);
	device_key_close(&s.keys[WORKER_REQUEST_KEY]);
	return e;
}
