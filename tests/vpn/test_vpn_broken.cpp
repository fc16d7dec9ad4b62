/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_control_lab.hpp"

/* A charon that is not there, hangs, or talks nonsense. */
TEST_GROUP_BASE(vpn_broken, vpn_control_lab){};

TEST(vpn_broken, no_charon_is_not_a_failure_of_ours)
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

TEST(vpn_broken, a_charon_that_hangs_is_waited_for_in_vain)
{
	struct vpn_state state = {};
	charon->hangs = { "list-sas" };
	state.unique_id = 42;
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	STRCMP_CONTAINS("does not answer in time", why.text);
	LONGS_EQUAL(42, state.unique_id);
}

TEST(vpn_broken, packets_that_break_the_protocol_end_the_conversation)
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

TEST(vpn_broken, events_without_end_are_left)
{
	struct vpn_state state = {};
	charon->flood = "list-sas";
	is(ERR_IO, vpn_control_look(&link, &state, &why), "vpn.control");
	CHECK(strstr(why.text, "without end") != nullptr || strstr(why.text, "in time") != nullptr); // a slow machine
}

TEST(vpn_broken, a_charon_that_is_too_old_is_named)
{
	struct vpn_state state = {};
	charon->unknown = { "get-conns" };
	is(ERR_UNSUPPORTED, vpn_control_look(&link, &state, &why), "vpn.version");
	STRCMP_CONTAINS("\"get-conns\"", why.text);
	charon->unknown = { "list-sa" };
	is(ERR_UNSUPPORTED, vpn_control_look(&link, &state, &why), "vpn.version");
}

TEST(vpn_broken, more_sas_than_one_connection_can_have_are_survived)
{
	struct vpn_state state = {};
	for (unsigned i = 1; i <= 100; i++)
		charon->sas.push_back({ i, "ESTABLISHED", true });
	ok(vpn_control_look(&link, &state, &why));
	CHECK(state.is_up);
}

TEST(vpn_broken, settings_of_another_profile_and_names_that_are_none_are_refused)
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

TEST(vpn_broken, nobody_needs_to_ask_why)
{
	charon->errors["load-conn"] = "no";
	LONGS_EQUAL(ERR_INVALID, vpn_control_switch(&link, nullptr));
	charon->errors.clear();
	charon->outcome = "refused";
	LONGS_EQUAL(ERR_DENIED, vpn_control_switch(&link, nullptr));
	charon.reset();
	LONGS_EQUAL(ERR_OK, vpn_control_remove(&link, nullptr));
}
