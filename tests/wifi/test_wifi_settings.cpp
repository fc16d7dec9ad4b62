/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_settings.h"
#include <string>
#include "CppUTest/TestHarness.h"
#include "wifi/wifi_lab.hpp"

TEST_GROUP(wifi_settings)
{
	struct buf out;
	struct buf psk;
	struct why why;
	struct wifi_network network;
	void setup() override
	{
		why = {};
		buf_init(&out, WIFI_CONFIG_MAX);
		buf_init(&psk, 128);
		network = wifi_lab_network();
	}
	void teardown() override
	{
		buf_clear(&out);
		buf_clear(&psk);
	}
	std::string render()
	{
		buf_clear(&out);
		LONGS_EQUAL_TEXT(ERR_OK, wifi_render(&network, &out, &why), why.text);
		return text_of(out);
	}
	void refused(const char *named)
	{
		buf_clear(&out);
		LONGS_EQUAL(ERR_OK, buf_add_text(&out, "before"));
		LONGS_EQUAL(ERR_INVALID, wifi_render(&network, &out, &why));
		STRCMP_EQUAL("before", text_of(out).c_str());
		STRCMP_CONTAINS(named, why.text);
	}
	void pass_phrase(const std::string &text)
	{
		buf_clear(&psk);
		LONGS_EQUAL(ERR_OK, buf_add(&psk, text.data(), text.size()));
		network.psk = &psk;
	}
	std::string whole()
	{
		std::string block = render();
		buf_clear(&out);
		LONGS_EQUAL_TEXT(ERR_OK, wifi_merge(bytes_of(""), &network, bytes_of(block), &out, &why), why.text);
		return text_of(out);
	}
};

TEST(wifi_settings, a_new_file_for_enterprise_wifi_is_what_the_daemon_wants)
{
	STRCMP_EQUAL(golden("wpa2-wpa3.conf").c_str(), whole().c_str());
}

TEST(wifi_settings, a_new_file_for_a_wired_network_scans_nothing_and_needs_no_module_for_a_file_key)
{
	network.profile = "lan";
	network.security = WIFI_WIRED;
	network.ssid = "";
	network.anonymous_identity = "";
	network.private_key = "/var/lib/signet/scep/corp-device/current/key.pem";
	network.pkcs11_engine_path = network.pkcs11_module_path = "";
	network.tls_max = "1.2";
	STRCMP_EQUAL(golden("wired.conf").c_str(), whole().c_str());
}

TEST(wifi_settings, dates_are_ignored_only_when_said)
{
	STRCMP_CONTAINS(" tls_disable_tlsv1_3=0\"\n", render().c_str());
	network.ignores_dates = true;
	STRCMP_CONTAINS(" tls_disable_tlsv1_3=0 tls_disable_time_checks=1\"\n", render().c_str());
}

TEST(wifi_settings, quotes_newlines_and_utf8_are_written_so_that_the_daemon_reads_them_back)
{
	network.security = WIFI_WPA3;
	network.ssid = "Caf\"\xc3\xa9\"";
	network.identity = "a \"b\"\nnetwork={\\ #\xc3\xa9";
	network.anonymous_identity = "CORP\\user #7";
	network.tls_min = "1.3";
	network.priority = 0;
	STRCMP_EQUAL(golden("quoting.conf").c_str(), render().c_str());
}

TEST(wifi_settings, wpa2_alone_asks_for_no_sha256_and_leaves_frame_protection_to_the_daemon)
{
	network.security = WIFI_WPA2;
	STRCMP_CONTAINS("\tkey_mgmt=WPA-EAP\n\tproto=RSN\n", render().c_str());
	CHECK(text_of(out).find("ieee80211w") == std::string::npos);
}

TEST(wifi_settings, a_pass_phrase_with_quotes_goes_up_to_the_last_quote_of_its_line)
{
	network.profile = "setup";
	network.ssid = "CONTOSO-SETUP";
	network.priority = 0;
	pass_phrase("say \"friend\" #1 ");
	network.security = WIFI_WPA2_PSK;
	STRCMP_EQUAL(golden("psk.conf").c_str(), render().c_str());
	network.security = WIFI_WPA3_SAE;
	STRCMP_EQUAL(golden("sae.conf").c_str(), render().c_str());
}

TEST(wifi_settings, a_key_of_64_hex_digits_stands_without_quotes)
{
	std::string key = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";
	network.security = WIFI_WPA2_PSK;
	pass_phrase(key);
	STRCMP_CONTAINS(("\tpsk=" + key + "\n").c_str(), render().c_str());
	network.security = WIFI_WPA3_SAE;
	refused("64 hex digits");
}

TEST(wifi_settings, pass_phrases_outside_of_the_standard_are_refused_and_never_shown)
{
	network.security = WIFI_WPA2_PSK;
	refused("0 characters");
	for (const std::string &bad : { std::string("secret7"), std::string(64, 'z'), std::string(65, 'a'),
	                                std::string("secret\nnetwork={"), std::string("secret-\xc3\xa9-x"),
	                                std::string("secret\0hidden", 13) }) {
		pass_phrase(bad);
		refused("pass phrase");
		CHECK(std::string(why.text).find("secret") == std::string::npos);
	}
}

TEST(wifi_settings, an_ssid_has_1_to_32_bytes)
{
	std::string longest(32, 's');
	std::string longer(33, 's');
	network.ssid = longest.c_str();
	STRCMP_CONTAINS(("\tssid=\"" + longest + "\"\n").c_str(), render().c_str());
	network.ssid = longer.c_str();
	refused("ssid");
	network.ssid = "";
	refused("ssid");
}

TEST(wifi_settings, a_server_name_that_is_no_dns_name_is_refused)
{
	for (const char *bad : { "", ".", ".contoso.com", "a..b", "contoso.com.", "*.contoso.com", "a;b", "a b", "a\"b",
	                         "a\nb", "caf\xc3\xa9.example" }) {
		network.server_name = bad;
		refused("server_name");
	}
	network.server_name = nullptr;
	refused("server_name");
}

TEST(wifi_settings, words_with_a_second_meaning_are_refused_as_paths)
{
	network.ca_path = "hash://server/sha256/00";
	refused("trust");
	network.ca_path = "";
	refused("trust");
	network = wifi_lab_network();
	network.certificate_path = "blob://x";
	refused("certificate");
	network = wifi_lab_network();
	network.private_key = "engine:x";
	refused("private key");
	network = wifi_lab_network();
	network.identity = "";
	refused("identity");
}

TEST(wifi_settings, tls_versions_are_a_range_of_known_ones)
{
	network.tls_min = "1.0";
	network.tls_max = "1.1";
	STRCMP_CONTAINS("\"tls_disable_tlsv1_0=0 tls_disable_tlsv1_1=0 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=1\"",
	                render().c_str());
	network.tls_min = "1.3";
	network.tls_max = "1.2";
	refused("above tls_max");
	network.tls_min = "1.4";
	refused("tls_min");
	network.tls_min = "1.2";
	network.tls_max = "";
	refused("tls_max");
}

TEST(wifi_settings, a_value_longer_than_the_daemons_line_is_refused)
{
	std::string longest(WIFI_NETWORK_LINE_MAX - 13, 'i');
	std::string longer = longest + "i";
	network.identity = longest.c_str();
	render();
	network.identity = longer.c_str();
	refused("identity is too long");
}

TEST(wifi_settings, a_name_that_could_break_the_marks_is_refused)
{
	for (const char *bad : { "", "a b", "a\nb", "-a", "012345678901234567890123456789012" }) {
		network.profile = bad;
		refused("profile");
	}
}

TEST(wifi_settings, a_buffer_that_is_too_small_stays_as_it_was)
{
	struct buf small;
	buf_init(&small, 64);
	LONGS_EQUAL(ERR_TOO_BIG, wifi_render(&network, &small, &why));
	LONGS_EQUAL(0, small.len);
	buf_clear(&small);
}
