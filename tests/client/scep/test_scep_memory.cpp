// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/ca_lab.hpp"
#include "client/scep/request_record.h"
#include "client/scep/worker_pack.h"
#include "fakes/no_memory.h"

// What crosses the pipe between worker and parent: each allocation fails once, and says so.
TEST_GROUP(scep_memory)
{
	struct buf frame;
	struct scep_sent sent, read_sent;
	struct scep_answer answer = {}, read_answer = {};
	struct why why = {};

	void setup() override
	{
		buf_init(&frame, FRAME_MAX);
		scep_sent_init(&sent);
		scep_sent_init(&read_sent);
		strcpy(sent.transaction_id, "ABCDEF");
		strcpy(sent.url, "http://127.0.0.1/scep");
		for (struct buf *b : { &sent.message, &sent.signer, &sent.record })
			LONGS_EQUAL(ERR_OK, buf_add_text(b, "bytes"));
		strcpy(answer.url, "http://127.0.0.1/scep");
		ca_lab::get().add(&answer.certificates, "device");
		ca_lab::get().add(&answer.certificates, "a");
		ca_lab::get().add(&answer.next_ca, "c");
	}
	void teardown() override
	{
		no_memory_in = 0;
		buf_clear(&frame);
		scep_sent_clear(&sent);
		scep_sent_clear(&read_sent);
		scep_answer_clear(&answer);
		scep_answer_clear(&read_answer);
	}
	void each(const std::function<enum err()> &work)
	{
		no_memory_each(work, [&](enum err e) { CHECK_TEXT(e == ERR_OK || e == ERR_NO_MEMORY, why.text); });
	}
	void packed(const std::function<enum err()> &pack)
	{
		each([&] {
			buf_clear(&frame);
			return pack();
		});
	}
};

TEST(scep_memory, ARequestThatIsToBeStored)
{
	packed([&] { return pack_sent(&frame, &sent); });
	each([&] {
		scep_sent_clear(&read_sent);
		return unpack_sent(buf_bytes(&frame), &read_sent);
	});
	STRCMP_EQUAL("ABCDEF", read_sent.transaction_id);
}

TEST(scep_memory, AnAnswer)
{
	packed([&] { return pack_answer(&frame, &answer); });
	each([&] {
		scep_answer_clear(&read_answer);
		read_answer = {};
		return unpack_answer(buf_bytes(&frame), &read_answer);
	});
	LONGS_EQUAL(2, read_answer.certificates.count);
	LONGS_EQUAL(1, read_answer.next_ca.count);
}

TEST(scep_memory, AnErrorAndAnExchange)
{
	struct why said = {};
	struct scep_wire wire = {};
	why_set(&said, ERR_UNREACHABLE, "http.connect", "nobody there");
	wire.url = wire.reply = wire.request = { reinterpret_cast<const uint8_t *>("abc"), 3 };
	packed([&] { return pack_outcome(&frame, ERR_UNREACHABLE, &said); });
	packed([&] { return pack_wire(&frame, &wire); });
}
