/* SPDX-License-Identifier: MIT */
#include <cstring>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/text.h"
#include "hal/why.h"

TEST_GROUP(why) { struct why why = {}; };

TEST(why, SetReturnsTheCodeAndForgetsTheOldNextStep)
{
	why_next(&why, "old");
	LONGS_EQUAL(ERR_DENIED, why_set(&why, ERR_DENIED, "area.word", "%s of %d", "part", 3));
	STRCMP_EQUAL("area.word", why.code);
	STRCMP_EQUAL("part of 3", why.text);
	STRCMP_EQUAL("", why.next_step);
}

TEST(why, AnEscapeSequenceOfAServerDoesNotReachTheTerminal)
{
	why_set(&why, ERR_IO, "a.b", "%s",
		"red\x1b[31m\r\n\x7f \xc2\x9b"
		"31m \x9b"
		"1m");
	STRCMP_EQUAL("red?[31m??? ??31m ?1m", why.text);
	why_next(&why, "%s", "a\tb");
	STRCMP_EQUAL("a?b", why.next_step);
}

/* Of Unicode's properties Bidi_Control and Default_Ignorable_Code_Point; readers of lines end one at U+2028 and U+0085. */
TEST(why, MarksThatTurnHideOrEndTextDoNotReachItEither)
{
	for (const char *mark : { "\xd8\x9c", "\xe2\x80\x8b", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa0",
	                          "\xe2\x81\xa9", "\xef\xbb\xbf", "\xc2\x85" }) {
		why_set(&why, ERR_IO, "a.b", "x%sy", mark);
		STRCMP_EQUAL(strlen(mark) == 2 ? "x??y" : "x???y", why.text);
	}
	why_set(&why, ERR_IO, "a.b", "%s", "\xc3\xa4 \xd8\x9b \xe2\x80\x90\xe2\x80\xaf\xe2\x82\xac\xef\xbb\xbc \xf0\x9f\x94\x91");
	STRCMP_EQUAL("\xc3\xa4 \xd8\x9b \xe2\x80\x90\xe2\x80\xaf\xe2\x82\xac\xef\xbb\xbc \xf0\x9f\x94\x91", why.text);
}

TEST(why, ACodeOfAWorkerIsOneLine)
{
	why_set(&why, ERR_IO, "a.b\n7\x1b[2J", "text");
	STRCMP_EQUAL("a.b?7?[2J", why.code);
}

TEST(why, LongTextIsCutAtDotsAndNeverInTheMiddleOfACharacter)
{
	std::string text;
	while (text.size() < 700)
		text += "\xc3\xa4"; /* U+00E4 */
	why_set(&why, ERR_IO, "a.b", "%s", text.c_str());
	std::string seen = why.text;
	LONGS_EQUAL(sizeof why.text - 1, seen.size());
	STRCMP_EQUAL("...", seen.substr(seen.size() - 3).c_str());
	text_clean(why.text);
	STRCMP_EQUAL(seen.c_str(), why.text);
	why_set(&why, ERR_IO, "a.b", "x%s", text.c_str()); /* now the cut halves one */
	STRCMP_EQUAL("?...", std::string(why.text).substr(sizeof why.text - 1 - 4).c_str());
}

TEST(why, TheOldTextMayBePartOfTheNew)
{
	why_set(&why, ERR_IO, "a.b", "inner");
	why_set(&why, ERR_IO, "c.d", "outer: %s", why.text);
	STRCMP_EQUAL("outer: inner", why.text);
}

TEST(why, NullIsAccepted)
{
	LONGS_EQUAL(ERR_BUSY, why_set(nullptr, ERR_BUSY, "a.b", "x"));
	why_next(nullptr, "x");
}

TEST_GROUP(err){};

TEST(err, EveryCodeHasAWordOfItsOwn)
{
	std::string all = "|";
	for (int e = ERR_OK; e <= ERR_BUG; e++) {
		std::string word = err_text(static_cast<enum err>(e));
		CHECK(word != "unknown");
		CHECK(all.find("|" + word + "|") == std::string::npos);
		all += word + "|";
	}
	STRCMP_EQUAL("unknown", err_text(static_cast<enum err>(ERR_BUG + 1)));
}

TEST_GROUP(text){std::string clean(std::string text){text_clean(&text[0]);
return text;
}
}
;

TEST(text, Utf8OfOneToFourBytesStays)
{
	/* RFC 3629 section 7: "A<NOT IDENTICAL TO><ALPHA>.", "hangugeo", U+233B4 */
	const char *const good[] = {"A\xe2\x89\xa2\xce\x91.",
				    "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4", "\xf0\xa3\x8e\xb4",
				    "\xf4\x8f\xbf\xbf", "\xc2\xa0"};
	for (const char *text : good)
		STRCMP_EQUAL(text, clean(text).c_str());
}

TEST(text, BytesThatAreNoUtf8BecomeQuestionMarks)
{
	/* overlong (RFC 3629 section 10), surrogate, above U+10FFFF, lonely, cut off */
	STRCMP_EQUAL("??", clean("\xc0\x80").c_str());
	STRCMP_EQUAL("???", clean("\xe0\x80\x80").c_str());
	STRCMP_EQUAL("???", clean("\xed\xa0\x80").c_str());
	STRCMP_EQUAL("????", clean("\xf4\x90\x80\x80").c_str());
	STRCMP_EQUAL("?a?", clean("\xbf"
				  "a\xff")
				.c_str());
	STRCMP_EQUAL("???", clean("\xf0\xa3\x8e").c_str());
}
