// SPDX-License-Identifier: MIT
#include "client/scep/ra.h"
#include <ctime>
#include "client/ca_lab.hpp"
#include "client/pki/wolf_memory.h"
#include "fakes/no_memory.h"

// Who acts for the issuing CA, and which CA that is when the company has renewed it.
TEST_GROUP(ra)
{
	struct certificate_set anchors = {}, offered = {};
	struct scep_server server = {};
	struct ra_choice choice = {};
	std::string pin;
	struct why why = {};

	void setup() override
	{
		ca_lab::get();
		anchor("root");
		anchor("a");
		server.anchors = &anchors;
		server.ca_sha256 = "";
		server.now = std::time(nullptr) + 60;
		server.is_clock_trusted = true;
		server.has_rollover = true;
	}
	void teardown() override
	{
		ra_choice_clear(&choice);
		certificate_set_clear(&anchors);
		certificate_set_clear(&offered);
	}
	void anchor(const char *name) { ca_lab::get().add(&anchors, name); }
	void announced(const char *name)
	{
		anchor(name);
		server.announced_count++;
	}
	void offer(std::initializer_list<const char *> names)
	{
		certificate_set_clear(&offered);
		for (const char *name : names)
			ca_lab::get().add(&offered, name);
	}
	void pin_to(const char *name)
	{
		pin = ca_lab::get().sha256(name);
		server.ca_sha256 = pin.c_str();
	}
	static std::string text(const struct buf &b) { return std::string(reinterpret_cast<const char *>(b.data), b.len); }
	bool accepts(const char *name)
	{
		for (size_t i = 0; i < choice.accepted.count; i++)
			if (text(choice.accepted.der[i]) == ca_lab::get().der(name))
				return true;
		return false;
	}
	void takes(const char *ra, const char *issuing)
	{
		ra_choice_clear(&choice);
		LONGS_EQUAL_TEXT(ERR_OK, ra_choose(&server, &offered, &choice, &why), why.text);
		CHECK_TRUE(text(choice.recipient) == ca_lab::get().der(ra));
		CHECK_TRUE(text(choice.issuing) == ca_lab::get().der(issuing));
		CHECK_TRUE(accepts(ra));
	}
	void refuses(const char *code = "scep.ra")
	{
		why = {};
		ra_choice_clear(&choice);
		LONGS_EQUAL(ERR_UNTRUSTED, ra_choose(&server, &offered, &choice, &why));
		STRCMP_EQUAL(code, why.code);
		LONGS_EQUAL(0, choice.accepted.count);
	}
};

TEST(ra, TheIssuingCaIsTheLowestOfTheTrustProfiles)
{
	offer({ "device", "ra_a", "a", "root" });
	takes("ra_a", "a");
	CHECK_FALSE(accepts("device"));
	CHECK_FALSE(accepts("root"));
}

TEST(ra, ARegistrationAuthorityIsNoCa)
{
	offer({ "ra_ca", "root" });
	refuses();
	offer({ "ra_ca", "a", "root" });
	takes("a", "a");
	CHECK_FALSE(accepts("ra_ca"));
}

TEST(ra, ARegistrationAuthorityThatIsOverIsToldBeforeAChallengeIsSpent)
{
	offer({ "ra_short", "a", "root" });
	takes("ra_short", "a");
	server.now += 2 * 86400;
	refuses("scep.ra_expired");
	offer({ "ra_short", "ra_a", "a", "root" });
	takes("ra_a", "a");
	CHECK_FALSE(accepts("ra_short"));
}

TEST(ra, TheKeyOfTheIssuingCaUnderAnotherNameIsNobody)
{
	offer({ "ra_alias", "alias", "root" });
	refuses();
}

TEST(ra, RaSha256NamesOneCertificateAndNoOther)
{
	std::string sha256 = ca_lab::get().sha256("device");
	const char *const names[] = { sha256.c_str() };
	server.ra_sha256 = names;
	server.ra_sha256_count = 1;
	offer({ "device", "a", "root" });
	takes("device", "a");
	offer({ "ra_c", "c", "root" });
	refuses();
}

TEST(ra, CaSha256OfACaBelowAnotherRootIsNobody)
{
	pin_to("x");
	offer({ "ra_x", "x", "stranger" });
	refuses("scep.ca");
}

TEST(ra, ANewKeyOfTheSameNameBelowTheSameRootTakesOver)
{
	offer({ "ra_b", "b", "root" });
	takes("ra_b", "b");
	CHECK_FALSE(accepts("a"));
	server.has_rollover = false;
	refuses();
}

TEST(ra, ANewKeyOfTheSameNameDoesNotCountBesideCaSha256)
{
	offer({ "ra_b", "b", "root" });
	pin_to("a");
	refuses();
	announced("b");
	takes("ra_b", "b");
}

TEST(ra, TheSameNameBelowAnotherRootOrOfNoCaIsNobody)
{
	offer({ "ra_x", "x", "stranger" });
	refuses();
	offer({ "ra_d", "d", "root2" });
	refuses();
	offer({ "ra_leaf", "leaf", "root" });
	refuses();
	offer({ "lists", "root" });
	refuses();
	offer({ "ra_c", "c", "root" }); /* another name */
	refuses();
}

TEST(ra, TheSameNameByAnotherIssuerIsNobodyThoughItIsTrusted)
{
	offer({ "ra_y", "y", "dept", "root" }); /* another department's CA may issue what name it likes */
	refuses();
	anchor("root2"); /* a root for another purpose of the same profile */
	offer({ "ra_d", "d" });
	refuses();
	server.announced_count = 1; /* the company announced that root: then it is its own */
	takes("ra_d", "d");
}

TEST(ra, ACaThatIsOverIsNobodyByATrustedClock)
{
	certificate_set_clear(&anchors);
	anchor("root");
	anchor("short");
	offer({ "short", "root" });
	takes("short", "short");
	server.now += 2 * 86400;
	refuses("scep.ca_expired");
	pin_to("short");
	refuses("scep.ca_expired");
	server.is_clock_trusted = false;
	takes("short", "short");
	server.is_clock_trusted = true;
	announced("c"); /* its successor */
	offer({ "ra_c", "c", "short", "root" });
	takes("ra_c", "c");
	CHECK_FALSE(accepts("short"));
}

TEST(ra, AnAnnouncedCaActsWhateverItsName)
{
	offer({ "ra_c", "c", "root" });
	announced("c");
	takes("ra_c", "c");
}

TEST(ra, AnAnnouncedCaThatTheServerDoesNotListActsToo)
{
	offer({ "ra_c" });
	announced("c");
	takes("ra_c", "c");
}

TEST(ra, BeforeTheMoveTheOldOneStillActs)
{
	offer({ "ra_a", "a", "root" });
	announced("c");
	announced("b");
	takes("ra_a", "a");
	CHECK_FALSE(accepts("b"));
	CHECK_FALSE(accepts("c"));
	CHECK_TRUE(accepts("a"));
}

TEST(ra, AnAnnouncedRootIsAnAnchorBesideTheFirst)
{
	announced("root2");
	offer({ "ra_d", "d" });
	takes("ra_d", "d"); /* by its name, below the new root */
	offer({ "ra_a", "a" });
	takes("ra_a", "a");
}

TEST(ra, AnAnnouncedChainWorksBesideCaSha256)
{
	pin_to("a");
	announced("root2");
	offer({ "ra_d", "d" });
	refuses();
	announced("d");
	takes("ra_d", "d");
}

TEST(ra, AnAnnouncedCaWithoutItsRootIsNobody)
{
	announced("d");
	offer({ "ra_d", "d", "root2" });
	refuses();
}

TEST(ra, AnAnnouncedCaDoesNotMakeTheRootTheIssuingCa)
{
	certificate_set_clear(&anchors);
	anchor("root"); /* a CA of one level: the root issues */
	announced("c");
	offer({ "root" });
	takes("root", "root");
}

TEST(ra, ThePinnedCaNeedNotBeOfferedOnceItsSuccessorWasAnnounced)
{
	certificate_set_clear(&anchors);
	anchor("root");
	pin_to("a");
	offer({ "ra_c", "c" });
	refuses("scep.ca");
	announced("c");
	takes("ra_c", "c");
}

TEST(ra, AnExpiredSuccessorIsNobody)
{
	announced("short");
	offer({ "short", "root" });
	takes("short", "short");
	server.now += 2 * 86400;
	refuses();
}

TEST(ra, AnAnnouncementOfLaterMovesNoUntrustedClock)
{
	server.is_clock_trusted = false;
	server.now = 0;
	struct certificate device, later;
	std::string der = ca_lab::get().der("device"), c = ca_lab::get().der("c");
	LONGS_EQUAL(ERR_OK, certificate_parse(ca_lab::view(der), &device, nullptr));
	LONGS_EQUAL(ERR_OK, certificate_parse(ca_lab::view(c), &later, nullptr));
	device.not_before = later.not_before - 86400; /* both older than every trust profile */
	certificate_set_clear(&anchors);
	announced("c");
	LONGLONGS_EQUAL(device.not_before, ra_check_time(&server, &device));
	server.announced_count = 0; /* as a trust profile it does */
	LONGLONGS_EQUAL(later.not_before, ra_check_time(&server, &device));
}

// What could not be checked looks like no registration authority, and the CA cannot read what was meant for one.
TEST(ra, NoMemoryIsNoReasonToEncryptToTheCa)
{
	offer({ "ra_a", "a", "root" });
	wolf_memory_watch();
	no_memory_each(
		[&] {
			ra_choice_clear(&choice);
			return ra_choose(&server, &offered, &choice, &why);
		},
		[&](enum err e) {
			CHECK_TEXT(e == ERR_OK || e == ERR_NO_MEMORY, why.text);
			CHECK(e != ERR_OK || text(choice.recipient) == ca_lab::get().der("ra_a"));
		},
		3 /* of some 400, each with its signatures */);
}
