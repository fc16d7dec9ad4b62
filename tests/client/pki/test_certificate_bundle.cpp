/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/pki/certificate_bundle.h"
#include "tests/client/pki/cms_lab.hpp"

TEST_GROUP(certificate_bundle)
{
	struct certificate_set set = {};
	struct why why = {};
	cms_lab &lab = cms_lab::get();
	void teardown() override { certificate_set_clear(&set); }
	enum err read(const std::string &file)
	{
		why = {};
		return certificate_bundle_read(as_bytes(file), &set, &why);
	}
	void has_both(const std::string &file)
	{
		LONGS_EQUAL(ERR_OK, read(file));
		LONGS_EQUAL(2, set.count);
		CHECK(as_string(buf_bytes(&set.der[0])) == lab.device.der);
		CHECK(as_string(buf_bytes(&set.der[1])) == lab.ra.der);
	}
};

TEST(certificate_bundle, one_certificate_in_der)
{
	LONGS_EQUAL(ERR_OK, read(lab.device.der));
	LONGS_EQUAL(1, set.count);
}

TEST(certificate_bundle, pem_blocks_with_text_around_them)
{
	CHECK(lab.run("openssl x509 -in device.pem -text -out text.pem"));
	has_both(lab.read("text.pem") + "\nissued by\n" + lab.read("ra.pem"));
}

TEST(certificate_bundle, pkcs7_in_der_and_in_pem)
{
	CHECK(lab.run("openssl crl2pkcs7 -nocrl -certfile device.pem -certfile ra.pem -out b.pem"));
	has_both(lab.read("b.pem"));
	certificate_set_clear(&set);
	CHECK(lab.run("openssl pkcs7 -in b.pem -outform DER -out b.der"));
	has_both(lab.read("b.der"));
}

TEST(certificate_bundle, the_other_label_of_rfc7468)
{
	CHECK(lab.run("openssl crl2pkcs7 -nocrl -certfile device.pem -certfile ra.pem -out b.pem && "
		      "sed s/PKCS7/CMS/ b.pem >c.pem"));
	has_both(lab.read("c.pem"));
}

TEST(certificate_bundle, what_has_no_certificate_is_invalid)
{
	for (const std::string &file : {std::string(), std::string("\0", 1), std::string("0\x82\xff\xff"), std::string("hello"),
					lab.device.der.substr(0, 200),
					std::string("-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n")}) {
		LONGS_EQUAL(ERR_INVALID, read(file));
		LONGS_EQUAL(0, set.count);
		CHECK(why.text[0] != '\0');
	}
}
