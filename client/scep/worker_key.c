/* SPDX-License-Identifier: MIT */
#include "client/scep/worker_key.h"
#include <string.h>

static enum err lost(enum err e, struct why *why)
{
	return why_set(why, e, "worker.parent", "the worker lost its parent (%s)", err_text(e));
}

static enum err take_keys(struct worker_link *link, struct bytes in, struct why *why)
{
	enum err e = unpack_outcome(&in, why);
	for (size_t i = 0; i < WORKER_KEY_COUNT && e == ERR_OK; i++) {
		struct public_key *key = &link->keys[i];
		struct bytes modulus;
		if (unpack_blob(&in, &modulus) != ERR_OK || modulus.len > sizeof key->modulus ||
		    unpack_number(&in, &key->exponent) != ERR_OK)
			return lost(ERR_INVALID, why);
		key->modulus_len = modulus.len;
		memcpy(key->modulus, modulus.data, modulus.len);
	}
	link->has_keys = e == ERR_OK;
	return e;
}

static enum err wait_keys(struct worker_link *link, struct why *why)
{
	enum frame_kind kind;
	struct buf payload;
	if (link->has_keys)
		return ERR_OK;
	buf_init(&payload, FRAME_MAX);
	enum err e = frame_receive(link->fd, WORKER_KEY_WAIT_MS, &kind, &payload);
	if (e == ERR_OK && kind != FRAME_KEYS)
		e = ERR_INVALID;
	e = e == ERR_OK ? take_keys(link, buf_bytes(&payload), why) : lost(e, why);
	buf_clear(&payload);
	return e;
}

enum err worker_ask(struct worker_link *link, enum frame_kind kind, struct bytes question, struct buf *out,
                    struct why *why)
{
	enum frame_kind answer;
	struct buf payload;
	buf_init(&payload, FRAME_MAX);
	enum err e = wait_keys(link, why);
	if (e != ERR_OK)
		goto out;
	e = frame_send(link->fd, kind, question);
	if (e == ERR_OK)
		e = frame_receive(link->fd, WORKER_QUESTION_MS, &answer, &payload);
	if (e == ERR_OK && answer != FRAME_ANSWER)
		e = ERR_INVALID;
	if (e != ERR_OK) {
		e = lost(e, why);
		goto out;
	}
	struct bytes in = buf_bytes(&payload);
	e = unpack_outcome(&in, why);
	if (e == ERR_OK && out != NULL)
		e = buf_add(out, in.data, in.len);
out:
	buf_clear(&payload);
	return e;
}

static enum err ask_public(void *self, struct public_key *out, struct why *why)
{
	struct worker_key *key = self;
	enum err e = wait_keys(key->link, why);
	if (e == ERR_OK)
		*out = key->link->keys[key->index];
	return e;
}

static enum err ask_operation(struct worker_key *key, enum frame_kind kind, uint32_t hash, struct bytes in,
                              struct buf *out, struct why *why)
{
	struct buf question;
	buf_init(&question, FRAME_MAX);
	enum err e = pack_number(&question, key->index);
	if (e == ERR_OK)
		e = pack_number(&question, hash);
	if (e == ERR_OK)
		e = pack_blob(&question, in);
	if (e == ERR_OK)
		e = worker_ask(key->link, kind, buf_bytes(&question), out, why);
	buf_clear(&question);
	return e;
}

static enum err ask_sign(void *self, enum key_hash hash, struct bytes digest, struct buf *out, struct why *why)
{
	return ask_operation(self, FRAME_SIGN, (uint32_t)hash, digest, out, why);
}

static enum err ask_decrypt(void *self, struct bytes cipher, struct buf *out, struct why *why)
{
	return ask_operation(self, FRAME_DECRYPT, 0, cipher, out, why);
}

static void nothing_to_close(void *self)
{
	(void)self;
}

static const struct device_key_ops worker_key_ops = {
	.public_key = ask_public,
	.sign = ask_sign,
	.decrypt = ask_decrypt,
	.close = nothing_to_close,
};

struct device_key worker_key_open(struct worker_key *key)
{
	return (struct device_key){ .ops = &worker_key_ops, .self = key };
}
