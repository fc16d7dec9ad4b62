// SPDX-License-Identifier: MIT
#include "client/agent/rollover.h"
#include <sys/stat.h>
#include <cstring>
#include <ctime>
#include "client/ca_lab.hpp"

static char text_root[] = "root", text_a[] = "a";

// What is kept of an announcement, and what of it counts afterwards. Trust profiles: root and a.
TEST_GROUP(rollover)
{
	test_folder *folder;
	struct config config = {};
	struct pass pass = {};
	struct scep_profile profile = {};
	char *names[2] = { text_root, text_a };
	std::string pin;
	struct certificate_set anchors = {}, next = {};
	size_t count = 0;
	struct why why = {};

	void setup() override
	{
		ca_lab::get();
		folder = new test_folder("sgro");
		pass.config = &config;
		strcpy(pass.store.state, folder->path("").c_str());
		pass.clock.is_trusted = true;
		pass.clock.now = std::time(nullptr) + 60;
		strcpy(profile.name, "p");
		profile.trust = { names, 2 };
		profile.ca_sha256 = &pin[0];
		folder->run("mkdir -p trust scep/p");
		for (const char *name : { "root", "a", "b" })
			folder->write(std::string("trust/") + name + ".pem", ca_lab::get().folder.read(std::string(name) + ".pem"));
	}
	void teardown() override
	{
		certificate_set_clear(&anchors);
		certificate_set_clear(&next);
		delete folder;
	}
	void take(std::initializer_list<const char *> announced)
	{
		certificate_set_clear(&next);
		for (const char *name : announced)
			ca_lab::get().add(&next, name);
		LONGS_EQUAL_TEXT(ERR_OK, rollover_take(&pass, &profile, &next, &why), why.text);
	}
	/* Names of what is added to the trust profiles. */
	std::string added()
	{
		std::string all;
		certificate_set_clear(&anchors);
		for (size_t i = 0; i < profile.trust.count; i++)
			ca_lab::get().add(&anchors, profile.trust.items[i]);
		size_t before = anchors.count;
		LONGS_EQUAL(ERR_OK, rollover_add(&pass, &profile, &anchors, &count, &why));
		LONGS_EQUAL(anchors.count - before, count);
		for (size_t i = before; i < anchors.count; i++) {
			std::string der(reinterpret_cast<const char *>(anchors.der[i].data), anchors.der[i].len);
			for (const char *name : { "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "root2", "short" })
				if (der == ca_lab::get().der(name))
					all += std::string(all.empty() ? "" : " ") + name;
		}
		return all;
	}
	bool has_file() { return folder->run("ls scep/p").find("rollover.pem") != std::string::npos; }
	std::string history() { return folder->run("[ ! -e history ] || cut -d' ' -f2- history"); }
	long long inode()
	{
		struct stat s;
		LONGS_EQUAL(0, stat(folder->path("scep/p/rollover.pem").c_str(), &s));
		LONGS_EQUAL(0600, s.st_mode & 0777);
		return static_cast<long long>(s.st_ino);
	}
};

TEST(rollover, WithoutAFileNothingIsAdded)
{
	STRCMP_EQUAL("", added().c_str());
}

TEST(rollover, AnAnnouncedIntermediateIsKeptAndToldByItsSha256)
{
	take({ "c", "b" });
	STRCMP_EQUAL("c b", added().c_str());
	STRCMP_EQUAL(("rollover p sha256=" + ca_lab::get().sha256("c") + "," + ca_lab::get().sha256("b") + "\n").c_str(),
	             history().c_str());
}

TEST(rollover, TheSameAgainWritesNothing)
{
	take({ "c" });
	long long before = inode();
	std::string told = history();
	take({ "c", "root", "a" });
	LONGLONGS_EQUAL(before, inode());
	STRCMP_EQUAL(told.c_str(), history().c_str());
	take({ "c", "b" });
	STRCMP_EQUAL("c b", added().c_str());
	LONGS_EQUAL(2 * told.size(), history().size()); /* one line more, with the new one alone */
}

TEST(rollover, WhatLeadsToNoTrustProfileOrIsNoCaIsNotKept)
{
	take({ "x", "stranger", "d", "root2", "leaf", "device", "ra_a" });
	CHECK_FALSE(has_file());
	STRCMP_EQUAL("", history().c_str());
}

TEST(rollover, ANewRootOnlyWhereTheProfileSaysRoot)
{
	profile.ca_rollover = scep_profile::ROLLOVER_ROOT;
	take({ "d", "root2", "x" }); /* the intermediate stands in front of its root */
	STRCMP_EQUAL("root2 d", added().c_str());
	profile.ca_rollover = scep_profile::ROLLOVER_INTERMEDIATE;
	STRCMP_EQUAL("d", added().c_str()); /* leads nowhere without it */
	profile.ca_rollover = scep_profile::ROLLOVER_NO;
	STRCMP_EQUAL("", added().c_str());
}

TEST(rollover, AClockThatIsNotTrustedRefusesNothingAndLetsNoRootThrough)
{
	profile.ca_rollover = scep_profile::ROLLOVER_ROOT;
	pass.clock.is_trusted = false;
	pass.clock.floor = pass.clock.now;
	for (int64_t years : { -70, 70 }) {
		pass.clock.now += years * 31556952;
		take({ "root2", "d", "c" });
		STRCMP_EQUAL("root2 d c", added().c_str());
		profile.ca_rollover = scep_profile::ROLLOVER_INTERMEDIATE;
		STRCMP_EQUAL("d c", added().c_str());
		profile.ca_rollover = scep_profile::ROLLOVER_ROOT;
		pass.clock.now -= years * 31556952;
		folder->run("rm scep/p/rollover.pem");
	}
}

TEST(rollover, WithNoNothingIsKept)
{
	profile.ca_rollover = scep_profile::ROLLOVER_NO;
	take({ "c" });
	CHECK_FALSE(has_file());
}

TEST(rollover, TheOldestGoWhenThereAreTooMany)
{
	take({ "c", "e", "f", "g", "h", "i", "j", "k" });
	STRCMP_EQUAL("c e f g h i j k", added().c_str());
	take({ "l", "m" });
	STRCMP_EQUAL("f g h i j k l m", added().c_str());
}

TEST(rollover, WithoutRoomForAllTheNewestAreAdded)
{
	static char more[][3] = { "e", "f", "g", "h", "i", "j", "k", "l", "m", "b", "d", "x" };
	char *many[CERTIFICATE_SET_MAX] = { text_root, text_a };
	size_t used = 2;
	for (char *name : more) {
		folder->write(std::string("trust/") + name + ".pem", ca_lab::get().folder.read(std::string(name) + ".pem"));
		many[used++] = name;
	}
	folder->write("trust/root2.pem", ca_lab::get().folder.read("root2.pem"));
	static char root2[] = "root2";
	many[used++] = root2;
	profile.trust = { many, used };
	LONGS_EQUAL(CERTIFICATE_SET_MAX - 1, used);
	take({ "short", "c" });
	STRCMP_EQUAL("c", added().c_str());
}

TEST(rollover, WhatHasExpiredIsDroppedByATrustedClockAlone)
{
	take({ "short", "c" });
	STRCMP_EQUAL("short c", added().c_str());
	pass.clock.now += 2 * 86400;
	STRCMP_EQUAL("c", added().c_str());
	pass.clock.is_trusted = false;
	STRCMP_EQUAL("short c", added().c_str());
	pass.clock.is_trusted = true;
	take({ "b" });
	pass.clock.now -= 2 * 86400;
	STRCMP_EQUAL("c b", added().c_str());
}

TEST(rollover, ARootOfBeforeIsNoAnchorByWhateverClock)
{
	profile.ca_rollover = scep_profile::ROLLOVER_ROOT;
	take({ "root2", "c" });
	STRCMP_EQUAL("root2 c", added().c_str());
	profile.ca_rollover = scep_profile::ROLLOVER_INTERMEDIATE;
	STRCMP_EQUAL("c", added().c_str());
	pass.clock.is_trusted = false; /* a mad RTC */
	pass.clock.now += 40 * 86400;
	STRCMP_EQUAL("c", added().c_str());
}

TEST(rollover, WhatIsValidOnlyLaterIsKept)
{
	pass.clock.now -= 7 * 86400; /* all of them are not yet valid, roots too */
	take({ "c" });
	STRCMP_EQUAL("c", added().c_str());
}

TEST(rollover, ItBelongsToTheTrustProfilesUnderWhichItWasWritten)
{
	take({ "c" });
	pin = ca_lab::get().sha256("a");
	profile.ca_sha256 = &pin[0];
	STRCMP_EQUAL("", added().c_str());
	take({ "b" });
	STRCMP_EQUAL("b", added().c_str()); /* what the other pin had is gone */
	pin = "";
	profile.ca_sha256 = &pin[0];
	STRCMP_EQUAL("", added().c_str());
	names[1] = names[0];
	profile.trust = { names, 1 };
	STRCMP_EQUAL("", added().c_str());
}

TEST(rollover, ADamagedFileAddsNothingAndIsReplaced)
{
	take({ "c", "b" });
	std::string whole = folder->read("scep/p/rollover.pem");
	for (const std::string &damaged : { std::string(), std::string("pin="), whole.substr(0, whole.size() / 2),
	                                    whole.substr(whole.find("-----")), whole.substr(0, whole.find("-----")) }) {
		folder->write("scep/p/rollover.pem", damaged);
		STRCMP_EQUAL("", added().c_str());
	}
	folder->run("head -c 400000 /dev/zero > scep/p/rollover.pem");
	STRCMP_EQUAL("", added().c_str());
	take({ "c" });
	STRCMP_EQUAL("c", added().c_str());
}

TEST(rollover, AFileThatCannotBeWrittenIsAnError)
{
	folder->run("mkdir scep/p/rollover.pem");
	ca_lab::get().add(&next, "c");
	CHECK_TRUE(rollover_take(&pass, &profile, &next, &why) != ERR_OK);
	CHECK_TRUE(why.text[0] != '\0');
}
