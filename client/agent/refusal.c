/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/refusal.h"
#include "hal/clock.h"

#define REFUSAL_MAX 2048 /* bytes: six lines */
#define LINES 6

/* One value a line, in a fixed order; the sentences have no line ends (why.h). */
static bool split(char *text, const char *lines[LINES])
{
	for (size_t i = 0; i < LINES; i++) {
		char *end = strchr(text, '\n');
		if (end == NULL)
			return false;
		*end = '\0';
		lines[i] = text;
		text = end + 1;
	}
	return true;
}

enum err refusal_read(const struct store *store, const char *profile, unsigned number, const char *name,
                      struct refusal *out)
{
	struct refusal r = { .at = 0 };
	const char *lines[LINES];
	struct buf text;
	buf_init(&text, REFUSAL_MAX);
	enum err e = generation_read(store, profile, number, name, &text, NULL);
	if (e == ERR_OK && (buf_text(&text) == NULL || !split((char *)text.data, lines)))
		e = ERR_NOT_FOUND; /* damaged: as if there were none */
	if (e == ERR_OK)
		r.at = strtoll(lines[0], NULL, 10);
	if (e == ERR_OK && !clock_is_moment(r.at))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		r.count = (unsigned)strtoul(lines[1], NULL, 10);
		snprintf(r.by, sizeof r.by, "%s", lines[2]);
		snprintf(r.why.code, sizeof r.why.code, "%s", lines[3]);
		snprintf(r.why.text, sizeof r.why.text, "%s", lines[4]);
		snprintf(r.why.next_step, sizeof r.why.next_step, "%s", lines[5]);
		*out = r;
	}
	buf_clear(&text);
	return e;
}

enum err refusal_write(const struct store *store, const char *profile, unsigned number, const char *name,
                       const struct refusal *refusal, struct why *why)
{
	struct buf text;
	buf_init(&text, REFUSAL_MAX);
	enum err e = buf_add_format(&text, "%" PRId64 "\n%u\n%s\n%s\n%s\n%s\n", refusal->at, refusal->count, refusal->by,
	                            refusal->why.code, refusal->why.text, refusal->why.next_step);
	if (e == ERR_OK)
		e = generation_write(store, profile, number, name, buf_bytes(&text), why);
	buf_clear(&text);
	return e;
}

int64_t refusal_retry_at(const struct refusal *refusal, unsigned pause_s, unsigned max_s)
{
	int64_t pause = pause_s;
	for (unsigned i = 1; i < refusal->count && pause < max_s; i++)
		pause *= 2;
	return refusal->at + (pause < max_s ? pause : max_s);
}

bool refusal_is_due(const struct refusal *refusal, unsigned pause_s, unsigned max_s, int64_t now)
{
	return now < refusal->at || now >= refusal_retry_at(refusal, pause_s, max_s);
}
