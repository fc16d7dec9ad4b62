/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_settings.h"
#include <fstream>
#include <sstream>
#include <string>
#include "CppUTest/TestHarness.h"

static std::string golden(const char *name)
{
	std::ifstream in(std::string(TEST_DATA "/vpn/") + name, std::ios::binary);
	std::stringstream text;
	text << in.rdbuf();
	return in ? text.str() : std::string("no such golden file: ") + name;
}

static const char *const ike[] = { "aes256gcm16-prfsha384-ecp384", "aes256-sha256-ecp256" };
static const char *const esp[] = { "aes256gcm16-ecp384", "aes256-sha256-ecp256" };
static const char *const networks[] = { "10.0.0.0/8", "192.0.2.1" };

TEST_GROUP(vpn_settings)
{
	struct buf out;
	struct why why;
	struct vpn_connection connection;
	void setup() override
	{
		why = {};
		buf_init(&out, 65536);
		sample();
	}
	void teardown() override
	{
		buf_clear(&out);
	}
	void sample()
	{
		connection = {};
		connection.profile = "hq";
		connection.gateway = connection.gateway_id = "vpn.corp.contoso.com";
		connection.local_id = "gw-7f31.corp.contoso.com";
		connection.ca_file = "signet-corp-root.pem";
		connection.key_handle_hex = "636f72702d646576696365"; // "corp-device"
		connection.key_file = "";
		connection.ike = ike;
		connection.esp = esp;
		connection.remote_networks = networks;
		connection.ike_count = connection.esp_count = connection.remote_network_count = 2;
		connection.has_virtual_ip = true;
		connection.revocation = VPN_RELAXED;
	}
	std::string text()
	{
		return std::string(reinterpret_cast<char *>(out.data), out.len);
	}
	std::string render()
	{
		buf_clear(&out);
		LONGS_EQUAL_TEXT(ERR_OK, vpn_render(&connection, &out, &why), why.text);
		return text();
	}
	void refused(const char *named)
	{
		buf_clear(&out);
		LONGS_EQUAL(ERR_OK, buf_add_text(&out, "before"));
		LONGS_EQUAL(ERR_INVALID, vpn_render(&connection, &out, &why));
		STRCMP_EQUAL("before", text().c_str());
		STRCMP_CONTAINS(named, why.text);
		sample();
	}
};

TEST(vpn_settings, a_device_tunnel_with_a_key_in_the_tpm_is_what_the_daemon_wants)
{
	STRCMP_EQUAL(golden("device.conf").c_str(), render().c_str());
}

TEST(vpn_settings, a_user_tunnel_with_a_software_key_and_names_that_need_quotes)
{
	connection.profile = "user";
	connection.gateway = "2001:db8::1";
	connection.gateway_id = "O=Contoso, CN=vpn";
	connection.local_id = "C=DE, O=A \"B\" \\ {C} #1, CN=operator";
	connection.key_handle_hex = "";
	connection.key_file = "signet-corp-user.pem";
	connection.ike = ike + 1;
	connection.ike_count = connection.esp_count = 1;
	connection.remote_network_count = 0;
	connection.is_on_demand = connection.is_user_tunnel = true;
	connection.revocation = VPN_STRICT;
	STRCMP_EQUAL(golden("user.conf").c_str(), render().c_str());
}

TEST(vpn_settings, charon_gets_the_module_and_makes_before_it_breaks)
{
	LONGS_EQUAL(ERR_OK, vpn_render_daemon("/usr/lib/x86_64-linux-gnu/pkcs11/libsignet-pkcs11.so", &out));
	STRCMP_EQUAL(golden("daemon.conf").c_str(), text().c_str());
	buf_clear(&out);
	LONGS_EQUAL(ERR_OK, vpn_render_daemon("", &out));
	STRCMP_EQUAL("# Written by signet. Changes are overwritten.\ncharon {\n\tmake_before_break = yes\n}\n", text().c_str());
	buf_clear(&out);
	LONGS_EQUAL(ERR_INVALID, vpn_render_daemon("/usr/lib/a.so\n}", &out));
	LONGS_EQUAL(ERR_INVALID, vpn_render_daemon("a.so", &out));
	LONGS_EQUAL(0, out.len);
}

TEST(vpn_settings, a_gateway_without_an_identity_is_pinned_to_its_address)
{
	connection.gateway_id = "";
	STRCMP_EQUAL(golden("device.conf").c_str(), render().c_str());
	connection.gateway = "0.0.0.0";
	connection.gateway_id = "";
	refused("gateway");
}

TEST(vpn_settings, identities_that_stand_for_many_peers_are_refused)
{
	for (const char *bad : { "%any", "%any6", "*", "*@contoso.com", "*.contoso.com", "O=Contoso, CN=*", "0.0.0.0", "::",
	                         "a\nb" }) {
		connection.gateway_id = bad;
		refused("gateway_id");
		connection.local_id = bad;
		refused("local_id");
	}
	connection.local_id = "";
	refused("local_id");
}

TEST(vpn_settings, values_that_would_change_the_files_meaning_are_refused)
{
	for (const char *bad : { "", "%any", "a,b", "a b", "10.0.0.1-10.0.0.9%", "a{", "a\nb", "a#b" }) {
		connection.gateway = bad;
		refused("gateway");
	}
	for (const char *bad : { "", "../ca.pem", ".pem", "a,b.pem", "a b", "a\n" }) {
		connection.ca_file = bad;
		refused("trust");
	}
	for (const char *bad : { "", "a b", "a\n}", "-a", "012345678901234567890123456789012" }) {
		connection.profile = bad;
		refused("profile");
	}
	for (const char *bad : { "8", "zz", "81000002\n", "0x81" }) {
		connection.key_handle_hex = bad;
		refused("hex");
	}
}

TEST(vpn_settings, networks_and_proposals_are_checked_one_by_one)
{
	for (const char *bad : { "", "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "10.0.0.0/8,::/0", "10.0.0.0/-1", "any",
	                         "10.0.0.0/8\n}" }) {
		const char *list[] = { "10.0.0.0/8", bad };
		connection.remote_networks = list;
		refused("remote_network");
	}
	for (const char *bad : { "", "aes256,null", "aes256 ", "aes256\n" }) {
		const char *list[] = { bad };
		connection.ike = list;
		connection.ike_count = 1;
		refused("ike");
		connection.esp = list;
		connection.esp_count = 1;
		refused("esp");
	}
	connection.ike_count = 0;
	refused("ike");
	connection.esp_count = 0;
	refused("esp");
}

TEST(vpn_settings, there_is_exactly_one_key)
{
	connection.key_file = "x.pem";
	refused("one key");
	connection.key_handle_hex = nullptr;
	refused("one key");
}

TEST(vpn_settings, virtual_addresses_follow_the_families_of_the_networks)
{
	const char *six[] = { "2001:db8::/32" };
	connection.remote_networks = six;
	connection.remote_network_count = 1;
	STRCMP_CONTAINS("\t\tvips = ::\n", render().c_str());
	connection.has_virtual_ip = false;
	CHECK(render().find("vips") == std::string::npos);
}

TEST(vpn_settings, a_buffer_that_is_too_small_stays_as_it_was)
{
	struct buf small;
	buf_init(&small, 600);
	LONGS_EQUAL(ERR_TOO_BIG, vpn_render(&connection, &small, &why));
	LONGS_EQUAL(0, small.len);
	LONGS_EQUAL(ERR_OK, buf_add_format(&small, "%500s", "x"));
	LONGS_EQUAL(ERR_TOO_BIG, vpn_render_daemon("/usr/lib/a.so", &small));
	LONGS_EQUAL(500, small.len);
	buf_clear(&small);
}
