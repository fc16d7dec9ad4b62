// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <string>
#include "client/agent/generation.h"
#include "client/agent/last.h"
#include "client/agent/record.h"
#include "client/agent/refusal.h"
#include "client/agent/store.h"
#include "client/agent/used.h"
#include "test_folder.hpp"

static struct bytes bytes_of(const std::string &s)
{
	return { reinterpret_cast<const uint8_t *>(s.data()), s.size() };
}

TEST_GROUP(store)
{
	test_folder *folder;
	struct store store;
	struct why why;
	struct generations g;

	void setup() override
	{
		folder = new test_folder("sgs");
		why = {};
		store = {};
		snprintf(store.state, sizeof store.state, "%s", folder->path("state").c_str());
		snprintf(store.run, sizeof store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&store, &why));
		// a certificate by openssl: what stands in cert.pem is read by the switch
		folder->run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=x -days 2 2>&1");
	}
	void teardown() override { delete folder; }

	void make(unsigned number, const std::string &names)
	{
		struct generation_meta meta = {};
		meta.created = 1;
		LONGS_EQUAL(ERR_OK, generation_meta_write(&store, "p", number, &meta, &why));
		for (size_t at = 0; at < names.size();) {
			size_t end = names.find(' ', at);
			std::string name = names.substr(at, end == std::string::npos ? end : end - at);
			std::string content = name == "cert.pem" ? folder->read("c.pem") : "x";
			LONGS_EQUAL(ERR_OK, generation_write(&store, "p", number, name.c_str(), bytes_of(content), &why));
			at = end == std::string::npos ? names.size() : end + 1;
		}
	}
	void link(const char *name, unsigned number) { LONGS_EQUAL(ERR_OK, generation_link(&store, "p", name, number, &why)); }
	std::string listing() { return folder->run("ls -m state/scep/p | tr -d '\\n'"); }
	void look() { LONGS_EQUAL_TEXT(ERR_OK, generations_look(&store, "p", &g, &why), why.text); }
};

TEST(store, AnEmptyStateFolderHasNoGeneration)
{
	look();
	LONGS_EQUAL(0, g.current + g.previous + g.request + g.complete + g.unused + g.newest);
}

TEST(store, EveryKindOfGenerationIsToldByItsFiles)
{
	make(1, "key.der cert.pem");
	link("current", 1);
	make(2, "key.der");
	make(3, "key.der message.der");
	make(4, "key.der message.der cert.pem");
	look();
	LONGS_EQUAL(1, g.current);
	LONGS_EQUAL(2, g.unused);
	LONGS_EQUAL(3, g.request);
	LONGS_EQUAL(4, g.complete);
	LONGS_EQUAL(4, g.newest);
}

TEST(store, TheFirstCertificateIsCurrentAtOnceAndNoTrialIsOpen)
{
	make(1, "key.der message.der signer.der challenge.mark cert.pem");
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	STRCMP_EQUAL("0001, current", listing().c_str());
	STRCMP_EQUAL("cert.pem\nkey.der\nmeta.ini\n", folder->run("ls state/scep/p/current/").c_str());
	look();
	LONGS_EQUAL(TRIAL_NONE, trial_state_of(&g));
	CHECK(folder->read("state/history").find(" installed p serial=") != std::string::npos);
}

// The power goes after each step of the start; the next run ends where an uncut one does.
TEST(store, ACutAnywhereInTheStartOfATrialIsMadeUpFor)
{
	for (int cut = 0; cut < 3; cut++) {
		folder->run("rm -rf state/scep/p");
		make(1, "key.der cert.pem");
		link("current", 1);
		make(2, "key.der message.der cert.pem");
		if (cut >= 1)
			link("previous", 1);
		look();
		LONGS_EQUAL(TRIAL_NONE, trial_state_of(&g));
		if (cut >= 2)
			link("current", 2);
		LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
		STRCMP_EQUAL("0001, 0002, current, previous", listing().c_str());
		look();
		LONGS_EQUAL(TRIAL_OPEN, trial_state_of(&g));
		LONGS_EQUAL(2, g.current);
		LONGS_EQUAL(1, g.previous);
	}
}

TEST(store, ATrialThatEndsWellLeavesTheNewOneAloneAndSaysSo)
{
	make(1, "key.der cert.pem");
	link("current", 1);
	make(2, "key.der message.der cert.pem");
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	LONGS_EQUAL_TEXT(ERR_OK, generation_accept(&store, "p", &why), why.text);
	STRCMP_EQUAL("0002, current", listing().c_str());
	CHECK(folder->read("state/history").find(" renewed p serial=") != std::string::npos);
}

TEST(store, AGenerationInBetweenThatWasNeverProvenDoesNotBecomeTheWayBack)
{
	make(1, "key.der cert.pem");
	link("current", 1);
	make(2, "key.der cert.pem");
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	make(3, "key.der cert.pem");
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	look();
	LONGS_EQUAL(3, g.current);
	LONGS_EQUAL(1, g.previous);
	STRCMP_EQUAL("0001, 0003, current, previous", listing().c_str());
}

TEST(store, TheWayBackRemembersWhoRefusedAndKeepsBothGenerations)
{
	struct why reason = {};
	struct refusal refusal;
	why_set(&reason, ERR_DENIED, "wifi.refused", "the network refused this device");
	make(1, "key.der cert.pem");
	link("current", 1);
	make(2, "key.der cert.pem");
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	LONGS_EQUAL_TEXT(ERR_OK, generation_back(&store, "p", "corp", &reason, 1000, &why), why.text);
	look();
	LONGS_EQUAL(TRIAL_BACK, trial_state_of(&g));
	LONGS_EQUAL(1, g.current);
	LONGS_EQUAL_TEXT(ERR_OK, generation_refuse(&store, "p", &why), why.text);
	STRCMP_EQUAL("0001, 0002, current", listing().c_str());
	LONGS_EQUAL(ERR_OK, refusal_read(&store, "p", 2, REFUSED, &refusal));
	STRCMP_EQUAL("corp", refusal.by);
	STRCMP_EQUAL("the network refused this device", refusal.why.text);
	LONGS_EQUAL(1, refusal.count);
	LONGLONGS_EQUAL(1000, refusal.at);
	CHECK(folder->read("state/history").find("by=corp the network refused this device") != std::string::npos);
	// tried again and refused again: the count goes on
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	LONGS_EQUAL_TEXT(ERR_OK, generation_back(&store, "p", "corp", &reason, 5000, &why), why.text);
	LONGS_EQUAL(ERR_OK, refusal_read(&store, "p", 2, REFUSED, &refusal));
	LONGS_EQUAL(2, refusal.count);
}

TEST(store, TheKeyThatSignedARenewalStaysWhileItIsPending)
{
	struct generation_meta meta = {};
	make(1, "key.der cert.pem");
	link("current", 1);
	make(2, "key.der cert.pem");
	LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
	make(3, "key.der message.der");
	meta.is_renewal = true;
	meta.signer = 2;
	LONGS_EQUAL(ERR_OK, generation_meta_write(&store, "p", 3, &meta, &why));
	struct why reason = {};
	why_set(&reason, ERR_DENIED, "wifi.refused", "no");
	LONGS_EQUAL_TEXT(ERR_OK, generation_back(&store, "p", "corp", &reason, 1, &why), why.text);
	look();
	LONGS_EQUAL(2, g.signer);
	struct generations none = g;
	none.complete = 0;
	LONGS_EQUAL_TEXT(ERR_OK, generations_sweep(&store, "p", &none, &why), why.text);
	STRCMP_EQUAL("0001, 0002, 0003, current, previous", listing().c_str());
}

TEST(store, TheNextTryOfARefusedCertificateComesLaterEachTime)
{
	struct refusal r = {};
	r.at = 1000;
	const unsigned counts[] = { 1, 2, 3, 5, 6, 4000000000u };
	const long pauses[] = { 3600, 7200, 14400, 57600, 86400, 86400 };
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		r.count = counts[i];
		LONGLONGS_EQUAL(1000 + pauses[i], refusal_retry_at(&r, 3600, REFUSED_MAX_S));
		CHECK_FALSE(refusal_is_due(&r, 3600, REFUSED_MAX_S, 1000 + pauses[i] - 1));
		CHECK_TRUE(refusal_is_due(&r, 3600, REFUSED_MAX_S, 1000 + pauses[i]));
		CHECK_TRUE(refusal_is_due(&r, 3600, REFUSED_MAX_S, 999)); // the clock was wrong then
	}
}

TEST(store, ARefusalOfNoMomentIsADamagedOne)
{
	struct refusal refusal;
	make(1, "key.der cert.pem");
	for (const char *at : { "9223372036854775807", "-9223372036854775808", "-1", "253402300800" }) {
		std::string text = std::string(at) + "\n2\ncorp\nwifi.refused\nno\nask\n";
		LONGS_EQUAL(ERR_OK, generation_write(&store, "p", 1, REFUSED, bytes_of(text), &why));
		LONGS_EQUAL(ERR_NOT_FOUND, refusal_read(&store, "p", 1, REFUSED, &refusal));
	}
}

TEST(store, TheLastTryAndTheSettingsHoldNoTimeThatArithmeticOverflowsWith)
{
	struct last last;
	struct record record;
	CHECK_EQUAL(ERR_OK, file_make_folder(folder->path("run/last").c_str(), 0755, &why));
	std::string text = "11\n-9223372036854775808\n0\na\nb\nc\n1\n0\nboot\n";
	LONGS_EQUAL(ERR_OK, file_write_atomic(folder->path("run/last/p").c_str(), bytes_of(text), 0644, &why));
	LONGS_EQUAL(ERR_NOT_FOUND, last_read(&store, "p", &last));
	text = "schema = 1\ntold = 3\ntold_at = -9223372036854775808\nfirst_proven_at = 9223372036854775807\n";
	CHECK_EQUAL(ERR_OK, file_make_folder(folder->path("state/wifi").c_str(), 0700, &why));
	LONGS_EQUAL(ERR_OK, file_write_atomic(folder->path("state/wifi/p").c_str(), bytes_of(text), 0600, &why));
	record_read(&store, "wifi", "p", &record);
	LONGS_EQUAL(3, record.told);
	LONGLONGS_EQUAL(0, record.told_at);
	LONGLONGS_EQUAL(0, record.first_proven_at);
}

// `current` cannot move (its temporary name is taken by a folder): the way back must stand already.
TEST(store, TheWayBackIsMadeBeforeCurrentMoves)
{
	make(1, "key.der cert.pem");
	link("current", 1);
	make(2, "key.der message.der cert.pem");
	folder->run("mkdir state/scep/p/.current.new");
	CHECK(generation_start(&store, "p", &why) != ERR_OK);
	look();
	LONGS_EQUAL(1, g.current);
	LONGS_EQUAL(1, g.previous);
	LONGS_EQUAL(2, g.complete);
}

TEST(store, WhatALinkNamesIsNeverSweptEvenWithoutItsCertificate)
{
	make(1, "key.der");
	link("current", 1);
	make(2, "key.der");
	look();
	LONGS_EQUAL(0, g.current);
	struct generations none = {};
	LONGS_EQUAL_TEXT(ERR_OK, generations_sweep(&store, "p", &none, &why), why.text);
	STRCMP_EQUAL("0001, current", listing().c_str());
}

// The power went while the old generation was taken away, or what belonged to the request of the new one.
TEST(store, WhatACutLeftOfAnEndedTrialGoesInTheNextPassAndTheOldKeyWithIt)
{
	make(1, "key.der");
	make(2, "key.der cert.pem signer.der challenge.mark");
	make(3, "key.der message.der");
	make(4, "key.der");
	make(5, "key.der cert.pem refused message.der signer.der");
	link("current", 2);
	LONGS_EQUAL_TEXT(ERR_OK, generation_tidy(&store, "p", &why), why.text);
	STRCMP_EQUAL("0002, 0003, 0004, 0005, current", listing().c_str());
	STRCMP_EQUAL("cert.pem\nkey.der\nmeta.ini\nrefused\n", folder->run("ls state/scep/p/0005").c_str());
	STRCMP_EQUAL("cert.pem\nkey.der\nmeta.ini\n", folder->run("ls state/scep/p/0002").c_str());
}

TEST(store, WhereAllIsTidyNothingIsWritten)
{
	make(1, "key.der cert.pem");
	make(2, "key.der cert.pem request.der");
	link("previous", 1);
	link("current", 2);
	const char *times = "find state -printf '%p %C@\\n' | sort";
	std::string before = folder->run(times);
	LONGS_EQUAL_TEXT(ERR_OK, generation_tidy(&store, "p", &why), why.text);
	STRCMP_EQUAL(before.c_str(), folder->run(times).c_str());
	LONGS_EQUAL_TEXT(ERR_OK, generation_tidy(&store, "absent", &why), why.text);
}

TEST(store, HalfWrittenFilesGoFromEveryFolderAndNothingElseDoes)
{
	make(1, "key.der cert.pem");
	link("current", 1);
	std::string before = folder->run("find state | sort");
	folder->run("for d in state state/trust state/wifi state/scep/p state/scep/p/0001; do echo x > $d/.half.new; done; "
	            "ln -s 0002 state/scep/p/.current.new");
	store_tidy(&store);
	STRCMP_EQUAL(before.c_str(), folder->run("find state | sort").c_str());
}

TEST(store, AForgottenRequestLeavesItsKeyToBeUsed)
{
	make(1, "key.der message.der signer.der request.der challenge.mark");
	LONGS_EQUAL_TEXT(ERR_OK, generation_forget_request(&store, "p", 1, &why), why.text);
	look();
	LONGS_EQUAL(1, g.unused);
	LONGS_EQUAL(0, g.request);
}

TEST(store, MetaComesBackAsItWasWritten)
{
	struct generation_meta meta = {};
	struct generation_meta got = {};
	meta.is_software = meta.is_renewal = meta.is_pending = true;
	meta.created = 1577836800;
	meta.sent_at = 4102444800;
	meta.message_type = 17;
	meta.signer = 42;
	std::strcpy(meta.transaction_id, "0123456789ABCDEF0123456789ABCDEF01234567");
	for (unsigned i = 0; i < SCEP_NONCE_LEN; i++)
		meta.nonce[i] = static_cast<uint8_t>(250 + i);
	std::strcpy(meta.url, "http://ndes/certsrv/mscep/mscep.dll?a=b;c");
	LONGS_EQUAL_TEXT(ERR_OK, generation_meta_write(&store, "p", 1, &meta, &why), why.text);
	LONGS_EQUAL_TEXT(ERR_OK, generation_meta_read(&store, "p", 1, &got, &why), why.text);
	MEMCMP_EQUAL(&meta, &got, sizeof meta);
}

TEST(store, MetaOfANewerSchemaIsNotRead)
{
	struct generation_meta got = {};
	make(1, "key.der");
	folder->run("sed -i 's/schema = 1/schema = 2/' state/scep/p/0001/meta.ini");
	LONGS_EQUAL(ERR_UNSUPPORTED, generation_meta_read(&store, "p", 1, &got, &why));
	STRCMP_EQUAL("state.schema", why.code);
}

TEST(store, AUsedChallengeIsRememberedWithoutBeingReadable)
{
	struct buf salt;
	uint8_t mark[SHA256_LEN];
	bool was_used = true;
	buf_init(&salt, 64);
	LONGS_EQUAL_TEXT(ERR_OK, used_salt(&store, "p", &salt, &why), why.text);
	LONGS_EQUAL(ERR_OK, hmac_sha256(buf_bytes(&salt), bytes_of("S3CRET"), mark));
	LONGS_EQUAL(ERR_OK, used_has(&store, "p", bytes{ mark, sizeof mark }, &was_used, &why));
	CHECK_FALSE(was_used);
	LONGS_EQUAL(ERR_OK, used_add(&store, "p", bytes{ mark, sizeof mark }, &why));
	LONGS_EQUAL(ERR_OK, used_add(&store, "p", bytes{ mark, sizeof mark }, &why));
	LONGS_EQUAL(ERR_OK, used_has(&store, "p", bytes{ mark, sizeof mark }, &was_used, &why));
	CHECK_TRUE(was_used);
	STRCMP_EQUAL("2\n", folder->run("wc -l <state/scep/p/used").c_str());
	// the mark is HMAC-SHA-256 under the salt of the first line, as openssl computes it
	STRCMP_EQUAL("ok\n", folder->run("printf S3CRET | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(head -1 "
	                                 "state/scep/p/used) -r | cut -c1-64 | grep -qxFf - state/scep/p/used && echo ok")
	                             .c_str());
	buf_clear(&salt);
}

TEST(store, TheListOfUsedChallengesStaysBoundedAndForgetsTheOldestFirst)
{
	struct buf salt;
	uint8_t mark[SHA256_LEN] = {};
	bool was_used = true;
	buf_init(&salt, 64);
	LONGS_EQUAL_TEXT(ERR_OK, used_salt(&store, "p", &salt, &why), why.text);
	for (unsigned i = 0; i < 300; i++) {
		mark[0] = static_cast<uint8_t>(i >> 8);
		mark[1] = static_cast<uint8_t>(i);
		LONGS_EQUAL_TEXT(ERR_OK, used_add(&store, "p", bytes{ mark, sizeof mark }, &why), why.text);
	}
	CHECK_TRUE(folder->read("state/scep/p/used").size() <= USED_MAX);
	LONGS_EQUAL(ERR_OK, used_has(&store, "p", bytes{ mark, sizeof mark }, &was_used, &why));
	CHECK_TRUE(was_used);
	mark[0] = mark[1] = 0;
	LONGS_EQUAL(ERR_OK, used_has(&store, "p", bytes{ mark, sizeof mark }, &was_used, &why));
	CHECK_FALSE(was_used);
	buf_clear(&salt);
}
