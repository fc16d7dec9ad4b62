/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/cli/cli.h"

/* With a standard stream closed the next file opened, a key say, would become it and get our
 * output. */
static bool has_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int main(int argc, char *argv[])
{
	/* Secrets must not reach a core file, nor another process of the same user. A core_pattern that is a
	 * program gets its core whatever the limit, but never one of a process that is not dumpable. */
	const struct rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};
	if (!has_standard_streams() || setrlimit(RLIMIT_CORE, &no_core) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0)
		return SIGNET_FAILED;
	signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error of write(2), not the end */
	umask(077);
	const struct cli_streams streams = {.out = stdout, .err = stderr, .in_fd = 0};
	enum signet_exit exit = cli_main(argc, (const char *const *)argv, &streams);
	return fclose(stdout) == 0 ? (int)exit : SIGNET_FAILED;
}
