/* SPDX-License-Identifier: MIT */
#include "tests/client/pki/cms_lab.hpp"
#include "CppUTest/TestHarness.h"

TEST_GROUP(cms_certificates)
{
	struct certificate_set set = {};
	struct why why = {};
	void teardown() override { certificate_set_clear(&set); }
	enum err read(const std::string &message)
	{
		why = {};
		return cms_certificates(as_bytes(message), &set, &why);
	}
};

TEST(cms_certificates, all_certificates_of_a_file_by_openssl_come_out_in_order)
{
	cms_lab &lab = cms_lab::get();
	CHECK(lab.run("openssl crl2pkcs7 -nocrl -certfile ra.pem -certfile device.pem -outform DER "
		      "-out certs.p7"));
	LONGS_EQUAL(ERR_OK, read(lab.read("certs.p7")));
	LONGS_EQUAL(2, set.count);
	CHECK(as_string(buf_bytes(&set.der[0])) == lab.ra.der);
	CHECK(as_string(buf_bytes(&set.der[1])) == lab.device.der);
}

TEST(cms_certificates, the_sample_of_rfc8894_has_one)
{
	LONGS_EQUAL(ERR_OK, read(scep_data("rfc8894_certs_only.der")));
	LONGS_EQUAL(1, set.count);
	CHECK(cms_lab::get().run("openssl pkcs7 -inform DER -in " TEST_DATA
				 "/scep/rfc8894_certs_only.der -print_certs | "
				 "openssl x509 -outform DER -out one.der"));
	CHECK(as_string(buf_bytes(&set.der[0])) == cms_lab::get().read("one.der"));
}

TEST(cms_certificates, a_signed_message_gives_its_certificates_as_well)
{
	certrep server;
	server.certificates = cms_lab::get().ra.der;
	LONGS_EQUAL(ERR_OK, read(server.build()));
	LONGS_EQUAL(1, set.count);
}

TEST(cms_certificates, a_damaged_stranger_is_passed_over)
{
	certrep server;
	server.certificates =
	    tlv(DER_SEQUENCE, "") + tlv(DER_CONTEXT_CONSTRUCTED(1), "") + cms_lab::get().ra.der;
	LONGS_EQUAL(ERR_OK, read(server.build()));
	LONGS_EQUAL(1, set.count);
	server.certificates = tlv(DER_SEQUENCE, "");
	certificate_set_clear(&set);
	LONGS_EQUAL(ERR_INVALID, read(server.build()));
}

TEST(cms_certificates, none_at_all_is_invalid)
{
	LONGS_EQUAL(ERR_INVALID, read(scep_data("ndes_certrep.der")));
	STRCMP_CONTAINS("no readable certificate", why.text);
	LONGS_EQUAL(ERR_INVALID, read("<html>404</html>"));
	LONGS_EQUAL(ERR_INVALID, read(cms_lab::get().ra.der));
}

TEST(cms_certificates, too_many_leave_the_set_as_it_was)
{
	cms_lab &lab = cms_lab::get();
	LONGS_EQUAL(ERR_OK, certificate_set_add(&set, as_bytes(lab.device.der)));
	certrep server;
	for (int i = 0; i <= CERTIFICATE_SET_MAX; i++) {
		std::string other = lab.ra.der;
		other[other.size() - 1] =
		    static_cast<char>(i); /* another signature: another certificate */
		server.certificates += other;
	}
	LONGS_EQUAL(ERR_TOO_BIG, read(server.build()));
	LONGS_EQUAL(1, set.count);
}

TEST(cms_certificates, a_truncated_message_never_passes)
{
	std::string message = scep_data("rfc8894_certs_only.der");
	for (size_t len = 0; len < message.size(); len++) {
		std::string cut(message.begin(),
				message.begin() + static_cast<std::ptrdiff_t>(len));
		LONGS_EQUAL(ERR_INVALID, read(cut));
	}
	LONGS_EQUAL(0, set.count);
}
