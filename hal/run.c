/* SPDX-License-Identifier: MIT */
#include "hal/run.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hal/clock.h"

#define TERM_GRACE_MS 2000 /* from TERM to KILL */
#define STEP_MS 20	   /* between two looks whether the program has ended */
#define FD_FIRST 3	   /* behind stdin, stdout, stderr */
#define FD_COUNT_MAX 65536 /* descriptors looked at one by one on a kernel without close_range(2)  \
			    */
#define CLOSE_RANGE_ON_EXEC (1 << 2) /* CLOSE_RANGE_CLOEXEC of <linux/close_range.h>, Linux 5.11   \
				      */

/* What we were started with may lack O_CLOEXEC; marked rather than closed, for report_fd is used
 * until exec. */
static void close_all_on_exec(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)FD_FIRST, ~0U, CLOSE_RANGE_ON_EXEC) == 0)
		return;
#endif
	long count = sysconf(_SC_OPEN_MAX);
	for (int fd = FD_FIRST; fd < (count > 0 && count < FD_COUNT_MAX ? count : FD_COUNT_MAX);
	     fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The program starts with no handler, nothing ignored and nothing blocked. */
static void reset_signals(void)
{
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* refused for KILL, STOP and libc's own: right so */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child_main(const char *const argv[], const char *const env[], int out_fd,
				 int report_fd)
{
	static const char *const clean[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	reset_signals();
	setpgid(0, 0);
	/* above 2, should the caller have closed its standard descriptors: dup2() must not hit them
	 */
	int report = fcntl(report_fd, F_DUPFD_CLOEXEC, FD_FIRST);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int in = fcntl(null, F_DUPFD_CLOEXEC, FD_FIRST);
	int out = fcntl(out_fd >= 0 ? out_fd : null, F_DUPFD_CLOEXEC, FD_FIRST);
	if (in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) {
		close_all_on_exec();
		/* execve's arrays are not written to */
		execve(argv[0], (char *const *)(uintptr_t)argv,
		       (char *const *)(uintptr_t)(env != NULL ? env : clean));
	}
	int number = errno;
	if (write(report, &number, sizeof number) < 0) {
		/* the parent reads end-of-file: it takes exit status 127 */
	}
	_exit(127);
}

struct child {
	pid_t pid;
	int out_fd; /* -1: stdout is dropped */
	int64_t until_ms;
	bool has_ended;
	int status; /* of waitpid(); when has_ended */
};

static enum err look_for_end(struct child *c, int flags)
{
	pid_t r;
	do {
		r = waitpid(c->pid, &c->status, flags);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return ERR_IO;
	c->has_ended = r == c->pid;
	return ERR_OK;
}

/* Ends the program and what it left behind in its process group. */
static void end_child(struct child *c, bool is_gentle)
{
	int64_t until = clock_boot_ms() + TERM_GRACE_MS;
	if (is_gentle && !c->has_ended) {
		kill(-c->pid, SIGTERM);
		while (look_for_end(c, WNOHANG) == ERR_OK && !c->has_ended &&
		       clock_boot_ms() < until)
			usleep(STEP_MS * 1000);
	}
	kill(-c->pid, SIGKILL);
	if (!c->has_ended && look_for_end(c, 0) != ERR_OK) {
		/* somebody else has reaped it: nothing is left to wait for */
	}
}

/* Take what is there. *out_is_end: nothing more will come. */
static enum err read_some(int fd, struct buf *out, bool *out_is_end)
{
	uint8_t part[4096];
	ssize_t n = read(fd, part, sizeof part);
	if (n < 0)
		return errno == EINTR ? ERR_OK : ERR_IO;
	*out_is_end = n == 0;
	enum err e = buf_add(out, part, (size_t)n);
	explicit_bzero(part, sizeof part);
	return e;
}

/*
 * Until the program has ended, and its output too. A process it left in the background may hold the
 * pipe open for ever: once the program has ended only what is there already is taken.
 */
static enum err watch(struct child *c, struct buf *out)
{
	bool is_end = c->out_fd < 0;
	for (;;) {
		enum err e = c->has_ended ? ERR_OK : look_for_end(c, WNOHANG);
		if (e != ERR_OK)
			return e;
		struct pollfd ready = {.fd = is_end ? -1 : c->out_fd, .events = POLLIN};
		int r = poll(&ready, 1, c->has_ended ? 0 : STEP_MS);
		if (r < 0 && errno != EINTR)
			return ERR_IO;
		if (r > 0)
			e = read_some(c->out_fd, out, &is_end);
		if (e != ERR_OK)
			return e;
		if (c->has_ended && (is_end || r == 0))
			return ERR_OK;
		if (clock_boot_ms() >= c->until_ms)
			return ERR_UNREACHABLE;
	}
}

static enum err cannot_start(const char *program, int number, struct why *why)
{
	enum err e = number == ENOENT || number == ENOTDIR ? ERR_NOT_FOUND
		     : number == EACCES || number == EPERM ? ERR_DENIED
							   : ERR_IO;
	return why_set(why, e, "run.start", "%s cannot be started: %s", program, strerror(number));
}

static void close_pipe(const int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* The child tells by `report` why exec failed; end-of-file there means that it did not. */
static enum err start(const char *const argv[], const char *const env[], bool has_output,
		      struct child *c, struct why *why)
{
	int output[2] = {-1, -1};
	int report[2] = {-1, -1};
	int number = 0;
	if (pipe2(report, O_CLOEXEC) != 0 || (has_output && pipe2(output, O_CLOEXEC) != 0) ||
	    (c->pid = fork()) < 0) {
		enum err e = cannot_start(argv[0], errno, why);
		close_pipe(report);
		close_pipe(output);
		return e;
	}
	if (c->pid == 0)
		child_main(argv, env, output[1], report[1]);
	close(report[1]);
	report[1] = -1;
	if (has_output)
		close(output[1]);
	ssize_t n;
	do {
		n = read(report[0], &number, sizeof number);
	} while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n != (ssize_t)sizeof number) {
		c->out_fd = output[0];
		return ERR_OK;
	}
	if (output[0] >= 0)
		close(output[0]);
	if (look_for_end(c, 0) != ERR_OK) {
		/* reaped by somebody else; it has ended all the same */
	}
	return cannot_start(argv[0], number, why);
}

enum err run_program(const char *const argv[], const char *const env[], unsigned timeout_s,
		     struct buf *out, int *out_status, struct why *why)
{
	struct child c = {
	    .pid = -1, .out_fd = -1, .until_ms = clock_boot_ms() + (int64_t)timeout_s * 1000};
	size_t len_before = out != NULL ? out->len : 0;
	if (argv[0] == NULL || argv[0][0] != '/')
		return why_set(why, ERR_BUG, "run.start", "%s is no absolute path",
			       argv[0] != NULL ? argv[0] : "(nothing)");
	enum err e = start(argv, env, out != NULL, &c, why);
	if (e != ERR_OK)
		return e;
	e = watch(&c, out);
	if (c.out_fd >= 0)
		close(c.out_fd);
	if (e == ERR_OK) {
		*out_status =
		    WIFSIGNALED(c.status) ? 128 + WTERMSIG(c.status) : WEXITSTATUS(c.status);
		return e;
	}
	end_child(&c, e != ERR_TOO_BIG);
	if (out != NULL)
		buf_cut(out, len_before);
	if (e == ERR_UNREACHABLE)
		return why_set(why, e, "run.timeout", "%s did not end within %u s", argv[0],
			       timeout_s);
	if (e == ERR_TOO_BIG)
		return why_set(why, e, "run.output", "%s printed more than %zu bytes", argv[0],
			       out->max - len_before);
	return why_set(why, e, "run.output", "%s: %s", argv[0], err_text(e));
}
