/* SPDX-License-Identifier: MIT */
#include "client/pki/cms_parse.h"
#include "tests/client/pki/cms_lab.hpp"
#include "CppUTest/TestHarness.h"

/* The value of a signed attribute, read by openssl and sed: nothing of ours. */
static std::string asn1_value(const std::string &file, const std::string &type)
{
	cms_lab &lab = cms_lab::get();
	if (!lab.run("openssl asn1parse -inform DER -in " + file + " | sed -n '/:" + type +
		     "$/{n;n;s/.*\\(HEX DUMP\\]\\|STRING *\\)://p}' | tr -d '\\n'"))
		return "";
	return lab.read("out.txt");
}

static std::string from_hex(const std::string &hex)
{
	std::string out;
	for (size_t i = 0; i + 1 < hex.size(); i += 2)
		out += static_cast<char>(strtol(hex.substr(i, 2).c_str(), nullptr, 16));
	return out;
}

TEST_GROUP(cms_reply)
{
	struct certificate_set accepted = {}, others = {};
	struct cms_reply reply = {};
	struct cms_floor floor = {};
	struct why why = {};
	certrep server;
	std::string id = "0123ABCD", nonce = "0123456789abcdef";

	void setup() override { accept(cms_lab::get().ra.der); }
	void teardown() override
	{
		certificate_set_clear(&accepted);
		certificate_set_clear(&others);
		cms_reply_clear(&reply);
	}
	void accept(const std::string &der)
	{
		LONGS_EQUAL(ERR_OK, certificate_set_add(&accepted, as_bytes(der)));
	}
	enum err verify(const std::string &message)
	{
		cms_reply_clear(&reply);
		why = {};
		return cms_verify_reply(as_bytes(message), id.c_str(),
					reinterpret_cast<const uint8_t *>(nonce.data()), &accepted,
					&others, floor, &reply, &why);
	}
	void refused(enum err wanted, const char *code, const char *word)
	{
		LONGS_EQUAL(wanted, verify(server.build()));
		STRCMP_EQUAL(code, why.code);
		STRCMP_CONTAINS(word, why.text);
		POINTERS_EQUAL(nullptr, reply.envelope.data);
	}
	/* The NDES message with its own identifiers and its real signer. */
	std::string ndes()
	{
		std::string file = TEST_DATA "/scep/ndes_certrep.der";
		certificate_set_clear(&accepted);
		accept(scep_data("ndes_ra.der"));
		floor.allow_sha1 = true;
		id = asn1_value(file, "2.16.840.1.113733.1.9.7");
		nonce = from_hex(asn1_value(file, "2.16.840.1.113733.1.9.6"));
		LONGS_EQUAL(SCEP_NONCE_LEN, nonce.size());
		return read_file(file);
	}
};

TEST(cms_reply, the_real_ndes_reply_verifies_under_its_ra)
{
	LONGS_EQUAL(ERR_OK, verify(ndes()));
	LONGS_EQUAL(SCEP_SUCCESS, reply.status);
	LONGS_EQUAL(-1, reply.fail_info);
	STRCMP_EQUAL("Issued", reply.microsoft_text);
	LONGS_EQUAL(2030,
		    reply.envelope.len); /* openssl asn1parse: 58:d=5 hl=4 l=2030 OCTET STRING */
}

TEST(cms_reply, the_ndes_reply_needs_sha1_to_be_allowed)
{
	std::string message = ndes();
	floor.allow_sha1 = false;
	LONGS_EQUAL(ERR_UNTRUSTED, verify(message));
	STRCMP_EQUAL("scep.legacy_sha1", why.code);
	STRCMP_CONTAINS("allow_legacy = sha1", why.text);
}

TEST(cms_reply, the_ndes_reply_needs_its_ra_and_names_who_signed)
{
	std::string message = ndes();
	certificate_set_clear(&accepted);
	LONGS_EQUAL(ERR_UNTRUSTED, verify(message));
	STRCMP_EQUAL("scep.signer", why.code);
	STRCMP_CONTAINS("4700000002f5400d7585dd8788000000000002", why.text);
	LONGS_EQUAL(ERR_OK, certificate_set_add(&others, as_bytes(scep_data("ndes_ra.der"))));
	LONGS_EQUAL(ERR_UNTRUSTED, verify(message));
	STRCMP_EQUAL("scep.signer", why.code);
	char wanted[SHA256_HEX_LEN];
	CHECK(cms_lab::get().run("sha256sum " TEST_DATA
				 "/scep/ndes_ra.der | cut -c1-64 | tr -d '\\n'"));
	snprintf(wanted, sizeof(wanted), "%s", cms_lab::get().read("out.txt").c_str());
	LONGS_EQUAL(64, strlen(wanted));
	STRCMP_CONTAINS(wanted, why.text);
	STRCMP_CONTAINS("ra_sha256 = ", why.next_step);
}

TEST(cms_reply, one_changed_bit_anywhere_in_the_ndes_reply_is_refused)
{
	std::string message = ndes();
	for (size_t i = 0; i < message.size(); i++) {
		std::string changed = message;
		changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
		CHECK_TEXT(verify(changed) != ERR_OK, std::to_string(i).c_str());
		POINTERS_EQUAL(nullptr, reply.envelope.data);
	}
}

TEST(cms_reply, a_truncated_reply_is_invalid_at_every_length)
{
	std::string message = ndes();
	for (size_t len = 0; len < message.size(); len++) {
		std::string cut(message.begin(),
				message.begin() + static_cast<std::ptrdiff_t>(len));
		LONGS_EQUAL(ERR_INVALID, verify(cut));
	}
	LONGS_EQUAL(ERR_INVALID, verify(message + "x"));
}

TEST(cms_reply, a_nonce_of_eight_bytes_is_refused_for_its_length)
{
	std::string file = TEST_DATA "/scep/micromdm_certrep.der";
	certificate_set_clear(&accepted);
	accept(scep_data("micromdm_ca.der"));
	floor.allow_sha1 = true;
	id = asn1_value(file, "2.16.840.1.113733.1.9.7");
	LONGS_EQUAL(ERR_UNTRUSTED, verify(read_file(file)));
	STRCMP_EQUAL("scep.nonce", why.code);
	STRCMP_CONTAINS("has 8 bytes", why.text);
}

TEST(cms_reply, the_sample_reply_of_rfc8894_verifies_under_its_own_signer)
{
	std::string file = TEST_DATA "/scep/rfc8894_certrep.der";
	cms_lab &lab = cms_lab::get();
	CHECK(lab.run("openssl pkcs7 -inform DER -in " + file +
		      " -print_certs | openssl x509 -outform DER -out sample.der"));
	certificate_set_clear(&accepted);
	accept(lab.read("sample.der"));
	id = asn1_value(file, "2.16.840.1.113733.1.9.7");
	nonce = from_hex(asn1_value(file, "2.16.840.1.113733.1.9.6"));
	LONGS_EQUAL(ERR_OK, verify(read_file(file)));
	LONGS_EQUAL(SCEP_SUCCESS, reply.status);
}

TEST(cms_reply, all_digests_of_the_floor_verify_with_and_without_parameters)
{
	for (enum key_hash hash : {KEY_SHA256, KEY_SHA384, KEY_SHA512}) {
		server.hash = hash;
		server.digest_parameters = "";
		LONGS_EQUAL(ERR_OK, verify(server.build()));
		server.digest_parameters = tlv(DER_NULL, "");
		LONGS_EQUAL(ERR_OK, verify(server.build()));
		server.signature_oid = cms_signature_oid(OID_RSA_ENCRYPTION, hash);
		LONGS_EQUAL(ERR_OK, verify(server.build()));
		server.signature_oid = OID_RSA_ENCRYPTION;
	}
	STRCMP_EQUAL("an envelope", as_string(buf_bytes(&reply.envelope)).c_str());
}

TEST(cms_reply, a_digest_info_without_null_verifies)
{
	server.old_digest_info = true;
	LONGS_EQUAL(ERR_OK, verify(server.build()));
}

TEST(cms_reply, attributes_out_of_order_verify_whichever_order_was_signed)
{
	server.sort = false;
	LONGS_EQUAL(ERR_OK, verify(server.build()));
	server.sign_unsorted = true;
	LONGS_EQUAL(ERR_OK, verify(server.build()));
}

TEST(cms_reply, a_message_signed_by_an_attacker_is_refused_with_his_certificate_inside)
{
	cms_lab &lab = cms_lab::get();
	server.signer = &lab.attacker;
	server.certificates = lab.attacker.der;
	refused(ERR_UNTRUSTED, "scep.signer", "serial");
	/* and when he names the RA as signer */
	struct certificate cert;
	LONGS_EQUAL(ERR_OK, certificate_parse(as_bytes(lab.ra.der), &cert, nullptr));
	server.identifier =
	    tlv(DER_SEQUENCE, as_string(cert.issuer) + tlv(DER_INTEGER, as_string(cert.serial)));
	refused(ERR_UNTRUSTED, "scep.signature", "signature");
	/* or answers with a digest that the profile would have to allow */
	server.hash = KEY_SHA1;
	refused(ERR_UNTRUSTED, "scep.signature", "signature");
}

TEST(cms_reply, the_signer_may_be_named_by_key_identifier)
{
	cms_lab &lab = cms_lab::get();
	CHECK(lab.run("openssl x509 -in ra.pem -noout -ext subjectKeyIdentifier | sed -n 's/[ "
		      ":]//g;2p' | tr -d '\\n'"));
	server.identifier = tlv(DER_CONTEXT(0), from_hex(lab.read("out.txt")));
	server.version = "\x03";
	LONGS_EQUAL(ERR_OK, verify(server.build()));
	server.identifier = tlv(DER_CONTEXT(0), std::string(20, 'x'));
	refused(ERR_UNTRUSTED, "scep.signer", "key identifier 7878");
}

TEST(cms_reply, version_numbers_and_the_digest_list_must_fit_the_signer)
{
	server.version = "\x03";
	refused(ERR_INVALID, "cms.format", "version");
	server.version = "\x01";
	server.listed_digest = "1.3.14.3.2.26";
	refused(ERR_INVALID, "cms.format", "digests");
}

TEST(cms_reply, no_signer_and_two_signers_are_refused)
{
	server.signers = 0;
	refused(ERR_UNTRUSTED, "scep.signer", "not signed");
	server.certificates = cms_lab::get().ra.der;
	refused(ERR_UNTRUSTED, "scep.signer", "not signed");
	server.signers = 2;
	refused(ERR_UNTRUSTED, "scep.signer", "more than one");
}

TEST(cms_reply, certificates_without_a_signer_are_no_reply)
{
	LONGS_EQUAL(ERR_UNTRUSTED, verify(scep_data("rfc8894_certs_only.der")));
	STRCMP_EQUAL("scep.signer", why.code);
}

TEST(cms_reply, a_reply_without_signed_attributes_is_refused)
{
	server.has_attributes = false;
	refused(ERR_UNTRUSTED, "scep.reply", "no signed attributes");
}

TEST(cms_reply, md5_and_unknown_algorithms_are_refused_by_name)
{
	server.digest_oid = "1.2.840.113549.2.5";
	refused(ERR_UNTRUSTED, "scep.algorithm", "MD5");
	server.digest_oid = "1.2.3.4";
	refused(ERR_UNTRUSTED, "scep.algorithm", "1.2.3.4");
	server.digest_oid = "";
	server.signature_oid = "1.2.840.113549.1.1.10";
	refused(ERR_UNTRUSTED, "scep.algorithm", "RSA-PSS");
	server.signature_oid = "1.2.840.113549.1.1.5"; /* SHA-1 with RSA beside SHA-256 */
	refused(ERR_UNTRUSTED, "scep.algorithm", "SHA-1 with RSA");
}

TEST(cms_reply, another_nonce_is_refused)
{
	server.nonce = "0123456789abcdeF";
	refused(ERR_UNTRUSTED, "scep.nonce", "another message");
	server.nonce = "";
	refused(ERR_UNTRUSTED, "scep.nonce", "has 0 bytes");
	server.nonce = nonce + "0";
	refused(ERR_UNTRUSTED, "scep.nonce", "has 17 bytes");
}

TEST(cms_reply, another_transaction_is_refused)
{
	for (const std::string &other :
	     {std::string("0123ABC"), std::string("0123abcd"), std::string(""),
	      std::string("0123ABCD\0", 9), std::string("0123ABCDE")}) {
		server.transaction_id = other;
		refused(ERR_UNTRUSTED, "scep.transaction_id", "0123ABCD");
	}
}

TEST(cms_reply, another_message_type_or_status_is_refused)
{
	server.message_type = "19";
	refused(ERR_INVALID, "scep.reply", "\"19\"");
	server.message_type = "";
	refused(ERR_INVALID, "scep.reply", "messageType");
	server.message_type = "3";
	for (const char *status : {"1", "", "00", "4", "22"}) {
		server.status = status;
		refused(ERR_INVALID, "scep.reply", "pkiStatus");
	}
}

TEST(cms_reply, each_attribute_that_is_needed_is_missed_by_name)
{
	static const struct {
		const char *type, *name;
	} needed[] = {
	    {OID_CONTENT_TYPE, "contentType"},	     {OID_MESSAGE_DIGEST, "messageDigest"},
	    {OID_MESSAGE_TYPE, "messageType"},	     {OID_PKI_STATUS, "pkiStatus"},
	    {OID_RECIPIENT_NONCE, "recipientNonce"}, {OID_TRANSACTION_ID, "transactionID"},
	};
	for (const auto &attribute : needed) {
		server.left_out = {attribute.type};
		refused(ERR_UNTRUSTED, "scep.reply", attribute.name);
	}
}

TEST(cms_reply, an_attribute_that_comes_twice_is_refused)
{
	server.more_attributes = attribute(OID_PKI_STATUS, text("0"));
	refused(ERR_INVALID, "scep.reply", "pkiStatus twice");
	server.more_attributes = attribute(OID_FAIL_INFO, text("0") + text("1"));
	refused(ERR_INVALID, "scep.reply", "failInfo");
	server.more_attributes = attribute(OID_FAIL_INFO, "");
	refused(ERR_INVALID, "scep.reply", "failInfo");
}

TEST(cms_reply, attributes_that_we_do_not_know_are_passed_over)
{
	server.more_attributes =
	    attribute("1.2.3", text("a") + text("b")) + attribute("1.2.3", text("a"));
	LONGS_EQUAL(ERR_OK, verify(server.build()));
}

TEST(cms_reply, content_that_is_not_what_was_signed_is_refused)
{
	server.digest_of_content = server.digest("another envelope");
	refused(ERR_UNTRUSTED, "scep.signature", "messageDigest");
	server.digest_of_content = std::string(20, 'x');
	refused(ERR_UNTRUSTED, "scep.signature", "messageDigest");
	server.digest_of_content = "";
	server.content_type = oid(OID_SIGNED_DATA);
	refused(ERR_INVALID, "scep.reply", "contentType");
}

TEST(cms_reply, success_without_content_is_refused)
{
	server.has_content = false;
	refused(ERR_INVALID, "scep.reply", "no certificate");
	server.has_content = true;
	server.content = "";
	refused(ERR_INVALID, "scep.reply", "no certificate");
}

TEST(cms_reply, pending_needs_no_content)
{
	server.has_content = false;
	server.status = "3";
	LONGS_EQUAL(ERR_OK, verify(server.build()));
	LONGS_EQUAL(SCEP_PENDING, reply.status);
	LONGS_EQUAL(0, reply.envelope.len);
}

TEST(cms_reply, failure_tells_its_reason_without_control_characters)
{
	server.has_content = false;
	server.status = "2";
	server.more_attributes =
	    attribute(OID_FAIL_INFO, text("2")) +
	    attribute(OID_FAIL_INFO_TEXT, tlv(DER_UTF8_STRING, "no\x1b[2Jway")) +
	    attribute(OID_MICROSOFT_STATUS,
		      tlv(DER_UTF8_STRING, "Denied by Policy Module 0x80094811"));
	LONGS_EQUAL(ERR_OK, verify(server.build()));
	LONGS_EQUAL(SCEP_FAILURE, reply.status);
	LONGS_EQUAL(2, reply.fail_info);
	STRCMP_EQUAL("2", reply.fail_info_raw);
	STRCMP_EQUAL("no?[2Jway", reply.fail_info_text);
	STRCMP_EQUAL("Denied by Policy Module 0x80094811", reply.microsoft_text);
	LONGS_EQUAL(0, reply.envelope.len);
}

TEST(cms_reply, an_unknown_or_missing_fail_info_is_still_a_failure)
{
	server.status = "2";
	LONGS_EQUAL(ERR_OK, verify(server.build()));
	LONGS_EQUAL(-1, reply.fail_info);
	server.more_attributes = attribute(OID_FAIL_INFO, text("17"));
	LONGS_EQUAL(ERR_OK, verify(server.build()));
	LONGS_EQUAL(-1, reply.fail_info);
	STRCMP_EQUAL("17", reply.fail_info_raw);
}

TEST(cms_reply, a_message_above_256_kib_is_refused)
{
	LONGS_EQUAL(ERR_TOO_BIG, verify(std::string(CMS_MESSAGE_MAX + 1, '0')));
}
