// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/pki/cms_lab.hpp"
#include "client/pki/name.h"
#include "client/scep/request_record.h"
#include "client/scep/worker.h"
#include "client/scep/worker_key.h"
#include "client/scep/worker_pack.h"
#include <csignal>
#include <cstring>
#include <utility>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>
#include "fakes/fake_key.h"

namespace {
/* What the server says; the worker is forked after it is set. */
struct http_reply said;
bool is_dead, is_hanging, is_hostile, is_slow, is_talkative;
const char *stored_url, *stored_id;
struct buf stored_record;
unsigned signs, times_stored;
/* What a worker sends that is somebody else's code. */
struct lie {
	enum frame_kind kind;
	uint8_t bytes[80];
	size_t len;
} lies[16];
size_t lie_count;

/* Code of somebody else in the worker: the one descriptor beyond stderr goes to the parent. */
void ask_as(enum frame_kind kind, const struct buf *question)
{
	static bool has_keys; /* the child's own copy */
	int fd = 3;
	enum frame_kind answer;
	struct buf heard;
	buf_init(&heard, FRAME_MAX);
	while (fcntl(fd, F_GETFD) < 0)
		fd++;
	/* read, for what is left unread breaks the socket when this end goes */
	if (!has_keys && frame_receive(fd, 10000, &answer, &heard) != ERR_OK)
		_exit(6);
	has_keys = true;
	bool is_answered = kind == FRAME_SIGN || kind == FRAME_DECRYPT || kind == FRAME_STORE;
	if (frame_send(fd, kind, buf_bytes(question)) != ERR_OK ||
	    (is_answered && frame_receive(fd, 10000, &answer, &heard) != ERR_OK))
		_exit(5);
	buf_clear(&heard);
}

void sign_often()
{
	struct buf question;
	uint8_t digest[32] = {};
	buf_init(&question, 256);
	if (pack_number(&question, 0) != ERR_OK || pack_number(&question, KEY_SHA256) != ERR_OK ||
	    pack_blob(&question, { digest, sizeof digest }) != ERR_OK)
		_exit(4);
	for (unsigned i = 0; i < signs; i++)
		ask_as(FRAME_SIGN, &question);
}

void hint_often()
{
	struct buf hint;
	buf_init(&hint, 64);
	if (pack_number(&hint, SCEP_HINT_DATE) != ERR_OK || pack_number(&hint, 0) != ERR_OK || pack_number(&hint, 1795358559) != ERR_OK)
		_exit(4);
	for (int i = 0; i < 300; i++)
		ask_as(FRAME_HINT, &hint);
}

void store_it()
{
	struct scep_sent sent;
	struct buf question;
	scep_sent_init(&sent);
	buf_init(&question, 4096);
	strcpy(sent.url, stored_url);
	strcpy(sent.transaction_id, stored_id);
	if (buf_add(&sent.record, stored_record.data, stored_record.len) != ERR_OK || pack_sent(&question, &sent) != ERR_OK)
		_exit(4);
	for (unsigned i = 0; i < times_stored; i++)
		ask_as(FRAME_STORE, &question);
	buf_clear(&question);
}

void tell_lies()
{
	struct buf frame;
	buf_init(&frame, sizeof lies->bytes);
	for (size_t i = 0; i < lie_count; i++) {
		buf_clear(&frame);
		if (buf_add(&frame, lies[i].bytes, lies[i].len) != ERR_OK)
			_exit(4);
		ask_as(lies[i].kind, &frame);
	}
	buf_clear(&frame);
}

enum err answer(const struct http_request *, struct http_reply *out, struct why *why)
{
	if (is_hostile)
		kill(getppid(), SIGTERM);
	while (is_hanging)
		sleep(600);
	if (is_slow)
		usleep(300000);
	if (signs > 0)
		sign_often();
	if (is_talkative)
		hint_often();
	if (stored_url != nullptr)
		store_it();
	if (lie_count > 0)
		tell_lies();
	if (is_dead)
		return why_set(why, ERR_UNREACHABLE, "http.connect", "nobody there");
	*out = said;
	buf_init(&out->body, HTTP_BODY_MAX);
	return ERR_OK;
}

struct parent {
	struct fake_key key = {};
	std::vector<std::pair<int, int64_t>> hints;
	std::vector<std::string> wires;
	bool is_stopping = false;
	unsigned stores = 0, steps = 0;
};

enum err open_keys(void *ctx, struct device_key *out_request, struct device_key *, struct why *)
{
	auto *p = static_cast<parent *>(ctx);
	fake_key_init(&p->key);
	*out_request = fake_key_open(&p->key);
	return ERR_OK;
}

enum err store(void *ctx, const struct scep_sent *, struct why *)
{
	static_cast<parent *>(ctx)->stores++;
	return ERR_OK;
}

void take_step(void *ctx, const char *, const char *)
{
	static_cast<parent *>(ctx)->steps++;
}

void take_hint(void *ctx, enum scep_hint hint, int64_t value)
{
	static_cast<parent *>(ctx)->hints.emplace_back(hint, value);
}

void take_wire(void *ctx, const struct scep_wire *wire)
{
	auto text = [](struct bytes b) { return std::string(reinterpret_cast<const char *>(b.data), b.len); };
	static_cast<parent *>(ctx)->wires.push_back(text(wire->url) + " " + std::to_string(wire->status) + " " +
	                                            text(wire->content_type) + " " + std::to_string(wire->reply.len) +
	                                            text(wire->trouble));
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
	struct buf subject, other_subject;
	const struct san names[2] = { { SAN_DNS, "gw.corp.example" }, { SAN_DNS, "gw.other.example" } };
	const char *ekus[2] = { "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1" };
	struct fake_key own = {};
	void setup() override
	{
		buf_init(&subject, 256);
		buf_init(&other_subject, 256);
		LONGS_EQUAL(ERR_OK, name_from_text("CN=device 42", &subject, nullptr));
		LONGS_EQUAL(ERR_OK, name_from_text("CN=device 43", &other_subject, nullptr));
		job.content.subject = buf_bytes(&subject);
		job.content.sans = names;
		job.content.ekus = ekus;
		job.content.san_count = job.content.eku_count = 1;
		times_stored = 1;
		said = {};
		said.status = 500;
		is_dead = is_hanging = is_hostile = is_slow = is_talkative = false;
		stored_url = stored_id = nullptr;
		signs = 0;
		lie_count = 0;
		job.server.urls = urls;
		job.server.url_count = 1;
		job.server.ca_identifier = job.server.proxy = job.server.ca_sha256 = "";
		job.server.timeout_ms = 10000;
		job.server.anchors = &anchors;
	}
	void teardown() override
	{
		buf_clear(&stored_record);
		buf_clear(&subject);
		buf_clear(&other_subject);
	}
	// What a worker stores of a request for this content and key.
	void record_of(const struct csr_content &content, const struct device_key &key)
	{
		struct buf csr;
		buf_init(&csr, CSR_MAX);
		buf_clear(&stored_record);
		buf_init(&stored_record, REQUEST_RECORD_MAX);
		LONGS_EQUAL_TEXT(ERR_OK, csr_build(&content, &key, KEY_SHA256, &csr, &why), why.text);
		LONGS_EQUAL_TEXT(ERR_OK, request_record_make(buf_bytes(&csr), content.ekus, content.eku_count, &stored_record, &why), why.text);
		buf_clear(&csr);
	}
	void lie(enum frame_kind kind, const std::string &bytes)
	{
		CHECK(lie_count < sizeof lies / sizeof lies[0] && bytes.size() <= sizeof lies->bytes);
		lies[lie_count].kind = kind;
		memcpy(lies[lie_count].bytes, bytes.data(), bytes.size());
		lies[lie_count++].len = bytes.size();
	}
	// The same cut here and there, and with a byte too many.
	void lie_about(enum frame_kind kind, const std::string &good, const std::vector<size_t> &cuts)
	{
		for (size_t cut : cuts)
			lie(kind, good.substr(0, cut));
		lie(kind, good + "x");
	}
	static std::string number(uint32_t value)
	{
		struct buf bytes;
		buf_init(&bytes, 4);
		LONGS_EQUAL(ERR_OK, pack_number(&bytes, value));
		std::string text(reinterpret_cast<char *>(bytes.data), bytes.len);
		buf_clear(&bytes);
		return text;
	}
	enum err talk(bool takes_hints = true)
	{
		struct worker_host host = { open_keys, store, take_step, takes_hints ? take_hint : nullptr,
			                    takes_hints ? take_wire : nullptr, is_stopping, &parent };
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

TEST(worker, EachExchangeReachesTheParentAsItWentOverTheWire)
{
	strcpy(said.content_type, "text/html");
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(2, parent.wires.size());
	STRCMP_EQUAL("http://127.0.0.1/scep?operation=GetCACaps 500 text/html 0", parent.wires[0].c_str());
	STRCMP_EQUAL("http://127.0.0.1/scep?operation=GetCACert 500 text/html 0", parent.wires[1].c_str());
	parent.wires.clear();
	is_dead = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("http://127.0.0.1/scep?operation=GetCACaps 0  0nobody there", parent.wires.at(0).c_str());
}

TEST(worker, AnExchangeOfAWorkerThatIsSomebodyElseIsBounded)
{
	static const uint8_t filler[SCEP_WIRE_MAX + 1] = {};
	struct scep_wire wire = {}, back = {};
	struct buf frame;
	buf_init(&frame, FRAME_MAX);
	for (struct bytes *part : { &wire.url, &wire.request, &wire.content_type, &wire.reply, &wire.trouble }) {
		*part = { filler, SCEP_WIRE_MAX };
		buf_clear(&frame);
		LONGS_EQUAL(ERR_OK, pack_wire(&frame, &wire));
		LONGS_EQUAL(ERR_OK, unpack_wire(buf_bytes(&frame), &back));
		part->len++;
		buf_clear(&frame);
		LONGS_EQUAL(ERR_OK, pack_wire(&frame, &wire));
		LONGS_EQUAL(ERR_TOO_BIG, unpack_wire(buf_bytes(&frame), &back));
		part->len = 0;
	}
	buf_clear(&frame);
	wire.status = 1000;
	LONGS_EQUAL(ERR_OK, pack_wire(&frame, &wire));
	LONGS_EQUAL(ERR_INVALID, unpack_wire(buf_bytes(&frame), &back));
	wire.status = 999;
	buf_clear(&frame);
	LONGS_EQUAL(ERR_OK, pack_wire(&frame, &wire));
	LONGS_EQUAL(ERR_OK, buf_add(&frame, "x", 1));
	LONGS_EQUAL(ERR_INVALID, unpack_wire(buf_bytes(&frame), &back));
	buf_clear(&frame);
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

TEST(worker, TheKeyIsUsedAsOftenAsADialogueNeedsAndNoOftener)
{
	signs = 16;
	is_dead = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("http.connect", why.code);
	LONGS_EQUAL(16, parent.key.sign_count);
	signs = 17;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("worker.lost", why.code);
	LONGS_EQUAL(16, parent.key.sign_count);
}

TEST(worker, AQuestionThatDoesNotParseReachesNoKey)
{
	const std::string digest(32, 'd'), hash = number(KEY_SHA256), blob = number(32) + digest;
	is_dead = true;
	for (enum frame_kind kind : { FRAME_SIGN, FRAME_DECRYPT }) {
		lie_count = 0;
		lie_about(kind, number(WORKER_REQUEST_KEY) + hash + blob, { 0, 3, 4, 7, 8, 11, 12, 43 });
		lie(kind, number(WORKER_KEY_COUNT) + hash + blob);
		lie(kind, number(WORKER_REQUEST_KEY) + number(99) + blob);
		LONGS_EQUAL(ERR_UNREACHABLE, talk());
		STRCMP_EQUAL("http.connect", why.code);
		LONGS_EQUAL(0, parent.key.sign_count);
		LONGS_EQUAL(0, parent.key.decrypt_count);
	}
	lie_count = 0;
	lie(FRAME_STORE, "x");
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(0, parent.stores);
}

TEST(worker, NewsThatDoNotParseAreDropped)
{
	const std::string date = number(SCEP_HINT_DATE);
	is_dead = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	const size_t steps = parent.steps, wires = parent.wires.size();
	parent.steps = 0;
	parent.wires.clear();
	lie_about(FRAME_HINT, date + number(0) + number(1795358559), { 0, 3, 4, 8, 11 });
	lie(FRAME_HINT, date + number(0) + number(0));
	lie(FRAME_HINT, number(9) + number(0) + number(1));
	lie(FRAME_PROGRESS, "");
	lie(FRAME_PROGRESS, number(1) + "a");
	lie(FRAME_WIRE, "x");
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("http.connect", why.code);
	LONGS_EQUAL(0, parent.hints.size());
	LONGS_EQUAL(steps, parent.steps);
	LONGS_EQUAL(wires, parent.wires.size());
}

TEST(worker, AResultThatDoesNotParseAndAFrameOfTheParentsEndIt)
{
	lie(FRAME_RESULT, number(ERR_OK) + number(0) + number(0) + number(0) + "x");
	LONGS_EQUAL(ERR_INVALID, talk());
	STRCMP_EQUAL("worker.frame", why.code);
	lies[0].kind = FRAME_KEYS;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("worker.lost", why.code);
}

TEST(worker, FramesAreCounted)
{
	is_talkative = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("worker.lost", why.code);
	LONGS_EQUAL(256, parent.hints.size());
}

TEST(worker, WhatIsStoredNamesAUrlOfTheProfileAndATransaction)
{
	is_dead = true;
	record_of(job.content, fake_key_open(&own));
	stored_url = urls[0];
	stored_id = "0123456789ABCDEF";
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(1, parent.stores);
	stored_url = "http://attacker.example/scep";
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	stored_url = urls[1]; /* not of this job: url_count is 1 */
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	stored_url = urls[0];
	for (const char *bad : { "", "../../x", "0123\n" }) {
		stored_id = bad;
		LONGS_EQUAL(ERR_UNREACHABLE, talk());
	}
	LONGS_EQUAL(1, parent.stores);
}

TEST(worker, WhatIsStoredIsTheRequestThatWasAskedFor)
{
	struct csr_content other = job.content;
	const auto is_stored = [this] {
		parent.stores = 0;
		LONGS_EQUAL(ERR_UNREACHABLE, talk());
		return parent.stores == 1;
	};
	is_dead = true;
	stored_url = urls[0];
	stored_id = "0123456789ABCDEF";
	record_of(other, cms_lab::get().attacker.key);
	CHECK_FALSE(is_stored());
	other.subject = buf_bytes(&other_subject);
	record_of(other, fake_key_open(&own));
	CHECK_FALSE(is_stored());
	other = job.content;
	other.san_count = 0;
	record_of(other, fake_key_open(&own));
	CHECK_FALSE(is_stored());
	other.san_count = 2;
	record_of(other, fake_key_open(&own));
	CHECK_FALSE(is_stored());
	other = job.content;
	other.eku_count = 0;
	record_of(other, fake_key_open(&own));
	CHECK_FALSE(is_stored());
	record_of(job.content, fake_key_open(&own));
	CHECK(is_stored());
	buf_cut(&stored_record, stored_record.len - 1);
	CHECK_FALSE(is_stored());
	buf_cut(&stored_record, 0);
	CHECK_FALSE(is_stored());
}

TEST(worker, TheNamesOfARenewalAreThoseOfTheOldCertificate)
{
	uint8_t name[] = "\x82\x0fgw.corp.example"; // [2] dNSName, RFC 5280 section 4.2.1.6
	is_dead = true;
	stored_url = urls[0];
	stored_id = "0123456789ABCDEF";
	record_of(job.content, fake_key_open(&own));
	job.content.san_count = 0;
	job.content.raw_san = { name, sizeof name - 1 };
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(1, parent.stores);
	name[2] = 'x';
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(1, parent.stores);
}

TEST(worker, ItStoresTwiceAndWhatIsSentAgainNever)
{
	struct scep_sent sent;
	is_dead = true;
	record_of(job.content, fake_key_open(&own));
	stored_url = urls[0];
	stored_id = "0123456789ABCDEF";
	times_stored = 20;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(2, parent.stores);
	scep_sent_init(&sent);
	strcpy(sent.url, urls[0]);
	job.intent = SCEP_RESEND;
	job.sent = &sent;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	LONGS_EQUAL(2, parent.stores);
}

TEST(worker, TheTimeIsThatOfAllUrlsTogether)
{
	const char *many[32];
	for (const char *&url : many)
		url = urls[0];
	job.server.urls = many;
	job.server.url_count = 32;
	job.server.timeout_ms = 1000;
	said.date = 1795358559;
	is_slow = true; /* 0.3 s an exchange: 64 of them take 19 s */
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("http.timeout", why.code);
	CHECK(parent.hints.size() > 0 && parent.hints.size() < 8);
}
