/* SPDX-License-Identifier: MIT */
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/tar.h"
#include "test_folder.hpp"

TEST_GROUP(tar)
{
	struct buf archive;
	void setup() override { buf_init(&archive, 1 << 20); }
	void teardown() override { buf_clear(&archive); }
	enum err add(const char *name, const std::string &content)
	{
		return tar_add(&archive, name, { reinterpret_cast<const uint8_t *>(content.data()), content.size() }, 1795358559);
	}
	std::string as_text() const { return std::string(reinterpret_cast<const char *>(archive.data), archive.len); }
};

TEST(tar, the_tar_command_reads_it)
{
	test_folder folder("signet-tar");
	std::string block(512, 'b');
	LONGS_EQUAL(ERR_OK, add("first", "one\n"));
	LONGS_EQUAL(ERR_OK, add("in/a/folder", block));
	LONGS_EQUAL(ERR_OK, add("empty", ""));
	LONGS_EQUAL(ERR_OK, tar_end(&archive));
	folder.write("a.tar", as_text());
	folder.run("tar -tvf a.tar --utc --numeric-owner >list && tar -xf a.tar");
	STRCMP_EQUAL("-rw------- 0/0               4 2026-11-22 14:42 first\n"
	             "-rw------- 0/0             512 2026-11-22 14:42 in/a/folder\n"
	             "-rw------- 0/0               0 2026-11-22 14:42 empty\n",
	             folder.read("list").c_str());
	STRCMP_EQUAL("one\n", folder.read("first").c_str());
	STRCMP_EQUAL(block.c_str(), folder.read("in/a/folder").c_str());
}

TEST(tar, a_name_stays_below_where_it_is_unpacked)
{
	for (const char *name : { "", "/etc/passwd", "../x", "a/../../x" })
		LONGS_EQUAL(ERR_INVALID, add(name, "x"));
	LONGS_EQUAL(ERR_OK, add(std::string(TAR_NAME_MAX, 'n').c_str(), "x"));
	LONGS_EQUAL(ERR_TOO_BIG, add(std::string(TAR_NAME_MAX + 1, 'n').c_str(), "x"));
}

TEST(tar, what_does_not_fit_leaves_the_archive_as_it_was)
{
	archive.max = 1024;
	LONGS_EQUAL(ERR_OK, add("one", "1"));
	LONGS_EQUAL(ERR_TOO_BIG, add("two", "2"));
	LONGS_EQUAL(1024, archive.len);
}
