/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TEST_FOLDER_HPP
#define TESTS_TEST_FOLDER_HPP
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include "CppUTest/TestHarness.h"

/** A folder of one test below /tmp, gone with it; files in it, and shell lines that run there. */
class test_folder
{
      public:
	explicit test_folder(const char *prefix) // short: socket paths end at 107 characters
	{
		std::string name = std::string("/tmp/") + prefix + "-XXXXXX";
		folder_ = mkdtemp(&name[0]) != nullptr ? name : "";
	}
	~test_folder()
	{
		if (!folder_.empty() && std::system(("rm -rf " + folder_).c_str()) != 0)
			std::perror("rm");
	}
	test_folder(const test_folder &) = delete;
	test_folder &operator=(const test_folder &) = delete;

	std::string path(const std::string &name) const { return folder_ + "/" + name; }
	void write(const std::string &name, const std::string &content) const
	{
		FILE *f = std::fopen(path(name).c_str(), "wb");
		CHECK_TEXT(f != nullptr, "cannot write a test file");
		std::fwrite(content.data(), 1, content.size(), f);
		std::fclose(f);
	}
	std::string read(const std::string &name) const
	{
		std::string content;
		FILE *f = std::fopen(path(name).c_str(), "rb");
		CHECK_TEXT(f != nullptr, ("no file " + name).c_str());
		char chunk[4096];
		for (size_t got; (got = std::fread(chunk, 1, sizeof chunk, f)) > 0;)
			content.append(chunk, got);
		std::fclose(f);
		return content;
	}
	/** Run a shell line in the folder; its output (stderr too). A failing line fails the test. */
	std::string run(const std::string &line) const
	{
		int status = 0;
		std::string out = run_status(line, &status);
		CHECK_TEXT(status == 0, (line + "\n" + out).c_str());
		return out;
	}
	std::string run_status(const std::string &line, int *status) const
	{
		std::string out;
		FILE *p = popen(("cd " + folder_ + " && { " + line + "\n} 2>&1").c_str(), "r");
		CHECK_TEXT(p != nullptr, "popen");
		char chunk[4096];
		for (size_t got; (got = std::fread(chunk, 1, sizeof chunk, p)) > 0;)
			out.append(chunk, got);
		*status = pclose(p);
		return out;
	}

      private:
	std::string folder_;
};

#endif
