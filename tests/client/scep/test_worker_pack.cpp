// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/ca_lab.hpp"
#include "client/scep/worker_pack.h"
#include <cstring>
#include <functional>
#include <vector>

// What a worker that is somebody else's code may send: cut anywhere, or with one byte changed.
TEST_GROUP(worker_pack)
{
	struct buf frame;
	struct scep_sent sent, read_sent;
	struct scep_answer answer = {}, read_answer = {};

	void setup() override
	{
		buf_init(&frame, FRAME_MAX);
		scep_sent_init(&sent);
		scep_sent_init(&read_sent);
		sent.type = SCEP_PKCS_REQ;
		strcpy(sent.transaction_id, "ABCDEF");
		strcpy(sent.url, "http://127.0.0.1/scep");
		for (struct buf *b : { &sent.message, &sent.signer, &sent.record, &sent.challenge_mark })
			LONGS_EQUAL(ERR_OK, buf_add_text(b, "bytes"));
		strcpy(answer.url, "http://127.0.0.1/scep");
		answer.status = SCEP_SUCCESS;
		const uint8_t one = 1, two = 2;
		LONGS_EQUAL(ERR_OK, certificate_set_add(&answer.certificates, { &one, 1 }));
		LONGS_EQUAL(ERR_OK, certificate_set_add(&answer.next_ca, { &two, 1 }));
	}
	void teardown() override
	{
		buf_clear(&frame);
		scep_sent_clear(&sent);
		scep_sent_clear(&read_sent);
		scep_answer_clear(&answer);
		scep_answer_clear(&read_answer);
	}
	std::vector<uint8_t> packed() const { return { frame.data, frame.data + frame.len }; }
	// The length has to be right to the byte.
	void cuts_are_refused(const std::function<enum err(struct bytes)> &read)
	{
		const std::vector<uint8_t> good = packed();
		for (size_t len = 0; len < good.size(); len++) {
			std::vector<uint8_t> exact(good.begin(), good.begin() + static_cast<long>(len)); /* ASan sees the end */
			LONGS_EQUAL_TEXT(ERR_INVALID, read({ exact.data(), len }), std::to_string(len).c_str());
		}
		LONGS_EQUAL(ERR_OK, read({ good.data(), good.size() }));
	}
	void with_byte(size_t at, uint8_t value, const std::function<enum err(struct bytes)> &read)
	{
		std::vector<uint8_t> bad = packed();
		bad[at] = value;
		LONGS_EQUAL(ERR_INVALID, read({ bad.data(), bad.size() }));
	}
};

TEST(worker_pack, a_request_is_whole_and_of_a_known_kind)
{
	auto read = [&](struct bytes in) {
		scep_sent_clear(&read_sent);
		return unpack_sent(in, &read_sent);
	};
	LONGS_EQUAL(ERR_OK, pack_sent(&frame, &sent));
	cuts_are_refused(read);
	STRCMP_EQUAL("ABCDEF", read_sent.transaction_id);
	with_byte(3, 20, read);                /* CertPoll is never stored */
	with_byte(4 + 4 + 6 + 3, 15, read);    /* a nonce of 15 bytes: what follows no longer fits */
	LONGS_EQUAL(ERR_OK, buf_add(&frame, "x", 1));
	LONGS_EQUAL(ERR_INVALID, read(buf_bytes(&frame)));
}

TEST(worker_pack, an_answer_is_whole_and_of_a_known_status)
{
	auto read = [&](struct bytes in) {
		scep_answer_clear(&read_answer);
		read_answer = {};
		return unpack_answer(in, &read_answer);
	};
	LONGS_EQUAL(ERR_OK, pack_answer(&frame, &answer));
	cuts_are_refused(read);
	LONGS_EQUAL(1, read_answer.certificates.count);
	with_byte(3, 2, read); /* FAILURE comes as an error */
	LONGS_EQUAL(ERR_OK, buf_add(&frame, "x", 1));
	LONGS_EQUAL(ERR_INVALID, read(buf_bytes(&frame)));
}

TEST(worker_pack, an_error_is_whole_and_a_known_one)
{
	struct why said = {}, heard = {};
	auto read = [&](struct bytes in) { return unpack_outcome(&in, &heard); };
	why_set(&said, ERR_UNREACHABLE, "http.connect", "nobody there");
	LONGS_EQUAL(ERR_OK, pack_outcome(&frame, ERR_OK, &said));
	cuts_are_refused(read);
	with_byte(3, ERR_BUG + 1, read);
	with_byte(0, 1, read);
}

TEST(worker_pack, an_exchange_is_whole)
{
	struct scep_wire wire = {}, heard = {};
	wire.url = wire.request = wire.reply = { reinterpret_cast<const uint8_t *>("abc"), 3 };
	wire.status = 200;
	LONGS_EQUAL(ERR_OK, pack_wire(&frame, &wire));
	cuts_are_refused([&](struct bytes in) { return unpack_wire(in, &heard); });
	LONGS_EQUAL(200, heard.status);
}
