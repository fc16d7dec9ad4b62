/* SPDX-License-Identifier: MIT */
#include "client/doctor/agent_process.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "hal/file.h"

#define CMDLINE_MAX 4096 /* bytes: the verb of an agent stands within it */

/* Next argument; NULL at the end, or for one that is cut. */
static const char *next(struct bytes *in)
{
	const char *word = (const char *)in->data;
	const uint8_t *end = in->len > 0 ? memchr(in->data, '\0', in->len) : NULL;
	if (end == NULL)
		return NULL;
	size_t len = (size_t)(end - in->data) + 1;
	*in = (struct bytes){in->data + len, in->len - len};
	return word;
}

bool agent_process_is_one(struct bytes cmdline)
{
	const char *word = next(&cmdline);
	const char *slash = word != NULL ? strrchr(word, '/') : NULL;
	if (word == NULL || strcmp(slash != NULL ? slash + 1 : word, "signet") != 0)
		return false;
	while ((word = next(&cmdline)) != NULL && word[0] == '-')
		if (strcmp(word, "-c") == 0 || strcmp(word, "--root") == 0)
			next(&cmdline); /* its value */
	return word != NULL && strcmp(word, "agent") == 0;
}

/* Not file_read(): a file of /proc says that it is empty. */
static void look_at(void *ctx, const char *name)
{
	bool *runs = ctx;
	char path[FILE_PATH_MAX];
	uint8_t cmdline[CMDLINE_MAX];
	if (*runs || !isdigit((unsigned char)name[0]))
		return;
	snprintf(path, sizeof path, "/proc/%.20s/cmdline", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, cmdline, sizeof cmdline) : 0;
	if (fd >= 0)
		close(fd);
	*runs = len > 0 && agent_process_is_one((struct bytes){cmdline, (size_t)len});
}

bool agent_process_runs(void)
{
	bool runs = false;
	return file_list("/proc", look_at, &runs, NULL) == ERR_OK && runs;
}
