/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_control.h"
#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/der.h"
#include "hal/log.h"
#include "test_folder.hpp"
#include "vpn/fake_charon.hpp"

static struct bytes bytes_of(const std::string &text)
{
	return { reinterpret_cast<const uint8_t *>(text.data()), text.size() };
}

/* As much of a certificate as vpn_talk reads: subject, key, and the identity somewhere behind. */
static std::string certificate(const std::string &serial, const std::string &key, const std::string &id,
                               const std::string &subject)
{
	auto wrap = [](char tag, const std::string &content) {
		return std::string(1, tag) + static_cast<char>(content.size()) + content;
	};
	std::string tbs = wrap('\xa0', wrap(2, "\x02")) + wrap(2, serial) + wrap(0x30, "") + wrap(0x30, "issuer") +
	                  wrap(0x30, "time") + wrap(0x30, subject) + wrap(0x30, "key:" + key) + wrap(4, id);
	return wrap(0x30, wrap(0x30, tbs));
}

static void quiet(enum log_level, const char *)
{
}

TEST_GROUP(vpn_control)
{
	test_folder folder{ "vpn" };
	std::unique_ptr<fake_charon> charon;
	struct vpn_link link;
	struct why why;
	std::string path, settings, trust, one, two, three, key_one, key_two, id_one, id_two;
	void setup() override
	{
		log_set_sink(quiet);
		path = folder.path("vici");
		charon.reset(new fake_charon(path));
		trust = certificate("t", "ca", "", "ca");
		one = certificate("1", "k1", "dev.example.test", "dev");
		two = certificate("2", "k2", "dev.example.test", "dev");
		three = certificate("3", "k2", "dev.example.test", "dev");
		key_one = "k1";
		key_two = "k2";
		id_one = fake_charon::id_of(key_one);
		id_two = fake_charon::id_of(key_two);
		settings = text("user.conf");
		why = {};
		use(one, key_one, "");
	}
	void teardown() override
	{
		charon.reset();
		log_set_sink(nullptr);
	}
	/* A golden file under the name and identity of the tests. */
	std::string text(const char *golden)
	{
		std::ifstream in(std::string(TEST_DATA "/vpn/") + golden, std::ios::binary);
		std::stringstream file;
		file << in.rdbuf();
		std::string all = file.str();
		for (const auto &change : { std::make_pair(std::string("signet-user"), std::string("signet-hq")),
		                            std::make_pair(std::string("\"C=DE, O=A \\\"B\\\" \\\\ {C} #1, CN=operator\""),
		                                           std::string("dev.example.test")),
		                            std::make_pair(std::string("gw-7f31.corp.contoso.com"), std::string("dev.example.test")) })
			for (size_t at = 0; (at = all.find(change.first, at)) != std::string::npos; at += change.second.size())
				all.replace(at, change.first.size(), change.second);
		return all;
	}
	void use(const std::string &cert, const std::string &key, const std::string &old)
	{
		link = {};
		link.control = path.c_str();
		link.profile = "hq";
		link.settings = bytes_of(settings);
		link.certificate = bytes_of(cert);
		link.trust = bytes_of(trust);
		link.key = bytes_of(key);
		link.key_id = key == key_two ? id_two.c_str() : id_one.c_str();
		link.old_key_id = old == key_two ? id_two.c_str() : old == key_one ? id_one.c_str() : "";
		link.timeout_s = 5;
	}
	void use_token(const std::string &on_it)
	{
		settings = text("device.conf");
		use(one, key_one, "");
		link.key = { nullptr, 0 };
		charon->token_key = on_it;
	}
	void is(enum err wanted, enum err got, const char *code)
	{
		settle();
		LONGS_EQUAL_TEXT(wanted, got, why.text);
		STRCMP_EQUAL(code, why.code);
		if (wanted != ERR_OK)
			CHECK(why.text[0] != '\0' && why.next_step[0] != '\0');
	}
	void settle()
	{
		if (charon)
			charon->settle();
	}
	void ok(enum err got)
	{
		settle();
		LONGS_EQUAL_TEXT(ERR_OK, got, why.text);
	}
	/* The tunnel is up, with `one`. */
	void up()
	{
		ok(vpn_control_switch(&link, &why));
		charon->asked.clear();
	}
	void one_is_up(unsigned id)
	{
		LONGS_EQUAL(1, charon->sas.size());
		LONGS_EQUAL(id, charon->sas[0].id);
		CHECK(charon->sas[0].has_child);
	}
};

TEST(vpn_control, a_look_says_how_it_stands_and_changes_nothing)
{
	struct vpn_state state = {};
	ok(vpn_control_look(&link, &state, &why));
	CHECK(!state.is_loaded && !state.is_up && state.unique_id == 0);
	up();
	charon->sas.push_back({ 7, "CONNECTING", false });
	ok(vpn_control_look(&link, &state, &why));
	CHECK(state.is_loaded && state.is_up);
	LONGS_EQUAL(7, state.unique_id);
	std::reverse(charon->sas.begin(), charon->sas.end());
	ok(vpn_control_look(&link, &state, &why));
	LONGS_EQUAL(7, state.unique_id);
	for (const std::string &asked : charon->asked)
		CHECK(asked == "get-conns" || asked == "list-sas");
}

TEST(vpn_control, an_established_sa_without_its_child_is_not_up)
{
	struct vpn_state state = {};
	charon->sas = { { 3, "ESTABLISHED", false } };
	ok(vpn_control_look(&link, &state, &why));
	CHECK(!state.is_up);
	charon->sas = { { 4, "DELETING", true } };
	ok(vpn_control_look(&link, &state, &why));
	CHECK(!state.is_up);
	charon->sas = { { 5, "REKEYING", true } };
	ok(vpn_control_look(&link, &state, &why));
	CHECK(state.is_up);
	charon->child = "another";
	ok(vpn_control_look(&link, &state, &why));
	CHECK(!state.is_up);
}

TEST(vpn_control, the_first_switch_loads_everything_and_brings_the_tunnel_up)
{
	const struct bytes more[] = { bytes_of(two) };
	link.authorities = more;
	link.authority_count = 1;
	ok(vpn_control_switch(&link, &why));
	STRCMP_EQUAL(one.c_str(), charon->shown.c_str());
	one_is_up(1);
	LONGS_EQUAL(2, charon->count("load-cert CA"));
	LONGS_EQUAL(1, charon->count("load-cert NONE"));
	LONGS_EQUAL(1, charon->count("reload-settings"));
	CHECK(charon->first("reload-settings") < charon->first("load-conn"));
	CHECK(charon->first("load-cert NONE") < charon->first("load-conn")); // it starts by itself: with the right one
	CHECK(charon->loaded_connection.find("start_action") != std::string::npos);
}

TEST(vpn_control, charon_that_was_faster_and_says_no_is_still_up)
{
	charon->starts_by_itself = false;
	charon->initiate_answers = "no";
	ok(vpn_control_switch(&link, &why));
	one_is_up(1);
}

TEST(vpn_control, charon_that_says_yes_and_lists_nothing_is_not_believed)
{
	charon->starts_by_itself = false;
	charon->outcome = "half";
	charon->initiate_answers = "yes";
	is(ERR_UNREACHABLE, vpn_control_switch(&link, &why), "vpn.failed");
}

TEST(vpn_control, a_new_key_and_certificate_are_shown_to_the_gateway_and_the_old_key_is_gone)
{
	up();
	use(two, key_two, key_one);
	ok(vpn_control_switch(&link, &why));
	CHECK(charon->shown == two);
	one_is_up(2);
	LONGS_EQUAL(1, charon->keys.size());
	STRCMP_EQUAL(id_two.c_str(), charon->keys[0].c_str());
	LONGS_EQUAL(0, charon->count("clear-creds"));
	LONGS_EQUAL(0, charon->count("reload-settings"));
}

TEST(vpn_control, the_way_back_shows_the_old_certificate_again)
{
	up();
	use(two, key_two, key_one);
	ok(vpn_control_switch(&link, &why));
	use(one, key_one, key_two);
	ok(vpn_control_switch(&link, &why));
	CHECK(charon->shown == one);
	one_is_up(3);
}

TEST(vpn_control, a_new_certificate_on_the_same_key_is_shown_to_the_gateway)
{
	use(two, key_two, "");
	up();
	use(three, key_two, key_two);
	ok(vpn_control_switch(&link, &why));
	CHECK(charon->shown == three);
	LONGS_EQUAL(-1, charon->first("unload-key " + id_two));
}

/* Here swanctl, where it is installed, finds no files that help. */
TEST(vpn_control, an_older_certificate_of_the_same_key_that_stays_behind_is_told)
{
	use(two, key_two, "");
	up();
	use(three, key_two, key_two);
	ok(vpn_control_switch(&link, &why));
	use(two, key_two, key_two);
	charon->asked.clear();
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS("another certificate of the same key", why.text);
	LONGS_EQUAL(-1, charon->first("load-conn"));
	LONGS_EQUAL(-1, charon->first("rekey yes"));
}

TEST(vpn_control, a_stranger_with_our_identity_in_front_of_us_is_told)
{
	ok(vpn_control_switch(&link, &why));
	charon->certs.insert(charon->certs.begin(), { two, "k2", false });
	charon->keys.push_back(id_two);
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS("another certificate and key for the identity dev.example.test", why.text);
	CHECK(std::find(charon->keys.begin(), charon->keys.end(), id_two) != charon->keys.end());
	one_is_up(1);
}

TEST(vpn_control, a_certificate_of_another_identity_in_front_is_nobodys_business)
{
	std::string other = certificate("9", "k9", "other.example.test", "other");
	ok(vpn_control_switch(&link, &why));
	charon->certs.insert(charon->certs.begin(), { other, "k9", false });
	charon->keys.push_back(fake_charon::id_of("k9"));
	ok(vpn_control_switch(&link, &why));
	CHECK(charon->shown == one);
}

TEST(vpn_control, a_certificate_whose_key_charon_does_not_have_is_told)
{
	use(two, key_one, "");
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS("no key for", why.text);
}

TEST(vpn_control, a_key_of_the_module_is_loaded_by_its_handle_and_checked)
{
	use_token("k1");
	ok(vpn_control_switch(&link, &why));
	LONGS_EQUAL(1, charon->count("load-token 636f72702d646576696365"));
	one_is_up(1);
}

TEST(vpn_control, another_key_on_the_token_than_the_certificates_is_refused)
{
	use_token("k2");
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS(id_two.c_str(), why.text);
	LONGS_EQUAL(-1, charon->first("load-conn"));
}

TEST(vpn_control, charon_that_lies_about_a_key_is_not_believed)
{
	use_token("k1");
	charon->forgets_keys = true;
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS("does not list it", why.text);
	use(one, key_one, "");
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
}

TEST(vpn_control, a_charon_without_the_module_is_another_matter_than_a_key_that_is_not_there)
{
	use_token("");
	charon->module = "absent";
	is(ERR_UNSUPPORTED, vpn_control_switch(&link, &why), "vpn.module");
	charon->module = "no-plugin";
	is(ERR_UNSUPPORTED, vpn_control_switch(&link, &why), "vpn.module");
	for (const char *module : { "there", "silent" }) {
		charon->module = module;
		is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
		STRCMP_CONTAINS("no PKCS#11 module found having a keyid", why.text);
	}
}

TEST(vpn_control, what_charon_does_not_load_is_told_in_its_words)
{
	charon->errors["load-cert"] = "parsing X509 certificate failed";
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS("parsing X509 certificate failed", why.text);
	charon->errors = { { "load-key", "parsing ANY private key failed" } };
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.token");
	STRCMP_CONTAINS("parsing ANY private key failed", why.text);
	charon->errors = { { "load-conn", "invalid value for: proposals, config discarded" } };
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.connection");
	STRCMP_CONTAINS("invalid value for: proposals", why.text);
}

TEST(vpn_control, a_refusal_leaves_the_tunnel_that_was_up)
{
	up();
	for (const auto &each : { std::make_pair("refused", "vpn.refused"), std::make_pair("untrusted", "vpn.gateway_certificate"),
	                          std::make_pair("vanishes", "vpn.failed"), std::make_pair("silent", "vpn.timeout"),
	                          std::make_pair("nothing", "vpn.failed") }) {
		charon->outcome = each.first;
		link.timeout_s = strcmp(each.first, "silent") == 0 || strcmp(each.first, "nothing") == 0 ? 1 : 5;
		enum err e = vpn_control_switch(&link, &why);
		settle();
		STRCMP_EQUAL(each.second, why.code);
		CHECK(e == ERR_DENIED || e == ERR_UNTRUSTED || e == ERR_UNREACHABLE);
		one_is_up(1); // and the attempt that came to no end was ended
	}
	charon->outcome = "ok";
	ok(vpn_control_switch(&link, &why));
}

TEST(vpn_control, a_reauthentication_that_takes_its_time_is_waited_for)
{
	up();
	charon->outcome = "slow";
	ok(vpn_control_try(&link, &why));
	one_is_up(2);
}

TEST(vpn_control, words_that_come_after_the_state_are_still_heard)
{
	up();
	charon->outcome = "late";
	is(ERR_DENIED, vpn_control_try(&link, &why), "vpn.refused");
	one_is_up(1);
}

TEST(vpn_control, what_goes_wrong_in_tidying_up_does_not_hide_the_failure)
{
	charon->starts_by_itself = false;
	link.is_on_demand = true;
	charon->outcome = "half";
	charon->raw["terminate"] = "";
	is(ERR_UNREACHABLE, vpn_control_try(&link, &why), "vpn.failed");
}

TEST(vpn_control, a_gateway_that_is_found_revoked_afterwards_is_no_success)
{
	up();
	charon->outcome = "revoked";
	is(ERR_UNTRUSTED, vpn_control_try(&link, &why), "vpn.gateway_certificate");
	STRCMP_CONTAINS("revoked", why.text);
}

TEST(vpn_control, a_verification_that_does_not_end_is_waited_for_and_the_tunnel_counts)
{
	up();
	link.timeout_s = 1;
	charon->outcome = "verifying";
	ok(vpn_control_try(&link, &why));
	one_is_up(2);
}

TEST(vpn_control, other_connections_lines_explain_nothing)
{
	charon->outcome = "vanishes"; // the fake tells of a foreign AUTHENTICATION_FAILED each time
	is(ERR_UNREACHABLE, vpn_control_switch(&link, &why), "vpn.failed");
}

TEST(vpn_control, a_reauthentication_that_loses_everything_is_told)
{
	up();
	charon->outcome = "gone";
	is(ERR_UNREACHABLE, vpn_control_try(&link, &why), "vpn.failed");
}

TEST(vpn_control, what_was_begun_with_older_credentials_is_ended_before_the_proof)
{
	up();
	charon->sas = { { 50, "ESTABLISHED", false }, { 51, "CONNECTING", false } };
	charon->next_id = 60;
	use(two, key_two, key_one);
	ok(vpn_control_switch(&link, &why));
	one_is_up(60);
	CHECK(charon->shown == two);
	CHECK(charon->first("terminate 50") < charon->first("initiate signet-hq"));
	CHECK(charon->first("terminate 51") >= 0);
}

TEST(vpn_control, start_brings_up_what_is_down_and_leaves_what_is_up)
{
	ok(vpn_control_start(&link, &why));
	one_is_up(1);
	charon->asked.clear();
	ok(vpn_control_start(&link, &why));
	one_is_up(1);
	LONGS_EQUAL(1, charon->asked.size());
	charon->sas.clear();
	charon->outcome = "refused";
	is(ERR_DENIED, vpn_control_start(&link, &why), "vpn.refused");
	charon->outcome = "ok";
	ok(vpn_control_start(&link, &why));
	LONGS_EQUAL(1, charon->sas.size());
}

TEST(vpn_control, start_loads_a_key_that_charon_has_lost)
{
	up();
	charon->sas.clear();
	charon->keys.clear();
	charon->certs.clear();
	charon->shown.clear();
	ok(vpn_control_start(&link, &why));
	CHECK(charon->shown == one);
}

TEST(vpn_control, on_demand_and_down_is_loaded_and_stays_down)
{
	charon->starts_by_itself = false;
	link.is_on_demand = true;
	ok(vpn_control_switch(&link, &why));
	LONGS_EQUAL(0, charon->sas.size());
	CHECK(charon->first("load-conn") >= 0);
	CHECK(charon->first("initiate signet-hq") < 0);
}

TEST(vpn_control, on_demand_and_up_is_authenticated_anew)
{
	charon->starts_by_itself = false;
	link.is_on_demand = true;
	ok(vpn_control_start(&link, &why));
	one_is_up(1);
	ok(vpn_control_switch(&link, &why));
	one_is_up(2);
	ok(vpn_control_try(&link, &why));
	one_is_up(3);
}

TEST(vpn_control, trying_a_connection_on_demand_leaves_it_down_whatever_comes)
{
	charon->starts_by_itself = false;
	link.is_on_demand = true;
	for (const char *outcome : { "ok", "refused", "half", "silent" }) {
		charon->outcome = outcome;
		link.timeout_s = strcmp(outcome, "silent") == 0 ? 1 : 5;
		enum err e = vpn_control_try(&link, &why);
		settle();
		CHECK((e == ERR_OK) == (std::string(outcome) == "ok"));
		LONGS_EQUAL_TEXT(0, charon->sas.size(), outcome);
	}
	STRCMP_EQUAL("vpn.timeout", why.code);
}

TEST(vpn_control, remove_takes_out_connection_tunnel_and_key_and_nothing_else)
{
	up();
	charon->conns.push_back("foreign");
	charon->foreign_id = "other.example.test";
	charon->keys.push_back(fake_charon::id_of("k9"));
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->sas.size());
	LONGS_EQUAL(1, charon->conns.size());
	LONGS_EQUAL(1, charon->keys.size());
	CHECK(charon->first("unload-conn signet-hq") < charon->first("terminate 1"));
	ok(vpn_control_remove(&link, &why));
}

TEST(vpn_control, remove_leaves_a_key_that_another_connection_may_use)
{
	up();
	charon->conns.push_back("signet-other");
	for (const char *id : { "dev.example.test", "C=DE, CN=dev", "%any" }) {
		charon->foreign_id = id;
		ok(vpn_control_remove(&link, &why));
		LONGS_EQUAL(1, charon->keys.size());
	}
	charon->foreign_id = "other.example.test";
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->keys.size());
}

TEST(vpn_control, remove_takes_a_key_that_is_to_be_destroyed_whoever_uses_it)
{
	up();
	charon->conns.push_back("foreign");
	charon->foreign_id = "C=DE, CN=dev";
	link.is_key_gone = true;
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->keys.size());
	LONGS_EQUAL(1, charon->conns.size());
}

TEST(vpn_control, remove_takes_the_key_of_a_trial_too)
{
	up();
	charon->keys.push_back(fake_charon::id_of("k9"));
	const std::string other = fake_charon::id_of("k9");
	link.old_key_id = other.c_str();
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->keys.size());
}

TEST(vpn_control, remove_needs_no_settings)
{
	up();
	link.settings = link.trust = { nullptr, 0 };
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->conns.size());
}

TEST(vpn_control, no_charon_is_not_a_failure_of_ours)
{
	struct vpn_state state = {};
	charon.reset();
	is(ERR_NOT_FOUND, vpn_control_look(&link, &state, &why), "vpn.absent");
	is(ERR_NOT_FOUND, vpn_control_switch(&link, &why), "vpn.absent");
	is(ERR_NOT_FOUND, vpn_control_start(&link, &why), "vpn.absent");
	is(ERR_NOT_FOUND, vpn_control_try(&link, &why), "vpn.absent");
	ok(vpn_control_remove(&link, &why));
	STRCMP_EQUAL("", why.code);
	std::ofstream(path) << "no socket";
	is(ERR_NOT_FOUND, vpn_control_look(&link, &state, &why), "vpn.absent");
}

TEST(vpn_control, a_charon_that_hangs_is_waited_for_in_vain)
{
	struct vpn_state state = {};
	charon->hangs = { "list-sas" };
	state.unique_id = 42;
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	STRCMP_CONTAINS("does not answer in time", why.text);
	LONGS_EQUAL(42, state.unique_id);
}

TEST(vpn_control, packets_that_break_the_protocol_end_the_conversation)
{
	using fake = fake_charon;
	struct vpn_state state = {};
	for (const std::string &bad :
	     { std::string("\xff\xff\xff\xff"), std::string(4, '\0'), std::string("\x00\x00", 2), fake::packet("\x01\x02"),
	       fake::packet("\x08"), fake::packet("\x05"), fake::packet("\x03"), fake::packet("\x01\x03").substr(0, 5),
	       fake::packet(std::string("\x01") + std::string(VPN_TIMEOUT_S, '\x01')), std::string() }) {
		charon->raw["list-sas"] = bad;
		is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	}
	charon->raw["list-sas"] = fake::packet("\x05");
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	STRCMP_CONTAINS("answered a command with something else", why.text);
	/* one byte above the limit, and it is not even read */
	charon->raw["list-sas"] = std::string("\x00\x02\x00\x01", 4) + std::string(100, 'x');
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	STRCMP_CONTAINS("impossible length", why.text);
}

TEST(vpn_control, events_without_end_are_left)
{
	struct vpn_state state = {};
	charon->flood = "list-sas";
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	CHECK(strstr(why.text, "without end") != nullptr || strstr(why.text, "in time") != nullptr); // a slow machine
}

TEST(vpn_control, a_charon_that_is_too_old_is_named)
{
	struct vpn_state state = {};
	charon->unknown = { "get-conns" };
	is(ERR_UNSUPPORTED, vpn_control_look(&link, &state, &why), "vpn.version");
	STRCMP_CONTAINS("\"get-conns\"", why.text);
	charon->unknown = { "list-sa" };
	is(ERR_UNSUPPORTED, vpn_control_look(&link, &state, &why), "vpn.version");
}

TEST(vpn_control, more_sas_than_one_connection_can_have_are_survived)
{
	struct vpn_state state = {};
	for (unsigned i = 1; i <= 100; i++)
		charon->sas.push_back({ i, "ESTABLISHED", true });
	ok(vpn_control_look(&link, &state, &why));
	CHECK(state.is_up);
}

TEST(vpn_control, settings_of_another_profile_and_names_that_are_none_are_refused)
{
	struct vpn_state state = {};
	link.profile = "other";
	is(ERR_INVALID, vpn_control_switch(&link, &why), "vpn.connection");
	std::string longer(80, 'a');
	link.profile = longer.c_str();
	LONGS_EQUAL(ERR_INVALID, vpn_control_look(&link, &state, &why));
	link.profile = "";
	LONGS_EQUAL(ERR_INVALID, vpn_control_look(&link, &state, &why));
	std::string far = "/" + std::string(200, 'a');
	link.profile = "hq";
	link.control = far.c_str();
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	LONGS_EQUAL(0, charon->asked.size());
}

TEST(vpn_control, nobody_needs_to_ask_why)
{
	charon->errors["load-conn"] = "no";
	LONGS_EQUAL(ERR_INVALID, vpn_control_switch(&link, nullptr));
	charon->errors.clear();
	charon->outcome = "refused";
	LONGS_EQUAL(ERR_DENIED, vpn_control_switch(&link, nullptr));
	charon.reset();
	LONGS_EQUAL(ERR_OK, vpn_control_remove(&link, nullptr));
}
