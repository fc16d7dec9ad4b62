/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_words.h"
#include <string>
#include "CppUTest/TestHarness.h"

TEST_GROUP(vpn_words)
{
	struct vpn_words words;
	struct why why;
	void setup() override
	{
		words = {};
		why = {};
	}
	enum err say()
	{
		return vpn_words_say(&words, "signet-hq", "10.0.0.1", "vpn.example.test", "charon's own words", &why);
	}
	void means(const char *line, enum err e, const char *code)
	{
		words = {};
		vpn_words_hear(&words, line);
		LONGS_EQUAL_TEXT(e, say(), line);
		STRCMP_EQUAL(code, why.code);
		STRCMP_CONTAINS("signet-hq", why.text);
		STRCMP_CONTAINS("10.0.0.1", why.text);
		STRCMP_CONTAINS("vpn.example.test", why.text);
		STRCMP_CONTAINS(line, why.text);
		CHECK(why.next_step[0] != '\0');
	}
};

/* Lines of charon 5.9.8 in tests/vpn/real_control.py's runs, and of vpn-ikev2.md. */
TEST(vpn_words, what_charon_says_of_a_failure_becomes_a_code)
{
	means("received AUTHENTICATION_FAILED notify error", ERR_DENIED, "vpn.refused");
	means("received NO_PROPOSAL_CHOSEN notify error", ERR_DENIED, "vpn.refused");
	means("received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", ERR_DENIED, "vpn.refused");
	means("received TS_UNACCEPTABLE notify, no CHILD_SA built", ERR_DENIED, "vpn.refused");
	means("received INTERNAL_ADDRESS_FAILURE notify, no CHILD_SA built", ERR_DENIED, "vpn.refused");
	means("received INVALID_SYNTAX notify error", ERR_DENIED, "vpn.refused");
	means("no trusted RSA public key found for 'vpn.example.test'", ERR_UNTRUSTED, "vpn.gateway_certificate");
	means("no trusted ECDSA public key found for 'vpn.example.test'", ERR_UNTRUSTED, "vpn.gateway_certificate");
	means("constraint check failed: peer not authenticated by CA 'O=Lab, CN=labca'", ERR_UNTRUSTED,
	      "vpn.gateway_certificate");
	means("constraint check failed: RULE_CRL_VALIDATION is SKIPPED, but requires at least GOOD", ERR_UNTRUSTED,
	      "vpn.gateway_certificate");
	means("subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)", ERR_UNTRUSTED,
	      "vpn.gateway_certificate");
	means("certificate was revoked on Nov 24 20:17:39 UTC 2026, reason: key compromise", ERR_UNTRUSTED,
	      "vpn.gateway_certificate");
	means("no issuer certificate found for \"O=Lab, CN=gwca\"", ERR_UNTRUSTED, "vpn.gateway_certificate");
	means("peer certificate verification failed, deleting SA", ERR_UNTRUSTED, "vpn.gateway_certificate");
	means("no private key found for 'dev.example.test'", ERR_INVALID, "vpn.token");
	means("authentication of 'dev.example.test' (myself) with RSA_EMSA_PKCS1_SHA2_256 failed", ERR_UNREACHABLE, "vpn.key");
	means("configured DH group ECP_256 not supported", ERR_UNSUPPORTED, "vpn.algorithm");
	means("unable to install inbound and outbound IPsec SA (SAD) in kernel", ERR_UNSUPPORTED, "vpn.kernel");
	means("unable to resolve nobody.example.test, initiate aborted", ERR_UNREACHABLE, "vpn.timeout");
	means("establishing IKE_SA failed, peer not responding", ERR_UNREACHABLE, "vpn.timeout");
	means("giving up after 5 retransmits", ERR_UNREACHABLE, "vpn.timeout");
	means("retransmit 1 of request with message ID 0", ERR_UNREACHABLE, "vpn.timeout");
}

TEST(vpn_words, lines_that_say_nothing_leave_charons_own_words)
{
	for (const char *line :
	     { "authentication of 'dev.example.test' (myself) with RSA_EMSA_PKCS1_SHA2_256 successful",
	       "authentication of 'vpn.example.test' with RSA_EMSA_PKCS1_SHA2_256 successful", "received cert request for \"CN=a\"",
	       "certificate status is not available", "", "received ", "retransmit " })
		vpn_words_hear(&words, line);
	LONGS_EQUAL(0, words.best);
	LONGS_EQUAL(ERR_UNREACHABLE, say());
	STRCMP_EQUAL("vpn.failed", why.code);
	STRCMP_CONTAINS("charon's own words", why.text);
}

TEST(vpn_words, the_line_that_explains_most_is_kept_in_whatever_order)
{
	const char *lines[] = { "retransmit 1 of request with message ID 1",
	                        "  subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)",
	                        "signature validation failed, looking for another key",
	                        "no trusted RSA public key found for 'vpn.example.test'" };
	for (int first = 0; first < 4; first++) {
		words = {};
		for (int i = 0; i < 4; i++)
			vpn_words_hear(&words, lines[(first + i) % 4]);
		LONGS_EQUAL(ERR_UNTRUSTED, say());
		STRCMP_CONTAINS("\"subject certificate invalid (valid from", why.text);
	}
}

/* A stranger's gateway chooses the names in its certificate. */
TEST(vpn_words, names_in_a_certificate_of_the_peer_explain_nothing)
{
	for (const char *line : { "received end entity cert \"CN=received AUTHENTICATION_FAILED notify error\"",
	                          "  using certificate \"CN=certificate was revoked on Monday\"",
	                          "issuer is \"CN=no private key found for 'x'\"",
	                          "authentication of 'CN=' (myself) with x failed' with RSA successful" })
		vpn_words_hear(&words, line);
	LONGS_EQUAL(0, words.best);
}

TEST(vpn_words, a_long_line_is_cut)
{
	std::string line = "constraint check failed: " + std::string(5000, 'a');
	vpn_words_hear(&words, line.c_str());
	LONGS_EQUAL(sizeof words.line - 1, strlen(words.line));
	LONGS_EQUAL(ERR_UNTRUSTED, say());
}
