/* SPDX-License-Identifier: MIT */
#include <string>
#include "CppUTest/TestHarness.h"
#include "wifi/wifi_lab.hpp"
#include "wifi/wifi_marks.h"

TEST_GROUP(wifi_merge)
{
	struct buf out;
	struct buf psk;
	struct why why;
	struct wifi_network corp, setup_network;
	void setup() override
	{
		why = {};
		buf_init(&out, 2 * WIFI_CONFIG_MAX);
		buf_init(&psk, 128);
		LONGS_EQUAL(ERR_OK, buf_add_text(&psk, "pass phrase"));
		corp = wifi_lab_network();
		setup_network = wifi_lab_network();
		setup_network.profile = "setup";
		setup_network.security = WIFI_WPA2_PSK;
		setup_network.pkcs11_engine_path = setup_network.pkcs11_module_path = "";
		setup_network.psk = &psk;
	}
	void teardown() override
	{
		buf_clear(&out);
		buf_clear(&psk);
	}
	std::string block(const struct wifi_network &network)
	{
		buf_clear(&out);
		LONGS_EQUAL_TEXT(ERR_OK, wifi_render(&network, &out, &why), why.text);
		return text_of(out);
	}
	std::string merge(const std::string &present, const struct wifi_network &network)
	{
		std::string b = block(network);
		buf_clear(&out);
		LONGS_EQUAL_TEXT(ERR_OK, wifi_merge(bytes_of(present), &network, bytes_of(b), &out, &why), why.text);
		return text_of(out);
	}
	std::string remove(const std::string &present, const char *profile)
	{
		buf_clear(&out);
		LONGS_EQUAL_TEXT(ERR_OK, wifi_remove(bytes_of(present), profile, &out, &why), why.text);
		return text_of(out);
	}
	void refused(const std::string &present, enum err error, const char *named)
	{
		std::string b = block(corp);
		buf_clear(&out);
		LONGS_EQUAL(error, wifi_merge(bytes_of(present), &corp, bytes_of(b), &out, &why));
		LONGS_EQUAL(0, out.len);
		STRCMP_CONTAINS(named, why.text);
	}
};

static const char users_file[] = "# made by hand\n"
                                 "ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev\n"
                                 "country=DE\n"
                                 "\n"
                                 "network={\n"
                                 "\tssid=\"CONTOSO\"\n"
                                 "\tpsk=\"my own } # pass\"\n"
                                 "}\n";

TEST(wifi_merge, a_users_own_network_of_the_same_name_and_everything_else_stays_byte_for_byte)
{
	std::string merged = merge(users_file, corp);
	STRCMP_CONTAINS(users_file, merged.c_str());
	STRCMP_CONTAINS(block(corp).c_str(), merged.c_str());
	CHECK(merged.find("ctrl_interface=/run") == std::string::npos);
	STRCMP_EQUAL(users_file, remove(merged, "corp").c_str());
}

TEST(wifi_merge, merging_and_taking_out_give_the_first_file_back_whatever_its_line_ends)
{
	for (const std::string &first :
	     { std::string(""), std::string("\n"), std::string("country=DE"), std::string("country=DE\n"),
	       std::string("country=DE\r\n"), std::string("country=DE\r\nupdate_config=1"), std::string("\n\n# x\n\n"),
	       std::string("#"), std::string("country=DE\r"), std::string(users_file) }) {
		std::string one = merge(first, corp);
		STRCMP_EQUAL(one.c_str(), merge(one, corp).c_str());
		std::string two = merge(one, setup_network);
		STRCMP_EQUAL(two.c_str(), merge(two, corp).c_str());
		STRCMP_EQUAL(two.c_str(), merge(two, setup_network).c_str());
		STRCMP_EQUAL(one.c_str(), remove(two, "setup").c_str());
		STRCMP_EQUAL(first.c_str(), remove(one, "corp").c_str());
		STRCMP_EQUAL(first.c_str(), remove(remove(two, "corp"), "setup").c_str());
		STRCMP_EQUAL(first.c_str(), remove(first, "corp").c_str());
	}
}

TEST(wifi_merge, a_changed_network_replaces_its_block_where_it_stands)
{
	std::string first = merge("country=DE\n", corp) + "# a user's last word\n";
	corp.ssid = "OTHER";
	std::string second = merge(first, corp);
	CHECK(second.find("CONTOSO") == std::string::npos);
	STRCMP_CONTAINS("ssid=\"OTHER\"", second.c_str());
	CHECK(second.rfind("# END signet corp\n# a user's last word\n") == second.size() - 39);
	STRCMP_EQUAL("country=DE\n# a user's last word\n", remove(second, "corp").c_str());
}

TEST(wifi_merge, an_empty_block_takes_the_network_out)
{
	std::string merged = merge(users_file, corp);
	buf_clear(&out);
	LONGS_EQUAL(ERR_OK, wifi_merge(bytes_of(merged), &corp, { nullptr, 0 }, &out, &why));
	STRCMP_EQUAL(users_file, text_of(out).c_str());
}

TEST(wifi_merge, global_lines_stay_while_another_network_of_ours_is_there)
{
	std::string two = merge(merge("", corp), setup_network);
	std::string left = remove(two, "corp");
	STRCMP_CONTAINS("pkcs11_module_path=", left.c_str());
	STRCMP_CONTAINS("ctrl_interface=/run/wpa_supplicant\n", left.c_str());
	STRCMP_EQUAL("", remove(left, "setup").c_str());
}

TEST(wifi_merge, a_users_own_global_line_wins_when_it_says_the_same)
{
	std::string own = std::string("pkcs11_module_path=") + corp.pkcs11_module_path + " # mine\r\n";
	std::string merged = merge(own, corp);
	LONGS_EQUAL(merged.find("pkcs11_module_path="), merged.rfind("pkcs11_module_path="));
	STRCMP_CONTAINS(own.c_str(), merged.c_str());
}

TEST(wifi_merge, a_users_own_global_line_that_says_something_else_is_named)
{
	refused("country=DE\n  pkcs11_module_path=/usr/lib/opensc-pkcs11.so\n", ERR_DENIED, "line 2: the file's own pkcs11_module_path");
	STRCMP_CONTAINS("/usr/lib/opensc-pkcs11.so", why.text);
	CHECK(why.next_step[0] != '\0');
	merge("network={\n\tssid=\"x\"\n\tpkcs11_module_path=/inside/a/network\n}\n", corp);
	merge("#pkcs11_module_path=/usr/lib/opensc-pkcs11.so\n", corp);
}

TEST(wifi_merge, a_changed_control_folder_of_our_own_file_is_followed)
{
	std::string first = merge("", corp);
	corp.control = "/run/other";
	STRCMP_CONTAINS("\nctrl_interface=/run/other\n", merge(first, corp).c_str());
}

TEST(wifi_merge, marks_that_an_editor_gave_crlf_are_still_found)
{
	std::string dos;
	for (char c : merge("country=DE\n", corp))
		dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
	STRCMP_EQUAL("country=DE\r\n", remove(dos, "corp").c_str());
}

TEST(wifi_merge, a_comment_that_only_looks_like_a_mark_is_the_users)
{
	std::string own = "# BEGIN signet corp\n # END signet corp\n# BEGIN signet corp (do not edit)\n";
	STRCMP_EQUAL(own.c_str(), remove(merge(own, corp), "corp").c_str());
}

TEST(wifi_merge, damaged_marks_are_refused_with_their_line)
{
	std::string begin = "# BEGIN signet corp (do not edit between these lines)\n";
	std::string end = "# END signet corp\n";
	std::string other = "# BEGIN signet x (do not edit between these lines)\n";
	refused("a=1\n" + begin + "network={\n}\n", ERR_INVALID, "line 2: a block of signet begins here and never ends");
	refused("a=1\n" + end, ERR_INVALID, "line 2: a block of signet ends here that never began");
	refused(begin + other + end, ERR_INVALID, "line 1: a block of signet begins here");
	refused(other + end, ERR_INVALID, "line 1: a block of signet begins here, and one of another name");
	refused(begin + end + "\n" + begin + end, ERR_INVALID, "line 4: this block of signet is in the file twice");
	refused("network={\n" + begin + end + "}\n", ERR_INVALID, "line 2: a block of signet begins inside another network");
	CHECK(why.next_step[0] != '\0');
}

TEST(wifi_merge, a_network_that_is_never_closed_would_swallow_ours)
{
	refused("country=DE\nnetwork={\n\tssid=\"}\"\n", ERR_INVALID, "line 2");
}

TEST(wifi_merge, a_file_that_is_no_text_or_too_large_is_refused)
{
	refused(std::string("a\0b\n", 4), ERR_INVALID, "NUL");
	refused(std::string(WIFI_CONFIG_MAX + 1, '#'), ERR_TOO_BIG, "262144");
}

TEST(wifi_merge, a_module_path_that_could_end_its_line_early_is_refused)
{
	for (const char *bad : { "relative.so", "/usr/lib/a.so\nnetwork={", "/usr/lib/a#b.so", "/usr/lib/a b.so", "/usr/lib/\"a\".so" }) {
		corp.pkcs11_module_path = bad;
		refused("", ERR_INVALID, "pkcs11_module_path");
	}
}

TEST(wifi_merge, an_output_without_room_stays_as_it_was)
{
	std::string b = block(corp);
	struct buf small;
	buf_init(&small, 400);
	LONGS_EQUAL(ERR_TOO_BIG, wifi_merge(bytes_of(users_file), &corp, bytes_of(b), &small, &why));
	LONGS_EQUAL(0, small.len);
	buf_clear(&small);
}

/* A file that wpa_supplicant's SAVE_CONFIG wrote: no comments, so no marks. Its module is the one that was there. */
static struct wifi_network with_saved_module(struct wifi_network network)
{
	network.pkcs11_module_path = "/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so";
	return network;
}

static std::string home() { return "network={\n\tssid=\"HOME\"\n\tpsk=\"my own } # pass\"\n\tmesh_fwding=1\n\tid_str=\"home\"\n}\n"; }

static size_t count(const std::string &text, const std::string &what)
{
	size_t n = 0;
	for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
		n++;
	return n;
}

TEST(wifi_merge, our_network_that_save_config_stripped_of_its_marks_is_replaced_where_it_stands)
{
	std::string saved = golden("saved.conf");
	std::string merged = merge(saved, with_saved_module(corp));
	STRCMP_CONTAINS(("\n" + block(corp) + "\nnetwork={\n\tssid=\"HOME\"").c_str(), merged.c_str());
	LONGS_EQUAL(3, count(merged, "network={"));
	LONGS_EQUAL(1, count(merged, "ctrl_interface="));
	STRCMP_CONTAINS(home().c_str(), merged.c_str());
	STRCMP_EQUAL(merged.c_str(), merge(merged, with_saved_module(corp)).c_str());
}

TEST(wifi_merge, networks_without_marks_are_taken_out_by_their_id_str_and_the_users_stay)
{
	std::string left = remove(remove(golden("saved.conf"), "corp"), "setup");
	LONGS_EQUAL(1, count(left, "network={"));
	STRCMP_CONTAINS(home().c_str(), left.c_str());
	CHECK(left.find("signet") == std::string::npos);
	std::string file = golden("saved.conf");
	STRCMP_EQUAL(file.c_str(), remove(file, "other").c_str());
}

TEST(wifi_merge, a_second_block_without_marks_goes_when_the_marked_one_is_written)
{
	std::string stray = "network={\n\tssid=\"OLD\"\n  id_str=\"signet-corp\" # mine\n}\n";
	std::string merged = merge(stray + merge("country=DE\n", corp) + stray, corp);
	STRCMP_EQUAL(merge("country=DE\n", corp).c_str(), merged.c_str()); // where the marks are
	std::string text = remove(stray + stray + "country=DE\n", "corp");
	STRCMP_EQUAL("country=DE\n", text.c_str());
}

TEST(wifi_merge, an_id_str_that_is_not_quite_ours_is_the_users)
{
	for (const char *id : { "id_str=\"signet-corp2\"", "id_str=\"signet-\"", "id_str=\"signet-a b\"", "id_str=signet-corp",
	                        "#id_str=\"signet-corp\"", "id_str=\"Signet-corp\"", "id_str=\"signet-corp", "id_str=\"signet-corpp\"x" }) {
		std::string own = std::string("network={\n\tssid=\"x\"\n\t") + id + "\n}\n";
		STRCMP_EQUAL(own.c_str(), remove(own, "corp").c_str());
		STRCMP_CONTAINS(own.c_str(), merge(own, corp).c_str());
	}
	std::string cred = "cred={\n\tid_str=\"signet-corp\"\n}\n";
	STRCMP_EQUAL(cred.c_str(), remove(cred, "corp").c_str());
}

TEST(wifi_merge, a_file_of_ours_alone_without_marks_is_not_the_users)
{
	struct why none = {};
	struct buf left;
	std::string file = "network={\n\tid_str=\"signet-corp\"\n}\n";
	buf_init(&left, 1000);
	LONGS_EQUAL(ERR_OK, wifi_remove(bytes_of(file), "corp", &left, &none));
	LONGS_EQUAL(0, left.len);
	buf_clear(&left);
}

TEST(wifi_merge, more_networks_of_ours_than_there_can_be_are_refused)
{
	std::string many;
	for (int i = 0; i <= WIFI_BLOCKS_MAX; i++)
		many += "network={\n\tid_str=\"signet-n" + std::to_string(i) + "\"\n}\n";
	refused(many, ERR_INVALID, "too many networks of signet");
}
