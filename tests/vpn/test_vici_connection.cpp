/* SPDX-License-Identifier: MIT */
#include "vpn/vici_connection.h"
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

static std::string string_of(struct bytes bytes)
{
	return std::string(reinterpret_cast<const char *>(bytes.data), bytes.len);
}

/* A message as text: the tests read it in one look. */
static std::string shown(struct bytes message)
{
	std::string text;
	struct vici_part part;
	struct bytes item;
	while (vici_next(&message, &part)) {
		text += part.name;
		if (part.kind == VICI_VALUE)
			text += "=" + string_of(part.content);
		else if (part.kind == VICI_SECTION)
			text += "{" + shown(part.content) + "}";
		else
			for (text += "=["; vici_next_item(&part.content, &item);)
				text += string_of(item) + "]";
		text += ";";
	}
	return text;
}

TEST_GROUP(vici_connection)
{
	struct vici_out out;
	struct vici_connection found;
	struct why why;
	void setup() override
	{
		vici_out_init(&out);
		found = {};
		why = {};
	}
	void teardown() override
	{
		vici_out_clear(&out);
	}
	enum err read(const std::string &text)
	{
		vici_out_clear(&out);
		vici_out_init(&out);
		return vici_connection_read({ reinterpret_cast<const uint8_t *>(text.data()), text.size() },
		                            { reinterpret_cast<const uint8_t *>("DER"), 3 }, &out, &found, &why);
	}
	std::string message()
	{
		struct bytes bytes = { nullptr, 0 };
		LONGS_EQUAL(ERR_OK, vici_finish(&out, &bytes));
		LONGS_EQUAL(ERR_OK, vici_check(bytes));
		return shown(bytes);
	}
	void refused(std::string text, const char *words = "line")
	{
		found.name[0] = '!';
		LONGS_EQUAL(ERR_INVALID, read(text));
		STRCMP_EQUAL("vpn.connection", why.code);
		STRCMP_CONTAINS(words, why.text);
		CHECK(why.next_step[0] != '\0');
		BYTES_EQUAL('!', found.name[0]);
	}
	/* The golden device tunnel with one piece of text replaced. */
	std::string with(const std::string &from, const std::string &to)
	{
		std::string text = golden("device.conf");
		size_t at = text.find(from);
		CHECK(at != std::string::npos);
		return text.replace(at, from.size(), to);
	}
};

/* What Debian 12's swanctl 5.9.8 sends for this file, with the certificate in place of its PEM file (captured). */
TEST(vici_connection, a_device_tunnel_becomes_what_swanctl_sends)
{
	LONGS_EQUAL_TEXT(ERR_OK, read(golden("device.conf")), why.text);
	STRCMP_EQUAL("signet-hq{version=2;remote_addrs=[vpn.corp.contoso.com];vips=[0.0.0.0];"
	             "proposals=[aes256gcm16-prfsha384-ecp384]aes256-sha256-ecp256];keyingtries=0;dpd_delay=30s;mobike=yes;"
	             "unique=replace;local{auth=pubkey;id=gw-7f31.corp.contoso.com;};"
	             "remote{auth=pubkey;id=vpn.corp.contoso.com;cacerts=[DER];revocation=relaxed;};"
	             "children{signet-hq{remote_ts=[10.0.0.0/8]192.0.2.1];esp_proposals=[aes256gcm16-ecp384]aes256-sha256-ecp256];"
	             "start_action=trap|start;close_action=trap|start;dpd_action=restart;rekey_time=1h;};};};",
	             message().c_str());
	STRCMP_EQUAL("signet-hq", found.name);
	STRCMP_EQUAL("vpn.corp.contoso.com", found.gateway);
	STRCMP_EQUAL("vpn.corp.contoso.com", found.gateway_id);
	STRCMP_EQUAL("gw-7f31.corp.contoso.com", found.local_id);
	STRCMP_EQUAL("636f72702d646576696365", found.handle);
	STRCMP_EQUAL("signet", found.module);
}

TEST(vici_connection, quoted_names_arrive_as_they_are_meant)
{
	LONGS_EQUAL_TEXT(ERR_OK, read(golden("user.conf")), why.text);
	STRCMP_EQUAL("C=DE, O=A \"B\" \\ {C} #1, CN=operator", found.local_id);
	STRCMP_EQUAL("O=Contoso, CN=vpn", found.gateway_id);
	STRCMP_CONTAINS("id=C=DE, O=A \"B\" \\ {C} #1, CN=operator;", message().c_str());
	STRCMP_CONTAINS("vips=[0.0.0.0]::];", message().c_str());
	STRCMP_EQUAL("", found.handle);
	STRCMP_EQUAL("", found.module);
}

TEST(vici_connection, a_comma_in_a_name_cuts_nothing)
{
	LONGS_EQUAL(ERR_OK, read(with("id = gw-7f31.corp.contoso.com", "id = \"O=A, CN=b\"")));
	STRCMP_CONTAINS("id=O=A, CN=b;", message().c_str());
}

TEST(vici_connection, what_signet_never_writes_is_refused_with_its_line)
{
	refused(with("\t\tversion = 2\n", "\t\tversion=2\n"), "line 4 ");
	refused(with("version = 2", "version = "));
	refused(with("version = 2", "version = 2 # comment"));
	refused(with("version = 2", "include conf.d/*.conf"));
	refused(with("version = 2", "version = \"2"));
	refused(with("version = 2", "version = \"2\" x"));
	refused(with("version = 2", "version = \"2\\n\""));
	refused(with("version = 2", "version = \"2\\"));
	refused(with("connections {", "authorities {"), "line 2 ");
	refused(with("connections {", "connections{"));
	refused(with("cacerts = signet-corp-root.pem", "certs = a.pem"));
	refused(with("auth = pubkey", "certs = a.pem"));
	refused(with("signet-hq {", "signet hq {"));
	refused(with("\t\tmodule = signet\n", "\t\tpin = 1234\n"));
	refused(with("\t\tmodule = signet\n", std::string("\t\tmod\0ule = signet\n", 19)));
	refused(golden("device.conf") + "}\n");
	refused(golden("device.conf") + "version = 2\n");
	std::string text = golden("device.conf");
	refused(text.substr(0, text.size() - 1)); // the last line is not ended
}

TEST(vici_connection, there_is_exactly_one_whole_connection_in_it)
{
	refused("", "exactly one connection");
	refused("# nothing\n", "exactly one connection");
	refused("connections {\n", "exactly one connection");
	std::string whole = golden("device.conf");
	refused(whole.substr(0, whole.size() - 2), "exactly one connection"); // the last section is not closed
	refused(golden("device.conf") + golden("device.conf"), "line");
	refused(with("\t\tmodule = signet\n", ""), "half a key");
	refused(with("\t\t\tid = vpn.corp.contoso.com\n", ""), "identity");
	refused(with("\t\t\tid = gw-7f31.corp.contoso.com\n", ""), "identity");
	refused(with("\t\tremote_addrs = vpn.corp.contoso.com\n", ""), "gateway");
}

TEST(vici_connection, long_values_and_texts_are_refused)
{
	refused(with("gw-7f31.corp.contoso.com", std::string(VICI_TEXT_MAX + 1, 'a')));
	LONGS_EQUAL(ERR_OK, read(with("gw-7f31.corp.contoso.com", std::string(VICI_TEXT_MAX, 'a'))));
	refused(with("version = 2", "version = " + std::string(5000, 'a')));
	refused(with("handle = 636f", "handle = " + std::string(65, '6')));
	LONGS_EQUAL(ERR_TOO_BIG, read(golden("device.conf") + std::string(VICI_SETTINGS_MAX, '\n')));
	std::string deep = "connections {\n";
	for (int i = 0; i < 5; i++)
		deep += "a {\n";
	refused(deep);
}

TEST(vici_connection, a_certificate_that_does_not_fit_is_too_big)
{
	std::string text = golden("device.conf"), big(VICI_VALUE_MAX + 1, 'x');
	LONGS_EQUAL(ERR_TOO_BIG, vici_connection_read({ reinterpret_cast<const uint8_t *>(text.data()), text.size() },
	                                              { reinterpret_cast<const uint8_t *>(big.data()), big.size() }, &out,
	                                              &found, &why));
}
