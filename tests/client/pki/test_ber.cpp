/* SPDX-License-Identifier: MIT */
#include "client/pki/ber.h"
#include <string>
#include "CppUTest/TestHarness.h"

TEST_GROUP(ber)
{
	struct buf out;
	void setup() override { buf_init(&out, 4096); }
	void teardown() override { buf_clear(&out); }
	enum err convert(const std::string &in)
	{
		buf_cut(&out, 0);
		return ber_to_der({reinterpret_cast<const uint8_t *>(in.data()), in.size()}, &out);
	}
	void becomes(const std::string &in, const std::string &wanted)
	{
		LONGS_EQUAL(ERR_OK, convert(in));
		LONGS_EQUAL(wanted.size(), out.len);
		MEMCMP_EQUAL(wanted.data(), out.data, out.len);
	}
};

#define S(literal) std::string(literal, sizeof(literal) - 1)

TEST(ber, der_stays_as_it_is)
{
	becomes(S("\x30\x06\x02\x01\x05\x04\x01\x07"), S("\x30\x06\x02\x01\x05\x04\x01\x07"));
}

/* X.690 section 8.1.4 and 8.14.3: the example with both forms. */
TEST(ber, an_indefinite_length_becomes_definite)
{
	becomes(S("\x30\x80\x02\x01\x05\x00\x00"), S("\x30\x03\x02\x01\x05"));
	becomes(S("\x30\x80\xa0\x80\x02\x01\x05\x00\x00\x00\x00"),
		S("\x30\x05\xa0\x03\x02\x01\x05"));
}

/* X.690 section 8.7.4: the constructed form of an OCTET STRING. */
TEST(ber, the_parts_of_an_octet_string_are_put_together)
{
	becomes(S("\x24\x80\x04\x02\x01\x02\x04\x01\x03\x00\x00"), S("\x04\x03\x01\x02\x03"));
	becomes(S("\x24\x0b\x24\x80\x04\x02\x01\x02\x00\x00\x04\x01\x03"),
		S("\x04\x03\x01\x02\x03"));
	becomes(S("\x24\x80\x00\x00"), S("\x04\x00"));
}

TEST(ber, a_long_form_of_a_short_length_becomes_minimal)
{
	becomes(S("\x30\x84\x00\x00\x00\x03\x02\x01\x05"), S("\x30\x03\x02\x01\x05"));
}

TEST(ber, lengths_from_128_and_256_bytes_on_get_more_bytes)
{
	becomes(S("\x24\x80\x04\x81\x80") + std::string(128, 'x') + S("\x00\x00"),
		S("\x04\x81\x80") + std::string(128, 'x'));
	becomes(S("\x24\x80\x04\x82\x01\x00") + std::string(256, 'x') + S("\x00\x00"),
		S("\x04\x82\x01\x00") + std::string(256, 'x'));
}

TEST(ber, what_is_no_ber_is_refused_and_leaves_the_output_alone)
{
	const std::string bad[] = {
	    S(""),
	    S("\x30"),
	    S("\x30\x01"),
	    S("\x04\x80\x01\x00\x00"),
	    S("\x30\x80\x02\x01\x05"),
	    S("\x30\x80\x02\x01\x05\x00"),
	    S("\x1f\x81\x01\x00"),
	    S("\x04\x85\x00\x00\x00\x00\x01x"),
	    S("\x04\x84\xff\xff\xff\xff\x01"),
	    S("\x30\x02\x00\x00"),
	    S("\x02\x01\x05\x00"),
	    S("\x24\x03\x02\x01\x05"),
	    S("\x00\x00"),
	    S("\x04\xff\x00"),
	    S("\x30\x03\x04\x05\x01\x02\x03\x04\x05"),
	};
	LONGS_EQUAL(ERR_OK, buf_add(&out, "ab", 2));
	for (const std::string &in : bad) {
		LONGS_EQUAL(
		    ERR_INVALID,
		    ber_to_der({reinterpret_cast<const uint8_t *>(in.data()), in.size()}, &out));
		LONGS_EQUAL(2, out.len);
	}
}

TEST(ber, sixteen_levels_are_read_and_seventeen_refused)
{
	std::string in = S("\x02\x01\x05");
	for (int level = 2; level <= BER_DEPTH_MAX; level++)
		in = S("\x30\x80") + in + S("\x00\x00");
	LONGS_EQUAL(ERR_OK, convert(in));
	LONGS_EQUAL(ERR_INVALID, convert(S("\x30\x80") + in + S("\x00\x00")));
}

TEST(ber, the_ceiling_of_the_output_holds)
{
	out.max = 10;
	LONGS_EQUAL(ERR_TOO_BIG, convert(S("\x04\x0b") + std::string(11, 'x')));
	LONGS_EQUAL(0, out.len);
}
