/* SPDX-License-Identifier: MIT */
#include "client/scep/refusal.h"
#include <cstdio>
#include <cstring>
#include <CppUTest/TestHarness.h>

TEST_GROUP(refusal)
{
	struct cms_reply reply;
	struct scep_sent sent;
	struct why why;

	void setup() override
	{
		reply = {};
		why = {};
		reply.status = SCEP_FAILURE;
		reply.fail_info = -1;
		scep_sent_init(&sent);
		std::snprintf(sent.url, sizeof sent.url, "http://ca.example/mscep.dll");
		std::snprintf(sent.transaction_id, sizeof sent.transaction_id, "0123ABCD");
	}
	void teardown() override { scep_sent_clear(&sent); }
	void explained(const char *code, const char *cause, const char *next)
	{
		LONGS_EQUAL(ERR_DENIED, refusal_explain(&reply, &sent, &why));
		STRCMP_EQUAL_TEXT(code, why.code, why.text);
		STRCMP_CONTAINS(cause, why.text);
		STRCMP_CONTAINS(next, why.next_step);
	}
	void advised(const char *code, const char *next)
	{
		why_set(&why, ERR_UNTRUSTED, code, "something was wrong");
		refusal_advise(&why);
		STRCMP_CONTAINS_TEXT(next, why.next_step, code);
	}
};

/* RFC 8894 section 3.2.1.4, table 2 */
TEST(refusal, each_fail_info_has_its_name_and_its_next_step)
{
	static const struct {
		const char *name, *next;
	} table[] = { { "0 badAlg", "cipher" },	      { "1 badMessageCheck", "administrator" },
		      { "2 badRequest", "administrator" }, { "3 badTime", "clocks" },
		      { "4 badCertId", "administrator" } };
	for (int i = 0; i < 5; i++) {
		reply.fail_info = i;
		explained("scep.refused", table[i].name, table[i].next);
	}
}

TEST(refusal, a_fail_info_that_no_rfc_names_is_shown_as_it_is)
{
	std::snprintf(reply.fail_info_raw, sizeof reply.fail_info_raw, "17");
	explained("scep.refused", "failInfo \"17\"", "administrator");
}

TEST(refusal, a_refusal_without_fail_info_is_said_to_be_one)
{
	explained("scep.refused", "gave no failInfo", "administrator");
}

TEST(refusal, the_servers_own_words_follow)
{
	reply.fail_info = 2;
	std::snprintf(reply.microsoft_text, sizeof reply.microsoft_text, "Denied by Policy Module. 0x80094811");
	std::snprintf(reply.fail_info_text, sizeof reply.fail_info_text, "see the CA");
	explained("scep.refused", "server says: Denied by Policy Module. 0x80094811; see the CA", "key = rsa3072");
}

TEST(refusal, a_challenge_that_is_not_known_has_a_code_of_its_own)
{
	std::snprintf(reply.microsoft_text, sizeof reply.microsoft_text, "0x80070490");
	explained("scep.challenge_refused", "unknown or was used", "fresh challenge");
}

TEST(refusal, what_a_forger_can_cause_points_to_somebody_in_between)
{
	for (const char *code : { "scep.signer", "scep.signature", "scep.nonce", "scep.transaction_id", "scep.reply", "cms.type",
	                          "scep.envelope" })
		advised(code, "somebody between this device and the server");
}

TEST(refusal, what_the_ca_issued_wrongly_points_to_its_template)
{
	for (const char *code : { "scep.issued_key", "scep.issued_proof", "scep.issued_ca" })
		advised(code, "template");
	advised("scep.issued_expired", "clocks");
}

TEST(refusal, a_chain_that_does_not_hold_points_to_the_trust_profiles)
{
	for (const char *code : { "chain.signature", "chain.missing_issuer", "chain.too_deep", "scep.ca", "certificate.signature" })
		advised(code, "trust profiles");
}

TEST(refusal, damaged_messages_and_silence_point_to_the_server)
{
	for (const char *code : { "cms.format", "cms.size", "certificate.malformed", "http.io" })
		advised(code, "server's log");
}

TEST(refusal, a_next_step_that_is_there_stays)
{
	why_set(&why, ERR_UNTRUSTED, "scep.signer", "something was wrong");
	why_next(&why, "set ra_sha256");
	refusal_advise(&why);
	STRCMP_EQUAL("set ra_sha256", why.next_step);
}

TEST(refusal, a_code_of_another_area_gets_none)
{
	why_set(&why, ERR_IO, "scep.signers", "no whole code of the table");
	refusal_advise(&why);
	STRCMP_EQUAL("", why.next_step);
}
