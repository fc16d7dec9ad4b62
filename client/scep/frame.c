/* SPDX-License-Identifier: MIT */
#include "client/scep/frame.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "hal/clock.h"

#define HEAD_LEN 5

static void put_u32(uint8_t out[4], uint32_t v)
{
	out[0] = (uint8_t)(v >> 24);
	out[1] = (uint8_t)(v >> 16);
	out[2] = (uint8_t)(v >> 8);
	out[3] = (uint8_t)v;
}

static uint32_t get_u32(const uint8_t in[4])
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static enum err write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_UNREACHABLE;
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

enum err frame_send(int fd, enum frame_kind kind, struct bytes payload)
{
	uint8_t head[HEAD_LEN] = { (uint8_t)kind };
	if (payload.len > FRAME_MAX)
		return ERR_TOO_BIG;
	put_u32(head + 1, (uint32_t)payload.len);
	enum err e = write_all(fd, head, sizeof head);
	return e == ERR_OK && payload.len > 0 ? write_all(fd, payload.data, payload.len) : e;
}

static enum err read_all(int fd, int64_t until_ms, uint8_t *p, size_t len)
{
	while (len > 0) {
		int64_t left = until_ms - clock_boot_ms();
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int r = left <= 0 ? 0 : poll(&ready, 1, left > 60000 ? 60000 : (int)left);
		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0 && left > 60000)
			continue;
		if (r <= 0)
			return ERR_UNREACHABLE;
		ssize_t n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_UNREACHABLE;
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

enum err frame_receive(int fd, int64_t wait_ms, enum frame_kind *out_kind, struct buf *out_payload)
{
	uint8_t head[HEAD_LEN];
	uint8_t part[4096];
	int64_t until = clock_boot_ms() + wait_ms;
	enum err e = read_all(fd, until, head, sizeof head);
	if (e != ERR_OK)
		return e;
	uint32_t left = get_u32(head + 1);
	if (head[0] < FRAME_SIGN || head[0] > FRAME_ANSWER || left > FRAME_MAX)
		return ERR_INVALID;
	buf_cut(out_payload, 0);
	while (left > 0 && e == ERR_OK) {
		size_t now = left < sizeof part ? left : sizeof part;
		e = read_all(fd, until, part, now);
		if (e == ERR_OK)
			e = buf_add(out_payload, part, now);
		left -= (uint32_t)now;
	}
	explicit_bzero(part, sizeof part);
	if (e == ERR_OK)
		*out_kind = (enum frame_kind)head[0];
	return e;
}

enum err pack_number(struct buf *out, uint32_t value)
{
	uint8_t four[4];
	put_u32(four, value);
	return buf_add(out, four, sizeof four);
}

enum err pack_blob(struct buf *out, struct bytes blob)
{
	enum err e = blob.len > FRAME_MAX ? ERR_TOO_BIG : pack_number(out, (uint32_t)blob.len);
	return e == ERR_OK ? buf_add(out, blob.data, blob.len) : e;
}

enum err unpack_number(struct bytes *in, uint32_t *out)
{
	if (in->len < 4)
		return ERR_INVALID;
	*out = get_u32(in->data);
	*in = (struct bytes){ in->data + 4, in->len - 4 };
	return ERR_OK;
}

enum err unpack_blob(struct bytes *in, struct bytes *out)
{
	uint32_t len;
	struct bytes rest = *in;
	if (unpack_number(&rest, &len) != ERR_OK || len > rest.len)
		return ERR_INVALID;
	*out = (struct bytes){ rest.data, len };
	*in = (struct bytes){ rest.data + len, rest.len - len };
	return ERR_OK;
}

enum err unpack_text(struct bytes *in, char out[], size_t cap)
{
	struct bytes blob;
	enum err e = unpack_blob(in, &blob);
	if (e != ERR_OK)
		return e;
	if (blob.len >= cap || memchr(blob.len > 0 ? (const void *)blob.data : "", '\0', blob.len) != NULL)
		return ERR_INVALID;
	if (blob.len > 0)
		memcpy(out, blob.data, blob.len);
	out[blob.len] = '\0';
	return ERR_OK;
}

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

enum err pack_outcome(struct buf *out, enum err e, const struct why *why)
{
	static const struct why nothing;
	const struct why *said = e != ERR_OK && why != NULL ? why : &nothing;
	enum err r = pack_number(out, (uint32_t)e);
	if (r == ERR_OK)
		r = pack_blob(out, text_bytes(said->code));
	if (r == ERR_OK)
		r = pack_blob(out, text_bytes(said->text));
	return r == ERR_OK ? pack_blob(out, text_bytes(said->next_step)) : r;
}

enum err unpack_outcome(struct bytes *in, struct why *why)
{
	uint32_t number;
	struct why said = { .code = "" };
	if (unpack_number(in, &number) != ERR_OK || number > ERR_BUG ||
	    unpack_text(in, said.code, sizeof said.code) != ERR_OK ||
	    unpack_text(in, said.text, sizeof said.text) != ERR_OK ||
	    unpack_text(in, said.next_step, sizeof said.next_step) != ERR_OK)
		return why_set(why, ERR_INVALID, "worker.frame", "a frame between worker and parent does not parse");
	if (number != ERR_OK) {
		/* through why_set: the worker's text counts as text from outside */
		why_set(why, (enum err)number, said.code, "%s", said.text);
		if (said.next_step[0] != '\0')
			why_next(why, "%s", said.next_step);
	}
	return (enum err)number;
}
