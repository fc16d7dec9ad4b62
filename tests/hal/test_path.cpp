/* SPDX-License-Identifier: MIT */
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/file.h"
#include "hal/hal_lab.hpp"

TEST_GROUP(path)
{
	HalLab lab;

	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }
	void link(const std::string &name, const std::string &target)
	{
		std::filesystem::create_directories(
		    std::filesystem::path(lab.at(name)).parent_path());
		LONGS_EQUAL(0, symlink(target.c_str(), lab.at(name).c_str()));
	}
	/* where a path of the device lies below the lab's "root", or the error */
	std::string resolved(const std::string &path)
	{
		char out[FILE_PATH_MAX];
		std::string root = lab.at("root");
		enum err e = path_in_root(out, root.c_str(), path.c_str());
		if (e != ERR_OK)
			return err_text(e);
		std::string text = out;
		return text.compare(0, root.size(), root) == 0 ? text.substr(root.size())
							       : "ESCAPED " + text;
	}
};

TEST(path, JoinRefusesWhatDoesNotFit)
{
	char out[FILE_PATH_MAX];
	LONGS_EQUAL(ERR_OK, path_join(out, "/var", "lib"));
	STRCMP_EQUAL("/var/lib", out);
	LONGS_EQUAL(ERR_OK, path_join(out, "/", std::string(FILE_PATH_MAX - 3, 'x').c_str()));
	LONGS_EQUAL(ERR_TOO_BIG, path_join(out, "/", std::string(FILE_PATH_MAX - 2, 'x').c_str()));
	STRCMP_EQUAL("", out);
}

TEST(path, WithoutARootThePathIsTakenAsItIs)
{
	char out[FILE_PATH_MAX];
	LONGS_EQUAL(ERR_OK, path_in_root(out, "", "/etc/../etc/x"));
	STRCMP_EQUAL("/etc/../etc/x", out);
	LONGS_EQUAL(ERR_OK, path_in_root(out, "/", "/etc/x"));
	STRCMP_EQUAL("/etc/x", out);
	LONGS_EQUAL(ERR_OK, path_in_root(out, "/", "/.."));
	STRCMP_EQUAL("/", out);
	LONGS_EQUAL(ERR_TOO_BIG, path_in_root(out, "", std::string(FILE_PATH_MAX, 'x').c_str()));
}

TEST(path, PlainPathsGoBelowTheRootWhetherTheyExistOrNot)
{
	STRCMP_EQUAL("/etc/signet/signet.conf", resolved("/etc/signet/signet.conf").c_str());
	STRCMP_EQUAL("/etc/x", resolved("etc//./x/").c_str());
	STRCMP_EQUAL("", resolved("/").c_str());
}

TEST(path, DotsNeverLeaveTheRoot)
{
	STRCMP_EQUAL("/etc/shadow", resolved("/../../../../etc/shadow").c_str());
	STRCMP_EQUAL("/x", resolved("/a/b/../../../../x").c_str());
	link("root/up", "../../../../../../etc");
	STRCMP_EQUAL("/etc/shadow", resolved("/up/shadow").c_str());
	link("root/deep/er/up", "../../../../..");
	STRCMP_EQUAL("", resolved("/deep/er/up").c_str());
}

TEST(path, AbsoluteLinksAreFollowedInsideTheRoot)
{
	link("root/etc/wpa.conf", "/data/wpa.conf");
	link("root/var/run", "/run");
	link("root/data", "/mnt/disk");
	STRCMP_EQUAL("/mnt/disk/wpa.conf", resolved("/etc/wpa.conf").c_str());
	STRCMP_EQUAL("/run/signet/lock", resolved("/var/run/signet/lock").c_str());
	link("root/escape", "/etc/shadow");
	STRCMP_EQUAL("/etc/shadow", resolved("/escape").c_str());
}

TEST(path, RelativeLinksAreFollowedFromWhereTheyLie)
{
	link("root/a/link", "../b/c");
	link("root/b/c", "d");
	STRCMP_EQUAL("/b/d/file", resolved("/a/link/file").c_str());
	STRCMP_EQUAL(
	    "/b/file",
	    resolved("/a/link/../file").c_str()); /* `..` of the target, as the kernel does */
}

TEST(path, LoopsAndEndlessPathsAreRefused)
{
	link("root/x", "/y");
	link("root/y", "/x");
	STRCMP_EQUAL("invalid", resolved("/x/file").c_str());
	link("root/self", "self/more");
	CHECK(resolved("/self") == "invalid" || resolved("/self") == "too big");
	for (int i = 0; i < 40; i++)
		link("root/n" + std::to_string(i), "n" + std::to_string(i + 1));
	STRCMP_EQUAL("/n40", resolved("/n0").c_str()); /* 40 links, as many as Linux follows */
	link("root/first", "n0");
	STRCMP_EQUAL("invalid", resolved("/first").c_str());
	STRCMP_EQUAL("too big", resolved("/" + std::string(FILE_PATH_MAX, 'x')).c_str());
	STRCMP_EQUAL("too big", resolved("/" + std::string(FILE_PATH_MAX - 2, 'x')).c_str());
}

TEST(path, ARootWithATrailingSlashIsTheSameRoot)
{
	char out[FILE_PATH_MAX];
	LONGS_EQUAL(ERR_OK, path_in_root(out, (lab.at("root") + "//").c_str(), "/../x"));
	STRCMP_EQUAL(lab.at("root/x").c_str(), out);
}
