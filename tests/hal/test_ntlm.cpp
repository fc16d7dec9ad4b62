/* SPDX-License-Identifier: MIT */
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/ntlm.h"

/*
 * The CHALLENGE_MESSAGEs of MS-NLMP section 4.2.4.3 (NTLMv2, with target information) and 4.2.2.3
 * (NTLMv1, without), in base64 by: xxd -r -p | base64 -w0
 */
static const char with_information[] =
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBp"
    "AG4AAQAMAFMAZQByAHYAZQByAAAAAAA=";
static const char without[] =
    "TlRMTVNTUAACAAAADAAMADgAAAAzggLiASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAABgBwFwAAAA9TAGUAcgB2AGUAcgA=";

TEST_GROUP(ntlm)
{
	bool is_weak(const std::string &line) { return ntlm_is_weak(line.data(), line.size()); }
	/* the first challenge with 3 other bytes, which 4 characters hold */
	std::string changed(size_t group, const char *characters)
	{
		return "WWW-Authenticate: NTLM " + std::string(with_information).replace(group * 4, 4, characters);
	}
};

TEST(ntlm, AChallengeWithTargetInformationIsAnswered)
{
	CHECK_FALSE(is_weak(std::string("WWW-Authenticate: NTLM ") + with_information + "\r\n"));
	CHECK_FALSE(is_weak(std::string("www-authenticate:ntlm \t") + with_information));
}

TEST(ntlm, AChallengeWithoutItIsNot)
{
	CHECK(is_weak(std::string("WWW-Authenticate: NTLM ") + without + "\r\n"));
	CHECK(is_weak(std::string("WWW-Authenticate: Negotiate, Basic realm=\"x\", ntlm ") + without));
	CHECK(is_weak(changed(7, "ggri"))); /* flag S alone is off: byte 22 of 21 to 23 */
	CHECK(is_weak(changed(13, "AAAA"))); /* a length of zero: bytes 39 to 41 */
}

TEST(ntlm, WhatDoesNotParseIsNotAnswered)
{
	CHECK(is_weak("WWW-Authenticate: NTLM TlRMTVNTUAACAAAA"));
	CHECK(is_weak("WWW-Authenticate: NTLM rubbish"));
	CHECK(is_weak("WWW-Authenticate: NTLM ===="));
	CHECK(is_weak(std::string("WWW-Authenticate: NTLM ") + with_information + "="));
	CHECK(is_weak(std::string("WWW-Authenticate: NTLM ") + with_information + ", Negotiate"));
	CHECK(is_weak(changed(0, "TlRN")));  /* another signature */
	CHECK(is_weak(changed(2, "UAAD"))); /* type 3 */
	CHECK(is_weak(changed(14, "JAD/"))); /* the information lies behind the end */
	CHECK(is_weak(changed(14, "JAAA"))); /* or before the fixed part's end */
}

TEST(ntlm, AnOfferAndOtherHeadersAreNoChallenge)
{
	CHECK_FALSE(is_weak("WWW-Authenticate: NTLM\r\n"));
	CHECK_FALSE(is_weak("WWW-Authenticate: Negotiate, NTLM, Basic realm=\"NDES01\""));
	CHECK_FALSE(is_weak("WWW-Authenticate: NTLM , Basic realm=\"NDES01\""));
	CHECK_FALSE(is_weak("WWW-Authenticate: NTLMSSP x"));
	CHECK_FALSE(is_weak(std::string("X-Authenticate: NTLM ") + without));
	CHECK_FALSE(is_weak("WWW-Authenticate:"));
	CHECK_FALSE(is_weak(""));
}
