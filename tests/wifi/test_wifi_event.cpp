/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_event.h"
#include <string>
#include "CppUTest/TestHarness.h"

TEST_GROUP(wifi_event)
{
	struct wifi_event e;
	enum wifi_event_kind kind(const std::string &line)
	{
		wifi_event_parse(line.c_str(), &e);
		return e.kind;
	}
};

/* Lines as wpa_supplicant 2.10-12+deb12u3 said them over a veth pair; the air's from its sources. */
TEST(wifi_event, lines_of_the_daemon_are_known)
{
	LONGS_EQUAL(WIFI_EVENT_ASSOCIATED, kind("Associated with 01:80:c2:00:00:03"));
	LONGS_EQUAL(WIFI_EVENT_EAP_STARTED, kind("CTRL-EVENT-EAP-STARTED EAP authentication started"));
	LONGS_EQUAL(WIFI_EVENT_EAP_STARTED, kind("CTRL-EVENT-EAP-PROPOSED-METHOD vendor=0 method=13"));
	LONGS_EQUAL(WIFI_EVENT_EAP_GOES_ON, kind("CTRL-EVENT-EAP-PEER-CERT depth=1 subject='/CN=lab root' hash=0c05"));
	LONGS_EQUAL(WIFI_EVENT_OWN_FAULT,
		    kind("CTRL-EVENT-EAP-STATUS status='local TLS alert' parameter='internal error'"));
	LONGS_EQUAL(WIFI_EVENT_EAP_SUCCESS, kind("CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully"));
	LONGS_EQUAL(WIFI_EVENT_EAP_FAILURE, kind("CTRL-EVENT-EAP-FAILURE EAP authentication failed"));
	LONGS_EQUAL(WIFI_EVENT_DISCONNECTED, kind("CTRL-EVENT-DISCONNECTED bssid=01:80:c2:00:00:03 reason=3 locally_generated=1"));
	LONGS_EQUAL(WIFI_EVENT_TERMINATING, kind("CTRL-EVENT-TERMINATING "));
	LONGS_EQUAL(WIFI_EVENT_SCAN, kind("CTRL-EVENT-SCAN-STARTED "));
	LONGS_EQUAL(WIFI_EVENT_NOT_FOUND, kind("CTRL-EVENT-NETWORK-NOT-FOUND "));
	LONGS_EQUAL(WIFI_EVENT_ASSOCIATING, kind("SME: Trying to authenticate with 02:00:00:00:00:01 (SSID='x' freq=2412 MHz)"));
	LONGS_EQUAL(WIFI_EVENT_REJECTED, kind("CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:01 status_code=17"));
	LONGS_EQUAL(WIFI_EVENT_OTHER, kind("CTRL-EVENT-DSCP-POLICY clear_all"));
	LONGS_EQUAL(WIFI_EVENT_OTHER, kind(""));
}

TEST(wifi_event, a_connection_names_its_network_whatever_its_id_str_says)
{
	LONGS_EQUAL(WIFI_EVENT_CONNECTED, kind("CTRL-EVENT-CONNECTED - Connection to 01:80:c2:00:00:03 completed [id=12 id_str=signet-lan]"));
	LONGS_EQUAL(12, e.id);
	kind("CTRL-EVENT-CONNECTED - Connection to 01:80:c2:00:00:03 completed");
	LONGS_EQUAL(-1, e.id);
	kind("CTRL-EVENT-CONNECTED - x [id=99999999999999999999 id_str=]");
	LONGS_EQUAL(-1, e.id);
}

TEST(wifi_event, a_question_says_for_what_and_for_whom)
{
	LONGS_EQUAL(WIFI_EVENT_ASKS, kind("CTRL-REQ-PASSPHRASE-3:Private key passphrase needed for SSID a-7:b"));
	LONGS_EQUAL(3, e.id);
	STRCMP_EQUAL("PASSPHRASE", e.word);
	kind("CTRL-REQ-SIM-AUTH-4:x");
	LONGS_EQUAL(4, e.id);
	STRCMP_EQUAL("SIM-AUTH", e.word);
	for (const char *broken : { "CTRL-REQ-", "CTRL-REQ-PIN", "CTRL-REQ-:", "CTRL-REQ-PIN-x:" }) {
		LONGS_EQUAL(WIFI_EVENT_ASKS, kind(broken));
		LONGS_EQUAL(-1, e.id);
	}
}

TEST(wifi_event, a_name_of_a_network_cannot_forge_the_reason_of_its_rest)
{
	LONGS_EQUAL(WIFI_EVENT_DISABLED, kind("CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"x id=5 reason=WRONG_KEY\" auth_failures=1 duration=10 reason=CONN_FAILED"));
	LONGS_EQUAL(0, e.id);
	STRCMP_EQUAL("CONN_FAILED", e.word);
}

TEST(wifi_event, a_refused_server_is_told_with_reason_depth_subject_and_words)
{
	LONGS_EQUAL(WIFI_EVENT_SERVER_REFUSED,
	            kind("CTRL-EVENT-EAP-TLS-CERT-ERROR reason=4 depth=1 subject='/O=a, depth=7 reason=1/CN=it's' err='certificate has expired'"));
	LONGS_EQUAL(WIFI_FAULT_EXPIRED, e.reason);
	LONGS_EQUAL(1, e.depth);
	STRCMP_EQUAL("/O=a, depth=7 reason=1/CN=it's", e.subject);
	STRCMP_EQUAL("certificate has expired", e.text);
}

TEST(wifi_event, a_refused_server_that_says_too_much_or_too_little_is_cut)
{
	kind("CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=0 subject='" + std::string(5000, 'a') + "' err='" + std::string(5000, 'b') + "'");
	LONGS_EQUAL(sizeof e.subject - 1, std::string(e.subject).size());
	LONGS_EQUAL(sizeof e.text - 1, std::string(e.text).size());
	kind("CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=0 subject='cut in the midd");
	STRCMP_EQUAL("cut in the midd", e.subject);
	STRCMP_EQUAL("", e.text);
	kind("CTRL-EVENT-EAP-TLS-CERT-ERROR");
	LONGS_EQUAL(-1, e.reason);
	STRCMP_EQUAL("", e.subject);
}
