/* SPDX-License-Identifier: MIT */
#include "client/scep/scep.h"
#include <stdio.h>
#include <string.h>
#include "client/pki/hash.h"
#include "client/scep/capabilities.h"
#include "client/scep/challenge_page.h"
#include "client/scep/exchange.h"
#include "client/scep/ra.h"
#include "client/scep/refusal.h"
#include "client/scep/request_record.h"
#include "hal/clock.h"
#include "hal/der.h"
#include "hal/log.h"

/* What is known of the server after its first two answers. */
struct meeting {
	const char *url;
	struct scep_capabilities caps;
	struct certificate_set offered;
	struct ra_choice ra;
};

struct dialogue {
	const struct scep_job *job;
	const struct scep_ports *ports;
	struct exchange exchange;
	struct meeting meeting;
	struct certificate_set next_ca; /* announced by the issuing CA */
	struct buf challenge;           /* from the page */
};

void scep_sent_init(struct scep_sent *sent)
{
	*sent = (struct scep_sent){ .type = SCEP_PKCS_REQ };
	buf_init(&sent->message, SCEP_MESSAGE_MAX);
	buf_init(&sent->signer, CERTIFICATE_MAX);
	buf_init(&sent->record, REQUEST_RECORD_MAX);
	buf_init(&sent->challenge_mark, SHA256_LEN);
}

void scep_sent_clear(struct scep_sent *sent)
{
	buf_clear(&sent->message);
	buf_clear(&sent->signer);
	buf_clear(&sent->record);
	buf_clear(&sent->challenge_mark);
}

void scep_answer_clear(struct scep_answer *answer)
{
	certificate_set_clear(&answer->certificates);
	certificate_set_clear(&answer->next_ca);
}

static void progress(const struct dialogue *d, const char *step, const char *result)
{
	if (d->ports->progress != NULL)
		d->ports->progress(d->ports->ctx, step, result);
}

static void meeting_clear(struct meeting *m)
{
	certificate_set_clear(&m->offered);
	ra_choice_clear(&m->ra);
}

static enum err meet(struct dialogue *d, const char *url, struct why *why)
{
	struct meeting m = { .url = url };
	enum err e = exchange_capabilities(&d->exchange, url, &m.caps, why);
	if (e != ERR_OK)
		return e;
	progress(d, "GetCACaps", m.caps.is_known ? "ok" : "no capabilities told");
	e = exchange_ca_certificates(&d->exchange, url, d->job->server.ca_identifier, &m.offered, why);
	if (e == ERR_OK)
		e = ra_choose(&d->job->server, &m.offered, &m.ra, why);
	if (e != ERR_OK) {
		meeting_clear(&m);
		return e;
	}
	progress(d, "GetCACert", "ok, chains to the trust profiles");
	d->meeting = m; /* handed to the dialogue */
	return ERR_OK;
}

/* Another URL only while nothing of a transaction went out, and only when this one cannot be reached. */
static enum err meet_any(struct dialogue *d, struct why *why)
{
	const struct scep_job *job = d->job;
	if (job->sent != NULL)
		return meet(d, job->sent->url, why);
	enum err e = why_set(why, ERR_BUG, "scep.url", "no url");
	for (size_t i = 0; i < job->server.url_count; i++) {
		e = meet(d, job->server.urls[i], why);
		if (e != ERR_UNREACHABLE)
			return e;
		if (i + 1 < job->server.url_count)
			log_warn("scep: %s; trying the next url", why != NULL ? why->text : err_text(e));
	}
	return e;
}

static enum err read_next_ca(const struct dialogue *d, struct certificate_set *out, struct why *why)
{
	const struct meeting *m = &d->meeting;
	struct certificate_set issuing = { .count = 0 };
	struct buf body;
	buf_init(&body, HTTP_BODY_MAX);
	/* the CA itself and nobody else: a registration authority may sign CertRep, and announce nothing */
	enum err e = certificate_set_add(&issuing, buf_bytes(&m->ra.issuing));
	if (e == ERR_OK)
		e = exchange_next_ca(&d->exchange, m->url, d->job->server.ca_identifier, &body, why);
	if (e == ERR_OK)
		e = cms_signed_certificates(buf_bytes(&body), &issuing, &m->offered, d->job->server.floor, out, why);
	if (e == ERR_OK && out->count > SCEP_NEXT_CA_MAX) {
		e = why_set(why, ERR_TOO_BIG, "scep.next_ca", "more than %d certificates are announced", SCEP_NEXT_CA_MAX);
		certificate_set_clear(out);
	}
	buf_clear(&body);
	certificate_set_clear(&issuing);
	return e;
}

static void ask_next_ca(struct dialogue *d)
{
	struct why why = { .code = "" };
	if (d->job->intent == SCEP_POLL || !d->job->server.has_rollover || !d->meeting.caps.has_next_ca)
		return;
	if (read_next_ca(d, &d->next_ca, &why) == ERR_OK)
		progress(d, "GetNextCACert", "ok, signed by the issuing CA");
	else
		log_warn("scep: GetNextCACert is passed over: %s", why.text);
}

static enum err ask_page(struct dialogue *d, struct why *why)
{
	const struct scep_job *job = d->job;
	if (job->challenge_url == NULL || job->intent != SCEP_ENROLL)
		return ERR_OK;
	enum err e = d->ports->store(d->ports->ctx, NULL, why);
	struct buf page;
	buf_init(&page, HTTP_BODY_MAX);
	if (e == ERR_OK)
		e = exchange_page(&d->exchange, job->challenge_url, job->challenge_user, job->challenge_password, &page, why);
	if (e == ERR_OK)
		e = challenge_page_parse(buf_bytes(&page), &d->challenge, why);
	buf_clear(&page);
	if (e == ERR_OK)
		progress(d, "challenge page", "ok");
	return e;
}

static enum err new_transaction(struct scep_sent *sent, const char *url, struct why *why)
{
	uint8_t id[20]; /* 160 random bits: RFC 8894 section 3.2.1.1 asks for a unique value */
	if (random_bytes(id, sizeof id) != ERR_OK || random_bytes(sent->nonce, sizeof sent->nonce) != ERR_OK)
		return why_set(why, ERR_IO, "scep.random", "no random bytes for a transaction");
	for (size_t i = 0; i < sizeof id; i++)
		snprintf(sent->transaction_id + 2 * i, 3, "%02X", id[i]);
	if (snprintf(sent->url, sizeof sent->url, "%s", url) >= (int)sizeof sent->url)
		return why_set(why, ERR_TOO_BIG, "scep.url", "url is longer than %d bytes", SCEP_URL_MAX - 1);
	return ERR_OK;
}

static enum cms_cipher cipher_of(const struct dialogue *d)
{
	const struct scep_server *server = &d->job->server;
	return server->is_cipher_auto ? scep_capabilities_cipher(&d->meeting.caps, server->floor) : server->cipher;
}

static enum key_hash digest_of(const struct dialogue *d)
{
	return scep_capabilities_digest(&d->meeting.caps, d->job->server.digest, d->job->server.floor);
}

static enum err wrap(const struct dialogue *d, struct scep_sent *sent, struct bytes content, struct why *why)
{
	struct cms_request request = {
		.type = sent->type,
		.transaction_id = sent->transaction_id,
		.content = content,
		.recipient_der = buf_bytes(&d->meeting.ra.recipient),
		.cipher = cipher_of(d),
		.digest = digest_of(d),
		.signer_der = buf_bytes(&sent->signer),
		.key = d->ports->signer_key,
	};
	memcpy(request.sender_nonce, sent->nonce, sizeof request.sender_nonce);
	return cms_build_request(&request, &sent->message, why);
}

static enum err mark_challenge(const struct scep_job *job, const struct buf *challenge, struct buf *out)
{
	uint8_t mark[SHA256_LEN];
	if (challenge == NULL || challenge->len == 0)
		return ERR_OK;
	enum err e = hmac_sha256(job->challenge_salt, buf_bytes(challenge), mark);
	return e == ERR_OK ? buf_add(out, mark, sizeof mark) : e;
}

/* CSR, signer certificate and message of a new transaction; nothing leaves the device here. */
static enum err prepare(const struct dialogue *d, enum scep_message_type type, struct scep_sent *sent, struct why *why)
{
	const struct scep_job *job = d->job;
	struct csr_content content = job->content;
	struct buf csr;
	buf_init(&csr, CSR_MAX);
	sent->type = type;
	if (d->challenge.len > 0)
		content.challenge = &d->challenge;
	enum err e = new_transaction(sent, d->meeting.url, why);
	if (e == ERR_OK)
		e = csr_build(&content, d->ports->request_key, digest_of(d), &csr, why);
	if (e == ERR_OK && job->intent == SCEP_ENROLL)
		e = signer_certificate_build(content.subject, d->ports->signer_key, digest_of(d), &sent->signer, why);
	else if (e == ERR_OK)
		e = buf_add(&sent->signer, job->old_certificate.data, job->old_certificate.len);
	if (e == ERR_OK)
		e = request_record_make(buf_bytes(&csr), content.ekus, content.eku_count, &sent->record, why);
	if (e == ERR_OK)
		e = mark_challenge(job, content.challenge, &sent->challenge_mark);
	if (e == ERR_OK)
		e = wrap(d, sent, buf_bytes(&csr), why);
	buf_clear(&csr);
	return e;
}

static enum err prepare_poll(const struct dialogue *d, const struct scep_sent *before, struct scep_sent *poll,
                             struct why *why)
{
	struct request_record record;
	struct certificate issuing;
	struct der_out der;
	struct buf content;
	buf_init(&content, 2 * CERTIFICATE_MAX);
	der_out_init(&der, 2 * CERTIFICATE_MAX);
	poll->type = SCEP_CERT_POLL;
	enum err e = new_transaction(poll, before->url, why);
	memcpy(poll->transaction_id, before->transaction_id, sizeof poll->transaction_id);
	if (e == ERR_OK)
		e = buf_add(&poll->signer, before->signer.data, before->signer.len);
	if (e == ERR_OK)
		e = request_record_read(buf_bytes(&before->record), &record, why);
	if (e == ERR_OK)
		e = certificate_parse(buf_bytes(&d->meeting.ra.issuing), &issuing, why);
	if (e == ERR_OK) { /* IssuerAndSubject, RFC 8894 section 3.3.3 */
		size_t begin = der_begin(&der);
		der_put_raw(&der, issuing.subject.data, issuing.subject.len);
		der_put_raw(&der, record.subject.data, record.subject.len);
		der_end(&der, begin, DER_SEQUENCE);
		e = der_finish(&der, &content);
	}
	if (e == ERR_OK)
		e = wrap(d, poll, buf_bytes(&content), why);
	der_out_clear(&der);
	buf_clear(&content);
	return e;
}

/* GetCACert may list more than there is room for, and nobody has signed the list: it costs no certificate that was issued. The
 * issuing CA first, which a chain needs; what is missing then, the chain names. */
static enum err add_offered(const struct meeting *m, struct certificate_set *out)
{
	enum err e = certificate_set_add(out, buf_bytes(&m->ra.issuing));
	for (size_t i = 0; i < m->offered.count && e == ERR_OK; i++)
		e = certificate_set_add(out, buf_bytes(&m->offered.der[i]));
	return e == ERR_TOO_BIG ? ERR_OK : e;
}

static enum err read_success(const struct dialogue *d, const struct scep_sent *sent, const struct cms_reply *reply,
                             struct scep_answer *answer, struct why *why)
{
	struct buf inner;
	buf_init(&inner, HTTP_BODY_MAX);
	enum err e = cms_open_envelope(buf_bytes(&reply->envelope), buf_bytes(&sent->signer), d->ports->signer_key,
	                               d->job->server.floor, &inner, why);
	if (e == ERR_OK)
		e = cms_certificates(buf_bytes(&inner), &answer->certificates, why);
	if (e == ERR_OK && add_offered(&d->meeting, &answer->certificates) != ERR_OK)
		e = why_set(why, ERR_NO_MEMORY, "scep.memory", "no memory for the certificates of the answer");
	buf_clear(&inner);
	return e;
}

/* Send one message and judge the answer. */
static enum err converse(struct dialogue *d, const struct scep_sent *sent, struct scep_answer *out, struct why *why)
{
	struct scep_answer answer = { .status = SCEP_PENDING };
	struct cms_reply reply = { .status = SCEP_PENDING };
	struct buf body;
	buf_init(&body, HTTP_BODY_MAX);
	enum err e = exchange_message(&d->exchange, sent->url, scep_capabilities_post(&d->meeting.caps),
	                              buf_bytes(&sent->message), &body, why);
	if (e == ERR_OK)
		e = cms_verify_reply(buf_bytes(&body), sent->transaction_id, sent->nonce, &d->meeting.ra.accepted,
		                     &d->meeting.offered, d->job->server.floor, &reply, why);
	if (e != ERR_OK)
		goto out;
	answer.status = reply.status;
	snprintf(answer.url, sizeof answer.url, "%s", sent->url);
	if (reply.status == SCEP_FAILURE)
		e = refusal_explain(&reply, sent, why);
	else if (reply.status == SCEP_SUCCESS)
		e = read_success(d, sent, &reply, &answer, why);
	if (e != ERR_OK)
		goto out;
	progress(d, sent->type == SCEP_CERT_POLL ? "CertPoll" : "PKIOperation",
	         reply.status == SCEP_SUCCESS ? "SUCCESS" : "PENDING");
	answer.next_ca = d->next_ca; /* handed to the answer */
	d->next_ca = (struct certificate_set){ .count = 0 };
	*out = answer; /* handed to the caller */
	answer = (struct scep_answer){ .status = SCEP_PENDING };
out:
	scep_answer_clear(&answer);
	cms_reply_clear(&reply);
	buf_clear(&body);
	return e;
}

static enum err request(struct dialogue *d, enum scep_message_type type, struct scep_answer *out, struct why *why)
{
	struct scep_sent sent;
	scep_sent_init(&sent);
	enum err e = prepare(d, type, &sent, why);
	if (e == ERR_OK)
		e = d->ports->store(d->ports->ctx, &sent, why);
	if (e == ERR_OK)
		e = converse(d, &sent, out, why);
	scep_sent_clear(&sent);
	return e;
}

static enum err poll(struct dialogue *d, struct scep_answer *out, struct why *why)
{
	struct scep_sent sent;
	scep_sent_init(&sent);
	enum err e = prepare_poll(d, d->job->sent, &sent, why);
	if (e == ERR_OK)
		e = converse(d, &sent, out, why);
	scep_sent_clear(&sent);
	return e;
}

/* The same bytes again; a server that takes them for a replay may still hand out the answer to a poll, and so may one that
 * can no longer read them, since its CA or registration authority is another one now. */
static enum err resend(struct dialogue *d, struct scep_answer *out, struct why *why)
{
	struct why first = { .code = "" };
	enum err e = converse(d, d->job->sent, out, &first);
	if (e != ERR_DENIED && strcmp(first.code, "scep.web_page") != 0) {
		if (why != NULL)
			*why = first;
		return e;
	}
	log_info("scep: the stored request was refused (%s); asking once for its result", first.text);
	e = poll(d, out, why);
	if (e == ERR_DENIED && why != NULL)
		*why = first;
	return e;
}

static enum err renew(struct dialogue *d, struct scep_answer *out, struct why *why)
{
	enum scep_renewal_form form = d->job->form;
	if (form == SCEP_FORM_19 || (form == SCEP_FORM_AUTO && !d->meeting.caps.has_renewal))
		return request(d, SCEP_PKCS_REQ, out, why);
	enum err e = request(d, SCEP_RENEWAL_REQ, out, why);
	if (e != ERR_DENIED || form != SCEP_FORM_AUTO)
		return e;
	log_info("scep: RenewalReq was refused (%s); trying PKCSReq signed by the old certificate",
	         why != NULL ? why->text : "");
	return request(d, SCEP_PKCS_REQ, out, why);
}

enum err scep_dialogue(const struct scep_job *job, const struct scep_ports *ports, struct scep_answer *out,
                       struct why *why)
{
	struct dialogue d = { .job = job, .ports = ports };
	d.exchange = (struct exchange){ .ports = ports,
		                        .server = &job->server,
		                        .deadline_ms = clock_boot_ms() + job->server.timeout_ms };
	buf_init(&d.challenge, CSR_CHALLENGE_MAX);
	enum err e = meet_any(&d, why);
	if (e == ERR_OK) {
		ask_next_ca(&d);
		e = ask_page(&d, why);
	}
	if (e == ERR_OK) {
		switch (job->intent) {
		case SCEP_ENROLL:
			e = request(&d, SCEP_PKCS_REQ, out, why);
			break;
		case SCEP_RENEW:
			e = renew(&d, out, why);
			break;
		case SCEP_RESEND:
			e = resend(&d, out, why);
			break;
		case SCEP_POLL:
			e = poll(&d, out, why);
			break;
		}
	}
	meeting_clear(&d.meeting);
	certificate_set_clear(&d.next_ca);
	buf_clear(&d.challenge);
	return e;
}
