// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include "client/agent/generation.h"
#include "client/agent/last.h"
#include "client/agent/pass.h"
#include "client/agent/refusal.h"
#include "test_folder.hpp"

// What is next for a profile whose newest certificate was refused: 1 works, 2 failed, the clock is right.
TEST_GROUP(scep_look)
{
	test_folder *folder;
	struct pass pass;
	struct why why;
	struct scep_profile profile;
	struct scep_view view;
	struct apply_options options;
	const char *names[1];
	struct buf challenge;

	void setup() override
	{
		folder = new test_folder("sgv");
		pass = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		folder->run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=x -days 2 2>&1");
		profile = {};
		strcpy(profile.name, "p");
		profile.retry_delay_max_s = 3600;
		profile.renewal_threshold_percent = 20;
		pass.clock.is_trusted = true;
		pass.clock.now = time(nullptr);
		options = {};
		names[0] = profile.name;
		options.profiles = names;
		buf_init(&challenge, 16);
		make(1);
		LONGS_EQUAL_TEXT(ERR_OK, generation_start(&pass.store, "p", &why), why.text);
		make(2);
		LONGS_EQUAL_TEXT(ERR_OK, generation_start(&pass.store, "p", &why), why.text);
		struct why reason = {};
		why_set(&reason, ERR_DENIED, "wifi.refused", "no");
		LONGS_EQUAL_TEXT(ERR_OK, generation_back(&pass.store, "p", "corp", &reason, time(nullptr), &why), why.text);
	}
	void teardown() override { delete folder; }

	void make(unsigned number)
	{
		struct generation_meta meta = {};
		std::string pem = folder->read("c.pem");
		LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", number, &meta, &why));
		LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", number, "cert.pem",
		                                     bytes{ reinterpret_cast<const uint8_t *>(pem.data()), pem.size() }, &why));
	}
	void refuse() { LONGS_EQUAL_TEXT(ERR_OK, generation_refuse(&pass.store, "p", &why), why.text); }
	enum scep_next next()
	{
		LONGS_EQUAL_TEXT(ERR_OK, scep_look(&pass, &profile, &view, &why), why.text);
		return view.next;
	}
	void name_it() { options.profile_count = 1, pass.options = &options; }
};

TEST(scep_look, OnTheWayBackTheTrialDecidesUnlessSomebodyWantsAnotherOne)
{
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	name_it();
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	options.force_renewal = true;
	LONGS_EQUAL(SCEP_NEXT_RENEW, next());
	options.force_renewal = false;
	options.challenge = &challenge;
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next());
	refuse();
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next());
}

TEST(scep_look, OnTheWayBackAnOldCertificateThatIsOverIsLeft)
{
	pass.clock.now += 3 * 86400;
	LONGS_EQUAL(SCEP_NEXT_SWITCH, next());
	CHECK_TRUE(view.is_expired);
}

TEST(scep_look, ARefusedOneIsTriedByTheClockOrWhenItIsNamedOnce)
{
	refuse();
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	CHECK(view.retry_at >= time(nullptr) + 3590);
	name_it();
	LONGS_EQUAL(SCEP_NEXT_SWITCH, next());
	options.is_repeat = true; // the later passes of --wait
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	pass.options = nullptr;
	struct refusal r;
	LONGS_EQUAL(ERR_OK, refusal_read(&pass.store, "p", 2, REFUSED, &r));
	r.at -= 3600;
	LONGS_EQUAL(ERR_OK, refusal_write(&pass.store, "p", 2, REFUSED, &r, &why));
	LONGS_EQUAL(SCEP_NEXT_SWITCH, next());
	r.at += 100LL * 365 * 86400; // written under a mad clock
	LONGS_EQUAL(ERR_OK, refusal_write(&pass.store, "p", 2, REFUSED, &r, &why));
	LONGS_EQUAL(SCEP_NEXT_SWITCH, next());
}

// The floor stands still on a device without time; the pause goes by the same clock on both sides.
TEST(scep_look, AClockBehindTheFloorDoesNotShortenThePause)
{
	refuse();
	pass.clock.is_trusted = false;
	pass.clock.now += 400 * 86400;
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
}

TEST(scep_look, ARequestNewerThanTheRefusedOneGoesOn)
{
	struct generation_meta meta = {};
	const struct bytes x = { reinterpret_cast<const uint8_t *>("x"), 1 };
	refuse();
	meta.is_renewal = meta.is_pending = true;
	meta.signer = 1;
	LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", 3, &meta, &why));
	LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 3, "message.der", x, &why));
	LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 3, "request.der", x, &why));
	LONGS_EQUAL(SCEP_NEXT_POLL, next());
}

TEST(scep_look, ARequestThatLostAPartIsLeft)
{
	struct generation_meta meta = {};
	const struct bytes x = { reinterpret_cast<const uint8_t *>("x"), 1 };
	const struct bytes nothing = { nullptr, 0 };
	refuse();
	meta.is_pending = true;
	for (bool is_renewal : { false, true }) {
		meta.is_renewal = is_renewal;
		meta.signer = is_renewal ? 2 : 0;
		LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", 3, &meta, &why));
		for (const char *name : { "message.der", "request.der", "signer.der" })
			LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 3, name, x, &why));
		LONGS_EQUAL(SCEP_NEXT_POLL, next());
		for (const char *name : { "message.der", "request.der", "signer.der" }) {
			LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 3, name, nothing, &why));
			bool is_needed = !is_renewal || strcmp(name, "signer.der") != 0; // a renewal's is the certificate before
			CHECK_EQUAL(is_needed, next() != SCEP_NEXT_POLL);
			LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 3, name, x, &why));
		}
	}
	LONGS_EQUAL(SCEP_NEXT_POLL, next());
	for (const struct bytes &damaged : { nothing, x }) {
		LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 2, "cert.pem", damaged, &why));
		CHECK(next() != SCEP_NEXT_POLL);
	}
}

// A certificate of two days, and clocks that are wrong by years.
TEST_GROUP(scep_look_clock)
{
	test_folder *folder;
	struct pass pass;
	struct why why;
	struct scep_profile profile;
	struct scep_view view;
	int64_t now;

	void setup() override
	{
		folder = new test_folder("sgv");
		pass = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		folder->run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=x -days 2 2>&1");
		profile = {};
		strcpy(profile.name, "p");
		profile.renewal_threshold_percent = 20;
		struct generation_meta meta = {};
		std::string pem = folder->read("c.pem");
		LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", 1, &meta, &why));
		LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", 1, "cert.pem",
		                                     bytes{ reinterpret_cast<const uint8_t *>(pem.data()), pem.size() }, &why));
		LONGS_EQUAL(ERR_OK, generation_link(&pass.store, "p", "current", 1, &why));
		now = time(nullptr);
	}
	void teardown() override { delete folder; }
	enum scep_next next(const struct clock_facts &facts)
	{
		pass.clock = clock_judge(&facts, CLOCK_AUTO, 0, now);
		LONGS_EQUAL_TEXT(ERR_OK, scep_look(&pass, &profile, &view, &why), why.text);
		return view.next;
	}
};

TEST(scep_look_clock, AClockThatIsNotTrustedConcludesNothing)
{
	const int64_t build = now - 1000, year = 31556952;
	const struct clock_facts rows[] = {
		{ 5, build, false, false, 0, false, 0 },                             // 1970, no RTC, never synchronised
		{ 5, build, false, true, 0, false, 0 },                              // an RTC without its battery
		{ 4102444800 - 86400, build, false, true, 0, false, 0 },             // 2099 from a mad RTC
		{ now + 3 * 86400, build, false, false, 0, false, 0 },               // after the end, never synchronised
		{ now + 5 * year, build, false, false, 5 * year, false, 0 },         // five years ahead
		{ now - 5 * year, build, false, false, -5 * year, true, 0 },         // synchronised once, then five years back
		{ 4102444800 - 86400, build, false, false, 73 * year, true, 0 },     // synchronised once, then 2099
	};
	for (const struct clock_facts &facts : rows) {
		LONGS_EQUAL(SCEP_NEXT_NOTHING, next(facts));
		CHECK_FALSE(view.is_expired);
		CHECK_TRUE(view.has_certificate);
	}
}

TEST(scep_look_clock, ATrustedClockJudgesAnewEachTimeAndTakesNothingWithIt)
{
	const int64_t build = now - 1000, year = 31556952;
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next({ now + 5 * year, build, true, false, 0, false, 0 }));
	CHECK_TRUE(view.is_expired);
	LONGS_EQUAL(SCEP_NEXT_RENEW, next({ now + 2 * 86400 - 60, build, true, false, 0, false, 0 }));
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next({ now + 60, build, true, false, 0, false, 0 }));
	CHECK_FALSE(view.is_expired);
	// not yet valid: the CA was ahead, or our clock is behind and synchronised
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next({ build + 1, build, true, false, 0, false, 0 }));
	CHECK_FALSE(view.is_expired);
	LONGLONGS_EQUAL(build + 1, pass.clock.now);
}

// A renewal that is due, and what the last try came to. HTTP is plain: anybody can answer 403.
TEST(scep_look_clock, OnlyARefusalThatTheCaSignedCostsAChallenge)
{
	struct last last = {};
	char file[] = "/dev/null";
	struct config config = {};
	char none[] = "";
	config.root = none;
	pass.config = &config;
	profile.challenge_file = file;
	last.exit = SIGNET_REFUSED;
	now += 2 * 86400 - 3600;
	const struct clock_facts facts = { now, now - 30 * 86400, true, false, 0, false, 0 };
	LONGS_EQUAL(SCEP_NEXT_RENEW, next(facts));
	last.exit = SIGNET_UNREACHABLE; // what 401 and 403 are, and every word without a signature
	strcpy(last.why.code, "http.status");
	last_write(&pass.store, "p", &last);
	LONGS_EQUAL(SCEP_NEXT_RENEW, next(facts));
	last.exit = SIGNET_REFUSED;
	strcpy(last.why.code, "scep.challenge_refused");
	last_write(&pass.store, "p", &last);
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next(facts));
}

// One certificate, in use and revoked.
TEST_GROUP(scep_look_revoked)
{
	test_folder *folder;
	struct pass pass;
	struct why why;
	struct scep_profile profile;
	struct scep_view view;
	struct apply_options options;
	const char *names[1];
	struct buf challenge;

	void setup() override
	{
		folder = new test_folder("sgr");
		pass = {};
		profile = {};
		options = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		folder->run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=x -days 2 2>&1");
		strcpy(profile.name, "p");
		profile.renewal_threshold_percent = 20;
		profile.after_revocation = scep_profile::AFTER_REVOCATION_STOP;
		pass.clock.is_trusted = true;
		pass.clock.now = time(nullptr);
		names[0] = profile.name;
		options.profiles = names;
		options.profile_count = 1;
		buf_init(&challenge, 16);
		make(1, "cert.pem", folder->read("c.pem"));
		LONGS_EQUAL_TEXT(ERR_OK, generation_start(&pass.store, "p", &why), why.text);
		revoke(0);
	}
	void teardown() override { delete folder; }

	void make(unsigned number, const char *name, const std::string &content, bool is_pending = false)
	{
		struct generation_meta meta = {};
		meta.is_pending = is_pending;
		LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", number, &meta, &why));
		LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "p", number, name,
		                                     bytes{ reinterpret_cast<const uint8_t *>(content.data()), content.size() }, &why));
	}
	void revoke(unsigned request)
	{
		make(1, "revoked", "schema = 1\nserial = 4d\nreason = 1\nrevoked_at = 1\nthis_update = 1\nrequest = " +
		                       std::to_string(request) + "\n");
	}
	enum scep_next next()
	{
		LONGS_EQUAL_TEXT(ERR_OK, scep_look(&pass, &profile, &view, &why), why.text);
		CHECK_TRUE(view.is_revoked);
		return view.next;
	}
};

TEST(scep_look_revoked, NeitherDueNorForcedNorExpiredIsAReason)
{
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	STRCMP_EQUAL("the certificate was revoked; after_revocation = stop", view.reason);
	pass.options = &options;
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	options.force_renewal = true;
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	pass.clock.now += 2 * 86400 - 3600; // due
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	profile.after_expiry = scep_profile::AFTER_EXPIRY_REENROLL;
	pass.clock.now += 86400;
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	CHECK_TRUE(view.is_expired);
}

TEST(scep_look_revoked, ADamagedCertificateStaysRevoked)
{
	make(1, "cert.pem", "damaged");
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	CHECK_FALSE(view.has_certificate);
	folder->run("rm state/scep/p/0001/cert.pem");
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	CHECK_TRUE(view.is_revoked);
	LONGS_EQUAL(1, view.in_use);
}

TEST(scep_look_revoked, AChallengeByHandOrTheConfigurationEnrollsAnew)
{
	pass.options = &options;
	options.challenge = &challenge;
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next());
	pass.options = nullptr;
	profile.after_revocation = scep_profile::AFTER_REVOCATION_REENROLL;
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next());
	STRCMP_EQUAL("the certificate was revoked", view.reason);
}

TEST(scep_look_revoked, WhatWasUnderWayIsLeftAndWhatWasBegunSinceGoesOn)
{
	for (const char *name : { "message.der", "request.der", "signer.der" })
		make(2, name, "x", true);
	LONGS_EQUAL(SCEP_NEXT_POLL, next());
	revoke(2);
	LONGS_EQUAL(SCEP_NEXT_NOTHING, next());
	pass.options = &options;
	options.challenge = &challenge;
	LONGS_EQUAL(SCEP_NEXT_ENROLL, next());
	pass.options = nullptr;
	for (const char *name : { "message.der", "request.der", "signer.der" })
		make(3, name, "x", false);
	LONGS_EQUAL(SCEP_NEXT_RESEND, next());
}

TEST(scep_look_revoked, ANewerCertificateIsUsedEvenARefusedOne)
{
	struct refusal refusal = {};
	make(2, "cert.pem", folder->read("c.pem"));
	LONGS_EQUAL(SCEP_NEXT_SWITCH, next());
	refusal.at = time(nullptr);
	refusal.count = 1;
	profile.retry_delay_max_s = 3600;
	LONGS_EQUAL(ERR_OK, refusal_write(&pass.store, "p", 2, REFUSED, &refusal, &why));
	LONGS_EQUAL(SCEP_NEXT_SWITCH, next());
}
