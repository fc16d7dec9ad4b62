/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_PKI_OPENSSL_TOOL_HPP
#define TESTS_CLIENT_PKI_OPENSSL_TOOL_HPP
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include "CppUTest/TestHarness.h"
#include "hal/buf.h"
#include "hal/der.h"

/** The openssl command as the judge, with its files in a folder of its own. */
class openssl_tool
{
      public:
	openssl_tool()
	{
		char path[] = "/tmp/signet-pki-XXXXXX";
		folder_ = mkdtemp(path) != nullptr ? path : "";
	}
	~openssl_tool()
	{
		if (!folder_.empty() && std::system(("rm -rf " + folder_).c_str()) != 0)
			std::perror("rm");
	}
	openssl_tool(const openssl_tool &) = delete;
	openssl_tool &operator=(const openssl_tool &) = delete;

	std::string path(const std::string &name) const { return folder_ + "/" + name; }

	void write(const std::string &name, const std::string &content) const
	{
		FILE *f = std::fopen(path(name).c_str(), "wb");
		CHECK_TEXT(f != nullptr, "cannot write a test file");
		std::fwrite(content.data(), 1, content.size(), f);
		std::fclose(f);
	}
	void write(const std::string &name, const struct buf &b) const
	{
		write(name, std::string(reinterpret_cast<const char *>(b.data), b.len));
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
	/** Run a shell line in the folder; its output (stderr too). A failing line fails the test.
	 */
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

inline struct bytes bytes_of(const std::string &s)
{
	return {reinterpret_cast<const uint8_t *>(s.data()), s.size()};
}

inline bool has_text(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

#define CHECK_HAS(text, part)                                                                      \
	CHECK_TEXT(has_text(text, part),                                                           \
		   (std::string("no \"") + (part) + "\" in:\n" + (text)).c_str())
#define CHECK_HAS_NOT(text, part)                                                                  \
	CHECK_TEXT(!has_text(text, part),                                                          \
		   (std::string("\"") + (part) + "\" in:\n" + (text)).c_str())

#endif
