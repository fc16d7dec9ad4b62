/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "hal/buf.h"
#include "hal/hal_lab.hpp"

TEST_GROUP(buf)
{
	struct buf b;

	void setup() override { buf_init(&b, 200); }
	void teardown() override { buf_clear(&b); }
};

TEST(buf, GrowsAndKeepsItsContent)
{
	std::string wanted;
	for (int i = 0; i < 100; i++) {
		LONGS_EQUAL(ERR_OK, buf_add(&b, "ab", 2));
		wanted += "ab";
	}
	STRCMP_EQUAL(wanted.c_str(), text_of(buf_bytes(&b)).c_str());
}

TEST(buf, RefusesTheByteAboveItsCeilingAndStaysAsItWas)
{
	LONGS_EQUAL(ERR_OK, buf_add_text(&b, std::string(200, 'x').c_str()));
	LONGS_EQUAL(ERR_TOO_BIG, buf_add(&b, "y", 1));
	LONGS_EQUAL(ERR_TOO_BIG, buf_add(&b, "y", SIZE_MAX));
	LONGS_EQUAL(200, b.len);
	STRCMP_EQUAL(std::string(200, 'x').c_str(), text_of(buf_bytes(&b)).c_str());
}

TEST(buf, FormatsAndInsertsAndRefusesAnOffsetBehindItsEnd)
{
	LONGS_EQUAL(ERR_OK, buf_add_format(&b, "%d-%s", 42, "end"));
	LONGS_EQUAL(ERR_OK, buf_insert(&b, 2, "XY", 2));
	STRCMP_EQUAL("42XY-end", buf_text(&b));
	LONGS_EQUAL(ERR_BUG, buf_insert(&b, 9, "z", 1));
	LONGS_EQUAL(8, b.len);
}

TEST(buf, TextNeedsAByteBelowTheCeiling)
{
	buf_clear(&b);
	buf_init(&b, 3);
	LONGS_EQUAL(ERR_OK, buf_add(&b, "abc", 3));
	POINTERS_EQUAL(nullptr, buf_text(&b));
	buf_cut(&b, 2);
	STRCMP_EQUAL("ab", buf_text(&b));
}

TEST(buf, CutWipesWhatItForgets)
{
	LONGS_EQUAL(ERR_OK, buf_add(&b, "public-secret", 13));
	buf_cut(&b, 7);
	const uint8_t zeros[6] = {};
	MEMCMP_EQUAL(zeros, b.data + 7, sizeof zeros);
	buf_cut(&b, 100); /* behind the end: nothing */
	LONGS_EQUAL(7, b.len);
}

TEST(buf, MayBeClearedTwiceAndKeepsItsCeiling)
{
	LONGS_EQUAL(ERR_OK, buf_add(&b, "x", 1));
	buf_clear(&b);
	buf_clear(&b);
	buf_clear(nullptr);
	LONGS_EQUAL(0, b.len);
	LONGS_EQUAL(200, b.max);
	LONGS_EQUAL(ERR_OK, buf_add(&b, "x", 1));
}
