/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_status.h"
#include <string>
#include "CppUTest/TestHarness.h"

TEST_GROUP(wifi_status)
{
	struct wifi_status s;
	struct wifi_row row;
};

/* As wpa_supplicant 2.10-12+deb12u3 answered, wired. */
static const char authorised[] = "bssid=01:80:c2:00:00:03\nfreq=0\nssid=\nid=7\nid_str=signet-lan\nmode=station\nkey_mgmt=IEEE 802.1X (no WPA)\n"
				 "wpa_state=COMPLETED\nSupplicant PAE state=AUTHENTICATED\nsuppPortStatus=Authorized\nEAP state=SUCCESS\n"
				 "selectedMethod=13 (EAP-TLS)\ntls_session_reused=0\neap_session_id=0d1a016b\nuuid=887ec298\n";

TEST(wifi_status, an_authorised_port_is_read)
{
	wifi_status_parse(authorised, &s);
	LONGS_EQUAL(7, s.id);
	CHECK(s.is_completed && s.is_port_open && s.is_eap_success && !s.is_interface_off);
	LONGS_EQUAL(13, s.method);
	STRCMP_EQUAL("0d1a016b", s.session);
}

TEST(wifi_status, what_only_looks_like_success_is_none)
{
	wifi_status_parse("ssid=id=1\nwpa_state=COMPLETED2\nsuppPortStatus=Unauthorized\nEAP state=SUCCESSFUL\nxid=4\nselectedMethod=\n", &s);
	LONGS_EQUAL(-1, s.id);
	CHECK(!s.is_completed && !s.is_port_open && !s.is_eap_success);
	LONGS_EQUAL(-1, s.method);
	STRCMP_EQUAL("", s.session);
	wifi_status_parse("", &s);
	LONGS_EQUAL(-1, s.id);
	wifi_status_parse("wpa_state=INTERFACE_DISABLED", &s);
	CHECK(s.is_interface_off);
}

TEST(wifi_status, a_session_longer_than_its_room_is_cut)
{
	wifi_status_parse(("eap_session_id=" + std::string(500, 'a') + "\n").c_str(), &s);
	LONGS_EQUAL(sizeof s.session - 1, std::string(s.session).size());
}

TEST(wifi_status, networks_are_listed_with_their_flags)
{
	const char *p = "network id / ssid / bssid / flags\n0\tCONTOSO\tany\t[CURRENT]\n12\t\tany\t\nbroken\n3\t\\x41\tany\t[DISABLED][TEMP-DISABLED]";
	CHECK(wifi_status_row(&p, &row));
	LONGS_EQUAL(0, row.id);
	STRCMP_EQUAL("CONTOSO", row.ssid);
	CHECK(row.is_current && !row.is_disabled && !row.is_resting);
	CHECK(wifi_status_row(&p, &row));
	LONGS_EQUAL(12, row.id);
	CHECK(!row.is_current);
	CHECK(wifi_status_row(&p, &row));
	LONGS_EQUAL(3, row.id);
	CHECK(row.is_disabled && row.is_resting);
	CHECK(!wifi_status_row(&p, &row));
}

TEST(wifi_status, a_rest_is_no_disabling)
{
	const char *p = "1\tx\tany\t[TEMP-DISABLED]\n";
	CHECK(wifi_status_row(&p, &row));
	CHECK(row.is_resting && !row.is_disabled);
}

TEST(wifi_status, a_name_in_the_air_is_found_whole)
{
	const char *scan = "bssid / frequency / signal level / flags / ssid\n02:00:00:00:00:01\t2412\t-40\t[WPA2-EAP-CCMP][ESS]\tCONTOSO\n"
			   "02:00:00:00:00:02\t2412\t-40\t[ESS]\t\n";
	CHECK(wifi_status_is_seen(scan, "CONTOSO"));
	CHECK(wifi_status_is_seen(scan, ""));
	CHECK(!wifi_status_is_seen(scan, "CONTOS"));
	CHECK(!wifi_status_is_seen(scan, "CONTOSO2"));
	CHECK(!wifi_status_is_seen("", "CONTOSO"));
}
