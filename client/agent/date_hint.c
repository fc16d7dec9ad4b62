/* SPDX-License-Identifier: MIT */
#include "client/agent/date_hint.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "client/agent/note.h"
#include "client/scep/frame.h"
#include "hal/child.h"
#include "hal/http.h"

#define FOLDER "date"
#define ASK_MS 20000                     /* one small GET */
#define DAY_MS (24LL * 3600 * 1000)

struct hint {
	int64_t date, asked_ms;   /* unix s, and CLOCK_BOOTTIME when it was; date 0: no answer */
	int64_t spent, spent_ms;  /* the same of the last renewal that was begun; spent 0: none */
};

/* Else of another boot, in a run folder that outlived it; or damaged. */
static bool is_boot_ms(int64_t ms)
{
	return ms >= 0 && ms <= clock_boot_ms();
}

static bool read_hint(const struct pass *pass, const char *profile, struct hint *out)
{
	struct buf file;
	buf_init(&file, NOTE_MAX);
	*out = (struct hint){ .date = 0 };
	const char *text = note_read(&pass->store, FOLDER, profile, &file);
	bool is_there = text != NULL && sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &out->date, &out->asked_ms,
	                                       &out->spent, &out->spent_ms) == 4 &&
	                is_boot_ms(out->asked_ms) && is_boot_ms(out->spent_ms) && clock_is_moment(out->date) &&
	                clock_is_moment(out->spent);
	buf_clear(&file);
	return is_there;
}

static void write_hint(const struct pass *pass, const char *profile, const struct hint *hint)
{
	note_write(&pass->store, FOLDER, profile, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", hint->date, hint->asked_ms,
	           hint->spent, hint->spent_ms);
}

/* In a worker, as everything that a network says. The answer is one number. */
static int ask_server(void *ctx, int fd)
{
	const struct scep_profile *p = ctx;
	struct http_reply reply = { .status = 0 };
	struct buf url;
	struct buf number;
	buf_init(&url, 1024);
	buf_init(&number, 16);
	enum err e = buf_add_format(&url, "%s%coperation=GetCACaps", p->url.items[0],
	                            strchr(p->url.items[0], '?') != NULL ? '&' : '?');
	const char *text = e == ERR_OK ? buf_text(&url) : NULL;
	const struct http_request request = { .url = text, .proxy = p->proxy, .timeout_ms = ASK_MS };
	if (text != NULL && http_exchange(&request, &reply, NULL) == ERR_OK && reply.date > 0)
		e = pack_number(&number, (uint32_t)((uint64_t)reply.date >> 32));
	if (e == ERR_OK && reply.date > 0)
		e = pack_number(&number, (uint32_t)reply.date);
	if (e == ERR_OK)
		e = frame_send(fd, FRAME_RESULT, buf_bytes(&number));
	http_reply_clear(&reply);
	buf_clear(&number);
	buf_clear(&url);
	return e == ERR_OK ? 0 : 1;
}

static bool is_stopping(void *ctx)
{
	return pass_is_stopping(ctx);
}

void date_hint_ask(const struct pass *pass, const struct scep_profile *profile)
{
	struct scep_profile borrowed = *profile; /* the callbacks' contexts are not const */
	struct pass host = *pass;
	struct child child;
	struct hint hint;
	struct buf payload;
	enum frame_kind kind;
	uint32_t high;
	uint32_t low;
	int64_t now = clock_boot_ms();
	if (pass->clock.is_trusted || (read_hint(pass, profile->name, &hint) && now - hint.asked_ms < DAY_MS) ||
	    child_start(ask_server, &borrowed, &child) != ERR_OK)
		return;
	buf_init(&payload, FRAME_MAX);
	int64_t until = now + ASK_MS + 1000;
	hint.date = 0;
	hint.asked_ms = now;
	if (child_wait(child.fd, until, is_stopping, &host) &&
	    frame_receive(child.fd, until - clock_boot_ms(), &kind, &payload) == ERR_OK && kind == FRAME_RESULT) {
		struct bytes in = buf_bytes(&payload);
		if (unpack_number(&in, &high) == ERR_OK && unpack_number(&in, &low) == ERR_OK && in.len == 0)
			hint.date = (int64_t)((uint64_t)high << 32 | low);
		if (!clock_is_moment(hint.date))
			hint.date = 0;
	}
	child_end(&child);
	write_hint(pass, profile->name, &hint);
	buf_clear(&payload);
}

bool date_hint_is_due(const struct pass *pass, const struct scep_profile *profile, int64_t due_at)
{
	struct hint hint;
	int64_t now = clock_boot_ms();
	if (pass->clock.is_trusted || !read_hint(pass, profile->name, &hint) || hint.date == 0)
		return false;
	int64_t date = hint.date + (now - hint.asked_ms) / 1000;
	return clock_hint_allows(&pass->clock, date, due_at, hint.spent, hint.spent != 0 ? (now - hint.spent_ms) / 1000 : -1);
}

void date_hint_spend(const struct pass *pass, const struct scep_profile *profile)
{
	struct hint hint;
	int64_t now = clock_boot_ms();
	if (!read_hint(pass, profile->name, &hint) || hint.date == 0)
		return;
	hint.spent = hint.date + (now - hint.asked_ms) / 1000;
	hint.spent_ms = now;
	write_hint(pass, profile->name, &hint);
}
