/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_certificate.h"
#include "tpm_lab.hpp"

TEST_GROUP(pkcs11_certificate)
{
	tpm_lab lab;
	struct buf out;
	void setup() override { buf_init(&out, 4096); }
	void teardown() override { buf_clear(&out); }

	std::string pem_of(const std::string &base64)
	{
		return "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n";
	}
	enum err decode(const std::string &text)
	{
		buf_clear(&out);
		return pkcs11_certificate_decode(bytes_of(text), &out);
	}
};

// RFC 4648 section 10
TEST(pkcs11_certificate, DecodesTheVectorsOfRfc4648)
{
	const char *vectors[][2] = {{"Zg==", "f"},	   {"Zm8=", "fo"},	   {"Zm9v", "foo"},
				    {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}};
	for (const auto &v : vectors) {
		LONGS_EQUAL(ERR_OK, decode("junk before\n" + pem_of(v[0]) + pem_of("AAAA")));
		CHECK(text_of(buf_bytes(&out)) == v[1]);
	}
	LONGS_EQUAL(ERR_OK, decode(pem_of("Zm9v\r\n Ym\tFy")));
	CHECK(text_of(buf_bytes(&out)) == "foobar");
}

TEST(pkcs11_certificate, DamagedTextIsRefusedAndLeavesNothing)
{
	for (const std::string &bad :
	     {pem_of(""), pem_of("Zg="), pem_of("Zg"), pem_of("Z==="), pem_of("Zg==Zg=="), pem_of("Zm9v!"),
	      pem_of(std::string("Zm\0v", 4)), std::string(), std::string("-----BEGIN CERTIFICATE-----\nZm9v"),
	      std::string("Zm9v\n-----END CERTIFICATE-----\n")}) {
		LONGS_EQUAL_TEXT(ERR_INVALID, decode(bad), bad.c_str());
		LONGS_EQUAL(0, out.len);
	}
	LONGS_EQUAL(ERR_TOO_BIG, decode(pem_of(std::string(4 * 4096, 'A'))));
	LONGS_EQUAL(0, out.len);
}

TEST(pkcs11_certificate, PartsAreThoseThatOpensslSees)
{
	struct bytes serial, issuer, subject;
	lab.run("openssl req -x509 -newkey rsa:2048 -nodes -subj '/O=Contoso/CN=GW' -set_serial 0x00f1020304 "
		"-keyout k -out cert.pem && openssl x509 -in cert.pem -outform DER -out der");
	LONGS_EQUAL(ERR_OK, decode(lab.read("cert.pem")));
	CHECK(text_of(buf_bytes(&out)) == lab.read("der"));
	LONGS_EQUAL(ERR_OK, pkcs11_certificate_parts(buf_bytes(&out), &serial, &issuer, &subject));
	STRCMP_EQUAL("020500f1020304", hex_of(serial).c_str());
	CHECK(hex_of(issuer) == hex_of(subject));
	// 2.5.4.10 and 2.5.4.3, UTF8String: RFC 5280 appendix A.1
	STRCMP_EQUAL("301f3110300e060355040a0c07436f6e746f736f310b300906035504030c024757", hex_of(subject).c_str());
	for (size_t len = 0; len < out.len; len++)
		LONGS_EQUAL(ERR_INVALID,
			    pkcs11_certificate_parts({out.data, len}, &serial, &issuer, &subject));
}
