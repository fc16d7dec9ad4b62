/* SPDX-License-Identifier: MIT */
#pragma once
#include "CppUTest/TestHarness.h"
#include "wifi/wifi_control.h"

/*
 * What a switch meets, and how it must end: the same bodies run against a fake of words (test_wifi_control.cpp) and
 * against a real wpa_supplicant and hostapd (real_control.cpp).
 */
enum class world {
	accepts,
	refuses,        // the server refuses our certificate
	wrong_name,     // of the server
	unknown_ca,     // of the server
	expired_server,
	silent,         // nobody answers EAPOL
	mismatch,       // our certificate and key are no pair
	absent          // no wpa_supplicant
};

class control_bench
{
      public:
	virtual ~control_bench() = default;
	virtual void be(world w) = 0;
	struct wifi_link link = {};
	struct why why = {};
	void switch_ends(world w, enum err error, const char *code, const char *words)
	{
		be(w);
		enum err e = wifi_control_switch(&link, &why);
		STRCMP_EQUAL_TEXT(code, why.code, why.text);
		LONGS_EQUAL_TEXT(error, e, why.text);
		STRCMP_CONTAINS(words, why.text);
		CHECK_TEXT(error == ERR_OK || why.next_step[0] != '\0', "no next step");
	}
};

#define CONTROL_CONTRACT(group)                                                                                       \
	TEST(group, a_device_that_is_accepted_is_authorised_with_a_session)                                           \
	{                                                                                                             \
		struct wifi_state looked = {};                                                                        \
		bench->switch_ends(world::accepts, ERR_OK, "", "");                                                   \
		LONGS_EQUAL(ERR_OK, wifi_control_look(&bench->link, &looked, &bench->why));                            \
		CHECK(looked.is_current && looked.is_authorised);                                                       \
		STRNCMP_EQUAL("0d", looked.session, 2);                                                               \
	}                                                                                                             \
	TEST(group, a_try_of_what_is_in_use_succeeds_too)                                                             \
	{                                                                                                             \
		bench->switch_ends(world::accepts, ERR_OK, "", "");                                                   \
		LONGS_EQUAL_TEXT(ERR_OK, wifi_control_try(&bench->link, &bench->why), bench->why.text);               \
	}                                                                                                             \
	TEST(group, a_device_that_is_refused_is_denied)                                                               \
	{                                                                                                             \
		bench->switch_ends(world::refuses, ERR_DENIED, "wifi.refused", "does not accept this device");        \
	}                                                                                                             \
	TEST(group, a_server_of_another_name_is_untrusted_with_its_name)                                              \
	{                                                                                                             \
		bench->switch_ends(world::wrong_name, ERR_UNTRUSTED, "wifi.server_certificate", "has another name");  \
		STRCMP_CONTAINS("CN=radius.lab.example", bench->why.text);                                            \
		STRCMP_CONTAINS("server_name", bench->why.next_step);                                                 \
	}                                                                                                             \
	TEST(group, a_server_of_an_unknown_ca_is_untrusted)                                                           \
	{                                                                                                             \
		bench->switch_ends(world::unknown_ca, ERR_UNTRUSTED, "wifi.server_certificate", "CA that this");      \
		STRCMP_CONTAINS("trust profiles", bench->why.next_step);                                              \
	}                                                                                                             \
	TEST(group, an_expired_server_is_untrusted_and_the_clock_is_named)                                            \
	{                                                                                                             \
		bench->switch_ends(world::expired_server, ERR_UNTRUSTED, "wifi.server_certificate", "has expired");   \
		STRCMP_CONTAINS("clock", bench->why.next_step);                                                       \
	}                                                                                                             \
	TEST(group, a_silent_network_is_a_timeout_that_says_how_far_it_came)                                          \
	{                                                                                                             \
		bench->link.timeout_s = 5;                                                                            \
		bench->switch_ends(world::silent, ERR_UNREACHABLE, "wifi.timeout", "nobody began EAP");               \
		STRCMP_CONTAINS("802.1X", bench->why.next_step);                                                      \
	}                                                                                                             \
	TEST(group, a_key_of_another_certificate_is_invalid_not_a_timeout)                                            \
	{                                                                                                             \
		bench->switch_ends(world::mismatch, ERR_INVALID, "wifi.key", "do not belong together");               \
	}                                                                                                             \
	TEST(group, no_daemon_is_absent)                                                                              \
	{                                                                                                             \
		struct wifi_state looked = {};                                                                        \
		bench->switch_ends(world::absent, ERR_NOT_FOUND, "wifi.absent", "wpa_supplicant at ");                \
		LONGS_EQUAL(ERR_NOT_FOUND, wifi_control_look(&bench->link, &looked, &bench->why));                     \
		LONGS_EQUAL(ERR_NOT_FOUND, wifi_control_remove(&bench->link, &bench->why));                           \
	}
