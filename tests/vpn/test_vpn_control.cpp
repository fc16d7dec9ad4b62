/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_control_lab.hpp"

/* Looking at a tunnel, and moving it to another key and certificate. */
TEST_GROUP_BASE(vpn_control, vpn_control_lab){};

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
