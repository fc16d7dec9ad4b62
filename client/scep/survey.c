/* SPDX-License-Identifier: MIT */
#include "client/scep/survey.h"
#include <errno.h>
#include <string.h>
#include "client/scep/exchange.h"
#include "client/scep/frame.h"
#include "client/scep/worker_pack.h"
#include "hal/clock.h"

#define SLACK_MS                                                                                   \
	1000 /* beyond the job's timeout: parsing, and signatures of a chain on a slow processor   \
	      */

void survey_clear(struct survey *survey)
{
	certificate_set_clear(&survey->offered);
	certificate_set_clear(&survey->accepted);
	buf_clear(&survey->recipient);
	buf_clear(&survey->issuing);
}

static void survey_init(struct survey *s)
{
	*s = (struct survey){.has_answered = false};
	buf_init(&s->recipient, CERTIFICATE_MAX);
	buf_init(&s->issuing, CERTIFICATE_MAX);
}

/* ---- the child ---- */

static void take_hint(void *ctx, enum scep_hint hint, int64_t value)
{
	struct survey *s = ctx;
	if (hint == SCEP_HINT_DATE)
		s->date = value;
}

static enum err ask(const struct survey_job *job, struct survey *s, struct why *why)
{
	const struct scep_ports ports = {.http = job->http, .hint = take_hint, .ctx = s};
	const struct exchange x = {.ports = &ports,
				   .server = &job->server,
				   .deadline_ms = clock_boot_ms() + job->server.timeout_ms};
	struct ra_choice ra = {.accepted.count = 0};
	enum err e = exchange_capabilities(&x, job->url, &s->caps, why);
	if (e == ERR_OK)
		e = exchange_ca_certificates(&x, job->url, job->server.ca_identifier, &s->offered,
					     why);
	s->has_answered = e == ERR_OK;
	if (e == ERR_OK)
		e = ra_choose(&job->server, &s->offered, &ra, why);
	if (e != ERR_OK)
		return e;
	s->accepted = ra.accepted; /* handed to the caller */
	s->recipient = ra.recipient;
	s->issuing = ra.issuing;
	return ERR_OK;
}

/* In the order of the bits that cross the pipe. */
static bool *const *caps_fields(struct scep_capabilities *caps, bool *fields[9])
{
	fields[0] = &caps->is_known;
	fields[1] = &caps->has_aes;
	fields[2] = &caps->has_des3;
	fields[3] = &caps->has_post;
	fields[4] = &caps->has_renewal;
	fields[5] = &caps->has_sha1;
	fields[6] = &caps->has_sha256;
	fields[7] = &caps->has_sha512;
	fields[8] = &caps->has_next_ca;
	return fields;
}

static enum err pack_survey(struct buf *out, struct survey *s)
{
	bool *fields[9];
	uint32_t caps = 0;
	caps_fields(&s->caps, fields);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		caps |= (uint32_t)*fields[i] << i;
	enum err e = pack_number(out, s->has_answered);
	if (e == ERR_OK)
		e = pack_number(out, caps);
	if (e == ERR_OK)
		e = pack_number(out, (uint32_t)((uint64_t)s->date >> 32));
	if (e == ERR_OK)
		e = pack_number(out, (uint32_t)s->date);
	if (e == ERR_OK)
		e = pack_certificates(out, &s->offered);
	if (e == ERR_OK)
		e = pack_certificates(out, &s->accepted);
	if (e == ERR_OK)
		e = pack_blob(out, buf_bytes(&s->recipient));
	return e == ERR_OK ? pack_blob(out, buf_bytes(&s->issuing)) : e;
}

static int child_main(void *ctx, int fd)
{
	struct survey s;
	struct why why = {.code = ""};
	struct buf result;
	buf_init(&result, FRAME_MAX);
	survey_init(&s);
	enum err e = ask(ctx, &s, &why);
	enum err sent = pack_survey(&result, &s);
	if (sent == ERR_OK)
		sent = pack_outcome(&result, e, &why);
	if (sent == ERR_OK)
		sent = frame_send(fd, FRAME_RESULT, buf_bytes(&result));
	buf_clear(&result);
	survey_clear(&s);
	return sent == ERR_OK ? 0 : 1;
}

/* ---- the parent ---- */

enum err survey_start(struct survey_job *job, struct survey_run *out, struct why *why)
{
	if (child_start(child_main, job, &out->child) != ERR_OK)
		return why_set(why, ERR_IO, "survey.start", "no worker process: %s",
			       strerror(errno));
	out->until_ms = clock_boot_ms() + job->server.timeout_ms + SLACK_MS;
	return ERR_OK;
}

static enum err unpack_der(struct bytes *in, struct buf *out)
{
	struct bytes der;
	enum err e = unpack_blob(in, &der);
	return e == ERR_OK ? buf_add(out, der.data, der.len) : e;
}

static enum err unpack_survey(struct bytes *in, struct survey *s)
{
	bool *fields[9];
	uint32_t has_answered;
	uint32_t caps;
	uint32_t high;
	uint32_t low;
	caps_fields(&s->caps, fields);
	if (unpack_number(in, &has_answered) != ERR_OK || unpack_number(in, &caps) != ERR_OK ||
	    unpack_number(in, &high) != ERR_OK || high > INT32_MAX ||
	    unpack_number(in, &low) != ERR_OK)
		return ERR_INVALID;
	s->has_answered = has_answered != 0;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		*fields[i] = (caps >> i & 1) != 0;
	s->date = (int64_t)((uint64_t)high << 32 | low);
	enum err e = unpack_certificates(in, CERTIFICATE_SET_MAX, &s->offered);
	if (e == ERR_OK)
		e = unpack_certificates(in, CERTIFICATE_SET_MAX, &s->accepted);
	if (e == ERR_OK)
		e = unpack_der(in, &s->recipient);
	return e == ERR_OK ? unpack_der(in, &s->issuing) : e;
}

enum err survey_finish(struct survey_run *run, struct survey *out, struct why *why)
{
	struct survey s;
	struct buf payload;
	enum frame_kind kind;
	survey_init(&s);
	buf_init(&payload, FRAME_MAX);
	int64_t left = run->until_ms - clock_boot_ms();
	enum err e = frame_receive(run->child.fd, left > 0 ? left : 0, &kind, &payload);
	struct bytes in = buf_bytes(&payload);
	bool has_result = true;
	if (e != ERR_OK || kind != FRAME_RESULT || unpack_survey(&in, &s) != ERR_OK) {
		survey_clear(&s);
		survey_init(&s);
		has_result = false;
		e = why_set(why, ERR_UNREACHABLE, "survey.lost", "no answer within the time");
	} else {
		e = unpack_outcome(&in, why);
	}
	if (child_end(&run->child) && !has_result)
		e = child_was_caged("survey.cage", why);
	buf_clear(&payload);
	*out = s; /* handed to the caller */
	return e;
}
