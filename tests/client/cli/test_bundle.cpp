/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <unistd.h>
#include "CppUTest/TestHarness.h"
#include "tests/client/cli/support.hpp"

TEST_GROUP(bundle)
{
	std::string path = folder() + "/bundle.tar";
	void setup() override { fake_reset(); }
	void teardown() override
	{
		fake_clear();
		unlink(path.c_str());
	}
};

TEST(bundle, it_has_what_the_verbs_print)
{
	struct stat st;
	LONGS_EQUAL(0, run_signet({"bundle", "-o", path.c_str()}).exit);
	std::string text = read_file(path);
	for (const char *part : {"[version]\nsignet ", "[status.json]\n{", "[plan]\nnothing to do\n", "[doctor]\n", "[configuration]\n[agent]\n"})
		CHECK_TEXT(text.find(part) != std::string::npos, part);
	LONGS_EQUAL(0, stat(path.c_str(), &st));
	LONGS_EQUAL(0600, st.st_mode & 0777);
}

TEST(bundle, without_a_terminal_it_goes_to_standard_output)
{
	CHECK(run_signet({"bundle"}).out.find("[version]\n") == 0);
}

TEST(bundle, what_cannot_be_collected_is_told_and_writes_nothing)
{
	fake.err = ERR_DENIED;
	strcpy(fake.why.code, "file.read");
	strcpy(fake.why.text, "/etc/signet/psk: permission denied");
	struct ran r = run_signet({"bundle", "-o", path.c_str()});
	LONGS_EQUAL(4, r.exit);
	CHECK(r.err.find("/etc/signet/psk") != std::string::npos);
	CHECK(access(path.c_str(), F_OK) != 0);
}
