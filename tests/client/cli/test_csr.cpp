/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <unistd.h>
#include "CppUTest/TestHarness.h"
#include "tests/client/cli/support.hpp"

TEST_GROUP(csr)
{
	std::string path = folder() + "/file";
	void setup() override { fake_reset(); }
	void teardown() override
	{
		fake_clear();
		unlink(path.c_str());
	}
};

TEST(csr, the_request_goes_to_standard_output)
{
	struct ran r = run_signet({"csr", "corp-device"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("THE REQUEST\n", r.out.c_str());
	STRCMP_EQUAL("corp-device", fake.asked_profiles.at(0).c_str());
}

TEST(csr, or_into_a_file_that_others_may_read)
{
	struct stat st;
	struct ran r = run_signet({"csr", "corp-device", "-o", path.c_str()});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("", r.out.c_str());
	STRCMP_EQUAL("THE REQUEST\n", read_file(path).c_str());
	LONGS_EQUAL(0, stat(path.c_str(), &st));
	LONGS_EQUAL(0644, st.st_mode & 0777);
}

TEST(csr, a_file_that_cannot_be_written_is_named)
{
	struct ran r = run_signet({"csr", "corp-device", "-o", "/nonexistent/dev.csr"});
	LONGS_EQUAL(1, r.exit);
	CHECK(r.err.find("/nonexistent/dev.csr") != std::string::npos);
}

TEST(csr, only_a_profile_with_a_certificate_has_one)
{
	LONGS_EQUAL(2, run_signet({"csr", "corp"}).exit);
	LONGS_EQUAL(2, run_signet({"csr"}).exit);
	LONGS_EQUAL(2, run_signet({"--json", "csr", "corp-device"}).exit);
	LONGS_EQUAL(0, fake.asked_profiles.size());
}

TEST(csr, import_hands_over_the_file_for_one_profile)
{
	write_file(path, "A CERTIFICATE");
	LONGS_EQUAL(0, run_signet({"import", "corp-device", path.c_str()}).exit);
	STRCMP_EQUAL("A CERTIFICATE", fake.imported.c_str());
	LONGS_EQUAL(1, fake.asked_profiles.size());
	LONGS_EQUAL(0, run_signet({"import", "corp-device", "-"}, "FROM STDIN").exit);
	STRCMP_EQUAL("FROM STDIN", fake.imported.c_str());
}

TEST(csr, import_says_what_is_wrong_before_anything_is_done)
{
	struct ran r = run_signet({"import", "corp-device", "/nonexistent/c"});
	LONGS_EQUAL(1, r.exit);
	CHECK(r.err.find("/nonexistent/c") != std::string::npos);
	write_file(path, "A CERTIFICATE");
	LONGS_EQUAL(2, run_signet({"import", "corp-root", path.c_str()}).exit);
	LONGS_EQUAL(2, run_signet({"import", "corp-device"}).exit);
	write_file(path, std::string(512 * 1024 + 1, 'c'));
	LONGS_EQUAL(1, run_signet({"import", "corp-device", path.c_str()}).exit);
	LONGS_EQUAL(0, fake.applies);
}
