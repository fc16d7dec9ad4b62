/* SPDX-License-Identifier: MIT */
#include "hal/run.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hal/clock.h"

#define TERM_GRACE_MS 2000 /* from TERM to KILL */
#define STEP_MS 20         /* between two looks at a child that has closed its stdout */

static _Noreturn void child_main(const char *const argv[], const char *const env[], int out_fd, int report_fd)
{
	static const char *const clean[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out_fd >= 0 ? out_fd : null, STDOUT_FILENO) < 0)
		_exit(127);
	/* every descriptor of ours is O_CLOEXEC; execve's arrays are not written to */
	execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)(env != NULL ? env : clean));
	int number = errno;
	if (write(report_fd, &number, sizeof number) < 0) {
		/* the parent reads end-of-file: it takes exit status 127 */
	}
	_exit(127);
}

struct child {
	pid_t pid;
	int out_fd;
	int64_t until_ms;
};

static void end_child(const struct child *c)
{
	int64_t until = clock_boot_ms() + TERM_GRACE_MS;
	kill(-c->pid, SIGTERM);
	while (waitpid(c->pid, NULL, WNOHANG) == 0) {
		if (clock_boot_ms() >= until) {
			kill(-c->pid, SIGKILL);
			while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
				;
			return;
		}
		usleep(STEP_MS * 1000);
	}
	kill(-c->pid, SIGKILL); /* what it left behind in its group */
}

static enum err read_output(const struct child *c, struct buf *out)
{
	uint8_t part[4096];
	for (;;) {
		int64_t left = c->until_ms - clock_boot_ms();
		struct pollfd ready = { .fd = c->out_fd, .events = POLLIN };
		int r = left <= 0 ? 0 : poll(&ready, 1, left > 60000 ? 60000 : (int)left);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return ERR_IO;
		if (r == 0 && left > 60000)
			continue;
		if (r == 0)
			return ERR_UNREACHABLE;
		ssize_t n = read(c->out_fd, part, sizeof part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? ERR_OK : ERR_IO;
		enum err e = buf_add(out, part, (size_t)n);
		explicit_bzero(part, sizeof part);
		if (e != ERR_OK)
			return e;
	}
}

static enum err wait_end(const struct child *c, int *out_status)
{
	int status;
	for (;;) {
		pid_t r = waitpid(c->pid, &status, WNOHANG);
		if (r == c->pid)
			break;
		if (r < 0 && errno != EINTR)
			return ERR_IO;
		if (clock_boot_ms() >= c->until_ms)
			return ERR_UNREACHABLE;
		usleep(STEP_MS * 1000);
	}
	*out_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return ERR_OK;
}

static enum err cannot_start(const char *program, int number, struct why *why)
{
	enum err e = number == ENOENT ? ERR_NOT_FOUND : number == EACCES ? ERR_DENIED : ERR_IO;
	return why_set(why, e, "run.start", "%s cannot be started: %s", program, strerror(number));
}

static enum err start(const char *const argv[], const char *const env[], struct buf *out, struct child *c,
                      struct why *why)
{
	int output[2] = { -1, -1 };
	int report[2];
	int number = 0;
	if (pipe2(report, O_CLOEXEC) != 0)
		return cannot_start(argv[0], errno, why);
	if (out != NULL && pipe2(output, O_CLOEXEC) != 0) {
		enum err e = cannot_start(argv[0], errno, why);
		close(report[0]);
		close(report[1]);
		return e;
	}
	c->pid = fork();
	if (c->pid == 0)
		child_main(argv, env, output[1], report[1]);
	int fork_number = errno;
	close(report[1]);
	if (out != NULL)
		close(output[1]);
	ssize_t n = c->pid > 0 ? read(report[0], &number, sizeof number) : 0;
	close(report[0]);
	if (c->pid > 0 && n != (ssize_t)sizeof number) {
		c->out_fd = output[0];
		return ERR_OK;
	}
	if (c->pid > 0)
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (out != NULL)
		close(output[0]);
	return cannot_start(argv[0], c->pid > 0 ? number : fork_number, why);
}

enum err run_program(const char *const argv[], const char *const env[], unsigned timeout_s, struct buf *out,
                     int *out_status, struct why *why)
{
	struct child c = { .out_fd = -1, .until_ms = clock_boot_ms() + (int64_t)timeout_s * 1000 };
	size_t len_before = out != NULL ? out->len : 0;
	int status = 0;
	enum err e = start(argv, env, out, &c, why);
	if (e != ERR_OK)
		return e;
	if (out != NULL)
		e = read_output(&c, out);
	if (e == ERR_OK)
		e = wait_end(&c, &status);
	if (e != ERR_OK) {
		end_child(&c);
		if (out != NULL)
			buf_cut(out, len_before);
		if (e == ERR_UNREACHABLE)
			why_set(why, e, "run.timeout", "%s did not end within %u s", argv[0], timeout_s);
		else
			why_set(why, e, "run.output", "%s: %s", argv[0], e == ERR_TOO_BIG ? "printed too much" : err_text(e));
	} else {
		*out_status = status;
	}
	if (c.out_fd >= 0)
		close(c.out_fd);
	return e;
}
