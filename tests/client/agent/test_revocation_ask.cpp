// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include "client/agent/revocation_ask.h"
#include "client/pki/revocation_lab.hpp"
#include "client/scep/frame.h"
#include "hal/clock.h"

// What the worker is answered, by url; it runs in a child, so it tells what it was asked in memory that both have.
#define TOLD_MAX 4096
static struct outside {
	std::string good, revoked, unknown;
	char *told; // TOLD_MAX
} w;

// Code of somebody else in the worker: a result of its own; the one descriptor beyond stderr goes to the parent.
static struct revocation_answer lie;

static void tell_lie()
{
	struct buf out;
	int fd = 3;
	while (fcntl(fd, F_GETFD) < 0)
		fd++;
	buf_init(&out, 256);
	enum err e = pack_outcome(&out, ERR_OK, nullptr);
	for (int64_t number : { static_cast<int64_t>(lie.verdict) << 32 | lie.reason, lie.revoked_at, lie.this_update, lie.next_update })
		for (int shift : { 32, 0 })
			if (e == ERR_OK)
				e = pack_number(&out, static_cast<uint32_t>(static_cast<uint64_t>(number) >> shift));
	_exit(e == ERR_OK && frame_send(fd, FRAME_RESULT, buf_bytes(&out)) == ERR_OK ? 0 : 9);
}

static enum err fake_http(const struct http_request *r, struct http_reply *out, struct why *why)
{
	std::string url = r->url;
	std::string line = url + " " + std::to_string(r->body_max) + (r->proxy != nullptr ? r->proxy : "-") +
	                   std::string(reinterpret_cast<const char *>(r->ca.data), r->ca.len) + (r->timeout_ms <= 5000 ? " " : " late ");
	strncat(w.told, line.c_str(), TOLD_MAX - 1 - strlen(w.told));
	*out = {};
	buf_init(&out->body, 1024 * 1024);
	out->status = 200;
	const std::string *body = url == "good" ? &w.good : url == "revoked" ? &w.revoked : url == "unknown" ? &w.unknown : nullptr;
	if (url == "lie")
		tell_lie();
	if (url == "crash")
		_exit(7);
	if (url == "break out" && kill(getppid(), 0) == 0)
		_exit(8);
	while (url == "hang")
		pause();
	if (url == "down")
		return why_set(why, ERR_UNREACHABLE, "http.connect", "down: nobody there");
	if (url == "503")
		out->status = 503;
	if (body == nullptr)
		return ERR_OK;
	return buf_add(&out->body, body->data(), body->size());
}

TEST_GROUP(revocation_ask)
{
	revocation_lab lab;
	struct revocation_places places;
	struct revocation_job job;

	void setup() override
	{
		lab.open();
		w.good = lab.list("");
		w.revoked = lab.list(lab.revoked("keyCompromise"));
		w.told = static_cast<char *>(mmap(nullptr, TOLD_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
		CHECK(w.told != MAP_FAILED);
		places = {};
		job = {};
		job.places = &places;
		job.question = lab.question;
		job.proxy = "P";
		job.tls_ca = { reinterpret_cast<const uint8_t *>("F"), 1 };
		job.timeout_ms = 5000;
	}
	void teardown() override
	{
		munmap(w.told, TOLD_MAX);
		w.good.clear();
		w.good.shrink_to_fit();
		w.unknown.clear();
		w.unknown.shrink_to_fit();
		w.revoked.clear();
		w.revoked.shrink_to_fit();
	}
	enum err ask(std::initializer_list<const char *> urls)
	{
		CHECK(urls.size() <= REVOCATION_PLACES_MAX);
		places.count = 0;
		for (const char *one : urls)
			strcpy(places.urls[places.count++], one);
		lab.why = {};
		lab.answer = {};
		return revocation_ask(&job, fake_http, &lab.answer, &lab.why);
	}
	std::string asked()
	{
		std::string all = w.told;
		w.told[0] = '\0';
		return all;
	}
};

TEST(revocation_ask, EveryFieldOfTheAnswerComesThrough)
{
	LONGS_EQUAL_TEXT(ERR_OK, ask({ "revoked" }), lab.why.text);
	lab.check_revoked(1);
	CHECK(lab.answer.this_update >= lab.question.now - 60 && lab.answer.this_update <= lab.question.now + 60);
	LONGLONGS_EQUAL(lab.answer.this_update + 7 * 86400, lab.answer.next_update);
	STRCMP_EQUAL("revoked 16777216PF ", asked().c_str());
}

TEST(revocation_ask, TheFirstThatIsBelievedDecides)
{
	LONGS_EQUAL_TEXT(ERR_OK, ask({ "down", "503", "good", "revoked" }), lab.why.text);
	LONGS_EQUAL(REVOCATION_GOOD, lab.answer.verdict);
	std::string all = asked();
	CHECK_HAS(all, "down ");
	CHECK_HAS(all, "good ");
	CHECK_HAS_NOT(all, "revoked ");
}

TEST(revocation_ask, AResponderThatKnowsNothingOfItIsNotTheLastWord)
{
	const std::string respond = "openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin req.der -ndays 1 ";
	lab.run("openssl ocsp -issuer ca.pem -serial 0x" LEAF_SERIAL " -no_nonce -reqout req.der");
	lab.run(respond + "-respout r.der"); // of the database of the list before
	w.revoked = lab.read("r.der");
	lab.write("index.txt", "");
	lab.run(respond + "-respout u.der");
	w.unknown = lab.read("u.der");
	places.is_ocsp = true;
	LONGS_EQUAL_TEXT(ERR_OK, ask({ "unknown", "down" }), lab.why.text);
	LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
	LONGS_EQUAL_TEXT(ERR_OK, ask({ "unknown", "revoked" }), lab.why.text);
	lab.check_revoked(1);
	const std::string all = asked(); // which can be read once: CHECK_HAS looks twice
	CHECK_HAS(all, "unknown 0PF "); // the limit of any reply
}

TEST(revocation_ask, TheLastFailureIsTold)
{
	LONGS_EQUAL(ERR_UNREACHABLE, ask({ "rubbish", "down" }));
	STRCMP_EQUAL("http.connect", lab.why.code);
	STRCMP_EQUAL("down: nobody there", lab.why.text);
	LONGS_EQUAL(ERR_INVALID, ask({ "down", "rubbish" }));
	STRCMP_EQUAL("revocation.malformed", lab.why.code);
	CHECK_HAS(lab.why.text, "rubbish: bytes that should be");
	LONGS_EQUAL(ERR_UNREACHABLE, ask({ "503" }));
	STRCMP_EQUAL("503: the server answers with HTTP status 503", lab.why.text);
	LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
}

TEST(revocation_ask, AStoppingAgentDoesNotWaitForAServerThatHangs)
{
	job.is_stopping = [](void *ctx) { return --*static_cast<int *>(ctx) < 0; };
	int looks = 1;
	job.ctx = &looks;
	LONGS_EQUAL(ERR_UNREACHABLE, ask({ "hang" }));
	STRCMP_EQUAL("revocation.stopped", lab.why.code);
}

TEST(revocation_ask, AWorkerThatFallsOverIsAFailureOfTheTryOnly)
{
	LONGS_EQUAL(ERR_UNREACHABLE, ask({ "crash" }));
	STRCMP_EQUAL("revocation.worker", lab.why.code);
	LONGS_EQUAL_TEXT(ERR_OK, ask({ "good" }), lab.why.text);
}

TEST(revocation_ask, AWorkerThatBreaksOutOfItsCageIsToldApart)
{
	LONGS_EQUAL(ERR_UNREACHABLE, ask({ "break out" }));
	STRCMP_EQUAL("revocation.cage", lab.why.code);
}

TEST(revocation_ask, AWorkerThatLiesGivesNoDateThatAnAnswerCannotHave)
{
	const int64_t now = lab.question.now;
	lie = { REVOCATION_REVOKED, 1, now - 60, now - 60, now + 60 };
	LONGS_EQUAL_TEXT(ERR_OK, ask({ "lie" }), lab.why.text);
	LONGLONGS_EQUAL(now - 60, lab.answer.revoked_at); // the frame is one that is read
	const struct revocation_answer lies[] = {
		{ REVOCATION_REVOKED, 1, now - 60, now + 86400, now + 2 * 86400 }, // of the future
		{ REVOCATION_GOOD, 0, 0, now - 120, now - 60 },                    // over
		{ REVOCATION_REVOKED, 1, now - 60, now - 60, 0 },
		{ REVOCATION_REVOKED, 1, INT64_MIN, now - 60, now + 60 },
		{ REVOCATION_REVOKED, 1, 253402300800, now - 60, now + 60 }, // year 10000
		{ REVOCATION_GOOD, 0, 0, now - 60, INT64_MAX },
		{ REVOCATION_UNKNOWN, 0, 0, -1, 0 },
	};
	for (const struct revocation_answer &one : lies) {
		lie = one;
		LONGS_EQUAL(ERR_INVALID, ask({ "lie" }));
		STRCMP_EQUAL("revocation.worker", lab.why.code);
		LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
	}
}
