// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <string>
#include "client/agent/ring.h"
#include "test_folder.hpp"

TEST_GROUP(ring)
{
	test_folder *folder;
	struct why why;

	void setup() override
	{
		folder = new test_folder("sgr");
		why = {};
	}
	void teardown() override { delete folder; }

	void add(const std::string &line)
	{
		const struct bytes b = { reinterpret_cast<const uint8_t *>(line.data()), line.size() };
		LONGS_EQUAL_TEXT(ERR_OK, ring_add(folder->path("ring").c_str(), b, 0640, &why), why.text);
	}
};

TEST(ring, ALineIsAppendedAndTheFileHasItsMode)
{
	add("one\n");
	add("two\n");
	STRCMP_EQUAL("one\ntwo\n", folder->read("ring").c_str());
	STRCMP_EQUAL("640\n", folder->run("stat -c %a ring").c_str());
}

TEST(ring, ALineThatACutHalvedIsNotGluedToTheNext)
{
	add("one\n");
	add("tw");
	add("three\n");
	STRCMP_EQUAL("one\ntw\nthree\n", folder->read("ring").c_str());
}

TEST(ring, TheNewerHalfStaysWhenItIsFull)
{
	std::string all;
	for (int i = 0; i < 2000; i++) {
		std::string line = std::to_string(100000 + i) + std::string(93, 'x') + "\n"; // 100 bytes
		add(line);
		all += line;
		std::string now = folder->read("ring");
		CHECK(now.size() <= RING_MAX);
		CHECK(now.size() >= (i < 600 ? all.size() : RING_MAX / 2 - 100));
		STRCMP_EQUAL(all.substr(all.size() - now.size()).c_str(), now.c_str()); // whole lines, none missing
		if (i == 700)
			i = 1989; // the rest adds nothing new
	}
}

TEST(ring, AFileThatAnotherHandMadeTooLargeBeginsAnew)
{
	folder->run("head -c 100000 /dev/zero >ring");
	add("one\n");
	STRCMP_EQUAL("one\n", folder->read("ring").c_str());
}

TEST(ring, OneLongLineWithoutAnEndDoesNotStay)
{
	folder->run("head -c 65530 /dev/zero | tr '\\0' x >ring");
	add("one two three\n");
	STRCMP_EQUAL("one two three\n", folder->read("ring").c_str());
}
