/* SPDX-License-Identifier: MIT */
#include "tests/client/pki/cms_lab.hpp"
#include "CppUTest/TestHarness.h"
#include "hal/log.h"

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

namespace
{
unsigned lines;
}

TEST(cms_certificates, a_thousand_damaged_strangers_are_not_a_thousand_lines_in_the_log)
{
	certrep server;
	server.certificates = cms_lab::get().ra.der;
	for (int i = 0; i < 1000; i++)
		server.certificates += tlv(DER_SEQUENCE, "");
	lines = 0;
	enum log_level before = log_get_level();
	log_set_level(LOG_INFO);
	log_set_sink([](enum log_level, const char *) { lines++; });
	enum err e = read(server.build());
	log_set_sink(nullptr);
	log_set_level(before);
	LONGS_EQUAL(ERR_TOO_BIG, e);
	LONGS_EQUAL(0, set.count);
	LONGS_EQUAL(CERTIFICATE_SET_MAX, lines);
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

/* RFC 8894 section 4.7.1: what a CA announces under its signature. The messages are made by openssl. */
TEST_GROUP(cms_signed_certificates)
{
	struct certificate_set set = {}, accepted = {}, others = {};
	struct why why = {};
	void setup() override
	{
		cms_lab &lab = cms_lab::get();
		LONGS_EQUAL(ERR_OK, certificate_set_add(&accepted, as_bytes(lab.ra.der)));
		LONGS_EQUAL(ERR_OK, certificate_set_add(&others, as_bytes(lab.attacker.der)));
		CHECK(lab.run("openssl crl2pkcs7 -nocrl -certfile device.pem -outform DER -out inner.p7"));
	}
	void teardown() override
	{
		certificate_set_clear(&set);
		certificate_set_clear(&accepted);
		certificate_set_clear(&others);
	}
	std::string sign(const std::string &more)
	{
		cms_lab &lab = cms_lab::get();
		CHECK(lab.run("openssl cms -sign -binary -nodetach -in inner.p7 -outform DER -out outer.p7 " + more));
		return lab.read("outer.p7");
	}
	enum err read(const std::string &message, struct cms_floor floor = {})
	{
		why = {};
		return cms_signed_certificates(as_bytes(message), &accepted, &others, floor, &set, &why);
	}
	void refuses(const std::string &message, enum err e, const char *code)
	{
		LONGS_EQUAL_TEXT(e, read(message), why.text);
		STRCMP_EQUAL(code, why.code);
		LONGS_EQUAL(0, set.count);
	}
};

TEST(cms_signed_certificates, the_inner_list_comes_out_and_not_the_signers_own)
{
	LONGS_EQUAL_TEXT(ERR_OK, read(sign("-signer ra.pem -inkey ra.key")), why.text);
	LONGS_EQUAL(1, set.count);
	CHECK(as_string(buf_bytes(&set.der[0])) == cms_lab::get().device.der);
}

TEST(cms_signed_certificates, another_signer_is_refused_whatever_certificate_comes_along)
{
	refuses(sign("-signer attacker.pem -inkey attacker.key"), ERR_UNTRUSTED, "scep.signer");
	STRCMP_CONTAINS("SHA-256", why.text);
	refuses(sign("-nocerts -signer device.pem -inkey device.key"), ERR_UNTRUSTED, "scep.signer");
}

TEST(cms_signed_certificates, nobodys_signature_is_refused)
{
	refuses(cms_lab::get().read("inner.p7"), ERR_UNTRUSTED, "scep.signer");
}

TEST(cms_signed_certificates, a_signature_without_attributes_is_refused)
{
	refuses(sign("-noattr -signer ra.pem -inkey ra.key"), ERR_UNTRUSTED, "scep.reply");
}

TEST(cms_signed_certificates, sha1_is_below_the_floor)
{
	std::string message = sign("-md sha1 -signer ra.pem -inkey ra.key");
	refuses(message, ERR_UNTRUSTED, "scep.legacy_sha1");
	struct cms_floor floor = {};
	floor.allow_sha1 = true;
	LONGS_EQUAL_TEXT(ERR_OK, read(message, floor), why.text);
	certificate_set_clear(&set);
	refuses(sign("-md md5 -signer ra.pem -inkey ra.key"), ERR_UNTRUSTED, "scep.algorithm");
}

TEST(cms_signed_certificates, other_content_than_was_signed_is_refused)
{
	certrep announcement;
	announcement.content = cms_lab::get().read("inner.p7");
	LONGS_EQUAL_TEXT(ERR_OK, read(announcement.build()), why.text);
	certificate_set_clear(&set);
	announcement.digest_of_content = announcement.digest("something else");
	refuses(announcement.build(), ERR_UNTRUSTED, "scep.signature");
}

TEST(cms_signed_certificates, a_reply_of_the_same_signer_is_no_announcement)
{
	certrep reply;
	refuses(reply.build(), ERR_INVALID, "cms.format");
	reply.has_content = false;
	refuses(reply.build(), ERR_INVALID, "cms.format");
}

TEST(cms_signed_certificates, one_flipped_bit_anywhere_never_passes_as_another_list)
{
	std::string message = sign("-nocerts -signer ra.pem -inkey ra.key");
	LONGS_EQUAL(ERR_OK, read(message));
	certificate_set_clear(&set);
	for (size_t i = 0; i < message.size(); i++) {
		std::string flipped = message;
		flipped[i] = static_cast<char>(flipped[i] ^ 1);
		if (read(flipped) == ERR_OK) /* in what nothing signs, such as an encoding that reads the same */
			CHECK(as_string(buf_bytes(&set.der[0])) == cms_lab::get().device.der);
		certificate_set_clear(&set);
	}
}
