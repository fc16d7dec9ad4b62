/* SPDX-License-Identifier: MIT */
#include "client/agent/last.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/note.h"
#include "hal/clock.h"
#include "hal/device.h"

#define FOLDER "last"
#define LINES 9

/* "" where the kernel does not say: then all boots are one. */
static void this_boot(char out[BOOT_ID_CAP])
{
	if (device_boot_id(out, BOOT_ID_CAP) != ERR_OK)
		out[0] = '\0';
}

/* One value a line, in a fixed order; the sentences have no line ends (why.h). */
static const char *next_line(char **at)
{
	char *line = *at;
	char *end = strchr(line, '\n');
	if (end == NULL)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

enum err last_read(const struct store *store, const char *profile, struct last *out)
{
	char boot[BOOT_ID_CAP];
	struct buf text;
	struct last last = { .exit = SIGNET_DONE };
	buf_init(&text, NOTE_MAX);
	enum err e = note_read(store, FOLDER, profile, &text) != NULL ? ERR_OK : ERR_NOT_FOUND;
	if (e != ERR_OK)
		goto out;
	char *at = (char *)text.data;
	const char *lines[LINES];
	for (size_t i = 0; i < LINES; i++) {
		lines[i] = next_line(&at);
		if (lines[i] == NULL) {
			e = ERR_NOT_FOUND;
			goto out;
		}
	}
	last.exit = (enum signet_exit)(strtol(lines[0], NULL, 10) & 31);
	last.at = strtoll(lines[1], NULL, 10);
	last.contact = strtoll(lines[2], NULL, 10);
	if (!clock_is_moment(last.at) || !clock_is_moment(last.contact)) {
		e = ERR_NOT_FOUND;
		goto out;
	}
	snprintf(last.why.code, sizeof last.why.code, "%s", lines[3]);
	snprintf(last.why.text, sizeof last.why.text, "%s", lines[4]);
	snprintf(last.why.next_step, sizeof last.why.next_step, "%s", lines[5]);
	last.failures = (unsigned)strtoul(lines[6], NULL, 10);
	this_boot(boot);
	if (strcmp(lines[8], boot) == 0) /* else in a run folder that outlived its boot: that clock has begun anew */
		last.retry_ms = strtoll(lines[7], NULL, 10);
	*out = last;
out:
	buf_clear(&text);
	return e;
}

void last_write(const struct store *store, const char *profile, const struct last *last)
{
	char boot[BOOT_ID_CAP];
	this_boot(boot);
	note_write(store, FOLDER, profile, "%d\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n%s\n%u\n%" PRId64 "\n%s\n", (int)last->exit,
	           last->at, last->contact, last->why.code, last->why.text, last->why.next_step, last->failures,
	           last->retry_ms, boot);
}

void last_forget(const struct store *store, const char *profile)
{
	note_forget(store, FOLDER, profile);
}
