// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include "client/agent/consumer.h"
#include "test_folder.hpp"

// One daemon and its settings, scripted; what it was asked stands in `asked`.
static struct script {
	std::string asked;
	enum err look, install, state, use, arm, keep, remove;
	const char *look_code;
	struct daemon_state now;
	std::string sha256;
	const char *config; // where its settings stand
	bool is_key_gone;
	struct placement removed;
} daemon_script;

static enum err answer(const char *what, enum err e, struct why *why)
{
	daemon_script.asked += std::string(what) + " ";
	return e == ERR_OK ? e : why_set(why, e, "wifi.fake", "%s failed", what);
}
static enum err fake_look(const struct pass *, const struct consumer *, struct why *why)
{
	enum err e = daemon_script.look;
	return e == ERR_OK ? e : why_set(why, e, daemon_script.look_code, "look failed");
}
static enum err fake_place(const struct consumer *c, const struct config *, struct placement *out, struct why *)
{
	*out = {};
	snprintf(out->path, sizeof out->path, "%s", daemon_script.config);
	snprintf(out->control, sizeof out->control, "/run/wpa_supplicant");
	snprintf(out->interface, sizeof out->interface, "wlan0");
	snprintf(out->certificate, sizeof out->certificate, "%s", c->certificate);
	return ERR_OK;
}
static std::string recorded_path; // when the settings were written
static enum err fake_install(const struct pass *pass, const struct consumer *c, char out[65], struct why *why)
{
	struct record r;
	record_read(&pass->store, "wifi", c->name, &r);
	recorded_path = r.at.path;
	snprintf(out, 65, "%s", daemon_script.sha256.c_str());
	return answer("install", daemon_script.install, why);
}
static enum err fake_state(const struct pass *, const struct consumer *, struct daemon_state *out, struct why *why)
{
	*out = daemon_script.now;
	return answer("state", daemon_script.state, why);
}
static enum err fake_use(const struct pass *, const struct consumer *, const struct move *, struct why *why)
{
	return answer("use", daemon_script.use, why);
}
static enum err fake_arm(const struct pass *, const struct consumer *, const struct move *, struct why *why)
{
	return answer("arm", daemon_script.arm, why);
}
static enum err fake_keep(const struct pass *, const struct consumer *, const struct move *, struct why *why)
{
	return answer("keep", daemon_script.keep, why);
}
static enum err fake_remove(const struct pass *, const char *, const struct placement *at, bool is_key_gone,
                            struct why *why)
{
	daemon_script.is_key_gone = is_key_gone;
	daemon_script.removed = *at;
	return answer("remove", daemon_script.remove, why);
}
static const struct consumer_ops fake_ops = { "wifi",   fake_look, fake_place, fake_install, fake_state, fake_use,
	                                      fake_arm, fake_keep, nullptr,    fake_remove,  nullptr };

TEST_GROUP(consumer)
{
	test_folder *folder;
	struct pass pass;
	struct why why;
	char name[8], certificate[8], empty[1], other[8];
	struct wifi_profile profile;
	struct consumer c;
	struct move move;
	enum consumer_result result;

	void setup() override
	{
		folder = new test_folder("sgc");
		pass = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		strcpy(name, "corp");
		strcpy(certificate, "dev");
		strcpy(other, "lan");
		empty[0] = '\0';
		profile = {};
		profile.certificate = certificate;
		profile.only_until = empty;
		c = {};
		c.kind = KIND_WIFI;
		c.name = name;
		c.certificate = certificate;
		c.ops = &fake_ops;
		c.wifi = &profile;
		move = {};
		move.to = 2;
		move.from = 1;
		daemon_script = {};
		daemon_script.sha256 = "aa";
		daemon_script.config = "/etc/x.conf";
	}
	void teardown() override
	{
		delete folder;
		for (std::string *text : { &daemon_script.asked, &daemon_script.sha256, &recorded_path }) { // nothing stays allocated
			text->clear();
			text->shrink_to_fit();
		}
	}

	enum err work()
	{
		why = {};
		daemon_script.asked = "";
		return consumer_work(&pass, &c, &move, &result, &why);
	}
	void authenticated(const char *session)
	{
		daemon_script.now = {};
		daemon_script.now.is_authenticated = true;
		snprintf(daemon_script.now.session, sizeof daemon_script.now.session, "%s", session);
	}
	struct record record()
	{
		struct record r;
		record_read(&pass.store, "wifi", "corp", &r);
		return r;
	}
};

TEST(consumer, ADaemonThatUsesItsSettingsHasProvenThemOnceForAll)
{
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
	LONGS_EQUAL(2, record().proven);
	CHECK(record().first_proven_at != 0);
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
	STRCMP_EQUAL("install keep ", daemon_script.asked.c_str());
}

TEST(consumer, AnIdleRunWritesNothing)
{
	LONGS_EQUAL(ERR_OK, work());
	std::string before = folder->run("stat -c '%i %z' state/wifi/corp");
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL(before.c_str(), folder->run("stat -c '%i %z' state/wifi/corp").c_str());
}

TEST(consumer, AbsentAndOutOfRangeAreNobodysFault)
{
	for (enum err e : { ERR_NOT_FOUND, ERR_AGAIN }) {
		daemon_script.state = e;
		LONGS_EQUAL(ERR_OK, work());
		LONGS_EQUAL(CONSUMER_OPEN, result);
		daemon_script.state = ERR_OK;
		daemon_script.use = e;
		LONGS_EQUAL(ERR_OK, work());
		LONGS_EQUAL(CONSUMER_OPEN, result);
		daemon_script.use = ERR_OK;
	}
	LONGS_EQUAL(0, record().proven);
}

TEST(consumer, OnlyAVerdictIsAFailureOfTheCertificate)
{
	static const struct {
		enum err err;
		enum consumer_result result;
	} cases[] = { { ERR_DENIED, CONSUMER_FAILED },      { ERR_UNTRUSTED, CONSUMER_FAILED },
		      { ERR_INVALID, CONSUMER_FAILED },     { ERR_UNREACHABLE, CONSUMER_FAILED },
		      { ERR_UNSUPPORTED, CONSUMER_OPEN },   { ERR_IO, CONSUMER_OPEN },
		      { ERR_NO_MEMORY, CONSUMER_OPEN } };
	for (const auto &k : cases) {
		daemon_script.use = k.err;
		LONGS_EQUAL(k.err, work());
		LONGS_EQUAL(k.result, result);
		STRCMP_EQUAL("use failed", why.text);
	}
}

TEST(consumer, SettingsThatCannotBeWrittenSayNothingOfTheCertificate)
{
	daemon_script.install = ERR_DENIED;
	LONGS_EQUAL(ERR_DENIED, work());
	LONGS_EQUAL(CONSUMER_OPEN, result);
	STRCMP_EQUAL("install ", daemon_script.asked.c_str());
}

TEST(consumer, ADaemonThatCameBackByItselfHasProvenItWithoutAnotherCut)
{
	authenticated("11");
	daemon_script.use = ERR_UNREACHABLE;
	LONGS_EQUAL(ERR_UNREACHABLE, work());
	LONGS_EQUAL(2, record().told);
	STRCMP_EQUAL("11", record().session);
	authenticated("22");
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
	STRCMP_EQUAL("install state ", daemon_script.asked.c_str());
}

TEST(consumer, TheSessionFromBeforeItWasToldProvesNothing)
{
	authenticated("11");
	daemon_script.use = ERR_UNREACHABLE;
	LONGS_EQUAL(ERR_UNREACHABLE, work());
	LONGS_EQUAL(ERR_UNREACHABLE, work());
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
}

TEST(consumer, TheOldOneHasToBeProvenAnewAfterTheDaemonWasToldAnother)
{
	move.to = 1;
	move.from = 0;
	LONGS_EQUAL(ERR_OK, work());
	move.to = 2;
	move.from = 1;
	daemon_script.use = ERR_UNREACHABLE;
	LONGS_EQUAL(ERR_UNREACHABLE, work());
	move.to = 1;
	move.from = 2;
	LONGS_EQUAL(ERR_UNREACHABLE, work());
	LONGS_EQUAL(CONSUMER_FAILED, result);
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
}

// RECONFIGURE refused, a build that cannot: the daemon goes on with what it had, and authenticates with that anew.
TEST(consumer, ADaemonThatDidNotTakeItOverProvesNothingByItsNextSession)
{
	for (enum err e : { ERR_IO, ERR_UNSUPPORTED }) {
		authenticated("11");
		daemon_script.use = e;
		LONGS_EQUAL(e, work());
		LONGS_EQUAL(0, record().told);
		authenticated("22");
		LONGS_EQUAL(e, work());
		LONGS_EQUAL(CONSUMER_OPEN, result);
	}
}

static bool is_cut;
static jmp_buf cut;

static enum err cut_use(const struct pass *, const struct consumer *, const struct move *, struct why *)
{
	if (is_cut)
		longjmp(cut, 1);
	return ERR_NOT_FOUND; // deaf after it was told
}

TEST(consumer, WhileADaemonIsMovedNothingCountsAsProven)
{
	move.to = 1;
	move.from = 0;
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(1, record().proven);
	struct consumer_ops ops = fake_ops;
	ops.use = cut_use;
	c.ops = &ops;
	move.to = 2;
	move.from = 1;
	std::string on_flash = folder->run("stat -c '%i %z' state/wifi/corp");
	for (bool is_cut_now : { true, false }) {
		is_cut = is_cut_now;
		if (setjmp(cut) == 0)
			LONGS_EQUAL(ERR_OK, work());
		LONGS_EQUAL(0, record().proven);
		if (is_cut_now) // a power cut would end the daemon as well
			STRCMP_EQUAL(on_flash.c_str(), folder->run("stat -c '%i %z' state/wifi/corp").c_str());
	}
}

TEST(consumer, AMoveThatWasCutIsForgottenWithItsRecord)
{
	LONGS_EQUAL(ERR_OK, record_doubt(&pass.store, "corp", &why));
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(2, record().proven);
	LONGS_EQUAL(ERR_OK, record_doubt(&pass.store, "corp", &why));
	LONGS_EQUAL(ERR_OK, record_doubt(&pass.store, "corp", &why));
	LONGS_EQUAL(0, record().told);
	STRCMP_EQUAL("/etc/x.conf", record().at.path);
	LONGS_EQUAL(ERR_OK, record_remove(&pass.store, "wifi", "corp", &why));
	STRCMP_EQUAL("", folder->run("ls run/moving").c_str());
}

TEST(consumer, ChangedSettingsHaveToBeProvenAnew)
{
	LONGS_EQUAL(ERR_OK, work());
	int64_t first = record().first_proven_at;
	daemon_script.sha256 = "bb";
	daemon_script.use = ERR_DENIED;
	LONGS_EQUAL(ERR_DENIED, work());
	LONGS_EQUAL(CONSUMER_FAILED, result);
	LONGS_EQUAL(0, record().proven);
	LONGLONGS_EQUAL(first, record().first_proven_at);
}

TEST(consumer, NextReauthArmsWaitsAndIsProvenByAnotherSession)
{
	profile.apply = APPLY_NEXT_REAUTH;
	authenticated("11");
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_OPEN, result);
	STRCMP_EQUAL("install state arm ", daemon_script.asked.c_str());
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_OPEN, result);
	STRCMP_EQUAL("install state ", daemon_script.asked.c_str());
	authenticated("22");
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
}

TEST(consumer, NextReauthIsNowAfterADay)
{
	profile.apply = APPLY_NEXT_REAUTH;
	authenticated("11");
	LONGS_EQUAL(ERR_OK, work());
	struct record r = record();
	r.told_at -= 24 * 3600 + 1;
	LONGS_EQUAL(ERR_OK, record_write(&pass.store, "wifi", "corp", &r, &why));
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
}

TEST(consumer, NextReauthIsNowWhereNothingWorksThatCouldBeCut)
{
	profile.apply = APPLY_NEXT_REAUTH;
	LONGS_EQUAL(ERR_OK, work()); // not authenticated
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
	move.to = 1;
	move.from = 0; // the first certificate
	authenticated("11");
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
}

TEST(consumer, WhatWorkedAndStoppedIsToldAndStaysProven)
{
	LONGS_EQUAL(ERR_OK, work());
	daemon_script.keep = ERR_DENIED;
	LONGS_EQUAL(ERR_DENIED, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
	daemon_script.keep = ERR_NOT_FOUND;
	LONGS_EQUAL(ERR_OK, work());
}

TEST(consumer, ANetworkWithAPassPhraseIsToldOnceAndUsedWhenItIsInReach)
{
	c.certificate = empty;
	move.to = 1;
	move.from = 0;
	daemon_script.use = ERR_UNREACHABLE;
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_OPEN, result);
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("install state ", daemon_script.asked.c_str());
	authenticated("");
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(CONSUMER_PROVEN, result);
}

TEST(consumer, AWrongPassPhraseIsTold)
{
	c.certificate = empty;
	move.to = 1;
	move.from = 0;
	daemon_script.use = ERR_DENIED;
	LONGS_EQUAL(ERR_DENIED, work());
}

TEST(consumer, TheSetupNetworkIsOverOnceTheOtherHasAuthenticated)
{
	struct record r = {};
	profile.only_until = other;
	CHECK_FALSE(consumer_is_over(&pass, &c));
	r.proven = r.told = 1;
	r.first_proven_at = 1000;
	LONGS_EQUAL(ERR_OK, record_write(&pass.store, "wifi", "lan", &r, &why));
	CHECK_TRUE(consumer_is_over(&pass, &c));
	r.proven = r.told = 0; // its settings changed: the setup network does not come back
	LONGS_EQUAL(ERR_OK, record_write(&pass.store, "wifi", "lan", &r, &why));
	CHECK_TRUE(consumer_is_over(&pass, &c));
}

TEST(consumer, RemovingIsDoneOnceAndAgainWhenItFailed)
{
	LONGS_EQUAL(ERR_OK, work());
	daemon_script.asked = "";
	daemon_script.remove = ERR_IO;
	LONGS_EQUAL(ERR_IO, consumer_remove(&pass, &fake_ops, "corp", true, &why));
	CHECK_TRUE(daemon_script.is_key_gone);
	STRCMP_EQUAL("/etc/x.conf wlan0", (std::string(daemon_script.removed.path) + " " + daemon_script.removed.interface).c_str());
	// whatever comes next: nobody takes it for a daemon that has proven something
	LONGS_EQUAL(0, record().told);
	LONGS_EQUAL(0, record().proven);
	daemon_script.remove = ERR_OK;
	LONGS_EQUAL(ERR_OK, consumer_remove(&pass, &fake_ops, "corp", false, &why));
	CHECK_FALSE(daemon_script.is_key_gone);
	LONGS_EQUAL(ERR_OK, consumer_remove(&pass, &fake_ops, "corp", false, &why));
	STRCMP_EQUAL("remove remove ", daemon_script.asked.c_str());
	folder->run("test ! -e state/wifi/corp");
}

TEST(consumer, ARecordThatCannotBeReadGoesWithoutADaemon)
{
	folder->run("echo junk > state/wifi/corp");
	LONGS_EQUAL(ERR_OK, consumer_remove(&pass, &fake_ops, "corp", false, &why));
	STRCMP_EQUAL("", daemon_script.asked.c_str());
	folder->run("test ! -e state/wifi/corp");
}

TEST(consumer, WhereSettingsStandIsRecordedBeforeTheyAreWritten)
{
	daemon_script.install = ERR_IO; // or the power goes
	daemon_script.look = ERR_NOT_FOUND;
	daemon_script.look_code = "waiting.install";
	LONGS_EQUAL(ERR_IO, work());
	STRCMP_EQUAL("/etc/x.conf", recorded_path.c_str());
	STRCMP_EQUAL("dev", record().at.certificate);
	STRCMP_EQUAL("/run/wpa_supplicant", record().at.control);
}

TEST(consumer, NothingIsRecordedWhileTheSettingsCannotBeMade)
{
	daemon_script.look = ERR_NOT_FOUND;
	daemon_script.look_code = "waiting.certificate";
	LONGS_EQUAL(ERR_NOT_FOUND, work());
	STRCMP_EQUAL("waiting.certificate", why.code);
	STRCMP_EQUAL("", daemon_script.asked.c_str());
	folder->run("test ! -e state/wifi/corp");
}

TEST(consumer, OnlyAnotherFileForgetsWhatWasProven)
{
	LONGS_EQUAL(ERR_OK, work());
	folder->run("sed -i '/^control/d; /^interface/d' state/wifi/corp"); // as a version before wrote it
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("install keep ", daemon_script.asked.c_str());
	STRCMP_EQUAL("wlan0", record().at.interface);
	daemon_script.config = "/etc/y.conf";
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("install state use ", daemon_script.asked.c_str());
}

TEST(consumer, ARecordComesBackAsItWasWrittenAndADamagedOneIsEmpty)
{
	struct record r = {};
	struct record got;
	std::string deep(900, 'x');
	snprintf(r.at.path, sizeof r.at.path, "/%s", deep.c_str());
	snprintf(r.at.control, sizeof r.at.control, "/c%s", deep.c_str());
	memset(r.at.authorities, 'a', sizeof r.at.authorities - 1);
	strcpy(r.at.interface, "enp0s31f6");
	strcpy(r.at.certificate, "dev");
	r.at.is_wired = true;
	strcpy(r.sha256, "0123");
	strcpy(r.session, "0d7a");
	r.told = 7;
	r.proven = 6;
	r.told_at = 1764000000;
	r.first_proven_at = 5;
	LONGS_EQUAL(ERR_OK, record_write(&pass.store, "vpn", "hq", &r, &why));
	record_read(&pass.store, "vpn", "hq", &got);
	STRCMP_EQUAL(r.at.path, got.at.path);
	STRCMP_EQUAL(r.at.control, got.at.control);
	STRCMP_EQUAL(r.at.authorities, got.at.authorities);
	STRCMP_EQUAL(r.at.interface, got.at.interface);
	STRCMP_EQUAL(r.at.certificate, got.at.certificate);
	CHECK_TRUE(got.at.is_wired);
	STRCMP_EQUAL(r.sha256, got.sha256);
	STRCMP_EQUAL(r.session, got.session);
	LONGS_EQUAL(7, got.told);
	LONGS_EQUAL(6, got.proven);
	LONGLONGS_EQUAL(1764000000, got.told_at);
	LONGLONGS_EQUAL(5, got.first_proven_at);
	folder->run("head -c 100 /dev/urandom > state/vpn/hq");
	record_read(&pass.store, "vpn", "hq", &got);
	LONGS_EQUAL(0, got.proven);
	STRCMP_EQUAL("", got.at.path);
}
