/* SPDX-License-Identifier: MIT */
#include "client/scep/worker_pack.h"
#include <string.h>

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

enum err pack_sent(struct buf *out, const struct scep_sent *sent)
{
	const struct bytes parts[] = {
		text_bytes(sent->transaction_id), { sent->nonce, sizeof sent->nonce }, text_bytes(sent->url),
		buf_bytes(&sent->message),        buf_bytes(&sent->signer),            buf_bytes(&sent->record),
		buf_bytes(&sent->challenge_mark),
	};
	enum err e = pack_number(out, (uint32_t)sent->type);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && e == ERR_OK; i++)
		e = pack_blob(out, parts[i]);
	return e;
}

static enum err unpack_into(struct bytes *in, struct buf *out)
{
	struct bytes blob;
	enum err e = unpack_blob(in, &blob);
	return e == ERR_OK ? buf_add(out, blob.data, blob.len) : e;
}

enum err unpack_sent(struct bytes in, struct scep_sent *out)
{
	struct bytes nonce;
	uint32_t type;
	enum err e = unpack_number(&in, &type);
	if (e == ERR_OK)
		e = unpack_text(&in, out->transaction_id, sizeof out->transaction_id);
	if (e == ERR_OK)
		e = unpack_blob(&in, &nonce);
	if (e == ERR_OK && nonce.len != sizeof out->nonce)
		e = ERR_INVALID;
	if (e == ERR_OK) {
		memcpy(out->nonce, nonce.data, nonce.len);
		e = unpack_text(&in, out->url, sizeof out->url);
	}
	struct buf *const bufs[] = { &out->message, &out->signer, &out->record, &out->challenge_mark };
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0] && e == ERR_OK; i++)
		e = unpack_into(&in, bufs[i]);
	if (e == ERR_OK && (in.len != 0 || (type != SCEP_PKCS_REQ && type != SCEP_RENEWAL_REQ)))
		e = ERR_INVALID;
	if (e == ERR_OK)
		out->type = (enum scep_message_type)type;
	else
		scep_sent_clear(out);
	return e;
}

enum err pack_certificates(struct buf *out, const struct certificate_set *set)
{
	enum err e = pack_number(out, (uint32_t)set->count);
	for (size_t i = 0; i < set->count && e == ERR_OK; i++)
		e = pack_blob(out, buf_bytes(&set->der[i]));
	return e;
}

enum err pack_answer(struct buf *out, const struct scep_answer *answer)
{
	enum err e = pack_number(out, (uint32_t)answer->status);
	if (e == ERR_OK)
		e = pack_blob(out, text_bytes(answer->url));
	if (e == ERR_OK)
		e = pack_certificates(out, &answer->certificates);
	return e == ERR_OK ? pack_certificates(out, &answer->next_ca) : e;
}

enum err unpack_certificates(struct bytes *in, size_t max, struct certificate_set *out)
{
	uint32_t count;
	enum err e = unpack_number(in, &count);
	if (e == ERR_OK && count > max)
		e = ERR_INVALID;
	for (uint32_t i = 0; e == ERR_OK && i < count; i++) {
		struct bytes der;
		e = unpack_blob(in, &der);
		if (e == ERR_OK)
			e = certificate_set_add(out, der);
	}
	return e;
}

enum err unpack_answer(struct bytes in, struct scep_answer *out)
{
	uint32_t status;
	enum err e = unpack_number(&in, &status);
	if (e == ERR_OK)
		e = unpack_text(&in, out->url, sizeof out->url);
	if (e == ERR_OK && status != SCEP_SUCCESS && status != SCEP_PENDING)
		e = ERR_INVALID;
	if (e == ERR_OK)
		e = unpack_certificates(&in, CERTIFICATE_SET_MAX, &out->certificates);
	if (e == ERR_OK)
		e = unpack_certificates(&in, SCEP_NEXT_CA_MAX, &out->next_ca);
	if (e == ERR_OK && in.len != 0)
		e = ERR_INVALID;
	if (e == ERR_OK)
		out->status = (enum scep_status)status;
	else
		scep_answer_clear(out);
	return e;
}

enum err pack_wire(struct buf *out, const struct scep_wire *wire)
{
	const struct bytes parts[] = { wire->url, wire->request, wire->content_type, wire->reply, wire->trouble };
	enum err e = pack_number(out, wire->status > 0 ? (uint32_t)wire->status : 0);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && e == ERR_OK; i++)
		e = pack_blob(out, parts[i]);
	return e;
}

enum err unpack_wire(struct bytes in, struct scep_wire *out)
{
	struct scep_wire wire = { .status = 0 };
	struct bytes *const parts[] = { &wire.url, &wire.request, &wire.content_type, &wire.reply, &wire.trouble };
	uint32_t status;
	enum err e = unpack_number(&in, &status);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && e == ERR_OK; i++) {
		e = unpack_blob(&in, parts[i]);
		if (e == ERR_OK && parts[i]->len > SCEP_WIRE_MAX)
			e = ERR_TOO_BIG;
	}
	if (e == ERR_OK && (in.len != 0 || status > 999))
		e = ERR_INVALID;
	wire.status = e == ERR_OK ? (long)status : 0;
	if (e == ERR_OK)
		*out = wire;
	return e;
}
