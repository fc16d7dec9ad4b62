/* SPDX-License-Identifier: MIT */
#include "client/cli/events.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/agent/ring.h"
#include "client/agent/store.h"
#include "client/cli/json.h"

#define LOOK_EVERY_S 1		  /* --follow: a person watches */
#define DETAIL_INDENT 6 /* columns, of what goes on in the next line of a terminal */
#define LINE_CAP 4096		  /* bytes of one line; client/agent/event.c writes no longer one */
#define READ_MAX (2u * RING_MAX) /* bytes: a ring is smaller; more is not ours */

static const uint8_t *line_end(const uint8_t *from, const uint8_t *end)
{
	return from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;
}

/* What is left of `before` in `now` is its end, from a line's start: the longest such end. */
size_t events_new_at(struct bytes before, struct bytes now)
{
	if (before.len == 0 || now.len == 0)
		return 0;
	const uint8_t *end = before.data + before.len;
	for (const uint8_t *at = before.data; at != NULL && at < end;) {
		size_t len = (size_t)(end - at);
		if (len <= now.len && memcmp(at, now.data, len) == 0)
			return len;
		at = line_end(at, end);
		at = at != NULL ? at + 1 : NULL;
	}
	return 0;
}

static void put_line(const char *line, enum events_form form, struct text_out *out)
{
	struct event_line e;
	if (json_event_read(line, &e) != ERR_OK)
		return;
	if (form == EVENTS_JSON) {
		text_put_raw(out, line, strlen(line));
		text_put(out, "\n");
		return;
	}
	char detail[sizeof e];
	snprintf(detail, sizeof detail, "%s  %s%s%s%s%s%s%s", e.event, e.profile, e.serial[0] != '\0' ? "  serial=" : "", e.serial,
		 e.old_serial[0] != '\0' ? "  old_serial=" : "", e.old_serial, e.reason[0] != '\0' ? "  " : "", e.reason);
	text_put_ascii(out, e.time);
	text_put(out, "  ");
	if (form == EVENTS_WRAPPED) {
		text_put_wrapped(out, detail, (unsigned)strlen(e.time) + 2, DETAIL_INDENT, 0);
	} else {
		text_put_ascii(out, detail);
		text_put(out, "\n");
	}
}

void events_text(struct bytes lines, unsigned count, enum events_form form, struct text_out *out)
{
	if (lines.len == 0)
		return;
	const uint8_t *end = lines.data + lines.len;
	size_t total = 0;
	for (const uint8_t *at = lines.data; (at = line_end(at, end)) != NULL; at++)
		total++;
	const uint8_t *at = lines.data;
	for (size_t i = 0; i < total; i++) {
		char line[LINE_CAP];
		const uint8_t *stop = line_end(at, end);
		size_t len = (size_t)(stop - at);
		if (i + count >= total && len < sizeof line) {
			memcpy(line, at, len);
			line[len] = '\0';
			put_line(line, form, out);
		}
		at = stop + 1;
	}
}

/* ERR_OK with nothing when no event was told since boot. */
static enum err read_events(const char *path, struct buf *out, struct why *why)
{
	enum err e = file_read(path, out, why);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum signet_exit show(const struct cli *cli, struct bytes lines, unsigned count)
{
	struct text_out out;
	text_init(&out);
	events_text(lines, count,
		    cli_has(cli, OPTION_JSON) ? EVENTS_JSON
		    : cli->has_screen	      ? EVENTS_WRAPPED
					      : EVENTS_LINES,
		    &out);
	return cli_finish(cli, &out, SIGNET_DONE);
}

/* Whole lines only: what is being appended this moment comes with the next look. */
static void cut_half_line(struct buf *text)
{
	while (text->len > 0 && text->data[text->len - 1] != '\n')
		buf_cut(text, text->len - 1);
}

enum signet_exit events_run(const struct cli *cli, const struct config *config)
{
	char path[FILE_PATH_MAX];
	struct store store;
	struct why why = {.code = ""};
	struct buf before, now;
	unsigned count = cli_has(cli, OPTION_COUNT) ? cli->options.count : EVENTS_SHOWN;
	enum signet_exit exit = SIGNET_DONE;
	buf_init(&before, READ_MAX);
	buf_init(&now, READ_MAX);
	enum err e = store_open(config, &store, &why);
	if (e == ERR_OK && (e = path_join(path, store.run, "events")) != ERR_OK)
		why_set(&why, e, "config.path", "run_dir is too long");
	while (e == ERR_OK && (e = read_events(path, &now, &why)) == ERR_OK) {
		cut_half_line(&now);
		size_t at = events_new_at(buf_bytes(&before), buf_bytes(&now));
		if (at < now.len)
			exit = show(cli, (struct bytes){now.data + at, now.len - at}, count);
		if (exit != SIGNET_DONE || !cli_has(cli, OPTION_FOLLOW))
			break;
		buf_clear(&before);
		before = now; /* handed over */
		buf_init(&now, READ_MAX);
		count = COUNT_MAX;
		sleep(LOOK_EVERY_S);
	}
	buf_clear(&now);
	buf_clear(&before);
	return e == ERR_OK ? exit : cli_fail_agent(cli, e, &why);
}
