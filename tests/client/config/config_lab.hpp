/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_CONFIG_CONFIG_LAB_HPP
#define TESTS_CLIENT_CONFIG_CONFIG_LAB_HPP
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include "client/config/config.h"

/* A folder of one test, and files below it. */
class Lab
{
      public:
	std::string folder;
	struct config config = {};
	struct why why = {};

	void open()
	{
		char path[] = "/tmp/signet-config-XXXXXX";
		folder = mkdtemp(path);
		config = {};
		why = {};
	}
	void close()
	{
		config_clear(&config);
		std::filesystem::remove_all(folder);
	}
	std::string write(const std::string &name, const std::string &text) const
	{
		std::filesystem::path path = folder + name;
		std::filesystem::create_directories(path.parent_path());
		std::ofstream(path, std::ios::binary) << text;
		return path.string();
	}
	enum err load(const std::string &text)
	{
		std::string path = write("/signet.conf", text);
		config_clear(&config);
		why = {};
		return config_load(path.c_str(), nullptr, &config, &why);
	}
	enum err load_root()
	{
		config_clear(&config);
		why = {};
		return config_load(nullptr, folder.c_str(), &config, &why);
	}
	bool says(const std::string &words) const
	{
		return std::string(why.text).find(words) != std::string::npos;
	}
	bool advises(const std::string &words) const
	{
		return std::string(why.next_step).find(words) != std::string::npos;
	}
	std::string show() const
	{
		struct buf out;
		buf_init(&out, 256 * 1024);
		enum err e = config_show(&config, &out);
		const char *text = e == ERR_OK ? buf_text(&out) : nullptr;
		std::string result = text != nullptr ? text : "FAILED";
		buf_clear(&out);
		return result;
	}
	static std::string read(const std::string &path)
	{
		std::stringstream text;
		text << std::ifstream(path, std::ios::binary).rdbuf();
		return text.str();
	}
};

/* The sample of the interface without the section that this version refuses. */
inline std::string sample_without_pkcs()
{
	std::string text = Lab::read(TEST_DATA "/config/sample.conf");
	size_t start = text.find("[pkcs mail]");
	return text.substr(0, start) + text.substr(text.find("[wifi corp]"));
}

#endif
