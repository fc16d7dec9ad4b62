/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_control_lab.hpp"

/* What is taken out of charon, and what stays. */
TEST_GROUP_BASE(vpn_remove, vpn_control_lab){};

TEST(vpn_remove, remove_takes_out_connection_tunnel_and_key_and_nothing_else)
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

TEST(vpn_remove, remove_leaves_a_key_that_another_connection_may_use)
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

TEST(vpn_remove, remove_takes_a_key_that_is_to_be_destroyed_whoever_uses_it)
{
	up();
	charon->conns.push_back("foreign");
	charon->foreign_id = "C=DE, CN=dev";
	link.is_key_gone = true;
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->keys.size());
	LONGS_EQUAL(1, charon->conns.size());
}

TEST(vpn_remove, remove_takes_the_key_of_a_trial_too)
{
	up();
	charon->keys.push_back(fake_charon::id_of("k9"));
	const std::string other = fake_charon::id_of("k9");
	link.old_key_id = other.c_str();
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->keys.size());
}

TEST(vpn_remove, remove_needs_no_settings)
{
	up();
	link.settings = link.trust = { nullptr, 0 };
	ok(vpn_control_remove(&link, &why));
	LONGS_EQUAL(0, charon->conns.size());
}
