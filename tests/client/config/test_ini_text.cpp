/* SPDX-License-Identifier: MIT */
#include <string>
#include "CppUTest/TestHarness.h"
#include "client/config/ini_text.h"

static enum err note(void *ctx, const char *section, const char *name, const char *value,
		     unsigned line, struct why *)
{
	std::string &seen = *static_cast<std::string *>(ctx);
	seen += std::to_string(line) + ":" + section;
	if (name != nullptr)
		seen += std::string(":") + name + "=" + value;
	seen += "|";
	return name != nullptr && std::string(name) == "stop" ? ERR_DENIED : ERR_OK;
}

TEST_GROUP(ini_text)
{
	struct why why = {};
	std::string seen;

	enum err read(const std::string &text)
	{
		return ini_text_read({reinterpret_cast<const uint8_t *>(text.data()), text.size()},
				     "FILE", note, &seen, &why);
	}
	void refused(const std::string &text, const char *place, const char *words)
	{
		LONGS_EQUAL(ERR_INVALID, read(text));
		STRNCMP_EQUAL(place, why.text, std::string(place).size());
		STRCMP_CONTAINS(words, why.text);
		CHECK(why.next_step[0] != '\0');
	}
};

TEST(ini_text, keys_come_with_section_value_and_line)
{
	LONGS_EQUAL(ERR_OK, read("; a\n[a b]\n\nx = 1 2 \r\ny=\n[c]\n# b\nz =a=b;c\n"));
	STRCMP_EQUAL("2:a b|4:a b:x=1 2|5:a b:y=|6:c|8:c:z=a=b;c|", seen.c_str());
}

TEST(ini_text, the_last_line_needs_no_newline)
{
	LONGS_EQUAL(ERR_OK, read("[a]\nx = 1"));
	STRCMP_EQUAL("1:a|2:a:x=1|", seen.c_str());
}

TEST(ini_text, a_line_of_198_bytes_arrives_whole_and_one_of_199_is_refused)
{
	std::string value(194, 'v');
	LONGS_EQUAL(ERR_OK, read("[a]\nx = " + value + "\n"));
	STRCMP_EQUAL(("1:a|2:a:x=" + value + "|").c_str(), seen.c_str());
	refused("[a]\nx = " + value + "v\n", "FILE:2: ", "more than 198");
	refused("[a]\nx = 1\n;" + std::string(198, 'c') + "\n", "FILE:3: ", "more than 198");
}

TEST(ini_text, a_section_of_49_bytes_arrives_whole_and_one_of_50_is_refused)
{
	std::string name(49, 's');
	LONGS_EQUAL(ERR_OK, read("[" + name + "]\nx=1\n"));
	STRCMP_EQUAL(("1:" + name + "|2:" + name + ":x=1|").c_str(), seen.c_str());
	refused("[s" + name + "]\n", "FILE:1: ", "49");
	refused("[a]\n" + std::string(50, 'k') + "=1\n", "FILE:2: ", "49");
}

TEST(ini_text, what_inih_would_cut_is_refused)
{
	refused("[a]\nx = 1 ; comment\n", "FILE:2: ", "would cut the value");
	refused("[a]\nx = 1\t; comment\n", "FILE:2: ", "would cut the value");
	refused("[a]\nx = ; comment\n", "FILE:2: ", "would cut the value");
	refused("[a] ; comment\n", "FILE:1: ", "behind the ]");
	refused("[a] x = 1\n", "FILE:1: ", "behind the ]");
	refused("[a ; b]\n", "FILE:1: ", "comment inside [ ]");
	refused("[a]\nx = 1\n  y = 2\n", "FILE:3: ", "starts with a blank");
	refused("[a]\nx:y = 2\n", "FILE:2: ", "\":\"");
	refused("[a]\nx : 2\n", "FILE:2: ", "neither a section");
	refused("[a]\njust words\n", "FILE:2: ", "neither a section");
	refused("[a]\n= 2\n", "FILE:2: ", "no key");
	refused("[a\nx = 1\n", "FILE:1: ", "no ]");
}

TEST(ini_text, bytes_that_are_no_text_are_refused)
{
	refused(std::string("[a]\nx = 1\0 2\n", 13), "FILE:2: ", "NUL");
	refused("\xef\xbb\xbf[a]\n", "FILE:1: ", "byte-order mark");
	refused("[a]\nx = 1\v2\n", "FILE:2: ", "control character");
	refused("[a]\nx = 1\r2\n", "FILE:2: ", "control character");
	refused("[a]\nx = M\xfcller\n", "FILE:2: ", "not UTF-8");
	refused("[a]\nx = \xc0\xaf\n", "FILE:2: ", "not UTF-8");
	refused("[a]\nx = \xed\xa0\x80\n", "FILE:2: ", "not UTF-8");
	refused("[a]\nx = \xe2\x82\n", "FILE:2: ", "not UTF-8");
	seen.clear();
	LONGS_EQUAL(ERR_OK, read("[a]\nx = M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x94\x91\n"));
}

TEST(ini_text, nothing_is_called_behind_a_refused_line)
{
	LONGS_EQUAL(ERR_DENIED, read("[a]\nstop = 1\ny = 2\n[b]\n"));
	STRCMP_EQUAL("1:a|2:a:stop=1|", seen.c_str());
	seen.clear();
	refused("[a]\nx = 1\n!\ny = 2\n", "FILE:3: ", "neither");
	STRCMP_EQUAL("1:a|2:a:x=1|", seen.c_str());
}
