/* SPDX-License-Identifier: MIT */
#include <cstring>
#include <string>
#include <sys/stat.h>
#include "CppUTest/TestHarness.h"
#include "client/agent/redact.h"
#include "test_folder.hpp"

TEST_GROUP(redact)
{
	test_folder *folder;
	struct config config = {};
	struct scep_profile scep = {};
	struct wifi_profile wifi = {};
	struct redact redact = {};
	struct why why = {};
	std::string files[4];
	char empty[1] = "";

	void setup() override
	{
		folder = new test_folder("sgr");
		config = {};
		scep = {};
		wifi = {};
		config.root = config.tpm.owner_auth_file = empty;
		scep.challenge_file = scep.challenge_credentials_file = wifi.psk_file = empty;
		config.sceps = &scep;
		config.scep_count = 1;
		config.wifis = &wifi;
		config.wifi_count = 1;
	}
	void teardown() override
	{
		redact_close(&redact);
		unsetenv("https_proxy");
		delete folder;
	}
	char *file(unsigned slot, const std::string &content)
	{
		std::string name = "f" + std::to_string(slot);
		folder->write(name, content);
		files[slot] = folder->path(name);
		return &files[slot][0];
	}
	std::string cleaned(const std::string &text)
	{
		struct buf out;
		buf_init(&out, 1 << 16);
		LONGS_EQUAL(ERR_OK, redact_copy(&redact, { reinterpret_cast<const uint8_t *>(text.data()), text.size() }, &out));
		std::string result(reinterpret_cast<const char *>(out.data), out.len);
		buf_clear(&out);
		return result;
	}
	void open() { LONGS_EQUAL_TEXT(ERR_OK, redact_open(&config, &redact, &why), why.text); }
};

TEST(redact, each_kind_of_secret_is_found_wherever_it_stands)
{
	config.tpm.owner_auth_file = file(0, "owner-auth");
	scep.challenge_file = file(1, "CHALLENGE1\r\n");
	scep.challenge_credentials_file = file(2, "CONTOSO\\user\npassword2\n");
	wifi.psk_file = file(3, "pass phrase3\n");
	setenv("https_proxy", "http://me:proxy4@gate:3128", 1);
	open();
	STRCMP_EQUAL("**********", cleaned("owner-auth").c_str());
	STRCMP_EQUAL("a **********b**********", cleaned("a CHALLENGE1bCHALLENGE1").c_str());
	STRCMP_EQUAL("CONTOSO\\user *********", cleaned("CONTOSO\\user password2").c_str());
	STRCMP_EQUAL("************", cleaned("pass phrase3").c_str());
	STRCMP_EQUAL("http://me:******@gate:3128", cleaned("http://me:proxy4@gate:3128").c_str());
	STRCMP_EQUAL("", cleaned("").c_str());
	STRCMP_EQUAL("CHALLENGE", cleaned("CHALLENGE").c_str());
}

TEST(redact, also_in_utf_16_of_both_orders)
{
	scep.challenge_file = file(0, "ABCD");
	open();
	CHECK(cleaned(std::string("x\0A\0B\0C\0Dy", 10)) == "x********y");
	CHECK(cleaned(std::string("xA\0B\0C\0D\0y", 10)) == "x********y");
}

TEST(redact, of_two_that_begin_alike_the_longer_goes)
{
	scep.challenge_file = file(0, "SECRET");
	wifi.psk_file = file(1, "SECRETLY");
	open();
	STRCMP_EQUAL("******", cleaned("SECRET").c_str());
	STRCMP_EQUAL("********", cleaned("SECRETLY").c_str());
}

TEST(redact, a_word_of_three_letters_is_no_secret)
{
	scep.challenge_file = file(0, "the");
	wifi.psk_file = file(1, "them");
	open();
	STRCMP_EQUAL("the ****", cleaned("the them").c_str());
}

TEST(redact, what_holds_a_private_key_is_left_out_whole)
{
	open();
	std::string key = folder->run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -quiet 2>/dev/null || "
	                              "openssl genrsa 2048 2>/dev/null");
	CHECK(cleaned("some text\n" + key).find(key.substr(40, 40)) == std::string::npos);
	CHECK(cleaned("-----BEGIN CERTIFICATE-----").find("BEGIN") != std::string::npos);
}

TEST(redact, a_file_that_is_not_there_has_none_and_one_that_cannot_be_read_is_an_error)
{
	std::string missing = folder->path("missing"), pipe = folder->path("pipe");
	scep.challenge_file = &missing[0];
	open();
	STRCMP_EQUAL("text", cleaned("text").c_str());
	redact_close(&redact);
	LONGS_EQUAL(0, mkfifo(pipe.c_str(), 0600));
	wifi.psk_file = &pipe[0];
	CHECK(redact_open(&config, &redact, &why) != ERR_OK);
	CHECK(strstr(why.text, "pipe") != nullptr);
}
