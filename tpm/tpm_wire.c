/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tpm2_types.h>
#include "hal/clock.h"
#include "hal/log.h"

#define WIRE_MAGIC 0x7369676e65742d77u /* "signet-w": tells our context from another */
#define WIRE_CREATE_S 300	       /* seconds: prime search of a slow TPM, with room */
#define HEADER_LEN 10		       /* bytes: tag, size, code (TPM 2.0 Part 1, section 18) */
#define ANSWER_MAX 4096		       /* bytes: what Linux' driver hands over at once */
#define DEVICE_PAUSE_NS 2000000	       /* 2 ms: short beside any command */
#define CONNECT_MS 5000		       /* a software TPM takes its next client within that */
#define CONNECT_PAUSE_NS 10000000      /* 10 ms between two tries */
#define DEVICE_DEFAULT "/dev/tpmrm0"

struct wire {
	TSS2_TCTI_CONTEXT_COMMON_V2 common; /* first: TSS2_TCTI_CONTEXT points at it */
	int fd;
	bool is_socket;
	bool is_dead; /* an answer is missing: whatever comes now may be of an older command */
	unsigned timeout_s;
	int64_t until_ms; /* by clock_boot_ms(); 0: no limit for all */
	uint32_t command; /* code of the one under way */
	struct timespec sent;
	size_t len; /* of answer; 0: not here yet */
	uint8_t answer[ANSWER_MAX];
};

static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

const char *tpm_wire_path(const char *tcti_name)
{
	const char *rest = after(tcti_name, "pcap:");
	const char *name = rest != NULL ? rest : tcti_name;
	if (strcmp(name, "device") == 0 || strcmp(name, "device:") == 0)
		return DEVICE_DEFAULT;
	rest = after(name, "device:");
	return rest != NULL ? rest : after(name, "swtpm:path=");
}

bool tpm_wire_knows(const char *tcti_name)
{
	const char *path = tpm_wire_path(tcti_name);
	return path != NULL && after(tcti_name, "pcap:") == NULL && strchr(path, ',') == NULL;
}

static uint32_t number_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static long long elapsed_ms(const struct timespec *since)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000LL + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* A peer that is gone must not kill us by SIGPIPE. */
static ssize_t write_some(const struct wire *w, const uint8_t *p, size_t len)
{
	return w->is_socket ? send(w->fd, p, len, MSG_NOSIGNAL) : write(w->fd, p, len);
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *tcti, size_t len, const uint8_t *command)
{
	struct wire *w = (struct wire *)tcti;
	size_t done = 0;
	if (len < HEADER_LEN)
		return TSS2_TCTI_RC_BAD_VALUE;
	if (w->is_dead)
		return TSS2_TCTI_RC_NO_CONNECTION;
	while (done <
	       len) { /* the device takes a command in one piece; only a socket may split it */
		ssize_t n = write_some(w, command + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		struct pollfd room = {.fd = w->fd, .events = POLLOUT};
		if (n < 0 && errno == EAGAIN && poll(&room, 1, (int)w->timeout_s * 1000) > 0)
			continue;
		if (n <= 0)
			return errno == EAGAIN ? TSS2_TCTI_RC_NO_CONNECTION : TSS2_TCTI_RC_IO_ERROR;
		done += (size_t)n;
	}
	w->command = number_at(command + 6);
	w->len = 0;
	clock_gettime(CLOCK_MONOTONIC, &w->sent);
	return TSS2_RC_SUCCESS;
}

static long long answer_ms(const struct wire *w)
{
	switch (w->command) {
	case TPM2_CC_Create:
	case TPM2_CC_CreateLoaded:
	case TPM2_CC_CreatePrimary:
		return WIRE_CREATE_S * 1000LL;
	default:
		return w->timeout_s * 1000LL;
	}
}

/* What is left for the answer under way. */
static long long left_ms(const struct wire *w)
{
	long long left = answer_ms(w) - elapsed_ms(&w->sent);
	long long all = w->until_ms != 0 ? w->until_ms - clock_boot_ms() : left;
	return left < all ? left : all;
}

/* All of an answer: the device gives it at once, a socket perhaps in pieces. */
static TSS2_RC fill(struct wire *w, size_t *got)
{
	size_t want = HEADER_LEN;
	while (*got < want) {
		long long left = left_ms(w);
		struct pollfd in = {.fd = w->fd, .events = POLLIN};
		int ready = left > 0 ? poll(&in, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return ready < 0 ? TSS2_TCTI_RC_IO_ERROR : TSS2_TCTI_RC_NO_CONNECTION;
		ssize_t n = read(w->fd, w->answer + *got, sizeof w->answer - *got);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == 0 && !w->is_socket) { /* Linux 4.20 to 5.0: poll() tells too early */
			nanosleep(&(struct timespec){.tv_nsec = DEVICE_PAUSE_NS}, NULL);
			continue;
		}
		if (n <= 0) /* ETIME: the driver's own limit */
			return n < 0 && errno == ETIME ? TSS2_TCTI_RC_NO_CONNECTION
						       : TSS2_TCTI_RC_IO_ERROR;
		*got += (size_t)n;
		if (*got >= HEADER_LEN)
			want = number_at(w->answer + 2);
		if (want < HEADER_LEN || want > sizeof w->answer || *got > want)
			return TSS2_TCTI_RC_MALFORMED_RESPONSE;
	}
	return TSS2_RC_SUCCESS;
}

/* ESYS asks with `answer` NULL for the size first, or with its own buffer at once. */
static TSS2_RC receive(TSS2_TCTI_CONTEXT *tcti, size_t *len, uint8_t *answer, int32_t timeout)
{
	struct wire *w = (struct wire *)tcti;
	size_t got = 0;
	(void)timeout; /* ESYS' own calls wait for ever; the limit is ours */
	if (w->len == 0) {
		TSS2_RC rc = fill(w, &got);
		if (rc != TSS2_RC_SUCCESS) {
			w->is_dead = true;
			return rc;
		}
		w->len = got;
		log_debug("tpm_wire: command 0x%03x: 0x%03x after %lld ms", w->command,
			  number_at(w->answer + 6), elapsed_ms(&w->sent));
	}
	if (answer != NULL && *len < w->len)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	*len = w->len;
	if (answer == NULL)
		return TSS2_RC_SUCCESS;
	memcpy(answer, w->answer, w->len);
	explicit_bzero(w->answer, w->len);
	w->len = 0;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC cancel(TSS2_TCTI_CONTEXT *tcti)
{
	(void)tcti;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC get_poll_handles(TSS2_TCTI_CONTEXT *tcti, TSS2_TCTI_POLL_HANDLE *handles,
				size_t *count)
{
	(void)tcti;
	(void)handles;
	(void)count;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC set_locality(TSS2_TCTI_CONTEXT *tcti, uint8_t locality)
{
	(void)tcti;
	(void)locality;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC make_sticky(TSS2_TCTI_CONTEXT *tcti, TPM2_HANDLE *handle, uint8_t is_sticky)
{
	(void)tcti;
	(void)handle;
	(void)is_sticky;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

/* A socket whose queue is full answers EAGAIN at once when asked without blocking: the TPM is busy with
 * somebody else, for a moment. */
static int connect_patiently(int fd, const struct sockaddr_un *address)
{
	const struct timespec pause = {0, CONNECT_PAUSE_NS};
	for (int64_t until = clock_boot_ms() + CONNECT_MS;; nanosleep(&pause, NULL)) {
		if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
			return 0;
		if ((errno != EAGAIN && errno != EINTR) || clock_boot_ms() >= until)
			return -1;
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect_patiently(fd, &address) != 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* Without O_NONBLOCK Linux' driver would carry out the command inside write(). */
static int open_device(const char *path)
{
	struct stat about;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && (fstat(fd, &about) != 0 || !S_ISCHR(about.st_mode))) {
		close(fd);
		errno = ENODEV;
		return -1;
	}
	return fd;
}

void *tpm_wire_open(const char *tcti_name, unsigned timeout_s, unsigned total_s)
{
	struct wire *w = calloc(1, sizeof *w);
	if (w == NULL)
		return NULL;
	const char *path = tpm_wire_path(tcti_name);
	w->is_socket = after(tcti_name, "swtpm:") != NULL;
	w->fd = w->is_socket ? connect_to(path) : open_device(path);
	if (w->fd < 0) {
		free(w);
		return NULL;
	}
	w->timeout_s = timeout_s;
	w->until_ms = total_s != 0 ? clock_boot_ms() + total_s * 1000LL : 0;
	w->common.v1.magic = WIRE_MAGIC;
	w->common.v1.version = 2;
	w->common.v1.transmit = transmit;
	w->common.v1.receive = receive;
	w->common.v1.cancel = cancel;
	w->common.v1.getPollHandles = get_poll_handles;
	w->common.v1.setLocality = set_locality;
	w->common.makeSticky = make_sticky;
	return w;
}

void tpm_wire_close(void **tcti)
{
	struct wire *w = *tcti;
	if (w == NULL)
		return;
	if (w->is_socket) /* a child of a fork may hold it too: swtpm must see the end all the same */
		shutdown(w->fd, SHUT_RDWR);
	close(w->fd);
	explicit_bzero(w, sizeof *w);
	free(w);
	*tcti = NULL;
}
