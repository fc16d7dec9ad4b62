/* SPDX-License-Identifier: MIT */
#include "client/doctor/file_system.h"
#include <linux/magic.h>
#include <string.h>

#define MAGIC_EXFAT                                                                                \
	0x2011bab0u /* fs/exfat/exfat_fs.h of Linux; <linux/magic.h> has it since 5.16 only */
#define MAGIC_MSDOS 0x4d44u /* MSDOS_SUPER_MAGIC: vfat as well */
#define FIELD_MOUNT_POINT 4 /* of a line, counted from 0 */

bool file_system_is_volatile(uint64_t magic)
{
	return magic == TMPFS_MAGIC || magic == RAMFS_MAGIC;
}

bool file_system_is_overlay(uint64_t magic) { return magic == OVERLAYFS_SUPER_MAGIC; }

bool file_system_has_links(uint64_t magic) { return magic != MAGIC_MSDOS && magic != MAGIC_EXFAT; }

/* \040 and its like stand for a blank, tab, newline and backslash. */
static enum err take_escaped(struct bytes in, char out[FILE_PATH_MAX])
{
	size_t len = 0;
	for (size_t i = 0; i < in.len; i++) {
		const uint8_t *p = in.data + i;
		bool is_escape = in.len - i > 3 && p[0] == '\\' && p[1] >= '0' && p[1] < '4' &&
				 p[2] >= '0' && p[2] < '8' && p[3] >= '0' && p[3] < '8';
		if (len + 1 >= FILE_PATH_MAX)
			return ERR_TOO_BIG;
		unsigned octal = is_escape
				     ? (unsigned)(p[1] - '0') << 6 | (unsigned)(p[2] - '0') << 3 |
					   (unsigned)(p[3] - '0')
				     : 0;
		out[len++] = (char)(is_escape ? octal : p[0]);
		i += is_escape ? 3 : 0;
	}
	out[len] = '\0';
	return ERR_OK;
}

static bool take_until(struct bytes *in, char end, struct bytes *out)
{
	if (in->len == 0)
		return false;
	const uint8_t *at = memchr(in->data, end, in->len);
	size_t len = at != NULL ? (size_t)(at - in->data) : in->len;
	*out = (struct bytes){in->data, len};
	len += at != NULL;
	*in = (struct bytes){in->data + len, in->len - len};
	return true;
}

/* Mount point, and the super block's options: the last field. */
static bool take_line(struct bytes line, char point[FILE_PATH_MAX], struct bytes *out_options)
{
	struct bytes field;
	bool has_point = false;
	for (size_t i = 0; take_until(&line, ' ', &field); i++) {
		if (i == FIELD_MOUNT_POINT)
			has_point = take_escaped(field, point) == ERR_OK;
		*out_options = field;
	}
	return has_point;
}

static bool is_below(const char *path, const char *point)
{
	size_t len = strlen(point);
	return strcmp(point, "/") == 0 ||
	       (strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

enum err file_system_upper(struct bytes mountinfo, const char *path, char out[FILE_PATH_MAX])
{
	static const char word[] = "upperdir=";
	char point[FILE_PATH_MAX];
	char upper[FILE_PATH_MAX];
	struct bytes line;
	struct bytes options = {NULL, 0};
	struct bytes option;
	size_t longest = 0;
	struct bytes best = {NULL, 0};
	while (take_until(&mountinfo, '\n', &line)) {
		if (!take_line(line, point, &options) || !is_below(path, point) ||
		    strlen(point) < longest)
			continue;
		longest = strlen(point);
		best = options;
	}
	while (take_until(&best, ',', &option)) {
		if (option.len <= strlen(word) || memcmp(option.data, word, strlen(word)) != 0)
			continue;
		enum err e = take_escaped(
		    (struct bytes){option.data + strlen(word), option.len - strlen(word)}, upper);
		if (e == ERR_OK)
			strcpy(out, upper);
		return e;
	}
	return ERR_NOT_FOUND;
}
