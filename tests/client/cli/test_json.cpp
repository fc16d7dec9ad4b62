/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/cli/json.h"
#include "client/cli/support.hpp"

/* The keys of interface.md, section 3, in the order written there. */
static const char *const top_keys =
    "schema\nversion\ndevice\ntime\nclock\ntpm\ntpm.state\ntpm.manufacturer\ntpm.firmware\n"
    "tpm.detail\nprofiles\n";
static const char *const profile_keys[] = {"kind",	"name",	   "state", "detail",
					   "next_step", "next_at", "exit"};
static const char *const certificate_keys[] = {"certificate",
					       "certificate.path",
					       "certificate.chain_path",
					       "certificate.subject",
					       "certificate.issuer",
					       "certificate.serial",
					       "certificate.sha256",
					       "certificate.not_before",
					       "certificate.not_after",
					       "certificate.renew_at",
					       "certificate.generation",
					       "key",
					       "key.type",
					       "key.storage",
					       "key.path",
					       "key.uri",
					       "server",
					       "server.url",
					       "server.state",
					       "server.last_contact",
					       "server.last_error"};

TEST_GROUP(json){void setup() override{fake_reset();
}

void teardown() override { fake_clear(); }
}
;

TEST(json, status_has_exactly_the_keys_of_the_interface_in_order)
{
	fake.profiles = {make_certificate("corp-device"),
			 make_profile(KIND_WIFI, "corp", STATE_WAITING)};
	std::string expected = top_keys;
	for (int i = 0; i < 2; i++) {
		for (const char *key : profile_keys)
			expected += std::string("profiles[].") + key + "\n";
		for (const char *key : certificate_keys)
			expected += i == 0 ? std::string("profiles[].") + key + "\n" : "";
	}
	STRCMP_EQUAL(expected.c_str(), json_keys(run_signet({"status", "--json"}).out).c_str());
}

TEST(json, what_is_not_known_is_null_and_times_are_rfc_3339)
{
	std::string json = run_signet({"status", "--json"}).out;
	STRCMP_EQUAL("2026-11-22T15:02:39Z trusted GW-7F31",
		     json_value(json, "d['time'], d['clock'], d['device']").c_str());
	STRCMP_EQUAL("None None", json_value(json, "d['profiles'][2]['next_at'], "
						   "d['profiles'][2]['server']['last_contact']")
				      .c_str());
	/* date -u -d '2026-11-22 15:02:39 + 335 days' */
	STRCMP_EQUAL("2027-10-23T15:02:39Z",
		     json_value(json, "d['profiles'][2]['certificate']['not_after']").c_str());
	STRCMP_EQUAL(
	    "7 0 0a1b2c",
	    json_value(json, "d['profiles'][2]['certificate']['generation'], "
			     "d['profiles'][2]['exit'], d['profiles'][2]['certificate']['serial']")
		.c_str());
	fake.profiles[2].next_at = 1795359759;
	json = run_signet({"status", "--json"}).out;
	STRCMP_EQUAL("2026-11-22T15:02:39Z",
		     json_value(json, "d['profiles'][2]['next_at']").c_str());
}

TEST(json, every_byte_of_a_name_stays_json)
{
	snprintf(fake.profiles[2].certificate.subject, 512,
		 "CN=a\"b\\c\x01\xff,O=M\xc3\xbcller\xed\xa0\x80");
	std::string json = run_signet({"status", "--json"}).out;
	STRCMP_EQUAL(
	    "434e3d6122625c6301efbfbd2c4f3d4dc3bc6c6c6572efbfbdefbfbdefbfbd",
	    json_value(json, "d['profiles'][2]['certificate']['subject'].encode().hex()").c_str());
}

TEST(json, the_longest_texts_of_a_view_are_not_cut)
{
	struct profile_view *p = &fake.profiles[2];
	snprintf(p->detail, sizeof p->detail, "%s", std::string(639, '\xff').c_str());
	snprintf(p->certificate.path, sizeof p->certificate.path, "%s",
		 std::string(1023, 'p').c_str());
	std::string json = run_signet({"status", "--json"}).out;
	STRCMP_EQUAL("639 1023", json_value(json, "len(d['profiles'][2]['detail']), "
						  "len(d['profiles'][2]['certificate']['path'])")
				     .c_str());
}

TEST(json, plan_has_its_keys)
{
	struct plan_step s = {KIND_SCEP, "corp-device", "enroll", "no certificate yet", false};
	fake.steps = {s};
	struct ran r = run_signet({"plan", "--json"});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("schema\nsteps\nsteps[].kind\nsteps[].name\nsteps[].action\nsteps[]."
		     "reason\nsteps[].waiting\n",
		     json_keys(r.out).c_str());
	STRCMP_EQUAL("scep False",
		     json_value(r.out, "d['steps'][0]['kind'], d['steps'][0]['waiting']").c_str());
	fake.steps.clear();
	STRCMP_EQUAL("[]", json_value(run_signet({"plan", "--json"}).out, "d['steps']").c_str());
}

TEST(json, a_result_beyond_the_limit_is_refused_and_leaves_nothing)
{
	struct buf out;
	buf_init(&out, 16);
	LONGS_EQUAL(ERR_TOO_BIG, json_version("0.1.0", &out));
	LONGS_EQUAL(0, out.len);
	buf_clear(&out);
}
