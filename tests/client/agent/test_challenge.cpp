// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <string>
#include "client/agent/scep_resolve.h"
#include "client/agent/used.h"
#include "test_folder.hpp"

static char nothing[] = "";

// What becomes of challenge_file.
TEST_GROUP(challenge)
{
	test_folder *folder;
	struct pass pass;
	struct config config;
	struct scep_profile profile;
	std::string file;
	struct why why;

	void setup() override
	{
		folder = new test_folder("sgc");
		config = {};
		pass = {};
		config.root = nothing;
		pass.config = &config;
		why = {};
		snprintf(pass.store.state, sizeof pass.store.state, "%s", folder->path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		profile = {};
		strcpy(profile.name, "p");
		profile.challenge_command = profile.challenge_url = nothing;
		profile.challenge_once = true;
		file = folder->path("challenge");
		profile.challenge_file = &file[0];
	}
	void teardown() override { delete folder; }

	void write(const std::string &printf_text) { folder->run("printf '" + printf_text + "' > challenge"); }
	std::string there() { return folder->run("cat challenge 2>/dev/null || printf gone"); }
	void went_out(const std::string &text)
	{
		struct buf salt;
		uint8_t mark[SHA256_LEN];
		buf_init(&salt, SHA256_LEN);
		LONGS_EQUAL(ERR_OK, used_salt(&pass.store, "p", &salt, &why));
		LONGS_EQUAL(ERR_OK, hmac_sha256(buf_bytes(&salt), { reinterpret_cast<const uint8_t *>(text.data()), text.size() }, mark));
		LONGS_EQUAL(ERR_OK, used_add(&pass.store, "p", { mark, sizeof mark }, &why));
		buf_clear(&salt);
	}
	std::string taken()
	{
		struct scep_resolved r = {};
		buf_init(&r.challenge, CSR_CHALLENGE_MAX + 1); /* as scep_resolve() makes it */
		buf_init(&r.salt, SHA256_LEN);
		enum err e = scep_take_challenge(&pass, &profile, &r, &why);
		const char *text = e == ERR_OK ? buf_text(&r.challenge) : why.code;
		std::string out = text != nullptr ? text : "?";
		buf_clear(&r.challenge);
		buf_clear(&r.salt);
		return out;
	}
};

TEST(challenge, OneThatWentOutIsWipedAlsoByALaterPass)
{
	went_out("SECRET");
	write("SECRET\\r\\n");
	scep_wipe_challenge(&pass, &profile);
	STRCMP_EQUAL("gone", there().c_str());
}

TEST(challenge, ANewerOneStaysForTheNextRequest)
{
	went_out("SECRET");
	write("NEWER\\n");
	scep_wipe_challenge(&pass, &profile);
	STRCMP_EQUAL("NEWER\n", there().c_str());
	STRCMP_EQUAL("NEWER", taken().c_str());
}

TEST(challenge, OneForMoreThanOneDeviceStays)
{
	went_out("SHARED");
	write("SHARED\\n");
	profile.challenge_once = false;
	scep_wipe_challenge(&pass, &profile);
	STRCMP_EQUAL("SHARED\n", there().c_str());
}

// The power went between overwriting and unlinking.
TEST(challenge, AnOverwrittenFileIsNoChallengeAndGoes)
{
	write("\\0\\0\\0\\0");
	STRCMP_EQUAL("challenge.missing", taken().c_str());
	scep_wipe_challenge(&pass, &profile);
	STRCMP_EQUAL("gone", there().c_str());
}

TEST(challenge, AnEmptyFileIsForACaThatAsksForNoneAndStays)
{
	write("");
	STRCMP_EQUAL("", taken().c_str());
	scep_wipe_challenge(&pass, &profile);
	STRCMP_EQUAL("", there().c_str());
}

TEST(challenge, OneThatWentOutIsNotTakenAgain)
{
	went_out("SECRET");
	write("SECRET\\n");
	STRCMP_EQUAL("challenge.used", taken().c_str());
}

TEST(challenge, SixteenKibibytesAreTakenAndNoByteMore)
{
	const std::string largest(16384, 'c');
	folder->write("challenge", largest + "\n");
	CHECK(taken() == largest);
	folder->write("challenge", largest + "c");
	STRCMP_EQUAL("challenge.size", taken().c_str());
	folder->write("challenge", largest + largest);
	STRCMP_EQUAL("file.read", taken().c_str());
}
