/* SPDX-License-Identifier: MIT */
#include "client/agent/wire.h"
#include <stdio.h>
#include <time.h>
#include "hal/clock.h"
#include "hal/log.h"

static enum err copy(struct bytes from, struct buf *to)
{
	return from.len == 0 ? ERR_OK : buf_add(to, from.data, from.len);
}

/* A server's words, for a terminal. */
static enum err copy_tamely(struct bytes from, struct buf *to)
{
	size_t before = to->len;
	enum err e = copy(from, to);
	for (size_t i = before; i < to->len; i++)
		if (to->data[i] < 0x20 || to->data[i] >= 0x7f)
			to->data[i] = '?';
	return e;
}

static enum err describe(const struct scep_wire *x, struct buf *out)
{
	enum err e = copy_tamely(x->url, out);
	if (e == ERR_OK && x->status == 0)
		e = buf_add_text(out, "\nno reply: ");
	else if (e == ERR_OK)
		e = buf_add_format(out, "\nstatus %ld, %zu bytes, content type ", x->status, x->reply.len);
	if (e == ERR_OK)
		e = copy_tamely(x->status == 0 ? x->trouble : x->content_type, out);
	return e == ERR_OK ? buf_add_text(out, "\n") : e;
}

void wire_add(struct wire *wire, const struct scep_wire *x)
{
	size_t size = x->url.len + x->request.len + x->reply.len + x->trouble.len + x->content_type.len;
	if (wire->count == WIRE_EXCHANGES_MAX || wire->bytes + size > WIRE_BYTES_MAX)
		return;
	struct wire_exchange *to = &wire->exchanges[wire->count];
	buf_init(&to->exchange, WIRE_BYTES_MAX);
	buf_init(&to->request, SCEP_WIRE_MAX);
	buf_init(&to->reply, SCEP_WIRE_MAX);
	enum err e = describe(x, &to->exchange);
	if (e == ERR_OK)
		e = copy(x->request, &to->request);
	if (e == ERR_OK)
		e = copy(x->reply, &to->reply);
	if (e != ERR_OK)
		log_debug("scep: an exchange is not kept: %s", err_text(e));
	wire->bytes += size;
	wire->count++; /* one without memory is what is left of it */
}

void wire_clear(struct wire *wire)
{
	for (size_t i = 0; i < wire->count; i++) {
		buf_clear(&wire->exchanges[i].exchange);
		buf_clear(&wire->exchanges[i].request);
		buf_clear(&wire->exchanges[i].reply);
	}
	wire->count = wire->bytes = 0;
}

static enum err write_part(const char *folder, const char *name, const struct buf *content, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = content->len > 0 ? path_join(path, folder, name) : ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND)
		return ERR_OK; /* no such part */
	return e == ERR_OK ? file_write_part(path, buf_bytes(content), 0600, why) : e;
}

static enum err write_exchange(const char *folder, size_t number, const struct wire_exchange *x, struct why *why)
{
	const struct {
		const char *kind;
		const struct buf *content;
	} parts[] = { { "exchange", &x->exchange }, { "request", &x->request }, { "reply", &x->reply } };
	enum err e = ERR_OK;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && e == ERR_OK; i++) {
		char name[32];
		snprintf(name, sizeof name, "%02zu.%s", number, parts[i].kind);
		e = write_part(folder, name, parts[i].content, why);
	}
	return e;
}

static enum err write_summary(const char *folder, const char *profile, const struct why *how, struct why *why)
{
	char now[32];
	struct buf text;
	buf_init(&text, sizeof *how + 256);
	clock_text((int64_t)time(NULL), now, sizeof now);
	enum err e = buf_add_format(&text, "%s\nprofile %s\n%s: %s\n", now, profile, how->code, how->text);
	if (e == ERR_OK)
		e = write_part(folder, "summary", &text, why);
	buf_clear(&text);
	return e;
}

void wire_keep(const struct wire *wire, const struct store *store, const char *profile, const struct why *how)
{
	char folder[FILE_PATH_MAX];
	struct why why = { .code = "" };
	enum err e = wire->count > 0 ? path_join(folder, store->run, WIRE_FOLDER) : ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND)
		return; /* nothing was said to anybody */
	if (e == ERR_OK)
		e = file_drop_folder(folder, &why);
	if (e == ERR_OK)
		e = file_make_folder(folder, 0700, &why);
	for (size_t i = 0; i < wire->count && e == ERR_OK; i++)
		e = write_exchange(folder, i + 1, &wire->exchanges[i], &why);
	if (e == ERR_OK)
		e = write_summary(folder, profile, how, &why);
	if (e != ERR_OK)
		log_debug("scep: the dialogue is not kept: %s", why.text);
}
