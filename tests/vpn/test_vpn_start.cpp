/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_control_lab.hpp"

/* Bringing up what is down, and connections on demand. */
TEST_GROUP_BASE(vpn_start, vpn_control_lab){};

TEST(vpn_start, start_brings_up_what_is_down_and_leaves_what_is_up)
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

TEST(vpn_start, start_loads_a_key_that_charon_has_lost)
{
	up();
	charon->sas.clear();
	charon->keys.clear();
	charon->certs.clear();
	charon->shown.clear();
	ok(vpn_control_start(&link, &why));
	CHECK(charon->shown == one);
}

TEST(vpn_start, on_demand_and_down_is_loaded_and_stays_down)
{
	charon->starts_by_itself = false;
	link.is_on_demand = true;
	ok(vpn_control_switch(&link, &why));
	LONGS_EQUAL(0, charon->sas.size());
	CHECK(charon->first("load-conn") >= 0);
	CHECK(charon->first("initiate signet-hq") < 0);
}

TEST(vpn_start, on_demand_and_up_is_authenticated_anew)
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

TEST(vpn_start, trying_a_connection_on_demand_leaves_it_down_whatever_comes)
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
