// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/scep/worker.h"
#include <csignal>
#include <cstring>
#include <utility>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>
#include "fakes/fake_key.h"

namespace {
/* What the server says; the worker is forked after it is set. */
struct http_reply said;
bool is_dead, is_hanging, is_hostile;

enum err answer(const struct http_request *, struct http_reply *out, struct why *why)
{
	if (is_hostile)
		kill(getppid(), SIGTERM);
	while (is_hanging)
		sleep(600);
	if (is_dead)
		return why_set(why, ERR_UNREACHABLE, "http.connect", "nobody there");
	*out = said;
	buf_init(&out->body, HTTP_BODY_MAX);
	return ERR_OK;
}

struct parent {
	struct fake_key key = {};
	std::vector<std::pair<int, int64_t>> hints;
	bool is_stopping = false;
};

enum err open_keys(void *ctx, struct device_key *out_request, struct device_key *, struct why *)
{
	auto *p = static_cast<parent *>(ctx);
	fake_key_init(&p->key);
	*out_request = fake_key_open(&p->key);
	return ERR_OK;
}

enum err store(void *, const struct scep_sent *, struct why *)
{
	return ERR_OK;
}

void take_hint(void *ctx, enum scep_hint hint, int64_t value)
{
	static_cast<parent *>(ctx)->hints.emplace_back(hint, value);
}

bool is_stopping(void *ctx)
{
	return static_cast<parent *>(ctx)->is_stopping;
}
}

TEST_GROUP(worker)
{
	struct parent parent;
	struct certificate_set anchors = {};
	const char *urls[2] = { "http://127.0.0.1/scep", "http://127.0.0.2/scep" };
	struct scep_job job = {};
	struct why why = {};
	struct scep_answer got = {};
	void setup() override
	{
		said = {};
		said.status = 500;
		is_dead = is_hanging = is_hostile = false;
		job.server.urls = urls;
		job.server.url_count = 1;
		job.server.ca_identifier = job.server.proxy = job.server.ca_sha256 = "";
		job.server.timeout_ms = 10000;
		job.server.anchors = &anchors;
	}
	enum err talk(bool takes_hints = true)
	{
		struct worker_host host = { open_keys, store, nullptr, takes_hints ? take_hint : nullptr,
			                    is_stopping, &parent };
		return worker_run(&job, answer, &host, &got, &why);
	}
};

TEST(worker, HeadersOfEachReplyReachTheParentThoughTheDialogueFails)
{
	said.date = 1795358559;
	said.retry_after_s = 120;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("http.status", why.code);
	LONGS_EQUAL(4, parent.hints.size()); /* GetCACaps and GetCACert, two headers each */
	for (size_t i = 0; i < 4; i += 2) {
		LONGS_EQUAL(SCEP_HINT_DATE, parent.hints[i].first);
		LONGLONGS_EQUAL(1795358559, parent.hints[i].second);
		LONGS_EQUAL(SCEP_HINT_RETRY_AFTER, parent.hints[i + 1].first);
		LONGLONGS_EQUAL(120, parent.hints[i + 1].second);
	}
}

TEST(worker, AReplyWithoutTheHeadersAndNoReplyGiveNoHint)
{
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	is_dead = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(0, parent.hints.size());
}

TEST(worker, AParentThatTakesNoHintsRuns)
{
	said.date = 1795358559;
	LONGS_EQUAL(ERR_UNREACHABLE, talk(false));
	STRCMP_EQUAL("http.status", why.code);
}

TEST(worker, TheParentDropsHintsOutOfRange)
{
	said.date = 253402300800; /* year 10000 */
	said.retry_after_s = 1LL << 31;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(0, parent.hints.size());
	said.date = 253402300799;
	said.retry_after_s = (1LL << 31) - 1;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(4, parent.hints.size());
	LONGLONGS_EQUAL(253402300799, parent.hints[0].second);
	LONGLONGS_EQUAL(2147483647, parent.hints[1].second);
}

TEST(worker, HintsOfManyUrlsDoNotUseUpItsQuestions)
{
	const char *many[32];
	for (const char *&url : many)
		url = urls[0];
	job.server.urls = many;
	job.server.url_count = 32; /* CONFIG_LIST_MAX */
	said.date = 1795358559;
	said.retry_after_s = 120;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("http.status", why.code);
	LONGS_EQUAL(128, parent.hints.size());
}

TEST(worker, AHostThatStopsDoesNotWaitForAServerThatHangs)
{
	is_hanging = true;
	parent.is_stopping = true;
	job.server.timeout_ms = 600000;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("worker.stopped", why.code);
	LONGS_EQUAL(-1, waitpid(-1, nullptr, WNOHANG)); /* no child is left */
}

TEST(worker, OneThatBreaksOutOfItsCageIsToldApart)
{
	is_hostile = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("worker.cage", why.code);
	LONGS_EQUAL(-1, waitpid(-1, nullptr, WNOHANG));
}
