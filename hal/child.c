/* SPDX-License-Identifier: MIT */
#include "hal/child.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hal/clock.h"

#define STOP_LOOK_MS 500

static _Noreturn void run_child(int (*main)(void *ctx, int fd), void *ctx, int fd, pid_t parent)
{
	struct rlimit none = { 0, 0 };
	sigset_t unblocked;
	sigemptyset(&unblocked);
	sigprocmask(SIG_SETMASK, &unblocked, NULL); /* the agent blocks those it sleeps on (hal/wake.h) */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	if (getppid() != parent) /* it went before PDEATHSIG was set */
		_exit(1);
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

void child_end(struct child *child)
{
	int status;
	kill(child->pid, SIGKILL); /* it has given its result or will not */
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(child->fd);
}
