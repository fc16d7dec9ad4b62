/* SPDX-License-Identifier: MIT */
#include "tpm/key_file.h"
#include "tpm_lab.hpp"

TEST_GROUP(key_file)
{
	tpm_lab lab;
	struct why why;
	struct buf der;
	struct key_file file;
	std::string good;
	void setup() override
	{
		buf_init(&der, KEY_FILE_MAX);
		const std::string public_area = "\1\2\3\4";
		const std::string private_area(200, '\5');
		file = {0x81000001, bytes_of(public_area), bytes_of(private_area)};
		LONGS_EQUAL(ERR_OK, key_file_write(&file, &der));
		good = text_of(buf_bytes(&der));
	}
	void teardown() override { buf_clear(&der); }
	void check_bad(const std::string &bytes)
	{
		CHECK_WHY(ERR_INVALID, "tpm.key_file", key_file_read(bytes_of(bytes), &file, &why));
	}
};

TEST(key_file, OpensslReadsTheAsn1)
{
	lab.write("key.der", good);
	std::string seen = lab.run("openssl asn1parse -inform DER -in key.der");
	CHECK_HAS(seen, "OBJECT            :2.23.133.10.1.3");
	CHECK_HAS(seen, "cons: cont [ 0 ]");
	CHECK_HAS(seen, "BOOLEAN           :255");
	CHECK_HAS(seen, "INTEGER           :81000001"); /* a negative one reads -7EFFFFFF */
	CHECK_HAS(seen, "OCTET STRING      [HEX DUMP]:01020304");
}

TEST(key_file, WhatWasWrittenIsReadBack)
{
	struct key_file back;
	LONGS_EQUAL(ERR_OK, key_file_read(bytes_of(good), &back, &why));
	LONGS_EQUAL(0x81000001, back.parent);
	CHECK(text_of(back.public_area) == "\1\2\3\4");
	CHECK(text_of(back.private_area) == std::string(200, '\5'));
}

TEST(key_file, FileOfOpensslsGeneratorIsRead)
{
	lab.write("asn1.cnf",
		  "asn1 = SEQUENCE:k\n[k]\no=OID:2.23.133.10.1.3\na=EXPLICIT:0,BOOLEAN:TRUE\n"
		  "p=INTEGER:0x81000001\nu=FORMAT:HEX,OCT:0a0b\nr=FORMAT:HEX,OCT:0c\n");
	lab.run("openssl asn1parse -genconf asn1.cnf -noout -out made.der");
	std::string made = lab.read("made.der");
	struct key_file back;
	LONGS_EQUAL_TEXT(ERR_OK, key_file_read(bytes_of(made), &back, &why), why.text);
	LONGS_EQUAL(0x81000001, back.parent);
	CHECK(text_of(back.public_area) == "\x0a\x0b");
	CHECK(text_of(back.private_area) == "\x0c");
}

TEST(key_file, EveryCutIsRefused)
{
	for (size_t len = 0; len < good.size(); len++)
		check_bad(good.substr(0, len));
	check_bad(good + "x");
}

TEST(key_file, OtherKindsOfKeyAreRefused)
{
	const char *const others[] = {
	    /* importable key, passwords, no flag, BER TRUE, negative parent, policy, description */
	    "o=OID:2.23.133.10.1.4\na=EXPLICIT:0,BOOLEAN:TRUE\np=INTEGER:1\nu=OCT:a\nr=OCT:b\n",
	    "o=OID:2.23.133.10.1.3\na=EXPLICIT:0,BOOLEAN:FALSE\np=INTEGER:1\nu=OCT:a\nr=OCT:b\n",
	    "o=OID:2.23.133.10.1.3\np=INTEGER:1\nu=OCT:a\nr=OCT:b\n",
	    "o=OID:2.23.133.10.1.3\na=EXPLICIT:0,BOOLEAN:TRUE\np=INTEGER:-1\nu=OCT:a\nr=OCT:b\n",
	    "o=OID:2.23.133.10.1.3\na=EXPLICIT:0,BOOLEAN:TRUE\nq=EXPLICIT:1,SEQUENCE:e\n"
	    "p=INTEGER:1\nu=OCT:a\nr=OCT:b\n[e]\n",
	    "o=OID:2.23.133.10.1.3\na=EXPLICIT:0,BOOLEAN:TRUE\np=INTEGER:1\nu=OCT:a\nr=OCT:b\nz="
	    "NULL\n",
	    "o=OID:2.23.133.10.1.3\na=EXPLICIT:0,BOOLEAN:TRUE\np=INTEGER:0x1FFFFFFFF\nu=OCT:a\nr="
	    "OCT:b\n",
	};
	for (const char *other : others) {
		lab.write("asn1.cnf", std::string("asn1 = SEQUENCE:k\n[k]\n") + other);
		lab.run("openssl asn1parse -genconf asn1.cnf -noout -out made.der");
		check_bad(lab.read("made.der"));
	}
	std::string ber = good;
	ber[ber.find('\xff')] = 1;
	check_bad(ber);
}

TEST(key_file, HugeFileIsRefused) { check_bad(std::string(KEY_FILE_MAX + 1, '\x30')); }
