// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <string>
#include <sys/statfs.h>
#include "client/doctor/file_system.h"

TEST_GROUP(file_system)
{
	char out[FILE_PATH_MAX] = "untouched";

	enum err upper(const std::string &mountinfo, const char *path)
	{
		return file_system_upper({ reinterpret_cast<const uint8_t *>(mountinfo.data()), mountinfo.size() }, path, out);
	}
};

// The first line is the example of proc_pid_mountinfo(5).
static const std::string disk = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n";
static const std::string root =
        "22 1 0:21 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/ro,upperdir=/media/rw/up,workdir=/media/rw/work\n";

TEST(file_system, UpperFolderOfTheMountThatThePathIsOn)
{
	LONGS_EQUAL(ERR_OK, upper(disk + root, "/var/lib/signet"));
	STRCMP_EQUAL("/media/rw/up", out);
	LONGS_EQUAL(ERR_NOT_FOUND, upper(disk + root, "/mnt2/signet"));
	LONGS_EQUAL(ERR_OK, upper(disk + root, "/mnt22/signet")); // the name goes on: another folder
}

TEST(file_system, TheLongestMountPointAndOfSeveralTheLast)
{
	const std::string two = root + "30 22 0:9 / /var rw - overlay o rw,upperdir=/first\n" +
	                        "31 22 0:9 / /var rw - overlay o rw,upperdir=/second,workdir=/w\n";
	LONGS_EQUAL(ERR_OK, upper(two, "/var/lib"));
	STRCMP_EQUAL("/second", out);
}

TEST(file_system, EscapesOfBlanksAreTakenBack)
{
	LONGS_EQUAL(ERR_OK, upper("30 22 0:9 / /my\\040disk rw - overlay o rw,upperdir=/a\\040b\\134c\n", "/my disk/signet"));
	STRCMP_EQUAL("/a b\\c", out);
}

TEST(file_system, AnOverlayWithoutUpperFolderAndRubbishHaveNone)
{
	for (const char *text : { "", "\n\n", "30", "30 22 0:9 / / ro - overlay o ro,lowerdir=/x\n", "30 22 0:9 / / rw - overlay o upperdir=" })
		LONGS_EQUAL(ERR_NOT_FOUND, upper(text, "/var"));
	STRCMP_EQUAL("untouched", out);
	LONGS_EQUAL(ERR_TOO_BIG, upper("30 22 0:9 / / rw - overlay o upperdir=/" + std::string(2000, 'x') + "\n", "/var"));
}

TEST(file_system, KindsByTheirMagicNumber)
{
	struct statfs fs;
	LONGS_EQUAL(0, statfs("/dev/shm", &fs)); // tmpfs on every Linux with glibc
	CHECK_TRUE(file_system_is_volatile(static_cast<uint64_t>(fs.f_type)));
	LONGS_EQUAL(0, statfs("/proc", &fs));
	CHECK_FALSE(file_system_is_volatile(static_cast<uint64_t>(fs.f_type)));
	CHECK_TRUE(file_system_has_links(0xef53)); // ext4, statfs(2)
	CHECK_FALSE(file_system_has_links(0x4d44)); // MSDOS_SUPER_MAGIC, statfs(2)
	CHECK_TRUE(file_system_is_overlay(0x794c7630)); // OVERLAYFS_SUPER_MAGIC, statfs(2)
}
