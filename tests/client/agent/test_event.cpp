// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <string>
#include "client/agent/event.h"
#include "client/agent/hook_event.h"
#include "test_folder.hpp"

TEST_GROUP(event)
{
	test_folder *folder;
	struct store store;
	struct why why;
	struct event event;

	void setup() override
	{
		folder = new test_folder("sge");
		why = {};
		store = {};
		snprintf(store.state, sizeof store.state, "%s", folder->path("state").c_str());
		snprintf(store.run, sizeof store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&store, &why));
		event = {};
		event.kind = EVENT_RENEWED;
		event.profile_kind = KIND_SCEP;
		event.profile = "dev";
		std::strcpy(event.serial, "0a1b");
		std::strcpy(event.old_serial, "77");
		event.generation = 2;
		event.not_after = 1795273200; // date -u -d @1795273200: 2026-11-21T15:00:00Z
	}
	void teardown() override { delete folder; }

	void tell() { LONGS_EQUAL_TEXT(ERR_OK, event_tell(&store, &event, &why), why.text); }
	void with_hooks()
	{
		folder->run("mkdir hooks && touch hooks/one");
		snprintf(store.hooks, sizeof store.hooks, "%s", folder->path("hooks").c_str());
	}
	// What Python makes of the last line of RUN/events.
	std::string json(const std::string &expression)
	{
		return folder->run("tail -1 run/events | python3 -c 'import json,sys; d = json.load(sys.stdin); print(" + expression +
		                   ", end=\"\")'");
	}
	std::string history()
	{
		return folder->run_status("sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z /TIME /' state/history", &status);
	}
	int status;
};

TEST(event, HistoryNamesBothSerials)
{
	tell();
	std::strcpy(event.old_serial, "");
	event.kind = EVENT_INSTALLED;
	tell();
	STRCMP_EQUAL("TIME renewed dev serial=0a1b old_serial=77 generation=2\n"
	             "TIME installed dev serial=0a1b old_serial=- generation=2\n",
	             history().c_str());
}

TEST(event, ARefusalStandsInHistoryWithItsSentence)
{
	event = {};
	event.kind = EVENT_REFUSED;
	event.profile_kind = KIND_SCEP;
	event.profile = "dev";
	std::strcpy(event.reason, "the CA said no");
	tell();
	STRCMP_EQUAL("TIME refused dev the CA said no\n", history().c_str());
}

// The table of the brief: certificate changes and refusals are worth flash, the rest is not.
TEST(event, OnlyChangesAndRefusalsReachFlash)
{
	static const struct {
		enum event_kind kind;
		const char *name;
		bool is_history;
	} kinds[] = { { EVENT_INSTALLED, "installed", true },   { EVENT_RENEWED, "renewed", true },
		      { EVENT_RETIRED, "retired", true },       { EVENT_FAILED, "failed", false },
		      { EVENT_EXPIRING, "expiring", false },    { EVENT_ROLLED_BACK, "rolled-back", true },
		      { EVENT_REFUSED, "refused", true },       { EVENT_ROLLOVER, "rollover", true },
		      { EVENT_REVOKED, "revoked", true }, { EVENT_RELEASED, "released", true },      { EVENT_REPAIRED, "repaired", true },
		      { EVENT_TPM_CHANGED, "tpm-changed", true }, { EVENT_CLOCK, "clock", false } };
	for (const auto &k : kinds) {
		folder->run("rm -f state/history run/events");
		event.kind = k.kind;
		STRCMP_EQUAL(k.name, event_text(k.kind));
		tell();
		LONGS_EQUAL_TEXT(k.is_history ? 1 : 0, std::stoi(folder->run("cat state/history 2>/dev/null | wc -l")), k.name);
		STRCMP_EQUAL(k.name, json("d[\"event\"]").c_str());
	}
}

TEST(event, OneJsonObjectALineWithTheKeysOfTheInterface)
{
	std::strcpy(event.reason, "all proven");
	tell();
	STRCMP_EQUAL("schema time event profile kind serial old_serial not_after reason", json("*d").c_str());
	STRCMP_EQUAL("1 renewed dev scep 0a1b 77 2026-11-21T15:00:00Z all proven",
	             json("*[v for k, v in d.items() if k != \"time\"]").c_str());
	event.not_after = 0;
	tell();
	STRCMP_EQUAL("None", json("d[\"not_after\"]").c_str());
	STRCMP_EQUAL("2\n", folder->run("wc -l <run/events").c_str());
	STRCMP_EQUAL("644\n", folder->run("stat -c %a run/events").c_str());
}

TEST(event, ForeignTextCannotLeaveItsPlace)
{
	std::strcpy(event.reason, "a\"b\\c\nTIME forged\r\x1b[2J \xff \xc3\xa4\",\"event\":\"x");
	tell();
	STRCMP_EQUAL("a\"b\\c?TIME forged??[2J ? \xc3\xa4\",\"event\":\"x", json("d[\"reason\"]").c_str());
	STRCMP_EQUAL("renewed", json("d[\"event\"]").c_str());
	STRCMP_EQUAL("1\n", folder->run("wc -l <state/history").c_str());
}

TEST(event, TheLongestReasonFitsWithEveryByteEscaped)
{
	memset(event.reason, '"', sizeof event.reason - 1);
	tell();
	STRCMP_EQUAL("639", json("len(d[\"reason\"])").c_str());
}

TEST(event, WithoutARunFolderTheCertificateChangesAllTheSame)
{
	folder->run("rmdir run");
	tell();
	STRCMP_EQUAL("TIME renewed dev serial=0a1b old_serial=77 generation=2\n", history().c_str());
}

TEST(event, AHistoryThatCannotBeWrittenStopsTheChange)
{
	folder->run("mkdir state/history");
	CHECK(event_tell(&store, &event, &why) != ERR_OK);
	CHECK(std::strstr(why.text, "state/history") != nullptr);
}

TEST(event, TheCertificateGivesSerialAndEnd)
{
	folder->run("mkdir -p state/scep/dev/0007 && openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out "
	            "state/scep/dev/0007/cert.pem -subj /CN=x -days 2 -set_serial 0x00ab12cd");
	event = {};
	event.profile = "dev";
	event_take_certificate(&event, &store, 7);
	STRCMP_EQUAL("00ab12cd", event.serial); // the content octets of the INTEGER
	LONGS_EQUAL(7, event.generation);
	std::string end = folder->run("date -u -d \"$(openssl x509 -in state/scep/dev/0007/cert.pem -noout -enddate | cut -d= -f2)\" +%s");
	STRCMP_EQUAL(end.c_str(), (std::to_string(event.not_after) + "\n").c_str());
	struct event none = {};
	none.profile = "dev";
	event_take_certificate(&none, &store, 8);
	event_take_certificate(&none, &store, 0);
	STRCMP_EQUAL("", none.serial);
	LONGS_EQUAL(0, none.generation);
}

TEST(event, WhatHooksMustNotMissIsOnFlashAndTheRestIsNot)
{
	with_hooks();
	for (int kind = EVENT_INSTALLED; kind <= EVENT_CLOCK; kind++) {
		event.kind = static_cast<enum event_kind>(kind);
		tell();
	}
	STRCMP_EQUAL("dev.installed.0a1b\ndev.renewed.0a1b\ndev.retired.0a1b\n", folder->run("ls state/hooks").c_str());
	STRCMP_EQUAL("dev.expiring.0a1b\ndev.failed.0a1b\n", folder->run("ls run/hooks").c_str());
	STRCMP_EQUAL("700\n700\n", folder->run("stat -c %a state/hooks run/hooks").c_str());
}

TEST(event, WithoutHooksNothingWaits)
{
	tell();
	folder->run("mkdir hooks");
	snprintf(store.hooks, sizeof store.hooks, "%s", folder->path("hooks").c_str());
	tell();
	STRCMP_EQUAL("0\n", folder->run("ls -d state/hooks 2>/dev/null | wc -l").c_str());
}

TEST(event, WhatWaitsForHooksComesBackAsItWasTold)
{
	struct event got = {};
	char name[] = "dev.renewed.0a1b";
	with_hooks();
	std::strcpy(event.reason, "two\nlines");
	tell();
	LONGS_EQUAL(ERR_OK, hook_event_read(folder->path("state/hooks").c_str(), name, &got));
	LONGS_EQUAL(EVENT_RENEWED, got.kind);
	LONGS_EQUAL(KIND_SCEP, got.profile_kind);
	STRCMP_EQUAL("dev", got.profile);
	STRCMP_EQUAL("0a1b", got.serial);
	STRCMP_EQUAL("77", got.old_serial);
	LONGLONGS_EQUAL(1795273200, got.not_after);
	STRCMP_EQUAL("two?lines", got.reason);
}

TEST(event, ADamagedFileIsNoEvent)
{
	static const char *const damaged[] = { "", "1\\nscep\\n0a\\n\\n0\\n", "2\\nscep\\n0a\\n\\n0\\n\\n",
		                               "1\\nshoe\\n0a\\n\\n0\\n\\n", "1\\nscep\\n0a\\n\\nx\\n\\n",
		                               "1\\nscep\\n0a\\n\\n1x\\n\\n", "1\\nscep\\n0a\\n\\n0\\n\\nmore",
		                               "1\\nscep\\n0a\\n\\n\\n\\n" };
	struct event got = {};
	for (const char *text : damaged) {
		char name[] = "dev.renewed.0a";
		folder->run(std::string("mkdir -p h; printf '") + text + "' >h/dev.renewed.0a");
		LONGS_EQUAL_TEXT(ERR_INVALID, hook_event_read(folder->path("h").c_str(), name, &got), text);
	}
	char name[] = "dev.renewed.0a";
	folder->run("printf '1\\nscep\\n0a\\n\\n0\\n\\n' >h/dev.renewed.0a");
	LONGS_EQUAL(ERR_OK, hook_event_read(folder->path("h").c_str(), name, &got));
	for (const char *file : { "dev", "dev.clock.0a", "dev.rolled-back.0a", "dev.renewed", "dev.renewed.0b", "dev.renewed.0a.1" }) {
		std::string copy = file;
		folder->run("cp h/dev.renewed.0a h/" + copy + " 2>/dev/null || true");
		LONGS_EQUAL_TEXT(ERR_INVALID, hook_event_read(folder->path("h").c_str(), &copy[0], &got), file);
	}
}
