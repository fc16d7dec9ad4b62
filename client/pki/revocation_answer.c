/* SPDX-License-Identifier: MIT */
#include "client/pki/revocation_answer.h"
#include <string.h>
#include "hal/clock.h"

static const char *date_text(int64_t unix_s, char out[32])
{
	clock_text(unix_s, out, 32);
	return out;
}

enum err revocation_check_dates(const struct revocation_question *question, int64_t this_update, int64_t next_update,
                                struct why *why)
{
	char date[32];
	if (this_update > question->now + REVOCATION_CLOCK_SLACK_S)
		return why_set(why, ERR_UNTRUSTED, "revocation.dates", "it is of the future: made %s",
		               date_text(this_update, date));
	if (next_update == 0)
		return why_set(why, ERR_UNTRUSTED, "revocation.dates",
		               "it does not say until when it is good (nextUpdate), so nobody can tell an old one");
	if (next_update < question->now || next_update < this_update)
		return why_set(why, ERR_UNTRUSTED, "revocation.dates", "it is out of date since %s",
		               date_text(next_update, date));
	return ERR_OK;
}

static bool is_sha1(const char *signature_oid)
{
	return strcmp(signature_oid, "1.2.840.113549.1.1.5") == 0 || /* RFC 8017 appendix A.2.4 */
	       strcmp(signature_oid, "1.2.840.10045.4.1") == 0;      /* RFC 5758 section 3.2 */
}

enum err revocation_check_signature(const struct revocation_question *question, const struct certificate *signer,
                                    const char *signature_oid, struct bytes message, struct bytes signature,
                                    struct why *why)
{
	struct why own = { .code = "" };
	if (is_sha1(signature_oid) && !question->allow_sha1)
		return why_set(why, ERR_UNTRUSTED, "revocation.weak",
		               "its signature uses SHA-1, which is believed only with allow_legacy = sha1");
	enum err e = certificate_verify_message(signer->spki, signature_oid, message, signature, &own);
	return e == ERR_OK ? e : why_set(why, e, "revocation.signature", "%s", own.text);
}

enum err revocation_reason_read(struct bytes der, unsigned *out)
{
	struct der_tlv number;
	if (der_expect(&der, DER_ENUMERATED, &number) != ERR_OK || der.len > 0 || number.content.len != 1 ||
	    (number.content.data[0] & 0x80) != 0)
		return ERR_INVALID;
	*out = number.content.data[0];
	return ERR_OK;
}

const char *revocation_reason_text(unsigned reason)
{
	static const char *const words[] = { "no reason given",        "key compromise",    "CA compromise",
		                             "affiliation changed",    "superseded",        "cessation of operation",
		                             "certificate on hold",    NULL,                "removed from the list",
		                             "privilege withdrawn",    "AA compromise" };
	const char *word = reason < sizeof words / sizeof words[0] ? words[reason] : NULL;
	return word != NULL ? word : "reason given as a number";
}
