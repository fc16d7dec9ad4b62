/* SPDX-License-Identifier: MIT */
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/der.h"
#include "hal/hal_lab.hpp"

static std::string hex(const std::string &bytes)
{
	std::string out;
	char two[3];
	for (char c : bytes) {
		snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
		out += two;
	}
	return out;
}

static std::string unhex(const std::string &text)
{
	std::string out;
	for (size_t i = 0; i + 1 < text.size(); i += 2)
		out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
	return out;
}

TEST_GROUP(der)
{
	HalLab lab;
	struct der_out out;

	void setup() override
	{
		lab.open();
		der_out_init(&out, 1 << 20);
	}
	void teardown() override
	{
		der_out_clear(&out);
		lab.close();
	}
	std::string finish()
	{
		struct buf der;
		buf_init(&der, 1 << 20);
		enum err e = der_finish(&out, &der);
		std::string text = e == ERR_OK ? text_of(buf_bytes(&der)) : err_text(e);
		buf_clear(&der);
		der_out_init(&out, 1 << 20);
		return text;
	}
	/* what OpenSSL makes of a line of asn1parse -genstr, or of a -genconf file */
	std::string openssl(const std::string &arguments)
	{
		int status = 0;
		output_of("openssl asn1parse -noout " + arguments + " -out " + lab.at("o.der") +
			      " 2>&1",
			  &status);
		LONGS_EQUAL(0, status);
		return lab.read("o.der");
	}
	void same(const std::string &genstr)
	{
		STRCMP_EQUAL(hex(openssl("-genstr '" + genstr + "'")).c_str(),
			     hex(finish()).c_str());
	}
	enum err next(const std::string &bytes, struct der_tlv *tlv, size_t *out_left)
	{
		struct bytes in = bytes_of(bytes);
		enum err e = der_next(&in, tlv);
		*out_left = in.len;
		return e;
	}
	std::string oid_text(const std::string &content_hex)
	{
		char text[DER_OID_TEXT_MAX] = "";
		std::string content = unhex(content_hex);
		enum err e = der_oid_text(bytes_of(content), text, sizeof text);
		return e == ERR_OK ? text : err_text(e);
	}
	std::string time_of(uint8_t tag, const std::string &content)
	{
		int64_t t = 0;
		struct der_tlv tlv = {tag, bytes_of(content), {}};
		enum err e = der_time(&tlv, &t);
		return e == ERR_OK ? std::to_string(t) : err_text(e);
	}
	std::string small(const std::string &whole_hex)
	{
		std::string whole = unhex(whole_hex);
		struct bytes in = bytes_of(whole);
		struct der_tlv tlv = {};
		uint32_t value = 0;
		if (der_next(&in, &tlv) != ERR_OK)
			return "no element";
		enum err e = der_small(&tlv, &value);
		return e == ERR_OK ? std::to_string(value) : err_text(e);
	}
};

TEST(der, IntegersAreWhatOpensslWrites)
{
	const uint32_t values[] = {0,	  1,	 127,	     128,	 255,	    256,
				   32767, 32768, 0x7fffffff, 0x80000000, 0xffffffff};
	for (uint32_t value : values) {
		der_put_small(&out, value);
		same("INTEGER:" + std::to_string(value));
	}
	const uint8_t big[] = {0, 0, 0xc0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	der_put_unsigned(&out, big, sizeof big);
	same("INTEGER:0xc0010203040506070809");
	der_put_unsigned(&out, nullptr, 0);
	same("INTEGER:0");
}

TEST(der, SimpleTypesAreWhatOpensslWrites)
{
	der_put_bool(&out, true);
	same("BOOLEAN:TRUE");
	der_put_bool(&out, false);
	same("BOOLEAN:FALSE");
	der_put_null(&out);
	same("NULL");
	der_put_text(&out, DER_UTF8_STRING,
		     "Gr\xc3\xb6\xc3\x9f"
		     "e");
	same("FORMAT:UTF8,UTF8String:Gr\xc3\xb6\xc3\x9f"
	     "e");
	der_put_text(&out, DER_PRINTABLE_STRING, "GW-7F31");
	same("PRINTABLESTRING:GW-7F31");
	der_put_text(&out, DER_IA5_STRING, "a@b.example");
	same("IA5STRING:a@b.example");
	der_put(&out, DER_OCTET_STRING, "\x00\xff\x10", 3);
	same("FORMAT:HEX,OCTETSTRING:00ff10");
	der_put_bits(&out, "\x05\xa0", 2);
	same("FORMAT:HEX,BITSTRING:05a0");
}

TEST(der, ObjectIdentifiersAreWhatOpensslWritesAndReadBackAsText)
{
	const char *const oids[] = {"1.2.840.113549.1.1.11",
				    "2.5.29.17",
				    "1.3.6.1.4.1.311.20.2.1",
				    "2.16.840.1.113733.1.9.7",
				    "0.9.2342.19200300.100.1.25",
				    "2.999.3",
				    "1.3.6.1.4.1.311.21.8.4294967295.1",
				    "1.39.127.128.16383.16384"};
	for (const char *oid : oids) {
		der_put_oid(&out, oid);
		std::string der = openssl(std::string("-genstr OID:") + oid);
		STRCMP_EQUAL(hex(der).c_str(), hex(finish()).c_str());
		struct bytes in = bytes_of(der);
		struct der_tlv tlv;
		LONGS_EQUAL(ERR_OK, der_expect(&in, DER_OID, &tlv));
		char text[DER_OID_TEXT_MAX];
		LONGS_EQUAL(ERR_OK, der_oid_text(tlv.content, text, sizeof text));
		STRCMP_EQUAL(oid, text);
		CHECK(der_is_oid(&tlv, oid));
		CHECK_FALSE(der_is_oid(&tlv, "1.2.3"));
	}
}

TEST(der, MalformedDottedTextSticks)
{
	const char *const bad[] = {"",
				   "1",
				   "3.1",
				   "1.40",
				   "1..2",
				   ".1.2",
				   "1.2.",
				   "1.2a",
				   "-1.2",
				   "1.2 ",
				   "1.2.99999999999999999999",
				   "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"};
	for (const char *text : bad) {
		der_put_oid(&out, text);
		der_put_null(&out);
		STRCMP_EQUAL_TEXT("invalid", finish().c_str(), text);
	}
}

TEST(der, LengthsOfEveryFormAreWhatOpensslWrites)
{
	for (size_t len : {size_t{0}, size_t{127}, size_t{128}, size_t{255}, size_t{256},
			   size_t{65535}, size_t{65536}}) {
		std::string config = "asn1 = OCTETSTRING:" + std::string(len, 'x') + "\n";
		lab.write("conf", config);
		std::string content(len, 'x');
		der_put(&out, DER_OCTET_STRING, content.data(), len);
		std::string ours = finish();
		if (len <= 255) { /* an OpenSSL line is bounded */
			STRCMP_EQUAL(hex(openssl("-genconf " + lab.at("conf"))).c_str(),
				     hex(ours).c_str());
			continue;
		}
		lab.write("ours", ours);
		int status = 0;
		std::string said =
		    output_of("openssl asn1parse -inform DER -in " + lab.at("ours"), &status);
		LONGS_EQUAL(0, status);
		CHECK(said.find("l=" + std::to_string(len)) != std::string::npos ||
		      said.find("l= " + std::to_string(len)) != std::string::npos);
		struct der_tlv tlv;
		size_t left = 1;
		LONGS_EQUAL(ERR_OK, next(ours, &tlv, &left));
		LONGS_EQUAL(len, tlv.content.len);
		LONGS_EQUAL(0, left);
	}
}

TEST(der, NestedSequencesAndASortedSetAreWhatOpensslWrites)
{
	lab.write(
	    "conf",
	    "asn1 = SEQUENCE:top\n[top]\na = INTEGER:5\nb = SET:many\nc = IMPLICIT:0,UTF8:hi\n"
	    "d = EXPLICIT:1,NULL\n[many]\nx = UTF8:bb\ny = INTEGER:300\nz = UTF8:aa\nw = "
	    "INTEGER:2\n");
	size_t top = der_begin(&out);
	der_put_small(&out, 5);
	size_t set = der_begin(&out);
	der_put_text(&out, DER_UTF8_STRING, "bb");
	der_put_small(&out, 300);
	der_put_text(&out, DER_UTF8_STRING, "aa");
	der_put_small(&out, 2);
	der_end_set_of(&out, set);
	der_put_text(&out, DER_CONTEXT(0), "hi");
	size_t explicit_tag = der_begin(&out);
	der_put_null(&out);
	der_end(&out, explicit_tag, DER_CONTEXT_CONSTRUCTED(1));
	der_end(&out, top, DER_SEQUENCE);
	STRCMP_EQUAL(hex(openssl("-genconf " + lab.at("conf"))).c_str(), hex(finish()).c_str());
}

TEST(der, AnEmptySetIsAnEmptySet)
{
	der_end_set_of(&out, der_begin(&out));
	STRCMP_EQUAL("3100", hex(finish()).c_str());
}

TEST(der, TimesAreWrittenAsRfc5280Asks)
{
	der_put_time(&out, 1590000000); /* date -u -d @1590000000 */
	same("UTCTIME:200520184000Z");
	der_put_time(&out, 2524607999);
	same("UTCTIME:491231235959Z");
	der_put_time(&out, 2524608000);
	same("GENERALIZEDTIME:20500101000000Z");
	der_put_time(&out, -631152000);
	same("UTCTIME:500101000000Z");
	der_put_time(&out, 253402300799);
	same("GENERALIZEDTIME:99991231235959Z");
	der_put_time(&out, -631152001); /* no form is left for 1949 */
	STRCMP_EQUAL("invalid", finish().c_str());
	der_put_time(&out, 253402300800);
	STRCMP_EQUAL("invalid", finish().c_str());
}

TEST(der, TimesAreReadToTheSecond)
{
	/* expected: date -u -d '...' +%s */
	STRCMP_EQUAL("1590000000", time_of(DER_UTC_TIME, "200520184000Z").c_str());
	STRCMP_EQUAL("951782400", time_of(DER_UTC_TIME, "000229000000Z").c_str());
	STRCMP_EQUAL("-631152000", time_of(DER_UTC_TIME, "500101000000Z").c_str());
	STRCMP_EQUAL("2524607999", time_of(DER_UTC_TIME, "491231235959Z").c_str());
	STRCMP_EQUAL("253402300799", time_of(DER_GENERALIZED_TIME, "99991231235959Z").c_str());
	STRCMP_EQUAL("4107542400", time_of(DER_GENERALIZED_TIME, "21000301000000Z").c_str());
	STRCMP_EQUAL("-62167219200", time_of(DER_GENERALIZED_TIME, "00000101000000Z").c_str());
}

TEST(der, TimesInAnyOtherFormAreRefused)
{
	const char *const bad_utc[] = {"",
				       "Z",
				       "2005201840Z",
				       "200520184000",
				       "200520184000+0000",
				       "200520184060Z",
				       "200520186000Z",
				       "200520240000Z",
				       "201320184000Z",
				       "200500184000Z",
				       "210229000000Z",
				       "200431000000Z",
				       "20052018400\0Z",
				       "2005 0184000Z"};
	for (const char *text : bad_utc)
		STRCMP_EQUAL_TEXT("invalid", time_of(DER_UTC_TIME, text).c_str(), text);
	const char *const bad_general[] = {"20200520184000.5Z", "202005201840Z", "21000229000000Z",
					   "20200520184000"};
	for (const char *text : bad_general)
		STRCMP_EQUAL_TEXT("invalid", time_of(DER_GENERALIZED_TIME, text).c_str(), text);
	STRCMP_EQUAL("invalid", time_of(DER_INTEGER, "200520184000Z").c_str());
}

TEST(der, MalformedElementsAreRefusedAndNothingMoves)
{
	static const struct {
		const char *bytes, *what;
	} bad[] = {
	    {"30", "no length"},
	    {"3080020101"
	     "0000",
	     "indefinite length"},
	    {"30810500000000"
	     "00",
	     "long form of a length below 128"},
	    {"3084ffffffff", "length of 4 GiB"},
	    {"3088ffffffffffffffff", "length that overflows"},
	    {"30ff", "reserved first length byte"},
	    {"3003020101" /* minus one */, "ok"},
	    {"30040201", "longer than its input"},
	    {"3082", "length cut off"},
	    {"308201", "length cut off"},
	    {"1f0100", "tag of several bytes"},
	    {"bf2000", "tag of several bytes"},
	};
	for (const auto &row : bad) {
		struct der_tlv tlv = {0x77, {}, {}};
		size_t left = 0;
		std::string bytes = unhex(row.bytes);
		enum err wanted = std::string(row.what) == "ok" ? ERR_OK : ERR_INVALID;
		LONGS_EQUAL_TEXT(wanted, next(bytes, &tlv, &left), row.what);
		if (wanted == ERR_OK)
			continue;
		LONGS_EQUAL_TEXT(bytes.size(), left, row.what);
		LONGS_EQUAL_TEXT(0x77, tlv.tag, row.what);
	}
}

TEST(der, LengthsThatAreRightButNotMinimalAreRefused)
{
	std::string content(129, 'x');
	struct der_tlv tlv;
	size_t left = 0;
	LONGS_EQUAL(ERR_OK, next(unhex("308181") + content, &tlv, &left));
	for (const char *head : {"30820081", "3083000081", "308400000081", "30850000000081",
				 "308900000000000000"
				 "0081",
				 "3089010000000000000081" /* 2^64 + 129 */})
		LONGS_EQUAL_TEXT(ERR_INVALID, next(unhex(head) + content, &tlv, &left), head);
}

TEST(der, ReadsElementAfterElementAndThenTellsTheEnd)
{
	std::string two = unhex("0201050500");
	struct bytes in = bytes_of(two);
	struct der_tlv tlv;
	CHECK_FALSE(der_take(&in, DER_NULL, &tlv));
	LONGS_EQUAL(5, in.len);
	LONGS_EQUAL(ERR_INVALID, der_expect(&in, DER_SEQUENCE, &tlv));
	CHECK(der_take(&in, DER_INTEGER, &tlv));
	STRCMP_EQUAL("05", hex(text_of(tlv.content)).c_str());
	STRCMP_EQUAL("020105", hex(text_of(tlv.whole)).c_str());
	LONGS_EQUAL(ERR_OK, der_next(&in, &tlv));
	LONGS_EQUAL(DER_NULL, tlv.tag);
	LONGS_EQUAL(ERR_NOT_FOUND, der_next(&in, &tlv));
	LONGS_EQUAL(ERR_INVALID, der_expect(&in, DER_NULL, &tlv));
}

TEST(der, MalformedObjectIdentifiersAreRefused)
{
	STRCMP_EQUAL("invalid", oid_text("").c_str());
	STRCMP_EQUAL("invalid", oid_text("2a86").c_str());   /* last byte says: more */
	STRCMP_EQUAL("invalid", oid_text("2a8001").c_str()); /* X.690 8.19.2: no leading 80 */
	STRCMP_EQUAL("invalid", oid_text("8001").c_str());
	STRCMP_EQUAL("too big", oid_text("2affffffffffffffffffff7f").c_str());
	std::string many = "2a";
	for (int i = 0; i < 80; i++)
		many += "01";
	STRCMP_EQUAL("too big", oid_text(many).c_str());
	char tiny[6] = "keep";
	LONGS_EQUAL(ERR_TOO_BIG, der_oid_text(bytes_of("\x2a\x03\x04"), tiny, 6));
	STRCMP_EQUAL("keep", tiny);
}

TEST(der, SmallIntegersAreReadAndOthersRefused)
{
	STRCMP_EQUAL("0", small("020100").c_str());
	STRCMP_EQUAL("128", small("02020080").c_str());
	STRCMP_EQUAL("4294967295", small("020500ffffffff").c_str());
	STRCMP_EQUAL("too big", small("02050100000000").c_str());
	STRCMP_EQUAL("invalid", small("0201ff").c_str());   /* negative */
	STRCMP_EQUAL("invalid", small("02020001").c_str()); /* not minimal */
	STRCMP_EQUAL("invalid", small("0200").c_str());
	STRCMP_EQUAL("invalid", small("040101").c_str());
}

TEST(der, TheCeilingSticksAndTheTargetStaysUntouched)
{
	struct buf target;
	buf_init(&target, 10);
	der_out_clear(&out);
	der_out_init(&out, 8);
	size_t begin = der_begin(&out);
	der_put(&out, DER_OCTET_STRING, "1234567", 7);
	der_end(&out, begin, DER_SEQUENCE);
	LONGS_EQUAL(ERR_TOO_BIG, der_finish(&out, &target));
	LONGS_EQUAL(0, target.len);
	buf_clear(&target);
}

TEST(der, BytesEqualComparesLengthAndContent)
{
	CHECK(bytes_equal({nullptr, 0}, {nullptr, 0}));
	CHECK(bytes_equal(bytes_of("ab"), bytes_of("ab")));
	CHECK_FALSE(bytes_equal(bytes_of("ab"), bytes_of("abc")));
	CHECK_FALSE(bytes_equal(bytes_of("ab"), bytes_of("ac")));
}
