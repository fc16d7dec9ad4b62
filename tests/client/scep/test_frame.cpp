// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/scep/frame.h"
#include "client/scep/worker_pack.h"
#include <sys/socket.h>
#include <unistd.h>
#include <cstring>
#include <string>

TEST_GROUP(frame)
{
	int fd[2];
	struct buf payload;
	enum frame_kind kind;
	void setup() override
	{
		LONGS_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
		buf_init(&payload, FRAME_MAX);
	}
	void teardown() override
	{
		buf_clear(&payload);
		close(fd[0]);
		if (fd[1] >= 0)
			close(fd[1]);
	}
	void raw(const std::string &bytes) { LONGS_EQUAL(bytes.size(), write(fd[1], bytes.data(), bytes.size())); }
};

TEST(frame, WhatIsSentArrives)
{
	LONGS_EQUAL(ERR_OK, frame_send(fd[1], FRAME_SIGN, bytes{ reinterpret_cast<const uint8_t *>("abc"), 3 }));
	LONGS_EQUAL(ERR_OK, frame_receive(fd[0], 1000, &kind, &payload));
	LONGS_EQUAL(FRAME_SIGN, kind);
	STRCMP_EQUAL("abc", buf_text(&payload));
}

TEST(frame, ALengthBeyondTheLimitIsRefusedBeforeAnyAllocation)
{
	raw(std::string("\x01\xff\xff\xff\xff", 5));
	LONGS_EQUAL(ERR_INVALID, frame_receive(fd[0], 1000, &kind, &payload));
	LONGS_EQUAL(0, payload.cap);
}

TEST(frame, AnUnknownKindIsRefused)
{
	raw(std::string("\x63\0\0\0\0", 5));
	LONGS_EQUAL(ERR_INVALID, frame_receive(fd[0], 1000, &kind, &payload));
}

TEST(frame, ADeadPeerEndsTheWait)
{
	raw(std::string("\x01\0\0\0\x05" "ab", 7));
	close(fd[1]);
	fd[1] = -1;
	LONGS_EQUAL(ERR_UNREACHABLE, frame_receive(fd[0], 60000, &kind, &payload));
}

TEST(frame, ASilentPeerEndsTheWait)
{
	LONGS_EQUAL(ERR_UNREACHABLE, frame_receive(fd[0], 20, &kind, &payload));
}

TEST(frame, AnErrorCrossesWithItsSentence)
{
	struct why sent = {};
	struct why got = {};
	why_set(&sent, ERR_DENIED, "scep.refused", "the server said no");
	why_next(&sent, "ask it");
	LONGS_EQUAL(ERR_OK, pack_outcome(&payload, ERR_DENIED, &sent));
	struct bytes in = buf_bytes(&payload);
	LONGS_EQUAL(ERR_DENIED, unpack_outcome(&in, &got));
	STRCMP_EQUAL("scep.refused", got.code);
	STRCMP_EQUAL("the server said no", got.text);
	STRCMP_EQUAL("ask it", got.next_step);
	LONGS_EQUAL(0, in.len);
}

TEST(frame, ABlobLongerThanItsFrameIsRefused)
{
	LONGS_EQUAL(ERR_OK, pack_number(&payload, 100));
	LONGS_EQUAL(ERR_OK, buf_add(&payload, "short", 5));
	struct bytes in = buf_bytes(&payload);
	struct bytes out = { nullptr, 0 };
	LONGS_EQUAL(ERR_INVALID, unpack_blob(&in, &out));
}

TEST(frame, ATextWithANulIsRefused)
{
	char text[8];
	LONGS_EQUAL(ERR_OK, pack_blob(&payload, bytes{ reinterpret_cast<const uint8_t *>("a\0b"), 3 }));
	struct bytes in = buf_bytes(&payload);
	LONGS_EQUAL(ERR_INVALID, unpack_text(&in, text, sizeof text));
}

TEST(frame, AnAnswerCrossesWithWhatWasAnnounced)
{
	struct scep_answer sent = {};
	struct scep_answer got = {};
	std::string url(SCEP_URL_MAX - 1, 'u'), certificate(CERTIFICATE_MAX, 'c');
	sent.status = SCEP_PENDING;
	memcpy(sent.url, url.c_str(), url.size());
	for (size_t i = 0; i < CERTIFICATE_SET_MAX + SCEP_NEXT_CA_MAX; i++) {
		certificate[0] = static_cast<char>(i); /* the parent parses them later */
		struct certificate_set *set = i < CERTIFICATE_SET_MAX ? &sent.certificates : &sent.next_ca;
		LONGS_EQUAL(ERR_OK, certificate_set_add(set, bytes{ reinterpret_cast<const uint8_t *>(certificate.data()), certificate.size() }));
	}
	LONGS_EQUAL(ERR_OK, pack_answer(&payload, &sent)); /* the largest fits a frame */
	LONGS_EQUAL(ERR_OK, unpack_answer(buf_bytes(&payload), &got));
	LONGS_EQUAL(SCEP_PENDING, got.status);
	STRCMP_EQUAL(url.c_str(), got.url);
	LONGS_EQUAL(CERTIFICATE_SET_MAX, got.certificates.count);
	LONGS_EQUAL(SCEP_NEXT_CA_MAX, got.next_ca.count);
	LONGS_EQUAL(CERTIFICATE_SET_MAX, got.next_ca.der[0].data[0]);
	scep_answer_clear(&got);
	LONGS_EQUAL(0, got.next_ca.count);
	scep_answer_clear(&sent);
}

TEST(frame, MoreAnnouncedThanTheLimitIsRefused)
{
	struct scep_answer sent = {};
	struct scep_answer got = {};
	for (uint8_t i = 0; i <= SCEP_NEXT_CA_MAX; i++)
		LONGS_EQUAL(ERR_OK, certificate_set_add(&sent.next_ca, bytes{ &i, 1 }));
	LONGS_EQUAL(ERR_OK, pack_answer(&payload, &sent));
	LONGS_EQUAL(ERR_INVALID, unpack_answer(buf_bytes(&payload), &got));
	LONGS_EQUAL(0, got.next_ca.count);
	scep_answer_clear(&sent);
}
