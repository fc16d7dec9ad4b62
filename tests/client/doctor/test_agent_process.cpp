// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <string>
#include "client/doctor/agent_process.h"

TEST_GROUP(agent_process)
{
	static bool is_one(std::initializer_list<const char *> words)
	{
		std::string line;
		for (const char *word : words)
			line += std::string(word) + '\0';
		return agent_process_is_one({ reinterpret_cast<const uint8_t *>(line.data()), line.size() });
	}
};

TEST(agent_process, TheVerbDecides)
{
	CHECK_TRUE(is_one({ "/usr/sbin/signet", "agent" }));
	CHECK_TRUE(is_one({ "signet", "-v", "-c", "/etc/signet.conf", "--root", "/x", "agent" }));
	CHECK_TRUE(is_one({ "signet", "-c/etc/signet.conf", "agent" }));
	CHECK_FALSE(is_one({ "signet" }));
	CHECK_FALSE(is_one({ "signet", "apply", "agent" }));
	CHECK_FALSE(is_one({ "signet", "-c", "agent" }));
	CHECK_FALSE(is_one({ "/usr/bin/vi", "signet", "agent" }));
	CHECK_FALSE(is_one({ "signet-helper", "agent" }));
}

TEST(agent_process, WhatIsCutOrEmptyIsNone)
{
	CHECK_FALSE(agent_process_is_one({ nullptr, 0 }));
	CHECK_FALSE(agent_process_is_one({ reinterpret_cast<const uint8_t *>("signet\0age"), 10 }));
}
