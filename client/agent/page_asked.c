/* SPDX-License-Identifier: MIT */
#include "client/agent/page_asked.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "hal/clock.h"

#define NEVER_ASKED (-1) /* no moment: 0 is one, and a device without a clock boots in 1970 */
#define NOTE_MAX 64	 /* bytes of the file: a number */

/* *out: unix s, or NEVER_ASKED. A file that is there and cannot be read may hold anything. */
static enum err read_asked(const char *path, int64_t *out, struct why *why)
{
	struct buf text;
	char line[32] = "";
	long long asked = 0;
	buf_init(&text, NOTE_MAX);
	enum err e = file_read(path, &text, why);
	if (e == ERR_NOT_FOUND || e == ERR_TOO_BIG) /* too big: not by us */
		e = ERR_OK;
	else if (e == ERR_OK)
		snprintf(line, sizeof line, "%.*s", (int)text.len, text.len > 0 ? (const char *)text.data : "");
	if (e == ERR_OK)
		*out = sscanf(line, "%lld", &asked) == 1 && clock_is_moment(asked) ? (int64_t)asked : NEVER_ASKED;
	buf_clear(&text);
	return e;
}

enum err page_asked_now(const struct store *store, const char *profile, struct why *why)
{
	char path[FILE_PATH_MAX];
	struct buf text;
	int64_t now = (int64_t)time(NULL);
	int64_t asked = NEVER_ASKED;
	buf_init(&text, NOTE_MAX);
	enum err e = store_path(store, "scep", profile, "page_asked", path);
	if (e == ERR_OK)
		e = read_asked(path, &asked, why);
	if (e == ERR_OK && asked != NEVER_ASKED && llabs(now - asked) < PAGE_INTERVAL_S) {
		e = why_set(why, ERR_AGAIN, "challenge.page_wait",
		            "the challenge page was asked %lld s ago; it is asked once an hour", llabs(now - asked));
		why_next(why, "wait, or hand in a challenge: signet enroll %s --challenge-file FILE", profile);
	}
	if (e == ERR_OK)
		e = buf_add_format(&text, "%lld\n", (long long)now);
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&text), 0600, why);
	buf_clear(&text);
	return e;
}
