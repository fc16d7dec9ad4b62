/* SPDX-License-Identifier: MIT */
#include "hal/child.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hal/cage.h"
#include "hal/clock.h"
#include "hal/http.h"
#include "hal/log.h"

#define STOP_LOOK_MS 500
#define TAKE_S 5 /* a worker that asks reads the answer at once; one that does not must not hold its parent */

static _Noreturn void run_child(int (*main)(void *ctx, int fd), void *ctx, int fd, pid_t parent)
{
	struct why why = { .code = "" };
	sigset_t unblocked;
	sigemptyset(&unblocked);
	sigprocmask(SIG_SETMASK, &unblocked, NULL); /* the agent blocks those it sleeps on (hal/wake.h) */
	if (http_prepare(&why) != ERR_OK)
		log_warn("worker: %s", why.text); /* the first exchange says it again, and is told */
	if (cage_enter(fd, parent) != ERR_OK) {
		log_error("worker: it cannot be shut in, and ends: %s", strerror(errno));
		_exit(1);
	}
	_exit(main(ctx, fd));
}

enum err child_start(int (*main)(void *ctx, int fd), void *ctx, struct child *out)
{
	int pair[2];
	pid_t parent = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return ERR_IO;
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		run_child(main, ctx, pair[1], parent);
	}
	int number = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		errno = number;
		return ERR_IO;
	}
	const struct timeval take = { .tv_sec = TAKE_S };
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &take, sizeof take); /* cannot fail for AF_UNIX */
	*out = (struct child){ pid, pair[0] };
	return ERR_OK;
}

bool child_wait(int fd, int64_t until_ms, bool (*is_stopping)(void *ctx), void *ctx)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	while (clock_boot_ms() < until_ms) {
		if (is_stopping != NULL && is_stopping(ctx))
			return false;
		if (poll(&p, 1, STOP_LOOK_MS) > 0)
			break;
	}
	return true;
}

bool child_end(struct child *child)
{
	int status = 0;
	cage_kill(child->pid); /* it has given its result or will not */
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(child->fd);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

enum err child_was_caged(const char *code, struct why *why)
{
	enum err e = why_set(why, ERR_UNREACHABLE, code,
	                     "the worker that talks to the server did what its cage forbids, and was ended by the kernel");
	why_next(why, "the kernel's log names the system call (type=1326): a server that breaks in, or a library newer than signet; report it");
	return e;
}
