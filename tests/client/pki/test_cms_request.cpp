/* SPDX-License-Identifier: MIT */
#include "tests/client/pki/cms_lab.hpp"
#include "CppUTest/TestHarness.h"

TEST_GROUP(cms_request)
{
	cms_lab &lab = cms_lab::get();
	struct cms_request request = {};
	struct buf out = {};
	struct why why = {};
	std::string content;

	void setup() override
	{
		buf_init(&out, 65536);
		content = std::string("a request with a NUL\0 and CR LF\r\n", 34) +
			  std::string(7000, 'c');
		request.type = SCEP_PKCS_REQ;
		request.transaction_id = "0123456789ABCDEF0123456789ABCDEF01234567";
		memcpy(request.sender_nonce, "nonce of 16 byte", SCEP_NONCE_LEN);
		request.content = as_bytes(content);
		request.recipient_der = as_bytes(lab.ra.der);
		request.cipher = CMS_AES128;
		request.digest = KEY_SHA256;
		request.signer_der = as_bytes(lab.device.der);
		request.key = &lab.device.key;
	}
	void teardown() override { buf_clear(&out); }
	void build()
	{
		buf_cut(&out, 0);
		LONGS_EQUAL(ERR_OK, cms_build_request(&request, &out, &why));
		lab.write("m.der", as_string(buf_bytes(&out)));
	}
	/* openssl verifies the signature under the embedded certificate and decrypts with the RA's
	 * key. */
	void openssl_reads_it(const char *options)
	{
		CHECK_TEXT(lab.run("openssl cms -verify -inform DER -in m.der -noverify -binary "
				   "-signer s.pem -out env.der &&"
				   "openssl cms -decrypt -inform DER -in env.der -recip ra.pem "
				   "-inkey ra.key -binary -out got.bin " +
				   std::string(options)),
			   lab.read("err.txt").c_str());
		CHECK(lab.read("got.bin") == content);
		CHECK(lab.run("openssl x509 -in s.pem -outform DER -out s.der"));
		CHECK(lab.read("s.der") == lab.device.der);
	}
	bool openssl_prints(const std::string &pattern)
	{
		return lab.run("openssl cms -cmsout -print -noout -inform DER -in m.der | tr -d "
			       "'\\n' | tr -s ' ' | grep -q '" +
			       pattern + "'");
	}
};

TEST(cms_request, openssl_verifies_and_decrypts_every_cipher_and_digest)
{
	static const struct {
		enum cms_cipher cipher;
		const char *name, *options;
	} ciphers[] = {
	    {CMS_AES128, "aes-128-cbc", ""},
	    {CMS_AES256, "aes-256-cbc", ""},
	    {CMS_DES3, "des-ede3-cbc", ""},
	    {CMS_DES, "des-cbc", "-provider legacy -provider default"},
	};
	for (const auto &cipher : ciphers) {
		request.cipher = cipher.cipher;
		build();
		openssl_reads_it(cipher.options);
		CHECK(
		    lab.run("openssl cms -cmsout -print -noout -inform DER -in env.der | grep -q " +
			    std::string(cipher.name)));
	}
	request.cipher = CMS_AES128;
	for (enum key_hash hash : {KEY_SHA1, KEY_SHA384, KEY_SHA512}) {
		request.digest = hash;
		build();
		openssl_reads_it("");
	}
	CHECK(openssl_prints("digestAlgorithm: algorithm: sha512"));
}

TEST(cms_request, every_length_modulo_a_block_decrypts)
{
	for (size_t len : {0u, 1u, 15u, 16u, 17u}) {
		content = std::string(len, 'q');
		request.content = as_bytes(content);
		build();
		openssl_reads_it("");
	}
}

TEST(cms_request, the_attributes_are_those_of_scep_and_no_time)
{
	for (enum scep_message_type type : {SCEP_PKCS_REQ, SCEP_RENEWAL_REQ, SCEP_CERT_POLL}) {
		request.type = type;
		build();
		CHECK(openssl_prints("2.16.840.1.113733.1.9.2) set: PRINTABLESTRING:" +
				     std::to_string(static_cast<int>(type)) + " "));
	}
	CHECK(openssl_prints("2.16.840.1.113733.1.9.7) set: "
			     "PRINTABLESTRING:0123456789ABCDEF0123456789ABCDEF01234567 "));
	CHECK(openssl_prints("2.16.840.1.113733.1.9.5) set: OCTET STRING: 0000 - 6e 6f 6e 63 65 20 "
			     "6f 66-20 31 36 20 62 .*000d - 79 74 65 "));
	CHECK(openssl_prints("contentType (1.2.840.113549.1.9.3) set: OBJECT:pkcs7-data"));
	CHECK_FALSE(openssl_prints("signingTime"));
}

TEST(cms_request, the_signed_attributes_are_sorted_as_der_asks)
{
	/* 31 characters make two attributes of equal length: the trap of sorting by length alone.
	 */
	request.transaction_id = "0123456789ABCDEF0123456789ABCDE";
	build();
	openssl_reads_it("");
	struct der_tlv tlv;
	std::string previous;
	CHECK(lab.run("openssl asn1parse -inform DER -in m.der | awk '/d=5 .*cont \\[ 0 \\]/ "
		      "{split($1,a,\":\"); print a[1]}' | "
		      "tail -1 | tr -d '\\n'"));
	size_t at = static_cast<size_t>(atol(lab.read("out.txt").c_str()));
	CHECK(at > 0);
	struct bytes rest = {out.data + at, out.len - at};
	LONGS_EQUAL(ERR_OK, der_expect(&rest, DER_CONTEXT_CONSTRUCTED(0), &tlv));
	int count = 0;
	for (struct bytes inside = tlv.content; der_next(&inside, &tlv) == ERR_OK; count++) {
		std::string element = as_string(tlv.whole);
		CHECK(previous < element);
		previous = element;
	}
	LONGS_EQUAL(5, count);
}

TEST(cms_request, two_messages_share_neither_key_nor_iv)
{
	build();
	std::string first = as_string(buf_bytes(&out));
	build();
	CHECK(first != as_string(buf_bytes(&out)));
	LONGS_EQUAL(first.size(), out.len);
}

TEST(cms_request, a_certificate_of_another_key_is_refused_before_anything_is_signed)
{
	request.signer_der = as_bytes(lab.attacker.der);
	LONGS_EQUAL(ERR_INVALID, cms_build_request(&request, &out, &why));
	STRCMP_EQUAL("cms.signer", why.code);
	LONGS_EQUAL(0, out.len);
}

TEST(cms_request, a_recipient_without_an_rsa_key_is_refused)
{
	CHECK(lab.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		      "-keyout ec.key -subj /CN=ec -outform DER "
		      "-out ec.der"));
	std::string ec = lab.read("ec.der");
	request.recipient_der = as_bytes(ec);
	LONGS_EQUAL(ERR_UNSUPPORTED, cms_build_request(&request, &out, &why));
	STRCMP_EQUAL("scep.recipient", why.code);
	LONGS_EQUAL(0, out.len);
}

TEST(cms_request, a_transaction_id_that_does_not_fit_is_our_bug)
{
	std::string long_id(SCEP_TRANSACTION_ID_MAX, 'A');
	request.transaction_id = long_id.c_str();
	LONGS_EQUAL(ERR_BUG, cms_build_request(&request, &out, &why));
	request.transaction_id = "";
	LONGS_EQUAL(ERR_BUG, cms_build_request(&request, &out, &why));
}
