/* SPDX-License-Identifier: MIT */
#include "client/pki/name.h"
#include <string>
#include "client/pki/openssl_tool.hpp"

TEST_GROUP(name)
{
	openssl_tool openssl;
	struct buf der;
	struct buf text;
	struct why why;
	void setup() override
	{
		why = {};
		buf_init(&der, 16384);
		buf_init(&text, 4096);
	}
	void teardown() override
	{
		buf_clear(&der);
		buf_clear(&text);
	}
	std::string make(const std::string &in)
	{
		buf_clear(&der);
		LONGS_EQUAL_TEXT(ERR_OK, name_from_text(in.c_str(), &der, &why), why.text);
		return std::string(reinterpret_cast<char *>(der.data), der.len);
	}
	std::string show(const std::string &name)
	{
		buf_clear(&text);
		LONGS_EQUAL(ERR_OK, name_to_text(bytes_of(name), &text));
		return std::string(reinterpret_cast<char *>(text.data), text.len);
	}
	// The DER Name as the openssl command writes it from its own -subj syntax.
	std::string by_openssl(const std::string &subj)
	{
		openssl.run(
		    "[ -f ec.pem ] || openssl ecparam -name prime256v1 -genkey -noout -out ec.pem\n"
		    "openssl req -new -utf8 -key ec.pem -multivalue-rdn -subj '" +
		    subj + "' -outform DER -out n.csr");
		std::string csr = openssl.read("n.csr");
		struct bytes in = bytes_of(csr);
		struct der_tlv tlv;
		LONGS_EQUAL(ERR_OK, der_next(&in, &tlv));
		in = tlv.content;
		LONGS_EQUAL(ERR_OK, der_next(&in, &tlv));
		in = tlv.content;
		LONGS_EQUAL(ERR_OK, der_next(&in, &tlv));
		LONGS_EQUAL(ERR_OK, der_next(&in, &tlv));
		return std::string(reinterpret_cast<const char *>(tlv.whole.data), tlv.whole.len);
	}
	std::string printed(const std::string &name)
	{
		openssl.write("name.der", name);
		return openssl.run("openssl asn1parse -inform DER -in name.der");
	}
	bool is_equal(const std::string &a, const std::string &b)
	{
		return name_equal(bytes_of(a), bytes_of(b));
	}
	void refuse(const std::string &in, const std::string &part)
	{
		why = {};
		buf_clear(&der);
		LONGS_EQUAL_TEXT(ERR_INVALID, name_from_text(in.c_str(), &der, &why), in.c_str());
		LONGS_EQUAL(0, der.len);
		CHECK_HAS(std::string(why.text), part);
	}
};

TEST(name, BytesAreThoseOfOpensslForTheSameName)
{
	static const struct {
		const char *ours, *openssl;
	} cases[] = {
	    {"CN=gw-7,OU=Edge,O=Contoso,L=Oslo,ST=Oslo,C=NO",
	     "/C=NO/ST=Oslo/L=Oslo/O=Contoso/OU=Edge/CN=gw-7"},
	    {"CN=Jürgen Größe,O=\\23 \\\"Q\\\" a\\=b", "/O=# \"Q\" a=b/CN=Jürgen Größe"},
	    {"cn=a+OU=b,dc=example,DC=com", "/DC=com/DC=example/CN=a+OU=b"},
	    {"CN=a+OU=b,O=x", "/O=x/OU=b+CN=a"},
	    {"UID=u,serialNumber=77-1,E=a@b.example,SN=s,GN=g,title=t,STREET=here 1",
	     "/street=here 1/title=t/GN=g/SN=s/emailAddress=a@b.example/serialNumber=77-1/UID=u"},
	    {"2.5.4.3=dotted , O = Contoso\\, Inc ", "/O=Contoso, Inc/CN=dotted"},
	    {"CN=50 \\25 \\c3\\a9", "/CN=50 % é"},
	    {"CN=a\\ ", "/CN=a "},
	};
	for (const auto &c : cases) {
		std::string ours = make(c.ours);
		std::string theirs = by_openssl(c.openssl);
		// openssl writes every DirectoryString as UTF8String: the string type is ignored
		// here, the rest is not
		CHECK_TEXT(is_equal(ours, theirs), c.ours);
		LONGS_EQUAL_TEXT(theirs.size(), ours.size(), c.ours);
	}
	std::string hex = make("CN=#0C0161");
	MEMCMP_EQUAL("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61", hex.data(), 14);
}

TEST(name, TextOfANameByOpensslIsTheOneOpensslPrints)
{
	static const char *const subjects[] = {
	    "/C=NO/O=Contoso/CN=gw",
	    "/O=A, B+C; \"x\" <y> \\\\ z/CN=Jürgen Größe",
	    "/DC=com/DC=example/UID=7/serialNumber=9/CN=a+OU=b",
	    "/CN= blanks ",
	    "/CN=#hash",
	};
	for (const char *subject : subjects) {
		std::string name = by_openssl(subject);
		std::string printed_name = openssl.run("openssl req -inform DER -in n.csr -noout "
						       "-subject -nameopt RFC2253,-esc_msb,utf8");
		STRCMP_EQUAL(printed_name.c_str(), ("subject=" + show(name) + "\n").c_str());
		CHECK_TEXT(is_equal(name, make(show(name))), subject); /* and back */
	}
}

TEST(name, StringTypesFollowTheAttribute)
{
	std::string parsed =
	    printed(make("CN=plain,O=Größe,C=NO,serialNumber=1,E=a@b,DC=x,OU=a_b"));
	CHECK_HAS(parsed, "PRINTABLESTRING   :plain");
	CHECK_HAS(parsed, "UTF8STRING        :Größe");
	CHECK_HAS(parsed, "PRINTABLESTRING   :NO");
	CHECK_HAS(parsed, "IA5STRING         :a@b");
	CHECK_HAS(parsed, "IA5STRING         :x");
	CHECK_HAS(parsed, "UTF8STRING        :a_b"); /* '_' is not in PrintableString */
}

TEST(name, EmptyTextIsAnEmptySequence)
{
	std::string empty = make("");
	LONGS_EQUAL(2, empty.size());
	MEMCMP_EQUAL("\x30\x00", empty.data(), 2);
	STRCMP_EQUAL("", show(empty).c_str());
}

TEST(name, WhatIsWrongIsNamedWithItsPlace)
{
	refuse("CN", "\"=\" should follow");
	refuse("CN=a,", "character 6");
	refuse("CN=a,,O=b", "character 6");
	refuse("XX=a", "character 1: here stands CN");
	refuse("CN=", "0 characters");
	refuse("CN=a;O=b", "character 5");
	refuse("CN=\"a\"", "needs a");
	refuse("CN=a\\", "after \"\\\"");
	refuse("CN=a\\zb", "after \"\\\"");
	refuse("CN=\\00x", "control characters");
	refuse("CN=\\ff", "no UTF-8");
	refuse("CN=\xc3", "no UTF-8");
	refuse("CN=\xc1\xa1", "no UTF-8");     /* overlong 'a' */
	refuse("CN=\xed\xa0\x80", "no UTF-8"); /* a surrogate */
	refuse("C=NOR", "2 to 2");
	refuse("C=N_", "letters, digits");
	refuse("E=ü@x", "ASCII");
	refuse("CN=#0C", "not one DER value");
	refuse("CN=#0C0161zz", "hex digits");
	refuse("CN=" + std::string(65, 'a'), "65 characters");
	refuse(std::string(5000, ' '), "more than 4096");
	refuse("1.2.=a", "character 1");
	std::string many = "CN=a";
	for (int i = 0; i < 40; i++)
		many += ",O=b";
	refuse(many, "too many parts");
	many = "CN=a";
	for (int i = 0; i < 40; i++)
		many += "+O=b";
	refuse(many, "too many attributes");
}

TEST(name, EqualityFoldsCaseBlanksAndStringType)
{
	CHECK(is_equal(make("CN=Root CA,O=Contoso"), make("CN=root  ca ,O=CONTOSO")));
	CHECK(is_equal(make("CN=\\  Root CA"), make("CN=Root CA")));
	CHECK(is_equal(make("CN=abc"), make("CN=#0C03616263")));
	CHECK(is_equal(make("CN=#1E04004100FC"), make("CN=#0C0361C3BC"))); // BMPString, UTF8String
	CHECK(is_equal(make("CN=#140241FC"), make("CN=aü"))); // TeletexString as Latin-1
	CHECK(is_equal(make("CN=a+OU=b"), make("OU=B+CN=A")));
	CHECK(is_equal(make(""), make("")));
}

TEST(name, DifferentNamesAreNotEqual)
{
	CHECK(!is_equal(make("CN=a,O=b"), make("O=b,CN=a")));
	CHECK(!is_equal(make("CN=a"), make("OU=a")));
	CHECK(!is_equal(make("CN=a"), make("CN=a,O=b")));
	CHECK(!is_equal(make("CN=a+OU=b"), make("CN=a")));
	CHECK(!is_equal(make("CN=a"), make("CN=a+OU=b")));
	CHECK(!is_equal(make("CN=ab"), make("CN=a b")));
	CHECK(!is_equal(make("CN=a"), make("CN=aa")));
	CHECK(!is_equal(make("CN=a+CN=a+CN=b"), make("CN=a+CN=b")));
	CHECK(!is_equal(make("CN=#0C0261FF"), make("CN=#130261FF"))); // broken UTF-8 is only itself
	CHECK(is_equal(make("CN=#0C0261FF"), make("CN=#0C0261FF")));
	CHECK(!is_equal(make("CN=#0C0261FF"), make("CN=#0C0261FE")));
	CHECK(!is_equal(make("CN=#0C0161"), make("CN=#0C036100FF")));
	CHECK(!is_equal(make("CN=#0C0161"), make("CN=#0C026100"))); // the NUL trick
	CHECK(!is_equal("", ""));
	CHECK(!is_equal("\x31", "\x31"));
}

TEST(name, TextEscapesWhatATerminalShouldNotSee)
{
	STRCMP_EQUAL("CN=a\\1B[2J", show(make("CN=#0C05611B5B324A")).c_str());
	STRCMP_EQUAL("CN=a\\E2\\80\\AEb", show(make("CN=#0C0561E280AE62")).c_str());
	STRCMP_EQUAL("CN=\\ a\\ ", show(make("CN=\\ a\\ ")).c_str());
	STRCMP_EQUAL("CN=\\#a", show(make("CN=\\#a")).c_str());
	STRCMP_EQUAL("1.2.3.4=#0C0161", show(make("1.2.3.4=#0C0161")).c_str());
	STRCMP_EQUAL("CN=#0C0261FF", show(make("CN=#0C0261FF")).c_str());
}

TEST(name, TextIsBoundedByTheBuffer)
{
	std::string name = make("CN=abcdefgh");
	struct buf small;
	buf_init(&small, 8);
	LONGS_EQUAL(ERR_TOO_BIG, name_to_text(bytes_of(name), &small));
	LONGS_EQUAL(0, small.len);
	buf_clear(&small);
}

TEST(name, TruncationAtEveryByteIsInvalid)
{
	std::string name = make("CN=a+OU=b,O=Größe,C=NO");
	for (size_t len = 0; len < name.size(); len++) {
		std::string cut(name, 0, len);
		CHECK(name_to_text(bytes_of(cut), &text) != ERR_OK);
		CHECK(!is_equal(cut, name));
	}
	LONGS_EQUAL(0, text.len);
}
