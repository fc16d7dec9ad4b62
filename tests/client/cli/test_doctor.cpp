/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include <cstdio>
#include "client/cli/support.hpp"

TEST_GROUP(doctor_verb)
{
	void setup() override { fake_reset(); }
	void teardown() override { fake_clear(); }

	static struct finding finding(const char *id, const char *about, enum finding_level level, const char *text,
				      const char *next = "", enum signet_exit exit = SIGNET_DONE)
	{
		struct finding f = {};
		f.id = id;
		f.level = level;
		f.exit = exit;
		snprintf(f.about, sizeof f.about, "%s", about);
		snprintf(f.text, sizeof f.text, "%s", text);
		snprintf(f.next_step, sizeof f.next_step, "%s", next);
		return f;
	}
};

TEST(doctor_verb, a_line_a_finding_its_next_step_and_a_sum)
{
	fake.findings = {finding("config", "", FINDING_OK, "good"),
			 finding("challenge", "corp-device", FINDING_WARNING, "none is there", "hand one in"),
			 finding("server.reach", "corp-device", FINDING_FAILURE, "nobody answers", "see the network")};
	struct ran r = run_signet({"doctor"});
	LONGS_EQUAL(8, r.exit);
	STRCMP_EQUAL("ok       config: good\n"
		     "warning  challenge corp-device: none is there\n"
		     "           next step: hand one in\n"
		     "failure  server.reach corp-device: nobody answers\n"
		     "           next step: see the network\n"
		     "1 failures, 1 warnings, 1 ok, 0 not seen\n",
		     r.out.c_str());
	STRCMP_EQUAL("doctor *", fake.asked_doctor.c_str());
}

TEST(doctor_verb, seven_for_warnings_and_for_what_could_not_be_seen_and_zero_for_neither)
{
	fake.findings = {finding("config", "", FINDING_OK, "good")};
	LONGS_EQUAL(0, run_signet({"doctor"}).exit);
	fake.findings.push_back(finding("trust", "", FINDING_UNSEEN, "no right to"));
	LONGS_EQUAL(7, run_signet({"doctor"}).exit);
	fake.findings[1].level = FINDING_WARNING;
	LONGS_EQUAL(7, run_signet({"doctor", "--only", "trust"}).exit);
	STRCMP_EQUAL("doctor trust", fake.asked_doctor.c_str());
}

TEST(doctor_verb, json_has_the_same)
{
	fake.findings = {finding("challenge", "corp-device", FINDING_WARNING, "none is there", "hand one in"),
			 finding("config", "", FINDING_OK, "good")};
	struct ran r = run_signet({"doctor", "--json"});
	LONGS_EQUAL(7, r.exit);
	STRCMP_EQUAL("1 7 0 1 0", json_value(r.out, "' '.join(str(d[k]) for k in "
						    "('schema','exit','failures','warnings','unseen'))")
				      .c_str());
	STRCMP_EQUAL("challenge corp-device warning none is there hand one in",
		     json_value(r.out, "' '.join(d['findings'][0].values())").c_str());
	STRCMP_EQUAL("None", json_value(r.out, "d['findings'][1]['profile']").c_str());
}

TEST(doctor_verb, a_refused_configuration_is_a_finding)
{
	write_file(folder() + "/bad.conf", "[agent]\nsate_dir = /x\n");
	std::string conf = folder() + "/bad.conf";
	struct ran r = run_bare({"-c", conf.c_str(), "doctor"});
	LONGS_EQUAL(8, r.exit);
	CHECK_TEXT(r.out.find("failure  config: ") == 0, r.out.c_str());
	CHECK_TEXT(r.out.find("state_dir") != std::string::npos, r.out.c_str());
	STRCMP_EQUAL("", fake.asked_doctor.c_str());
}

TEST(doctor_verb, an_unknown_check_is_wrong_usage)
{
	fake.err = ERR_NOT_FOUND;
	why_set(&fake.why, ERR_NOT_FOUND, "usage.argument", "there is no check 'x'");
	LONGS_EQUAL(2, run_signet({"doctor", "--only", "x"}).exit);
}

TEST(doctor_verb, long_text_is_wrapped_for_80_columns)
{
	std::string text;
	for (int i = 0; i < 60; i++)
		text += "sentence ";
	fake.findings = {finding("server.reach", "corp-device", FINDING_FAILURE, text.c_str(), text.substr(0, 300).c_str())};
	std::string out = run_signet({"doctor"}).out;
	size_t column = 0;
	for (char c : out) {
		column = c == '\n' ? 0 : column + 1;
		CHECK_TEXT(column <= 80, out.c_str());
	}
}

TEST(doctor_verb, test_tpm_and_scep_end_with_the_code_of_the_first_failure)
{
	fake.findings = {finding("scep", "corp-device", FINDING_OK, "answers"),
			 finding("scep", "corp-device", FINDING_WARNING, "soon over"),
			 finding("scep", "corp-device", FINDING_FAILURE, "not to be trusted", "", SIGNET_UNTRUSTED),
			 finding("scep", "corp-device", FINDING_FAILURE, "nobody answers", "", SIGNET_UNREACHABLE)};
	LONGS_EQUAL(18, run_signet({"test", "scep"}).exit);
	STRCMP_EQUAL("scep *", fake.asked_doctor.c_str());
	fake.findings.resize(2);
	struct ran r = run_signet({"test", "tpm", "corp-device", "--json"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("tpm corp-device", fake.asked_doctor.c_str());
	STRCMP_EQUAL("0", json_value(r.out, "d['exit']").c_str());
}
