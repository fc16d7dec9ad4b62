/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_text.h"
#include <string>
#include "CppUTest/TestHarness.h"

TEST_GROUP(cms_text)
{
	char out[16];
	const char *clean(uint8_t tag, const std::string &content)
	{
		struct der_tlv tlv = {};
		tlv.tag = tag;
		tlv.content = {reinterpret_cast<const uint8_t *>(content.data()), content.size()};
		cms_text_clean(&tlv, out, sizeof(out));
		return out;
	}
};

TEST(cms_text, utf8_passes)
{
	STRCMP_EQUAL("Gr\xc3\xbc\xc3\x9f"
		     "e",
		     clean(DER_UTF8_STRING, "Gr\xc3\xbc\xc3\x9f"
					    "e"));
}

TEST(cms_text, what_steers_a_terminal_becomes_a_question_mark)
{
	STRCMP_EQUAL("a?[31m?b?", clean(DER_UTF8_STRING, "a\x1b[31m\nb\x7f"));
	STRCMP_EQUAL("a?b", clean(DER_UTF8_STRING, "a\xc2\x9b"
						   "b")); /* C1 CSI */
	STRCMP_EQUAL("a?b", clean(DER_UTF8_STRING, "a\xe2\x80\xae"
						   "b")); /* right-to-left override */
	STRCMP_EQUAL("a?b", clean(DER_PRINTABLE_STRING, std::string("a\0b", 3)));
}

TEST(cms_text, bytes_that_are_no_character_become_question_marks)
{
	STRCMP_EQUAL("a??b", clean(DER_UTF8_STRING, "a\xc0\x80"
						    "b")); /* overlong NUL */
	STRCMP_EQUAL("a?", clean(DER_UTF8_STRING, "a\xe2"));
	STRCMP_EQUAL("a?", clean(DER_IA5_STRING, "a\xfc"));
}

TEST(cms_text, bmp_becomes_utf8)
{
	STRCMP_EQUAL("\xc3\xbc\xe2\x82\xac?",
		     clean(DER_BMP_STRING, std::string("\0\xfc\x20\xac\xd8\x01", 6)));
	STRCMP_EQUAL("A?", clean(DER_BMP_STRING, std::string("\0A\0", 3)));
}

TEST(cms_text, a_long_text_is_cut_between_characters)
{
	STRCMP_EQUAL("12345678901234", clean(DER_UTF8_STRING, "12345678901234\xe2\x82\xac"));
	STRCMP_EQUAL("123456789012345", clean(DER_UTF8_STRING, "12345678901234567"));
}

TEST(cms_text, another_type_gives_nothing) { STRCMP_EQUAL("", clean(DER_OCTET_STRING, "abc")); }
