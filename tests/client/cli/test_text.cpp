/* SPDX-License-Identifier: MIT */
#include <string>
#include "CppUTest/TestHarness.h"
#include "client/cli/text.h"

TEST_GROUP(text)
{
	struct text_out out;

	void setup() override { text_init(&out); }

	void teardown() override { text_clear(&out); }

	std::string text()
	{
		return std::string(reinterpret_cast<const char *>(out.bytes.data), out.bytes.len);
	}
};

TEST(text, a_terminal_gets_ascii_without_control_characters)
{
	text_put_ascii(&out, "M\xc3\xbcller \xe2\x82\xac\xf0\x9f\x98\x80 \033[2J\x7f \xff");
	STRCMP_EQUAL("M?ller ?? ?[2J? ?", text().c_str());
}

TEST(text, long_text_is_broken_between_words)
{
	std::string words;
	for (int i = 0; i < 40; i++)
		words += "word ";
	text_put_wrapped(&out, words.c_str(), 10, 4, 0);
	std::string all = text();
	size_t start = 0;
	for (size_t end = all.find('\n'); end != std::string::npos;
	     start = end + 1, end = all.find('\n', start))
		CHECK(end - start + (start == 0 ? 10 : 0) <= TEXT_WIDTH);
	CHECK(all.find("wor\n") == std::string::npos);
	CHECK(all.find("\n    word") != std::string::npos);
}

TEST(text, what_needs_too_many_lines_ends_in_dots)
{
	text_put_wrapped(&out, std::string(500, 'x').c_str(), 0, 0, 2);
	STRCMP_EQUAL((std::string(79, 'x') + "\n" + std::string(76, 'x') + "...\n").c_str(),
		     text().c_str());
}

TEST(text, empty_text_is_an_empty_line)
{
	text_put_wrapped(&out, "", 10, 10, 0);
	STRCMP_EQUAL("\n", text().c_str());
}

TEST(text, the_nearest_name_is_a_slip_away)
{
	const char *const names[] = {"plan", "apply", "status"};
	STRCMP_EQUAL("status", text_nearest("statsu", names, 3));
	STRCMP_EQUAL("apply", text_nearest("aply", names, 3));
	POINTERS_EQUAL(nullptr, text_nearest("certificate", names, 3));
	POINTERS_EQUAL(nullptr, text_nearest("", names, 3));
	POINTERS_EQUAL(nullptr, text_nearest("x", names, 3));
	POINTERS_EQUAL(nullptr, text_nearest(std::string(5000, 'a').c_str(), names, 3));
}
