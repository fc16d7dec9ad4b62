/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "fakes/no_memory.h"
#include "tests/client/config/config_lab.hpp"

TEST_GROUP(config_memory)
{
	Lab lab;
	void setup() override { lab.open(); }
	void teardown() override
	{
		no_memory_in = 0;
		lab.close();
	}
};

/* What could not be read for want of memory is no mistake of whoever wrote it. */
TEST(config_memory, each_allocation_of_a_whole_configuration_fails_once)
{
	lab.write("/etc/signet/signet.conf", sample_without_pkcs());
	lab.write("/etc/signet/conf.d/50-more.conf", "[device]\nname = more\n");
	lab.write("/usr/lib/signet/factory/10.conf", "[device]\nserial = 7\n");
	no_memory_each([&] { return lab.load_root(); },
		       [&](enum err e) { CHECK_TEXT(e == ERR_OK || e == ERR_NO_MEMORY, lab.why.text); }, 3);
}

TEST(config_memory, and_of_what_shows_it)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	lab.write("/etc/signet/signet.conf", sample_without_pkcs());
	LONGS_EQUAL_TEXT(ERR_OK, lab.load_root(), lab.why.text);
	no_memory_each(
	    [&] {
		    buf_clear(&out);
		    return config_show(&lab.config, &out);
	    },
	    [&](enum err e) { CHECK(e == ERR_OK || (e == ERR_NO_MEMORY && out.len == 0)); });
	buf_clear(&out);
}
