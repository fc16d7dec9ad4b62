/* SPDX-License-Identifier: MIT */
#include "vpn/vici_client.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "hal/clock.h"
#include "hal/log.h"

#define CONNECT_STEP_MS 50 /* between two tries while charon's queue of connections is full */
#define HEAD_LEN 4	   /* bytes of a packet's length */

static int left_ms(const struct vici_client *client)
{
	int64_t left = client->deadline_ms - clock_boot_ms();
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static enum err broken(struct vici_client *client, struct why *why, const char *what)
{
	log_debug("vici_client: %s: %s", client->path, what);
	why_set(why, ERR_IO, "vpn.control", "charon at %s %s", client->path, what);
	why_next(why, "look at charon's log (journalctl -u strongswan) and restart it");
	return ERR_IO;
}

static enum err no_answer(struct vici_client *client, struct why *why)
{
	return broken(client, why, "does not answer in time");
}

static enum err connect_until(struct vici_client *client, const struct sockaddr_un *address,
			      struct why *why)
{
	while (connect(client->fd, (const struct sockaddr *)address, sizeof *address) != 0) {
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN && left_ms(client) > 0) { /* its backlog is full */
			poll(NULL, 0, CONNECT_STEP_MS);
			continue;
		}
		if (errno == EAGAIN)
			return no_answer(client, why);
		if (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED) {
			why_set(why, ERR_NOT_FOUND, "vpn.absent", "no charon listens at %s",
				client->path);
			why_next(why, "start strongSwan (charon-systemd), or install it");
			return ERR_NOT_FOUND;
		}
		return broken(client, why, strerror(errno));
	}
	return ERR_OK;
}

enum err vici_open(const char *path, int64_t deadline_ms, struct vici_client *out, struct why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct vici_client client = {.fd = -1, .path = path, .deadline_ms = deadline_ms};
	*out = client;
	buf_init(&out->packet, HEAD_LEN + VICI_PACKET_MAX);
	if (strlen(path) >= sizeof address.sun_path)
		return broken(out, why, "has too long a path");
	memcpy(address.sun_path, path, strlen(path) + 1);
	out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out->fd < 0)
		return broken(out, why, strerror(errno));
	enum err e = connect_until(out, &address, why);
	if (e != ERR_OK)
		vici_close(out);
	return e;
}

void vici_close(struct vici_client *client)
{
	if (client == NULL)
		return;
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buf_clear(&client->packet);
}

/* ERR_AGAIN: not ready within `ms`. */
static enum err wait_for(struct vici_client *client, short events, int ms, struct why *why)
{
	struct pollfd wanted = {.fd = client->fd, .events = events};
	int64_t end = clock_boot_ms() + ms;
	for (;;) {
		int64_t left = end - clock_boot_ms();
		int ready = poll(&wanted, 1, left > 0 ? (int)left : 0);
		if (ready > 0)
			return ERR_OK;
		if (ready == 0)
			return ERR_AGAIN;
		if (errno != EINTR)
			return broken(client, why, strerror(errno));
	}
}

static enum err send_all(struct vici_client *client, struct bytes data, struct why *why)
{
	while (data.len > 0) {
		ssize_t done = send(client->fd, data.data, data.len, MSG_NOSIGNAL);
		if (done > 0) {
			data = (struct bytes){data.data + done, data.len - (size_t)done};
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno != EAGAIN)
			return broken(client, why, strerror(errno));
		enum err e = wait_for(client, POLLOUT, left_ms(client), why);
		if (e != ERR_OK)
			return e == ERR_AGAIN ? no_answer(client, why) : e;
	}
	return ERR_OK;
}

static enum err send_packet(struct vici_client *client, enum vici_packet_type type,
			    const char *name, struct bytes message, struct why *why)
{
	struct buf head;
	if (client->fd < 0)
		return broken(client, why, "is no longer connected");
	buf_init(&head, HEAD_LEN + 2 + VICI_NAME_MAX);
	enum err e = vici_packet_head(type, name, message.len, &head);
	if (e == ERR_OK)
		e = send_all(client, buf_bytes(&head), why);
	if (e == ERR_OK)
		e = send_all(client, message, why);
	buf_clear(&head);
	return e;
}

/* Fill client->packet up to `len`. Until its first byte has come it may take `ms` (ERR_AGAIN), from
 * then on until the deadline. */
static enum err receive_to(struct vici_client *client, size_t len, int ms, struct why *why)
{
	uint8_t chunk[4096];
	while (client->packet.len < len) {
		size_t want = len - client->packet.len;
		ssize_t got = recv(client->fd, chunk, want < sizeof chunk ? want : sizeof chunk, 0);
		if (got > 0) {
			enum err e = buf_add(&client->packet, chunk, (size_t)got);
			if (e != ERR_OK)
				return e;
			continue;
		}
		if (got == 0)
			return broken(client, why, "closed the connection");
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return broken(client, why, strerror(errno));
		bool is_started = client->packet.len > 0;
		enum err e = wait_for(client, POLLIN, is_started ? left_ms(client) : ms, why);
		if (e == ERR_AGAIN && is_started)
			return no_answer(client, why);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* One packet. ERR_AGAIN: none began within `ms`. */
static enum err receive(struct vici_client *client, int ms, struct vici_packet *out,
			struct why *why)
{
	if (client->fd < 0)
		return broken(client, why, "is no longer connected");
	buf_cut(&client->packet, 0);
	enum err e = receive_to(client, HEAD_LEN, ms, why);
	if (e != ERR_OK)
		return e;
	size_t len = 0;
	for (size_t i = 0; i < HEAD_LEN; i++)
		len = len << 8 | client->packet.data[i];
	if (len == 0 || len > VICI_PACKET_MAX)
		return broken(client, why, "sent a packet of an impossible length");
	e = receive_to(client, HEAD_LEN + len, ms, why);
	if (e != ERR_OK)
		return e;
	struct bytes body = {client->packet.data + HEAD_LEN, len};
	if (vici_packet_read(body, out) != ERR_OK)
		return broken(client, why, "sent a packet that breaks the protocol");
	return ERR_OK;
}

/* After a failure the stream is in the middle of something. */
static enum err fail(struct vici_client *client, enum err e)
{
	if (e != ERR_OK && client->fd >= 0) {
		close(client->fd);
		client->fd = -1;
	}
	return e;
}

static void deliver(struct vici_client *client, const struct vici_packet *packet)
{
	if (client->on_event != NULL)
		client->on_event(client->ctx, packet->name, packet->message);
}

/* The packet that is no event; events are delivered on the way. */
static enum err receive_answer(struct vici_client *client, struct vici_packet *out, struct why *why)
{
	for (unsigned count = 0; count < VICI_EVENTS_MAX; count++) {
		int left = left_ms(client);
		if (left == 0) /* an endless stream of events keeps the socket ready */
			return no_answer(client, why);
		enum err e = receive(client, left, out, why);
		if (e != ERR_OK)
			return e == ERR_AGAIN ? no_answer(client, why) : e;
		if (out->type != VICI_EVENT)
			return ERR_OK;
		deliver(client, out);
	}
	return broken(client, why, "sends events without end");
}

static enum err unknown(struct why *why, const struct vici_client *client, const char *name)
{
	why_set(why, ERR_UNSUPPORTED, "vpn.version", "charon at %s does not know \"%s\"",
		client->path, name);
	why_next(why, "install strongSwan 5.9 or newer");
	return ERR_UNSUPPORTED;
}

enum err vici_ask(struct vici_client *client, const char *command, struct bytes message,
		  struct bytes *out_answer, struct why *why)
{
	struct vici_packet packet = {.type = VICI_CMD_REQUEST};
	int64_t start = clock_boot_ms();
	enum err e = send_packet(client, VICI_CMD_REQUEST, command, message, why);
	if (e == ERR_OK)
		e = receive_answer(client, &packet, why);
	log_debug("vici_client: %s: %s, %lld ms", command, err_text(e),
		  (long long)(clock_boot_ms() - start));
	if (e != ERR_OK)
		return fail(client, e);
	if (packet.type == VICI_CMD_UNKNOWN)
		return unknown(why, client, command);
	if (packet.type != VICI_CMD_RESPONSE)
		return fail(client, broken(client, why, "answered a command with something else"));
	*out_answer = packet.message;
	return ERR_OK;
}

enum err vici_listen(struct vici_client *client, const char *event, bool is_wanted, struct why *why)
{
	struct vici_packet packet = {.type = VICI_CMD_REQUEST};
	enum err e = send_packet(client, is_wanted ? VICI_EVENT_REGISTER : VICI_EVENT_UNREGISTER,
				 event, (struct bytes){NULL, 0}, why);
	if (e == ERR_OK)
		e = receive_answer(client, &packet, why);
	if (e != ERR_OK)
		return fail(client, e);
	if (packet.type == VICI_EVENT_UNKNOWN)
		return unknown(why, client, event);
	if (packet.type != VICI_EVENT_CONFIRM)
		return fail(client,
			    broken(client, why, "answered a registration with something else"));
	return ERR_OK;
}

enum err vici_wait(struct vici_client *client, int ms, struct why *why)
{
	struct vici_packet packet;
	int left = left_ms(client);
	enum err e = receive(client, ms < left ? ms : left, &packet, why);
	if (e == ERR_OK && packet.type != VICI_EVENT)
		e = broken(client, why, "sent an answer that nobody asked for");
	if (e == ERR_OK)
		deliver(client, &packet);
	return e == ERR_AGAIN ? e : fail(client, e);
}
