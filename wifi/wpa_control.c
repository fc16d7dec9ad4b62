/* SPDX-License-Identifier: MIT */
#include "wifi/wpa_control.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wpa_ctrl.h>
#include "hal/clock.h"
#include "hal/log.h"

#define CLIENT_FOLDER                                                                              \
	"/run/signet" /* the agent's run folder: a socket left by a kill confuses nobody there */
#define STRAY_MAX                                                                                  \
	4096 /* events before an answer until we give up: more than any socket's queue holds */

/*
 * libwpa_client's own wait is 10 s after up to 6 s of sending, in whole seconds, and its select()
 * ends at descriptor 1023. It opens and closes here; sending and waiting are ours.
 */

static int left_ms(int64_t end_ms)
{
	int64_t left = end_ms - clock_boot_ms();
	return left > 0 ? (int)left : 0;
}

static bool wait_for(int fd, short what, int64_t end_ms)
{
	struct pollfd p = {.fd = fd, .events = what};
	int n;
	do
		n = poll(&p, 1, left_ms(end_ms));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Not /tmp, libwpa_client's own choice: wpa_supplicant could not answer into a private one. */
static const char *client_folder(const char *control_folder)
{
	if (access(CLIENT_FOLDER, W_OK | X_OK) == 0)
		return CLIENT_FOLDER;
	return access(control_folder, W_OK | X_OK) == 0 ? control_folder : NULL;
}

static void close_one(void **connection)
{
	if (*connection != NULL)
		wpa_ctrl_close(*connection);
	*connection = NULL;
}

static enum err absent(struct why *why, const struct wpa_control *c, const char *how)
{
	why_set(why, ERR_NOT_FOUND, "wifi.absent", "wpa_supplicant at %s %s", c->path, how);
	why_next(why, "see whether it runs (systemctl status 'wpa_supplicant*'), and whether its "
		      "ctrl_interface is the "
		      "folder that signet's configuration names");
	return ERR_NOT_FOUND;
}

static enum err connect_one(struct wpa_control *c, void **out, struct why *why)
{
	char folder[sizeof c->path];
	struct stat st = {.st_ino = 0};
	int on = 1;
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(c->path, '/') - c->path), c->path);
	if (stat(c->path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return absent(why, c, "is not there");
	c->inode = st.st_ino;
	c->made_s = st.st_ctim.tv_sec;
	c->made_ns = st.st_ctim.tv_nsec;
	errno = 0;
	struct wpa_ctrl *connection = wpa_ctrl_open2(c->path, client_folder(folder));
	if (connection == NULL && (errno == ECONNREFUSED || errno == ENOENT))
		return absent(why, c, "does not run: its socket is left over");
	if (connection == NULL) {
		why_set(why, ERR_IO, "wifi.control", "cannot connect to %s: %s", c->path,
			strerror(errno));
		why_next(why, "run signet as root, or give its user the group of ctrl_interface");
		return ERR_IO;
	}
	int fd = wpa_ctrl_get_fd(connection);
	/* The sender's process number comes with each answer (unix(7), SO_PASSCRED). */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
		log_debug("wpa_control: %s: %s", c->path, strerror(errno));
	*out = connection;
	return ERR_OK;
}

/* >= 0: bytes received, the NUL behind them. -1: nothing usable, see errno. */
static ssize_t receive(struct wpa_control *c, int fd, char *out, size_t cap)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec io = {out, cap - 1};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	ssize_t n = recvmsg(fd, &m, MSG_TRUNC | MSG_DONTWAIT);
	if (n < 0)
		return -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(&m);
	if (header != NULL && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_CREDENTIALS) {
		struct ucred from;
		memcpy(&from, CMSG_DATA(header), sizeof from);
		c->pid = from.pid;
	}
	out[(size_t)n < cap ? (size_t)n : cap - 1] = '\0';
	return n;
}

static bool is_event(const char *text)
{
	return text[0] == '<' || strncmp(text, "IFNAME=", 7) == 0;
}

/* One command and its answer on one connection. */
static enum err exchange(struct wpa_control *c, void *connection, const char *command,
			 char reply[WPA_REPLY_MAX], struct why *why)
{
	int fd = wpa_ctrl_get_fd(connection);
	int64_t end = clock_boot_ms() + WPA_REPLY_MS;
	if (c->end_ms != 0 && c->end_ms < end)
		end = c->end_ms;
	while (send(fd, command, strlen(command), MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return absent(why, c, "is gone");
		if (errno == EAGAIN && !wait_for(fd, POLLOUT, end))
			return absent(why, c, "takes no more commands: it hangs");
	}
	for (int stray = 0; stray < STRAY_MAX && wait_for(fd, POLLIN, end); stray++) {
		ssize_t n = receive(c, fd, reply, WPA_REPLY_MAX);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return absent(why, c, "is gone");
		if (n >= WPA_REPLY_MAX)
			return why_set(why, ERR_TOO_BIG, "wifi.control",
				       "%s: the answer to \"%s\" has %zd bytes", c->path, command,
				       n);
		if (n < 0 || is_event(reply))
			continue;
		if (connection != c->events || c->owed == 0)
			return ERR_OK;
		c->owed--; /* of an older command: one daemon, one queue */
	}
	c->owed += connection == c->events;
	return absent(why, c, "does not answer: it hangs, or its TPM does");
}

enum err wpa_control_request(struct wpa_control *c, const char *command,
			     char out_reply[WPA_REPLY_MAX], struct why *why)
{
	char reply[WPA_REPLY_MAX];
	enum err e = c->command != NULL ? ERR_OK : connect_one(c, &c->command, why);
	int64_t start = clock_boot_ms();
	if (e == ERR_OK)
		e = exchange(c, c->command, command, reply, why);
	log_debug("wpa_control: %s: %s: %s in %lld ms", c->path, command, err_text(e),
		  (long long)(clock_boot_ms() - start));
	if (e == ERR_OK)
		memcpy(out_reply, reply, sizeof reply);
	else
		close_one(&c->command);
	return e;
}

/* OK, or what else was said. */
static enum err check_ok(const struct wpa_control *c, const char *command, const char *reply,
			 struct why *why)
{
	if (strcmp(reply, "OK\n") == 0)
		return ERR_OK;
	why_set(why, ERR_IO, "wifi.control", "wpa_supplicant at %s refused \"%.80s\": %.*s",
		c->path, command, (int)strcspn(reply, "\n"), reply);
	why_next(why, "see what wpa_supplicant says (journalctl -u 'wpa_supplicant*')");
	return ERR_IO;
}

enum err wpa_control_command(struct wpa_control *c, const char *command, struct why *why)
{
	char reply[WPA_REPLY_MAX];
	enum err e = wpa_control_request(c, command, reply, why);
	return e == ERR_OK ? check_ok(c, command, reply, why) : e;
}

enum err wpa_control_open(const char *folder, const char *interface, struct wpa_control *out,
			  struct why *why)
{
	struct wpa_control c = {.command = NULL, .end_ms = out->end_ms};
	int n = snprintf(c.path, sizeof c.path, "%s/%s", folder, interface);
	if (n < 0 || (size_t)n >= sizeof c.path || folder[0] != '/' || interface[0] == '\0' ||
	    strchr(interface, '/') != NULL)
		return why_set(why, ERR_INVALID, "wifi.control",
			       "\"%s\" and \"%s\" name no control socket: the path is relative or "
			       "longer than %zu bytes",
			       folder, interface, sizeof c.path - 1);
	char reply[WPA_REPLY_MAX];
	enum err e = wpa_control_request(&c, "PING", reply, why);
	if (e != ERR_OK) {
		wpa_control_close(&c);
		return e;
	}
	*out = c; /* handed to the caller */
	return ERR_OK;
}

enum err wpa_control_watch(struct wpa_control *c, struct why *why)
{
	char reply[WPA_REPLY_MAX];
	if (c->events != NULL)
		return ERR_OK;
	enum err e = connect_one(c, &c->events, why);
	if (e == ERR_OK)
		e = exchange(c, c->events, "ATTACH", reply, why);
	if (e == ERR_OK)
		e = check_ok(c, "ATTACH", reply, why);
	if (e != ERR_OK)
		close_one(&c->events);
	c->owed = 0;
	return e;
}

enum err wpa_control_command_anew(struct wpa_control *c, const char *command, struct why *why)
{
	char reply[WPA_REPLY_MAX];
	if (c->events == NULL)
		return ERR_BUG;
	enum err e = exchange(c, c->events, command, reply, why);
	return e == ERR_OK ? check_ok(c, command, reply, why) : e;
}

enum err wpa_control_event(struct wpa_control *c, int wait_ms, char out_line[WPA_EVENT_MAX])
{
	char line[WPA_EVENT_MAX];
	int64_t end = clock_boot_ms() + wait_ms;
	while (c->events != NULL && wait_for(wpa_ctrl_get_fd(c->events), POLLIN, end)) {
		ssize_t n = receive(c, wpa_ctrl_get_fd(c->events), line, sizeof line);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
		const char *level = n > 0 && line[0] == '<' ? strchr(line, '>') : NULL;
		if (n > 0 && !is_event(line) && c->owed > 0)
			c->owed--;
		if (level == NULL)
			continue;
		size_t len = strcspn(level + 1, "\n");
		memcpy(out_line, level + 1, len);
		out_line[len] = '\0';
		return ERR_OK;
	}
	return ERR_AGAIN;
}

bool wpa_control_is_replaced(const struct wpa_control *c)
{
	struct stat st;
	return stat(c->path, &st) == 0 &&
	       (st.st_ino != c->inode || st.st_ctim.tv_sec != c->made_s ||
		st.st_ctim.tv_nsec != c->made_ns);
}

void wpa_control_close(struct wpa_control *c)
{
	if (c == NULL)
		return;
	/* No answer is waited for: a client that is gone is forgotten at the next event anyway. */
	if (c->events != NULL &&
	    send(wpa_ctrl_get_fd(c->events), "DETACH", 6, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("wpa_control: %s: DETACH: %s", c->path, strerror(errno));
	close_one(&c->events);
	close_one(&c->command);
}
