/* SPDX-License-Identifier: MIT */
#include "hal/tar.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 512 /* bytes: the unit of the format */

/* Fields of the header block that are not zero: offset and text, as the standard has them. */
enum field {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_TIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257
};

static void put(char block[BLOCK], enum field at, const char *text)
{
	memcpy(block + at, text, strlen(text));
}

static void make_header(char block[BLOCK], const char *name, size_t size, int64_t modified)
{
	char number[24];
	unsigned sum = 0;
	memset(block, 0, BLOCK);
	put(block, AT_NAME, name);
	put(block, AT_MODE, "0000600");
	put(block, AT_UID, "0000000");
	put(block, AT_GID, "0000000");
	snprintf(number, sizeof number, "%011zo", size);
	put(block, AT_SIZE, number);
	snprintf(number, sizeof number, "%011" PRIo64, (uint64_t)modified & 077777777777);
	put(block, AT_TIME, number);
	put(block, AT_CHECKSUM, "        "); /* counts as blanks */
	put(block, AT_TYPE, "0");
	memcpy(block + AT_MAGIC, "ustar\0" "00", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(number, sizeof number, "%06o", sum);
	put(block, AT_CHECKSUM, number);
	block[AT_CHECKSUM + 6] = '\0';
	block[AT_CHECKSUM + 7] = ' ';
}

static enum err check_name(const char *name)
{
	if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
		return ERR_INVALID;
	return strlen(name) <= TAR_NAME_MAX ? ERR_OK : ERR_TOO_BIG;
}

enum err tar_add(struct buf *out, const char *name, struct bytes content, int64_t modified)
{
	static const char zeros[BLOCK];
	char header[BLOCK];
	size_t before = out->len;
	enum err e = check_name(name);
	if (e != ERR_OK)
		return e;
	make_header(header, name, content.len, modified);
	e = buf_add(out, header, sizeof header);
	if (e == ERR_OK && content.len > 0)
		e = buf_add(out, content.data, content.len);
	if (e == ERR_OK && content.len % BLOCK != 0)
		e = buf_add(out, zeros, BLOCK - content.len % BLOCK);
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}

enum err tar_end(struct buf *out)
{
	static const char zeros[2 * BLOCK];
	return buf_add(out, zeros, sizeof zeros);
}
