/* SPDX-License-Identifier: MIT */
/* What the parent reads from its worker, which a flaw in a parser may have taken over: questions and the result. First
 * letter: S a stored request, A an answer, O an outcome, B loose parts. */
#include "client/scep/frame.h"
#include "client/scep/worker_pack.h"
#include "tests/fuzz/fuzz.h"

static void read_sent(struct bytes in)
{
	struct scep_sent sent;
	struct buf again;
	scep_sent_init(&sent);
	buf_init(&again, 1024 * 1024);
	if (unpack_sent(in, &sent) == ERR_OK) {
		fuzz_expect(memchr(sent.url, '\0', sizeof sent.url) != NULL);
		fuzz_expect(pack_sent(&again, &sent) == ERR_OK && bytes_equal(buf_bytes(&again), in));
	} else {
		fuzz_expect(sent.message.len == 0 && sent.record.len == 0);
	}
	buf_clear(&again);
	scep_sent_clear(&sent);
}

static void read_answer(struct bytes in)
{
	struct scep_answer answer = { .status = SCEP_PENDING };
	if (unpack_answer(in, &answer) == ERR_OK)
		fuzz_expect(answer.next_ca.count <= SCEP_NEXT_CA_MAX);
	else
		fuzz_expect(answer.certificates.count == 0 && answer.next_ca.count == 0);
	scep_answer_clear(&answer);
}

static void read_parts(struct bytes in)
{
	struct bytes blob;
	uint32_t number;
	char text[16];
	while (unpack_text(&in, text, sizeof text) == ERR_OK || unpack_blob(&in, &blob) == ERR_OK ||
	       unpack_number(&in, &number) == ERR_OK)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why = { .code = "" };
	if (size == 0)
		return 0;
	struct bytes in = { data + 1, size - 1 };
	switch (data[0]) {
	case 'S':
		read_sent(in);
		break;
	case 'A':
		read_answer(in);
		break;
	case 'O':
		(void)unpack_outcome(&in, &why);
		fuzz_expect(memchr(why.text, '\0', sizeof why.text) != NULL && memchr(why.code, '\0', sizeof why.code) != NULL);
		break;
	default:
		read_parts(in);
	}
	return 0;
}
