// SPDX-License-Identifier: MIT
#include "fakes/no_memory.h"
#include <cstring>
#include <ctime>
#include <string>
#include "client/agent/pass.h"
#include "client/agent/page_asked.h"
#include "client/agent/used.h"
#include "test_folder.hpp"

static char nothing[] = "";

// What could not be read for want of memory is neither missing nor damaged: nothing is asked, begun anew or given up for it.
TEST_GROUP(no_memory)
{
	test_folder *folder;
	struct pass pass;
	struct config config;
	struct why why;

	void setup() override
	{
		folder = new test_folder("sgm");
		config = {};
		pass = {};
		config.root = nothing;
		pass.config = &config;
		why = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		folder->run("mkdir -p state/trust state/scep/p");
	}
	void teardown() override
	{
		no_memory_in = 0;
		delete folder;
	}
	void is_done_or_no_memory(enum err e) { CHECK_TEXT(e == ERR_OK || e == ERR_NO_MEMORY, why.text); }
};

TEST(no_memory, ATrustProfileIsNotCalledMissing)
{
	char name[] = "root";
	char *names[] = { name };
	struct text_list list = {};
	list.items = names;
	list.count = 1;
	folder->run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -subj /CN=r"
	            " -out state/trust/root.pem 2>/dev/null");
	no_memory_each(
		[&] {
			struct certificate_set set = {};
			enum err e = trust_anchors(&pass, &list, &set, &why);
			LONGS_EQUAL(e == ERR_OK ? 1 : 0, set.count);
			certificate_set_clear(&set);
			return e;
		},
		[&](enum err e) { is_done_or_no_memory(e); });
}

TEST(no_memory, TheSaltOfUsedChallengesIsNotBegunAnew)
{
	struct buf first;
	buf_init(&first, SHA256_LEN);
	LONGS_EQUAL(ERR_OK, used_salt(&pass.store, "p", &first, &why));
	std::string before = folder->read("state/scep/p/used");
	no_memory_each(
		[&] {
			struct buf salt;
			buf_init(&salt, SHA256_LEN);
			enum err e = used_salt(&pass.store, "p", &salt, &why);
			CHECK(e != ERR_OK || bytes_equal(buf_bytes(&salt), buf_bytes(&first)));
			buf_clear(&salt);
			return e;
		},
		[&](enum err e) {
			is_done_or_no_memory(e);
			CHECK(before == folder->read("state/scep/p/used"));
		});
	buf_clear(&first);
}

TEST(no_memory, AChallengeThatWentOutIsNotFoundUnused)
{
	uint8_t mark[SHA256_LEN] = { 7 };
	struct buf salt;
	buf_init(&salt, SHA256_LEN);
	LONGS_EQUAL(ERR_OK, used_salt(&pass.store, "p", &salt, &why));
	LONGS_EQUAL(ERR_OK, used_add(&pass.store, "p", { mark, sizeof mark }, &why));
	no_memory_each(
		[&] {
			bool has = false;
			enum err e = used_has(&pass.store, "p", { mark, sizeof mark }, &has, &why);
			CHECK(e != ERR_OK || has);
			return e;
		},
		[&](enum err e) { is_done_or_no_memory(e); });
	buf_clear(&salt);
}

TEST(no_memory, APageThatWasAskedIsNotAskedAgain)
{
	std::string now = std::to_string(time(nullptr)) + "\n";
	folder->write("state/scep/p/page_asked", now);
	no_memory_each([&] { return page_asked_now(&pass.store, "p", &why); },
	               [&](enum err e) {
			       CHECK_TEXT(e == ERR_AGAIN || e == ERR_NO_MEMORY, why.text);
			       CHECK(now == folder->read("state/scep/p/page_asked"));
		       });
}
