/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_PKI_OPENSSL_TOOL_HPP
#define TESTS_CLIENT_PKI_OPENSSL_TOOL_HPP
#include <cstdio>
#include <cstdlib>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/buf.h"
#include "hal/der.h"
#include "test_folder.hpp"

/** The openssl command as the judge, with its files in a folder of its own. */
class openssl_tool : public test_folder
{
      public:
	openssl_tool() : test_folder("signet-pki") {}
	using test_folder::write;
	void write(const std::string &name, const struct buf &b) const
	{
		write(name, std::string(reinterpret_cast<const char *>(b.data), b.len));
	}
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
