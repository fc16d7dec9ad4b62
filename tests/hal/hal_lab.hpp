/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HAL_HAL_LAB_HPP
#define TESTS_HAL_HAL_LAB_HPP
#include <sys/stat.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include "hal/buf.h"

/* A folder of one test, and files below it. */
class HalLab
{
      public:
	std::string folder;

	void open()
	{
		char path[] = "/tmp/signet-hal-XXXXXX";
		folder = mkdtemp(path);
	}
	void close() { std::filesystem::remove_all(folder); }
	std::string at(const std::string &name) const { return folder + "/" + name; }
	std::string write(const std::string &name, const std::string &text) const
	{
		std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
		std::ofstream(at(name), std::ios::binary) << text;
		return at(name);
	}
	std::string read(const std::string &name) const
	{
		std::ifstream in(at(name), std::ios::binary);
		std::stringstream text;
		text << in.rdbuf();
		return text.str();
	}
	unsigned mode(const std::string &name) const
	{
		struct stat info = {};
		return lstat(at(name).c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
	}
	size_t count() const
	{
		size_t n = 0;
		for (std::filesystem::directory_iterator i(folder), end; i != end; ++i)
			n++;
		return n;
	}
};

static inline struct bytes bytes_of(const std::string &text)
{
	return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

static inline std::string text_of(struct bytes b)
{
	return b.len == 0 ? std::string()
			  : std::string(reinterpret_cast<const char *>(b.data), b.len);
}

/* What a command prints; "" and a failed status when it fails. */
static inline std::string output_of(const std::string &command, int *out_status)
{
	std::string all;
	char part[4096];
	size_t n;
	FILE *pipe = popen(command.c_str(), "r");
	while (pipe != nullptr && (n = fread(part, 1, sizeof part, pipe)) > 0)
		all.append(part, n);
	*out_status = pipe != nullptr ? pclose(pipe) : -1;
	return all;
}
#endif
