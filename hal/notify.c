/* SPDX-License-Identifier: MIT */
#include "hal/notify.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "hal/text.h"

#define TEXT_CAP 2048  /* bytes of one datagram with its NUL: a few assignments and one sentence of struct why */
#define FORMAT_CAP 256 /* bytes of a format of ours */

static struct sockaddr_un address;
static socklen_t address_len; /* 0: nobody wants to be told */
static int64_t watchdog_ms;

/* A number and nothing else; -1 when it is none. */
static int64_t number_of(const char *text)
{
	char *end = NULL;
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : -1;
}

/* A path, or with '@' a name of Linux' abstract name space: it starts with a zero byte and is not terminated. */
static void take_socket(const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;
	address_len = 0;
	if (len < 2 || len >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@'))
		return;
	address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
}

void notify_open(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	int64_t us = number_of(getenv("WATCHDOG_USEC"));
	take_socket(getenv("NOTIFY_SOCKET"));
	bool is_ours = address_len != 0 && us > 0 && (pid == NULL || number_of(pid) == getpid());
	watchdog_ms = !is_ours ? 0 : us < 1000 ? 1 : us / 1000;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

int64_t notify_watchdog_ms(void)
{
	return watchdog_ms;
}

/* Where the newline at `format[len]` stands in the text: as far in as what is before it takes. */
static size_t place_of(const char *format, size_t len, va_list args)
{
	char before[FORMAT_CAP];
	va_list again;
	if (len >= sizeof before)
		return TEXT_CAP;
	memcpy(before, format, len);
	before[len] = '\0';
	va_copy(again, args);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the beginning of a literal that was checked */
	int n = vsnprintf(NULL, 0, before, again);
#pragma GCC diagnostic pop
	va_end(again);
	return n >= 0 ? (size_t)n : TEXT_CAP;
}

__attribute__((format(printf, 2, 0))) static size_t write_text(char text[TEXT_CAP], const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(text, TEXT_CAP, format, again);
	va_end(again);
	if (n < 0)
		return 0;
	size_t len = strlen(text);
	char *line = text;
	for (const char *cut = strchr(format, '\n'); cut != NULL; cut = strchr(cut + 1, '\n')) {
		size_t at = place_of(format, (size_t)(cut - format), args);
		if (at >= len)
			break;
		text[at] = '\0';
		text_clean(line);
		text[at] = '\n';
		line = text + at + 1;
	}
	text_clean(line);
	return len;
}

void notify_send(const char *format, ...)
{
	char text[TEXT_CAP];
	va_list args;
	if (address_len == 0)
		return;
	va_start(args, format);
	size_t len = write_text(text, format, args);
	va_end(args);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, address_len) < 0) {
		/* the manager does not listen: it finds out by itself */
	}
	close(fd);
}
