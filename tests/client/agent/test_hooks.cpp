// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <string>
#include "client/agent/event.h"
#include "client/agent/generation.h"
#include "client/agent/hooks.h"
#include "client/agent/outcome.h"
#include "hal/log.h"
#include "test_folder.hpp"

TEST_GROUP(hooks)
{
	test_folder *folder;
	struct pass pass;
	struct why why;
	struct event event;

	void setup() override
	{
		folder = new test_folder("sgh");
		why = {};
		pass = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		snprintf(pass.store.hooks, sizeof pass.store.hooks, "%s", folder->path("hooks").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		folder->run("mkdir -m 755 hooks");
		event = {};
		event.kind = EVENT_RENEWED;
		event.profile_kind = KIND_SCEP;
		event.profile = "dev";
		std::strcpy(event.serial, "0a1b");
		std::strcpy(event.old_serial, "77");
		event.not_after = 1795273200; // date -u -d @1795273200: 2026-11-21T15:00:00Z
		std::strcpy(event.reason, "all said yes");
		log_set_sink([](enum log_level, const char *) {});
	}
	void teardown() override
	{
		log_set_sink(nullptr);
		delete folder;
	}

	void hook(const std::string &name, const std::string &line)
	{
		folder->write("hooks/" + name, "#!/bin/sh\n" + line + "\n");
		folder->run("chmod 755 hooks/" + name);
	}
	// Writes what it was called with.
	void good_hook(const std::string &name)
	{
		hook(name, "{ echo " + name + " \"$#\" \"$@\"; tr '\\0' '\\n' </proc/$$/environ | sort; } >>" + folder->path("out"));
	}
	void tell() { LONGS_EQUAL_TEXT(ERR_OK, event_tell(&pass.store, &event, &why), why.text); }
	enum err go()
	{
		why = {};
		return hooks_run(&pass, &why);
	}
	std::string out() { return folder->run("cat out 2>/dev/null || true"); }
	std::string waiting() { return folder->run("ls state/hooks run/hooks 2>/dev/null | grep -F . | cut -d. -f1,2 || true"); }
	void refused(const char *part)
	{
		LONGS_EQUAL_TEXT(ERR_DENIED, go(), part);
		STRCMP_EQUAL("hook.refused", why.code);
		CHECK_TEXT(std::strstr(why.text, part) != nullptr, why.text);
		STRCMP_EQUAL("", out().c_str());
		STRCMP_EQUAL("dev.renewed\n", waiting().c_str());
	}
};

TEST(hooks, TheEnvironmentIsExactlyThatOfTheInterface)
{
	setenv("SIGNET_LEAK", "x", 1);
	good_hook("one");
	tell();
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL(("one 2 renewed dev\n"
	              "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	              "SIGNET_CERTIFICATE=" + folder->path("state") + "/scep/dev/current/cert.pem\n"
	              "SIGNET_CHAIN=" + folder->path("state") + "/scep/dev/current/chain.pem\n"
	              "SIGNET_EVENT=renewed\n"
	              "SIGNET_KIND=scep\n"
	              "SIGNET_NOT_AFTER=2026-11-21T15:00:00Z\n"
	              "SIGNET_OLD_SERIAL=77\n"
	              "SIGNET_PROFILE=dev\n"
	              "SIGNET_REASON=all said yes\n"
	              "SIGNET_SERIAL=0a1b\n")
	                     .c_str(),
	             out().c_str());
	unsetenv("SIGNET_LEAK");
	STRCMP_EQUAL("", waiting().c_str());
}

TEST(hooks, AProfileWithoutACertificateHasNoPath)
{
	good_hook("one");
	event = {};
	event.kind = EVENT_FAILED;
	event.profile_kind = KIND_WIFI;
	event.profile = "corp";
	tell();
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	std::string text = out();
	CHECK(text.find("SIGNET_CERTIFICATE=\nSIGNET_CHAIN=\nSIGNET_EVENT=failed\nSIGNET_KIND=wifi\nSIGNET_NOT_AFTER=\n") !=
	      std::string::npos);
}

TEST(hooks, AllRunInNameOrderAndOnceOnly)
{
	good_hook("20-b");
	good_hook("10-c");
	good_hook("9");
	tell();
	LONGS_EQUAL(ERR_OK, go());
	LONGS_EQUAL(ERR_OK, go());
	STRCMP_EQUAL("10-c 2 renewed dev\n20-b 2 renewed dev\n9 2 renewed dev\n", folder->run("grep renewed.dev out").c_str());
}

TEST(hooks, AFailingOneIsNamedStopsNoOtherAndIsRunAgain)
{
	hook("10-bad", "exit 3");
	good_hook("20-good");
	tell();
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("hook.failed", why.code);
	LONGS_EQUAL(SIGNET_NOT_IN_USE, outcome_exit(ERR_DENIED, &why));
	STRCMP_EQUAL(("hook " + folder->path("hooks/10-bad") + " renewed dev: exit status 3").c_str(), why.text);
	CHECK(why.next_step[0] != '\0');
	CHECK(out().find("20-good 2 renewed dev") == 0);
	STRCMP_EQUAL("dev.renewed\n", waiting().c_str());
	hook("10-bad", "exit 0");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("", waiting().c_str());
	STRCMP_EQUAL("2\n", folder->run("grep -c renewed.dev out").c_str());
}

TEST(hooks, OneThatCannotBeStartedFails)
{
	folder->run("printf '#!/nonexistent\\n' >hooks/one; chmod 755 hooks/one");
	tell();
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("hook.failed", why.code);
	STRCMP_EQUAL("dev.renewed\n", waiting().c_str());
}

TEST(hooks, TheFirstTroubleIsTheOneThatIsTold)
{
	hook("one", "[ $2 != a ] || exit 4; exit 5");
	event.profile = "a";
	tell();
	event.profile = "b";
	tell();
	event.kind = EVENT_FAILED;
	tell();
	LONGS_EQUAL(ERR_DENIED, go());
	CHECK_TEXT(std::strstr(why.text, "renewed a: exit status 4") != nullptr, why.text);
}

TEST(hooks, WhatOthersMayWriteIsNotRun)
{
	good_hook("one");
	tell();
	folder->run("chmod 757 hooks/one");
	refused("hooks/one can be written");
	folder->run("chmod 775 hooks/one");
	refused("hooks/one can be written");
	folder->run("chmod 755 hooks/one; chmod 777 hooks");
	refused("hooks can be written");
	folder->run("chmod 775 hooks");
	refused("hooks can be written");
	folder->run("chmod 755 hooks; chown 65534 hooks/one");
	refused("hooks/one is not owned by root");
	folder->run("chown 0 hooks/one; chown 65534 hooks");
	refused("hooks is not owned by root");
	folder->run("chown 0 hooks");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
}

TEST(hooks, ASymlinkIsAsGoodAsWhatItPointsAt)
{
	good_hook("one");
	folder->run("mkdir -m 755 far; mv hooks/one far/one; ln -s ../far/one hooks/one");
	tell();
	folder->run("chmod 757 far/one");
	refused("far/one can be written");
	folder->run("chmod 755 far/one; chmod 777 far");
	refused("far can be written");
	folder->run("chmod 755 far; chown 65534 far/one");
	refused("far/one is not owned by root");
	folder->run("chown 0 far/one; mv far near");
	refused("points nowhere");
	folder->run("mv near far; rm far/one; mkfifo -m 755 far/one");
	refused("is no regular file");
	folder->run("rm far/one hooks/one");
	good_hook("one");
	folder->run("mv hooks/one far/one; ln -s ../far/one hooks/one");
	folder->run("chmod 777 hooks");
	refused("hooks can be written");
	folder->run("chmod 755 hooks");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	CHECK(out().find("one 2 renewed dev") == 0);
}

TEST(hooks, WhoMayReplaceAFolderAboveMayReplaceTheHook)
{
	good_hook("one");
	folder->run("mkdir home; ln -s ../hooks home/hooks; chown 65534 home"); /* tomorrow a link to /usr/sbin */
	tell();
	snprintf(pass.store.hooks, sizeof pass.store.hooks, "%s", folder->path("home/hooks").c_str());
	refused("home is not owned by root");
	folder->run("chown 0 home; chmod 777 home");
	refused("home can be written");
	folder->run("chmod 1777 home"); /* as /tmp: what is root's stays root's */
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	CHECK(out().find("one 2 renewed dev") == 0);
}

TEST(hooks, ABadOneDoesNotStopTheGoodOnes)
{
	good_hook("10");
	good_hook("20");
	folder->run("chmod 777 hooks/10");
	tell();
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("20 2 renewed dev\n", folder->run("grep renewed.dev out").c_str());
	STRCMP_EQUAL("dev.renewed\n", waiting().c_str());
}

TEST(hooks, WhatIsNoProgramIsPassedOver)
{
	folder->run("mkdir hooks/old; echo hello >hooks/README; printf '#!/bin/sh\\nexit 1\\n' >hooks/.hidden; chmod 755 hooks/.hidden");
	tell();
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("", waiting().c_str());
}

TEST(hooks, ThereIsALimit)
{
	for (int i = 0; i < HOOKS_MAX + 1; i++)
		good_hook(std::string("h") + static_cast<char>('a' + i));
	tell();
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("hook.count", why.code);
	LONGS_EQUAL(SIGNET_NOT_IN_USE, outcome_exit(ERR_DENIED, &why));
	STRCMP_EQUAL("16\n", folder->run("grep -c renewed.dev out").c_str());
	folder->run("rm hooks/ha");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
}

TEST(hooks, ADamagedEventIsDropped)
{
	good_hook("one");
	folder->run("mkdir state/hooks; echo rubbish >state/hooks/dev.renewed; echo x >state/hooks/dev.renewed.Ab12Cd; echo x >state/hooks/.dev.renewed.new");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("", out().c_str());
	STRCMP_EQUAL("", waiting().c_str());
}

// A hook fails for long: each renewal's old serial is still told when it is mended.
TEST(hooks, NoSerialIsLostWhileAHookFails)
{
	hook("one", "exit 1");
	tell();
	std::strcpy(event.old_serial, "0a1b");
	std::strcpy(event.serial, "0c");
	tell();
	LONGS_EQUAL(ERR_DENIED, go());
	good_hook("one");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("SIGNET_OLD_SERIAL=77\nSIGNET_OLD_SERIAL=0a1b\n", folder->run("grep OLD out").c_str());
}

TEST(hooks, HooksThatWentAwayLeaveNothingWaiting)
{
	good_hook("one");
	tell();
	folder->run("rm -r hooks");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("", waiting().c_str());
}

TEST(hooks, BelowARootNothingRuns)
{
	good_hook("one");
	tell();
	pass.store.hooks[0] = '\0';
	LONGS_EQUAL(ERR_OK, go());
	STRCMP_EQUAL("", out().c_str());
	STRCMP_EQUAL("dev.renewed\n", waiting().c_str());
	struct config config = {};
	char root[] = "/image", none[] = "", state[] = "/var/lib/signet", hooks[] = "/etc/signet/hooks.d";
	config.root = root;
	config.agent.state_dir = config.agent.run_dir = state;
	config.agent.hooks_dir = hooks;
	struct store store = {};
	LONGS_EQUAL(ERR_OK, store_open(&config, &store, &why));
	STRCMP_EQUAL("", store.hooks);
	config.root = none;
	LONGS_EQUAL(ERR_OK, store_open(&config, &store, &why));
	STRCMP_EQUAL("/etc/signet/hooks.d", store.hooks);
}

// The power went between the event and the move of the links: the hook hears of it once it is true.
TEST(hooks, AnEventThatACutKeptFromHappeningWaits)
{
	good_hook("one");
	folder->run("mkdir -p state/scep/dev/0001 state/scep/dev/0002; for n in 1 2; do openssl req -x509 -newkey rsa:2048 -nodes -keyout "
	            "k.pem -out state/scep/dev/000$n/cert.pem -subj /CN=x -days 2 -set_serial $n; done");
	std::strcpy(event.serial, "02");
	const struct {
		enum event_kind kind;
		const char *serial, *links_before, *links_after;
	} cuts[] = {
		{ EVENT_INSTALLED, "01", "true", "ln -s 0001 current" },
		{ EVENT_RENEWED, "02", "ln -s 0002 current; ln -s 0001 previous", "rm previous" },
		{ EVENT_RETIRED, "02", "ln -s 0002 current", "rm current" },
	};
	for (const auto &c : cuts) {
		folder->run(std::string("rm -f out; cd state/scep/dev; rm -f current previous; ") + c.links_before);
		event.kind = c.kind;
		std::strcpy(event.serial, c.serial);
		tell();
		LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
		STRCMP_EQUAL_TEXT("", out().c_str(), event_text(c.kind));
		STRCMP_EQUAL((std::string("dev.") + event_text(c.kind) + "\n").c_str(), waiting().c_str());
		folder->run(std::string("cd state/scep/dev; ") + c.links_after);
		LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
		CHECK_TEXT(out().find(event_text(c.kind)) != std::string::npos, event_text(c.kind));
		STRCMP_EQUAL("", waiting().c_str());
	}
}

// All had said yes, then the power went, and now one says no: a hook that has the old serial revoked would end the one in use.
TEST(hooks, ARenewalThatWasTakenBackIsNotTold)
{
	good_hook("one");
	folder->run("mkdir -p state/scep/dev/0001 state/scep/dev/0002; for n in 1 2; do openssl req -x509 -newkey rsa:2048 -nodes -keyout "
	            "k.pem -out state/scep/dev/000$n/cert.pem -subj /CN=x -days 2 -set_serial $n; done; cd state/scep/dev; ln -s 0001 "
	            "current");
	std::strcpy(event.serial, "02");
	std::strcpy(event.old_serial, "01");
	tell();
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("", out().c_str());
	folder->run("cd state/scep/dev; rm current; ln -s 0002 current");
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	CHECK(out().find("one 2 renewed dev") == 0);
}

// A renewal that hooks were not told of yet is no less true when the next one is on trial.
TEST(hooks, AnOlderRenewalIsToldDuringTheNextTrial)
{
	good_hook("one");
	folder->run("mkdir -p state/scep/dev/0001 state/scep/dev/0002; for n in 1 2; do openssl req -x509 -newkey rsa:2048 -nodes -keyout "
	            "k.pem -out state/scep/dev/000$n/cert.pem -subj /CN=x -days 2 -set_serial $n; done; cd state/scep/dev; ln -s 0002 "
	            "current; ln -s 0001 previous");
	std::strcpy(event.serial, "01");
	tell();
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	CHECK(out().find("one 2 renewed dev") == 0);
}
