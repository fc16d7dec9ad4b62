// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/scep/capabilities.h"
#include <cstring>

static struct scep_capabilities parse(const char *text)
{
	return scep_capabilities_parse(bytes{ reinterpret_cast<const uint8_t *>(text), strlen(text) });
}

TEST_GROUP(capabilities){};

TEST(capabilities, CrlfLfAndOddCaseAreOneList)
{
	struct scep_capabilities c = parse("postpkioperation\r\n\r\nRENEWAL\nsha-256\r\nDES3");
	CHECK_TRUE(c.has_post && c.has_renewal && c.has_sha256 && c.has_des3 && c.is_known);
	CHECK_FALSE(c.has_aes || c.has_sha1 || c.has_sha512);
}

TEST(capabilities, AWordOfEqualLengthIsAnotherWord)
{
	struct scep_capabilities c = parse("SHA-256\n"); // as long as "Renewal"
	CHECK_FALSE(c.has_renewal);
}

TEST(capabilities, AnAnnouncementIsOfferedByItsOwnWordAlone)
{
	CHECK_TRUE(parse("DES3\r\nGetNextCACert\r\n").has_next_ca);
	CHECK_FALSE(parse("SCEPStandard").has_next_ca);
	CHECK_FALSE(parse("GetNextCACer").has_next_ca);
}

TEST(capabilities, ScepStandardImpliesAesPostAndSha256)
{
	struct scep_capabilities c = parse("SCEPStandard");
	CHECK_TRUE(c.has_aes && c.has_post && c.has_sha256);
	LONGS_EQUAL(CMS_AES128, scep_capabilities_cipher(&c, cms_floor{ false, false }));
}

TEST(capabilities, AWebPageHasNoWords)
{
	struct scep_capabilities c = parse("<html>\nAES\nRenewal\n</html>");
	CHECK_FALSE(c.is_known);
	CHECK_TRUE(scep_capabilities_post(&c));
}

TEST(capabilities, NdesWithoutAesGetsTripleDesAndNeverLess)
{
	struct scep_capabilities c = parse("POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n");
	LONGS_EQUAL(CMS_DES3, scep_capabilities_cipher(&c, cms_floor{ true, true }));
	struct scep_capabilities stripped = parse("SHA-1\n");
	LONGS_EQUAL(CMS_DES3, scep_capabilities_cipher(&stripped, cms_floor{ false, false }));
	LONGS_EQUAL(CMS_DES, scep_capabilities_cipher(&stripped, cms_floor{ false, true }));
}

TEST(capabilities, Sha1IsUsedOnlyWhenAllowedAndNothingBetterWasTold)
{
	struct scep_capabilities c = parse("SHA-1\n");
	LONGS_EQUAL(KEY_SHA256, scep_capabilities_digest(&c, KEY_SHA256, cms_floor{ false, false }));
	LONGS_EQUAL(KEY_SHA1, scep_capabilities_digest(&c, KEY_SHA256, cms_floor{ true, false }));
	struct scep_capabilities both = parse("SHA-1\nSHA-512\n");
	LONGS_EQUAL(KEY_SHA256, scep_capabilities_digest(&both, KEY_SHA256, cms_floor{ true, false }));
}

TEST(capabilities, GetIsUsedOnlyWhenTheServerToldWordsWithoutPost)
{
	struct scep_capabilities c = parse("AES\nSHA-256\n");
	CHECK_FALSE(scep_capabilities_post(&c));
	struct scep_capabilities none = parse("");
	CHECK_TRUE(scep_capabilities_post(&none));
}
