/* SPDX-License-Identifier: MIT */
#include "hal/log.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "hal/text.h"

#define LINE_MAX_LEN                                                                               \
	1024 /* bytes: a longer event is cut, journald and serial consoles stay readable */

static enum log_level limit = LOG_INFO;
static int has_priority;
static void (*sink_fn)(enum log_level level, const char *line);

void log_set_level(enum log_level level) { limit = level; }

enum log_level log_get_level(void) { return limit; }

void log_set_priority_prefix(int with_priority) { has_priority = with_priority; }

void log_set_sink(void (*sink)(enum log_level level, const char *line)) { sink_fn = sink; }

/* One write for one line: lines of two processes do not mix. */
static void to_stderr(enum log_level level, const char *line)
{
	static const int priority[] = {
	    3, 4, 6, 7}; /* LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG of syslog(3) */
	char out[LINE_MAX_LEN + 16];
	int n = has_priority ? snprintf(out, sizeof out, "<%d>%s\n", priority[level], line)
			     : snprintf(out, sizeof out, "%s\n", line);
	if (n > 0 && write(STDERR_FILENO, out, (size_t)n) < 0) {
		/* nobody reads it; there is no better place to say so */
	}
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_LEN];
	va_list args;
	if (level > limit)
		return;
	va_start(args, format);
	int wanted = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (wanted < 0)
		return;
	if ((size_t)wanted >= sizeof line)
		memcpy(line + sizeof line - 4, "...", 4);
	text_clean(line); /* last: the cut may have halved a character */
	if (sink_fn != NULL)
		sink_fn(level, line);
	else
		to_stderr(level, line);
}
