/* SPDX-License-Identifier: MIT */
#include "client/scep/refusal.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const fail_info[] = { /* RFC 8894 section 3.2.1.4, table 2 */
	"0 badAlg: an algorithm is not supported",
	"1 badMessageCheck: the request's signature or challenge did not convince the server",
	"2 badRequest: the transaction is not permitted",
	"3 badTime: the request's time is too far from the server's",
	"4 badCertId: no certificate matches",
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

enum err refusal_explain(const struct cms_reply *reply, const struct scep_sent *sent, struct why *why)
{
	char info[96];
	bool is_challenge = false;
	const char *meaning = NULL;
	const char *next = "ask the CA's administrator to look up this transaction";
	bool is_known = reply->fail_info >= 0 && (size_t)reply->fail_info < sizeof fail_info / sizeof fail_info[0];
	if (is_known)
		snprintf(info, sizeof info, "%s", fail_info[reply->fail_info]);
	else
		snprintf(info, sizeof info, "failInfo \"%s\"", reply->fail_info_raw);
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
		next = "very often a wrong or used challenge: hand in a fresh one with 'signet enroll'";
	}
	enum err e = why_set(why, ERR_DENIED, is_challenge ? "scep.challenge_refused" : "scep.refused",
	                     "%s refused transaction %s: %s%s%s%s%s%s%s", sent->url, sent->transaction_id, info,
	                     meaning != NULL ? "; " : "", meaning != NULL ? meaning : "",
	                     reply->microsoft_text[0] != '\0' ? "; server says: " : "", reply->microsoft_text,
	                     reply->fail_info_text[0] != '\0' ? "; " : "", reply->fail_info_text);
	why_next(why, "%s", next);
	return e;
}
