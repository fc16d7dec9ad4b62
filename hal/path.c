/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hal/file.h"

#define LINKS_MAX 40 /* as Linux: more is a loop */

/* The path still to walk is kept in `rest`, what is walked in `out`; both bounded. */
static enum err push_front(char rest[FILE_PATH_MAX], const char *front)
{
	char joined[FILE_PATH_MAX];
	if (snprintf(joined, sizeof joined, "%s/%s", front, rest) >= (int)sizeof joined)
		return ERR_TOO_BIG;
	memcpy(rest, joined, sizeof joined);
	return ERR_OK;
}

static void pop_last(char *path, size_t root_len)
{
	char *slash = strrchr(path + root_len, '/');
	if (slash != NULL)
		*slash = '\0';
}

static enum err walk_one(char walked[FILE_PATH_MAX], size_t root_len, char rest[FILE_PATH_MAX],
			 const char *name, unsigned *links)
{
	char target[FILE_PATH_MAX];
	size_t len = strlen(walked);
	if (strcmp(name, ".") == 0 || name[0] == '\0')
		return ERR_OK;
	if (strcmp(name, "..") == 0) {
		pop_last(walked, root_len);
		return ERR_OK;
	}
	if (snprintf(walked + len, FILE_PATH_MAX - len, "/%s", name) >= (int)(FILE_PATH_MAX - len))
		return ERR_TOO_BIG;
	ssize_t n = readlink(walked, target, sizeof target);
	if (n < 0)
		return ERR_OK; /* no link, or not there */
	if ((size_t)n >= sizeof target)
		return ERR_TOO_BIG;
	if (++*links > LINKS_MAX)
		return ERR_INVALID;
	target[n] = '\0';
	walked[target[0] == '/' ? root_len : len] = '\0';
	return push_front(rest, target);
}

enum err path_in_root(char out[FILE_PATH_MAX], const char *root, const char *path)
{
	char walked[FILE_PATH_MAX];
	char rest[FILE_PATH_MAX];
	unsigned links = 0;
	if (root[0] == '\0')
		return snprintf(out, FILE_PATH_MAX, "%s", path) < FILE_PATH_MAX ? ERR_OK
										: ERR_TOO_BIG;
	size_t root_len = strlen(root);
	while (root_len > 0 && root[root_len - 1] == '/')
		root_len--;
	if (root_len >= sizeof walked || strlen(path) >= sizeof rest)
		return ERR_TOO_BIG;
	memcpy(walked, root, root_len);
	walked[root_len] = '\0';
	snprintf(rest, sizeof rest, "%s", path);
	while (rest[0] != '\0') {
		char name[FILE_PATH_MAX];
		size_t len = strcspn(rest, "/");
		memcpy(name, rest, len);
		name[len] = '\0';
		len += rest[len] == '/';
		memmove(rest, rest + len, strlen(rest + len) + 1);
		enum err e = walk_one(walked, root_len, rest, name, &links);
		if (e != ERR_OK)
			return e;
	}
	snprintf(out, FILE_PATH_MAX, "%s", walked[0] != '\0' ? walked : "/");
	return ERR_OK;
}
