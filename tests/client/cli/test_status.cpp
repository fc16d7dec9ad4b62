/* SPDX-License-Identifier: MIT */
#include <cstring>
#include "CppUTest/TestHarness.h"
#include "client/cli/status.h"
#include "client/cli/support.hpp"

static void fits_a_console(const std::string &text)
{
	size_t lines = 0, column = 0;
	for (char c : text) {
		CHECK_TEXT(c == '\n' || (c >= 0x20 && c < 0x7f), text.c_str());
		column = c == '\n' ? 0 : column + 1;
		lines += c == '\n';
		CHECK_TEXT(column <= 80, text.c_str());
	}
	CHECK_TEXT(lines <= 24, text.c_str());
}

static bool has(const std::string &text, const char *part)
{
	return text.find(part) != std::string::npos;
}

TEST_GROUP(status){void setup() override{fake_reset();
}

void teardown() override { fake_clear(); }

void fail(size_t at, enum profile_state state, enum signet_exit exit, const char *detail,
	  const char *next)
{
	struct profile_view *p = &fake.profiles[at];
	p->state = state;
	p->exit = exit;
	snprintf(p->detail, sizeof p->detail, "%s", detail);
	snprintf(p->next_step, sizeof p->next_step, "%s", next);
}
}
;

TEST(status, a_good_device_fits_80x24_and_shows_what_matters)
{
	struct ran r = run_signet({"status"});
	LONGS_EQUAL(0, r.exit);
	fits_a_console(r.out);
	CHECK(has(r.out, "GW-7F31  signet "));
	CHECK(has(r.out, "2026-11-22T15:02:39Z  clock trusted\n"));
	CHECK(has(r.out, "TPM ok  IFX  firmware 7.85\n"));
	CHECK(has(r.out, "trust  corp-issuing  installed\n"));
	CHECK(has(r.out, "scep   corp-device   installed  CN=GW-7F31,O=Contoso\n"));
	/* date -u -d '2026-11-22 + 335 days' +%F; date -u -d '2026-11-22 + 262 days' +%F */
	CHECK(has(r.out, "until 2027-10-23 (335 days), renew 2027-08-11\n"));
	CHECK(!has(r.out, "next step"));
}

TEST(status, five_profiles_with_the_longest_sentences_stay_within_28_lines)
{
	std::string sentence;
	for (int i = 0; i < 60; i++)
		sentence += "long words ";
	for (size_t i = 0; i < fake.profiles.size(); i++)
		fail(i, STATE_ERROR, SIGNET_UNREACHABLE, sentence.c_str(),
		     ("do " + std::to_string(i) + sentence).c_str());
	fake.device = std::string(255, 'd');
	struct ran r = run_signet({"status"});
	size_t lines = 0;
	for (char c : r.out)
		lines += c == '\n';
	CHECK_TEXT(lines <= 28, r.out.c_str());
	LONGS_EQUAL(11, r.exit);
}

TEST(status, the_exit_code_is_that_of_the_first_profile_not_in_place)
{
	fail(2, STATE_ERROR, SIGNET_REFUSED, "the challenge was refused", "fetch a new challenge");
	fail(3, STATE_WAITING, SIGNET_WAITING, "for scep profile corp-device", "");
	struct ran r = run_signet({"status"});
	LONGS_EQUAL(13, r.exit);
	CHECK(has(r.out, "scep   corp-device   error      the challenge was refused\n"));
	CHECK(has(r.out, "wifi   corp          waiting    for scep profile corp-device\n"));
	CHECK(has(r.out, "next step: corp-device: fetch a new challenge\n"));
	fits_a_console(r.out);
}

TEST(status, one_profile_is_judged_alone)
{
	fail(2, STATE_ERROR, SIGNET_REFUSED, "refused", "");
	fail(3, STATE_WAITING, SIGNET_WAITING, "waits", "");
	struct ran r = run_signet({"status", "corp"});
	LONGS_EQUAL(10, r.exit);
	CHECK(!has(r.out, "corp-device"));
	LONGS_EQUAL(0, run_signet({"status", "hq"}).exit);
	struct ran json = run_signet({"status", "corp", "--json"});
	STRCMP_EQUAL("['corp']",
		     json_value(json.out, "[p['name'] for p in d['profiles']]").c_str());
	LONGS_EQUAL(10, json.exit);
}

TEST(status, an_unknown_profile_is_wrong_usage_with_the_nearest_name)
{
	struct ran r = run_signet({"status", "corp-devise"});
	LONGS_EQUAL(2, r.exit);
	CHECK(has(r.err, "no profile 'corp-devise'; did you mean 'corp-device'?"));
	LONGS_EQUAL(0, fake.looks);
}

TEST(status, a_clock_that_is_not_trusted_judges_no_certificate)
{
	fake.is_clock_trusted = false;
	CHECK(has(run_signet({"status"}).out, "until 2027-10-23, renew 2027-08-11\n"));
	fake.profiles[2].certificate.not_after = 1000;
	struct ran r = run_signet({"status"});
	CHECK(has(r.out, "clock not trusted"));
	CHECK(has(r.out, "until 1970-01-01, renew"));
	CHECK(!has(r.out, "expired") && !has(r.out, "days"));
	fake.is_clock_trusted = true;
	CHECK(has(run_signet({"status"}).out, "(expired 20779 days ago)"));
}

TEST(status, text_from_certificates_cannot_drive_the_terminal)
{
	snprintf(fake.profiles[2].certificate.subject, 512, "CN=\033]0;owned\007,O=M\xc3\xbcller");
	struct ran r = run_signet({"status"});
	fits_a_console(r.out);
	CHECK(has(r.out, "CN=?]0;owned?,O=M?ller"));
}

TEST(status, names_of_full_length_still_fit)
{
	snprintf(fake.profiles[2].name, 33, "%s", "abcdefghijklmnopqrstuvwxyz012345");
	fits_a_console(run_signet({"status"}).out);
}

TEST(status, a_remedy_that_holds_for_several_is_said_once)
{
	fail(2, STATE_ERROR, SIGNET_TPM, "x", "switch the TPM on");
	fail(3, STATE_ERROR, SIGNET_TPM, "x", "switch the TPM on");
	std::string out = run_signet({"status"}).out;
	size_t first = out.find("switch the TPM on");
	CHECK(first != std::string::npos &&
	      out.find("switch the TPM on", first + 1) == std::string::npos);
}

TEST(status, a_device_without_profiles_says_so)
{
	fake.profiles.clear();
	struct ran r = run_signet({"status"});
	LONGS_EQUAL(0, r.exit);
	CHECK(has(r.out, "no profiles are configured"));
}

TEST(status, colour_is_on_the_state_words_only)
{
	struct device_view view = make_view();
	struct text_out plain, colored;
	text_init(&plain);
	text_init(&colored);
	status_text(&view, "0", nullptr, false, &plain);
	status_text(&view, "0", nullptr, true, &colored);
	std::string text(reinterpret_cast<char *>(colored.bytes.data), colored.bytes.len);
	for (const char *code : {"\033[32m", "\033[0m"})
		for (size_t at = text.find(code); at != std::string::npos; at = text.find(code))
			text.erase(at, strlen(code));
	LONGS_EQUAL(plain.bytes.len, text.size());
	MEMCMP_EQUAL(plain.bytes.data, text.data(), text.size());
	CHECK(colored.bytes.len > plain.bytes.len);
	text_clear(&plain);
	text_clear(&colored);
	device_view_clear(&view);
}
