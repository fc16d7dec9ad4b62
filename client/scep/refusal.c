/* SPDX-License-Identifier: MIT */
#include "client/scep/refusal.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char ask[] = "ask the CA's administrator to look up this transaction";

static const struct { /* RFC 8894 section 3.2.1.4, table 2 */
	const char *meaning, *next;
} fail_info[] = {
	{ "0 badAlg: an algorithm is not supported", "set cipher and digest in the profile to what the server supports" },
	{ "1 badMessageCheck: the request's signature or challenge did not convince the server", ask },
	{ "2 badRequest: the transaction is not permitted", ask },
	{ "3 badTime: the request's time is too far from the server's", "compare the clocks of the server and of this device" },
	{ "4 badCertId: no certificate matches",
	  "ask the CA's administrator whether it knows this transaction and this device's certificate" },
};

/* Windows error codes that NDES puts into its text. */
static const struct {
	const char *code, *meaning, *next;
	bool is_challenge;
} microsoft[] = {
	{ "80070490", "the challenge is unknown or was used already", "get a fresh challenge", true },
	{ "800b0110", "the challenge was used already", "get a fresh challenge", true },
	{ "80096004", "a challenge is required and none arrived", "set challenge_file or challenge_url", true },
	{ "80094001", "the CA refused the subject", "compare subject with the template's rules", false },
	{ "80094811", "the key is too small for the template", "set key = rsa3072 or change the template", false },
	{ "80094800", "the template is not supported by this CA", "check the template names of NDES", false },
	{ "800706ba", "NDES cannot reach the CA", "start the CA service; it will be tried again", false },
};

/* Whoever answers here is not the server, or it is set up wrongly: no other try of this device changes that. */
static const char stranger[] = "if it stays so, somebody between this device and the server answers in its place, or the server "
                               "is set up wrongly: tell the CA's administrator";
static const char faulty[] = "it is asked again; if it stays so, look at the server's log, and for a proxy in between";
static const char path[] = "compare the trust profiles with the chain of the CA's certificate";
static const char template[] = "tell the CA's administrator: its template or policy issues what was not asked for";

/* By the code of the sentence: a whole one, or its area with the dot. */
static const struct {
	const char *code, *next;
} advice[] = {
	{ "scep.signer", stranger },
	{ "scep.signature", stranger },
	{ "scep.nonce", stranger },
	{ "scep.transaction_id", stranger },
	{ "scep.reply", stranger },
	{ "cms.type", stranger },
	{ "scep.envelope", stranger },
	{ "scep.algorithm", "make the server use SHA-256 and AES" },
	{ "scep.ca", path },
	{ "scep.issued_key", template },
	{ "scep.issued_proof", template },
	{ "scep.issued_ca", template },
	{ "scep.issued_expired", "compare the clocks of the CA and of this device" },
	{ "chain.", path },
	{ "certificate.signature", path },
	{ "cms.", faulty },
	{ "certificate.", faulty },
	{ "http.", faulty },
	{ "challenge.page", "open challenge_url in a browser: is it the mscep_admin page?" },
};

void refusal_advise(struct why *why)
{
	if (why->next_step[0] != '\0')
		return;
	for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
		size_t len = strlen(advice[i].code);
		bool is_area = advice[i].code[len - 1] == '.';
		if (is_area ? strncmp(why->code, advice[i].code, len) != 0 : strcmp(why->code, advice[i].code) != 0)
			continue;
		why_next(why, "%s", advice[i].next);
		return;
	}
}

enum err refusal_explain(const struct cms_reply *reply, const struct scep_sent *sent, struct why *why)
{
	char info[96];
	bool is_challenge = false;
	const char *meaning = NULL;
	const char *next = ask;
	bool is_known = reply->fail_info >= 0 && (size_t)reply->fail_info < sizeof fail_info / sizeof fail_info[0];
	if (is_known) {
		snprintf(info, sizeof info, "%s", fail_info[reply->fail_info].meaning);
		next = fail_info[reply->fail_info].next;
	} else if (reply->fail_info_raw[0] == '\0') {
		snprintf(info, sizeof info, "it gave no failInfo");
	} else {
		snprintf(info, sizeof info, "failInfo \"%s\"", reply->fail_info_raw);
	}
	for (size_t i = 0; i < sizeof microsoft / sizeof microsoft[0]; i++) {
		if (strcasestr(reply->microsoft_text, microsoft[i].code) == NULL &&
		    strcasestr(reply->fail_info_text, microsoft[i].code) == NULL)
			continue;
		meaning = microsoft[i].meaning;
		next = microsoft[i].next;
		is_challenge = microsoft[i].is_challenge;
	}
	if (!is_challenge && sent->challenge_mark.len > 0 &&
	    (reply->fail_info == 1 || strcasestr(reply->microsoft_text, "challenge") != NULL ||
	     strcasestr(reply->fail_info_text, "challenge") != NULL)) {
		is_challenge = true;
		next = "very often a wrong or used challenge: get a fresh challenge";
	}
	enum err e = why_set(why, ERR_DENIED, is_challenge ? "scep.challenge_refused" : "scep.refused",
	                     "%s refused transaction %s: %s%s%s%s%s%s%s", sent->url, sent->transaction_id, info,
	                     meaning != NULL ? "; " : "", meaning != NULL ? meaning : "",
	                     reply->microsoft_text[0] != '\0' ? "; server says: " : "", reply->microsoft_text,
	                     reply->fail_info_text[0] != '\0' ? "; " : "", reply->fail_info_text);
	why_next(why, "%s", next);
	return e;
}
