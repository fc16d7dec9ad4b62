// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/scep/challenge_page.h"
#include <string>

// The sentences are those that NDES shows; the values are invented.
static const char page[] =
	"<HTML><Head><Meta HTTP-Equiv=\"Content-Type\" Content=\"text/html; charset=UTF-8\"></Head><Body>"
	"<P> The thumbprint (hash value) for the CA certificate is: <B> A656FA66 AB12B433 0D1B5BC6 1D0B8AF1 </B> <P>"
	"The enrollment challenge password is: <B> 8CE317021F690069 </B> <P> This password can be used only once "
	"and will expire within 60 minutes.</Body></HTML>";

static std::string utf16le(const std::string &text)
{
	std::string out;
	for (char c : text) {
		out += c;
		out += '\0';
	}
	return out;
}

TEST_GROUP(challenge_page)
{
	struct buf challenge;
	struct why why;
	void setup() override
	{
		buf_init(&challenge, 1024);
		why = {};
	}
	void teardown() override { buf_clear(&challenge); }
	enum err parse(const std::string &text)
	{
		return challenge_page_parse(bytes{ reinterpret_cast<const uint8_t *>(text.data()), text.size() }, &challenge,
		                            &why);
	}
};

TEST(challenge_page, Utf16WithoutByteOrderMarkIsReadAlthoughThePageSaysUtf8)
{
	LONGS_EQUAL(ERR_OK, parse(utf16le(page)));
	STRCMP_EQUAL("8CE317021F690069", buf_text(&challenge));
}

TEST(challenge_page, Utf8AndByteOrderMarkAreReadToo)
{
	LONGS_EQUAL(ERR_OK, parse(page));
	STRCMP_EQUAL("8CE317021F690069", buf_text(&challenge));
	buf_cut(&challenge, 0);
	LONGS_EQUAL(ERR_OK, parse("\xff\xfe" + utf16le(page)));
	STRCMP_EQUAL("8CE317021F690069", buf_text(&challenge));
}

TEST(challenge_page, AnotherLanguageDoesNotMatter)
{
	std::string german = "<html><b>A656FA66 AB12B433</b> Das Kennwort lautet: <b>\n00ffAA11\n</b></html>";
	LONGS_EQUAL(ERR_OK, parse(german));
	STRCMP_EQUAL("00ffAA11", buf_text(&challenge));
}

TEST(challenge_page, AUtf16PageOfAnotherScriptIsReadWithoutAMark)
{
	/* Katakana: no byte of these characters is zero */
	std::string text = utf16le("<HTML><P>");
	for (int i = 0; i < 500; i++)
		text += "\xd1\x30";
	text += utf16le("(SCEP)<B> 8CE31702 1F690069 </B> <B> 8CE317021F690069 </B>");
	LONGS_EQUAL(ERR_OK, parse(text));
	STRCMP_EQUAL("8CE317021F690069", buf_text(&challenge));
}

TEST(challenge_page, OtherLengthsAndTagsWithAttributesAreRead)
{
	for (size_t digits : { size_t{ 8 }, size_t{ 32 }, size_t{ 128 } }) {
		buf_cut(&challenge, 0);
		std::string wanted(digits, 'A');
		LONGS_EQUAL(ERR_OK, parse("<body><br><b id=x> " + wanted + "</B>"));
		STRCMP_EQUAL(wanted.c_str(), buf_text(&challenge));
	}
	buf_cut(&challenge, 0);
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<b>" + std::string(129, 'A') + "</b>"));
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<b>ABCDEF0</b>"));
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<bABCDEF01</b><base ABCDEF01</b>"));
}

TEST(challenge_page, FullCacheAndMissingPermissionAreToldApart)
{
	LONGS_EQUAL(ERR_DENIED, parse(utf16le("<html>The password cache is full.</html>")));
	STRCMP_EQUAL("challenge.cache_full", why.code);
	LONGS_EQUAL(ERR_DENIED, parse("<html>You do not have sufficient permission to enroll with SCEP.</html>"));
	STRCMP_EQUAL("challenge.no_permission", why.code);
	LONGS_EQUAL(0, challenge.len);
}

TEST(challenge_page, APageOfNdesInUnknownWordsIsToldApartFromAnotherPage)
{
	LONGS_EQUAL(ERR_DENIED, parse(utf16le("<html>... (SCEP) ... Der Kennwortcache ist voll.</html>")));
	STRCMP_EQUAL("challenge.none", why.code);
	CHECK(why.next_step[0] != '\0');
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<html><title>\n Guest network\x1b[31m </title>Please log in</html>"));
	STRCMP_EQUAL("challenge.page", why.code);
	STRCMP_CONTAINS("\"Guest network?[31m\"", why.text);
	CHECK(why.next_step[0] != '\0');
}

TEST(challenge_page, ALongTitleIsCut)
{
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<title>" + std::string(5000, 'x')));
	STRCMP_CONTAINS(("\"" + std::string(80, 'x') + "\"").c_str(), why.text);
}

TEST(challenge_page, NoneOrTwoCandidatesAreRefused)
{
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<html>hello</html>"));
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<b>8CE317021F690069</b><b>9CE317021F690069</b>"));
	STRCMP_CONTAINS("2 texts", why.text);
	CHECK(std::string(why.text).find("8CE317021F690069") == std::string::npos);
	LONGS_EQUAL(ERR_UNREACHABLE, parse("<b>8CE317021F690069"));
	LONGS_EQUAL(ERR_UNREACHABLE, parse(""));
	LONGS_EQUAL(ERR_UNREACHABLE, parse(std::string(64 * 1024 + 1, ' ') + page));
	LONGS_EQUAL(0, challenge.len);
}
