/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_control.h"
#include <memory>
#include "test_folder.hpp"
#include "wifi/control_bench.hpp"
#include "wifi/fake_supplicant.hpp"
#include "wifi/wpa_control.h"

using lines = std::vector<std::string>;

static const char started[] = "CTRL-EVENT-EAP-STARTED EAP authentication started";
static const char success[] = "CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully";
static const char failure[] = "CTRL-EVENT-EAP-FAILURE EAP authentication failed";
static const char associated[] = "Associated with 01:80:c2:00:00:03";
static const char passphrase[] = "CTRL-REQ-PASSPHRASE-0:Private key passphrase needed for SSID ";

static std::string refused_server(int reason, const char *subject, const char *text)
{
	return "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=" + std::to_string(reason) + " depth=0 subject='" + subject + "' err='" +
	       text + "'";
}

class fake_bench : public control_bench
{
      public:
	test_folder folder{ "wpa" };
	std::unique_ptr<fake_supplicant> daemon;
	std::string control = folder.path("ctrl"), interface = "none0";
	fake_bench()
	{
		folder.run("mkdir ctrl");
		daemon = std::make_unique<fake_supplicant>(folder.path("ctrl/none0"));
		link.control = control.c_str();
		link.interface = interface.c_str();
		link.profile = "lan";
		link.is_wired = true;
		link.key = WIFI_KEY_ENGINE;
		link.timeout_s = 20;
	}
	/* Events behind each RECONFIGURE and REASSOCIATE. */
	void events(const lines &all)
	{
		daemon->behind = [all](const std::string &command, int) {
			return command == "RECONFIGURE" || command == "REASSOCIATE" ? all : lines();
		};
	}
	void be(world w) override
	{
		switch (w) {
		case world::accepts:
			events({ associated, started, success });
			break;
		case world::refuses:
			events({ associated, started, failure });
			break;
		case world::wrong_name:
			events({ associated, started, refused_server(9, "/CN=radius.lab.example", "Domain suffix mismatch"), failure });
			break;
		case world::unknown_ca:
			events({ associated, started, refused_server(1, "/CN=x", "unable to get local issuer certificate"), failure });
			break;
		case world::expired_server:
			events({ associated, started, refused_server(4, "/CN=x", "certificate has expired"), failure });
			break;
		case world::silent:
			events({ associated });
			break;
		case world::mismatch:
			events({ associated, started, passphrase });
			break;
		case world::absent:
			daemon.reset();
			return;
		}
		daemon->start();
	}
	std::string look_folder() { return folder.run("ls ctrl"); }
};

TEST_GROUP(wifi_control)
{
	std::unique_ptr<fake_bench> bench;
	struct wifi_state state;
	void setup() override
	{
		state = {};
		bench = std::make_unique<fake_bench>();
		CHECK(bench->daemon->is_bound);
	}
	void teardown() override { bench.reset(); }
	enum err switched(const lines &all)
	{
		bench->events(all);
		bench->daemon->start();
		return wifi_control_switch(&bench->link, &bench->why);
	}
	void ends(enum err error, const char *code, enum err e)
	{
		STRCMP_EQUAL_TEXT(code, bench->why.code, bench->why.text);
		LONGS_EQUAL_TEXT(error, e, bench->why.text);
		CHECK(error == ERR_OK || bench->why.next_step[0] != '\0');
	}
};

CONTROL_CONTRACT(wifi_control)

TEST(wifi_control, what_was_said_before_the_file_was_read_again_does_not_count)
{
	bench->daemon->before = [](const std::string &command, int) {
		return command == "RECONFIGURE" ? lines{ started, failure, passphrase, success } : lines();
	};
	ends(ERR_OK, "", switched({ associated, started, success }));
	LONGS_EQUAL(1, bench->daemon->count("RECONFIGURE"));
}

TEST(wifi_control, a_key_that_does_not_load_yet_gets_one_more_reconfigure)
{
	bench->daemon->behind = [](const std::string &command, int n) {
		if (command != "RECONFIGURE")
			return lines();
		return n == 1 ? lines{ associated, started, passphrase } : lines{ associated, started, success };
	};
	bench->daemon->start();
	ends(ERR_OK, "", wifi_control_switch(&bench->link, &bench->why));
	LONGS_EQUAL(2, bench->daemon->count("RECONFIGURE"));
}

TEST(wifi_control, a_key_that_never_loads_is_asked_for_twice_and_no_more)
{
	ends(ERR_INVALID, "wifi.key", switched({ associated, started, passphrase }));
	LONGS_EQUAL(2, bench->daemon->count("RECONFIGURE"));
}

TEST(wifi_control, a_try_never_reads_the_file)
{
	bench->be(world::mismatch);
	ends(ERR_INVALID, "wifi.key", wifi_control_try(&bench->link, &bench->why));
	LONGS_EQUAL(0, bench->daemon->count("RECONFIGURE"));
}

TEST(wifi_control, a_module_that_the_running_daemon_did_not_start_with_needs_a_restart)
{
	bench->daemon->before = [this](const std::string &command, int) {
		if (command == "RECONFIGURE")
			bench->daemon->replies["GET pkcs11_module_path"] = "/bin/sh";
		return lines();
	};
	ends(ERR_INVALID, "wifi.key", switched({ associated, started, passphrase }));
	STRCMP_CONTAINS("restart wpa_supplicant: it takes", bench->why.next_step);
}

TEST(wifi_control, a_build_without_openssl_is_unsupported_before_anything_is_touched)
{
	for (const char *library : { "wolfSSL build=5.5.4 run=5.5.4", "GnuTLS build=3.7 run=3.7", "internal", "FAIL\n" }) {
		bench = std::make_unique<fake_bench>();
		bench->daemon->replies["GET tls_library"] = library;
		ends(ERR_UNSUPPORTED, "wifi.build", switched({ associated, started, success }));
		LONGS_EQUAL(0, bench->daemon->count("RECONFIGURE"));
		bench->link.key = WIFI_KEY_FILE;
		ends(ERR_OK, "wifi.build", wifi_control_switch(&bench->link, &bench->why));
	}
}

TEST(wifi_control, an_engine_that_the_file_names_and_nobody_installed_is_unsupported)
{
	bench->daemon->replies["GET pkcs11_engine_path"] = "/usr/lib/no/such/engine.so";
	ends(ERR_UNSUPPORTED, "wifi.build", switched({ associated, started, success }));
	STRCMP_CONTAINS("/usr/lib/no/such/engine.so", bench->why.text);
	STRCMP_CONTAINS("libengine-pkcs11-openssl", bench->why.next_step);
}

TEST(wifi_control, a_daemon_that_never_answers_is_absent_within_its_limit)
{
	bench->daemon->replies["PING"] = "";
	ends(ERR_NOT_FOUND, "wifi.absent", switched({}));
	STRCMP_CONTAINS("does not answer", bench->why.text);
}

TEST(wifi_control, a_daemon_that_hangs_in_the_middle_is_absent)
{
	bench->daemon->replies["STATUS"] = "";
	ends(ERR_NOT_FOUND, "wifi.absent", switched({ associated, started, success }));
}

TEST(wifi_control, a_socket_that_nobody_holds_is_absent)
{
	bench->daemon->stop();
	ends(ERR_NOT_FOUND, "wifi.absent", wifi_control_switch(&bench->link, &bench->why));
	STRCMP_CONTAINS("left over", bench->why.text);
}

TEST(wifi_control, a_daemon_that_ends_while_it_is_asked_is_absent)
{
	ends(ERR_NOT_FOUND, "wifi.absent", switched({ associated, started, "CTRL-EVENT-TERMINATING " }));
}

TEST(wifi_control, a_file_that_cannot_be_read_again_is_said_so)
{
	bench->daemon->replies["RECONFIGURE"] = "FAIL\n";
	ends(ERR_IO, "wifi.control", switched({}));
	STRCMP_CONTAINS("refused to read its file", bench->why.text);
}

TEST(wifi_control, a_daemon_with_another_file_has_no_network_of_ours)
{
	bench->daemon->networks = { { 0, "", "CONTOSO", "" }, { 1, "signet-lan2", "CONTOSO", "" } };
	ends(ERR_NOT_FOUND, "wifi.no_network", switched({ associated, started, success }));
	STRCMP_CONTAINS("signet-lan\"", bench->why.text);
}

TEST(wifi_control, our_network_is_found_among_more_than_fit_one_answer)
{
	bench->daemon->networks.clear();
	for (int i = 0; i < 120; i++)
		bench->daemon->networks.push_back({ i, i == 110 ? "signet-lan" : "", std::string(100, 'x'), "" });
	bench->daemon->status.replace(0, 4, "id=110");
	ends(ERR_OK, "", switched({ associated, started, success }));
}

TEST(wifi_control, looking_stops_at_too_many_networks)
{
	bench->daemon->networks.clear();
	for (int i = 0; i < 400; i++)
		bench->daemon->networks.push_back({ i, i == 390 ? "signet-lan" : "", "x", "" });
	bench->daemon->start();
	LONGS_EQUAL(ERR_OK, wifi_control_look(&bench->link, &state, &bench->why));
	CHECK(!state.is_current);
}

// 0.3 s an answer and 40 networks to ask about: the time is for the whole, not for each of them.
TEST(wifi_control, the_time_is_for_everything_that_is_asked)
{
	bench->daemon->networks.clear();
	for (int i = 0; i < 40; i++)
		bench->daemon->networks.push_back({ i, i == 39 ? "signet-lan" : "", "x", "" });
	bench->daemon->answer_ms = 300;
	bench->link.timeout_s = 2;
	bench->daemon->start();
	ends(ERR_NOT_FOUND, "wifi.absent", wifi_control_switch(&bench->link, &bench->why));
	CHECK(bench->daemon->asked().size() <= 8);
}

// What came too late is of the command that was given up, never of the next one.
TEST(wifi_control, a_late_answer_is_not_taken_for_another_commands)
{
	struct wpa_control control = {};
	bench->daemon->late_ms["REASSOCIATE"] = WPA_REPLY_MS + 300;
	bench->daemon->replies["RECONFIGURE"] = "FAIL\n";
	bench->daemon->start();
	LONGS_EQUAL(ERR_OK, wpa_control_open(bench->link.control, bench->link.interface, &control, &bench->why));
	LONGS_EQUAL(ERR_OK, wpa_control_watch(&control, &bench->why));
	LONGS_EQUAL(ERR_NOT_FOUND, wpa_control_command_anew(&control, "REASSOCIATE", &bench->why));
	LONGS_EQUAL(ERR_IO, wpa_control_command_anew(&control, "RECONFIGURE", &bench->why));
	wpa_control_close(&control);
}

TEST(wifi_control, success_on_another_network_is_not_ours)
{
	bench->daemon->networks.push_back({ 1, "", "", "" });
	bench->daemon->status.replace(0, 4, "id=1");
	bench->link.timeout_s = 4;
	ends(ERR_AGAIN, "wifi.other_network", switched({ associated, started, success }));
	bench->events({ associated, "CTRL-EVENT-CONNECTED - Connection to 01:80:c2:00:00:03 completed [id=1 id_str=]" });
	ends(ERR_AGAIN, "wifi.other_network", wifi_control_try(&bench->link, &bench->why));
}

TEST(wifi_control, the_port_opens_a_little_after_eap_and_is_waited_for)
{
	std::string open = bench->daemon->status;
	size_t at = open.find("Authorized");
	bench->daemon->status.replace(at, 10, "Unauthorized");
	int looks = 0;
	bench->daemon->before = [&, open](const std::string &command, int) {
		if (command == "STATUS" && ++looks == 5)
			bench->daemon->status = open;
		return lines();
	};
	ends(ERR_OK, "", switched({ associated, started, success }));
	CHECK(looks >= 5);
}

TEST(wifi_control, another_method_than_tls_is_no_success)
{
	size_t at = bench->daemon->status.find("13 (EAP-TLS)");
	bench->daemon->status.replace(at, 12, "25 (EAP-PEAP)");
	bench->link.timeout_s = 2;
	ends(ERR_UNREACHABLE, "wifi.timeout", switched({ associated, started, success }));
	STRCMP_CONTAINS("did not open", bench->why.text);
}

TEST(wifi_control, a_silent_wire_is_tried_again_and_cached_keys_are_dropped_in_the_air)
{
	bench->link.is_wired = false;
	bench->daemon->behind = [](const std::string &command, int n) {
		return command == "REASSOCIATE" && n == 1 ? lines{ associated, started, success } : lines();
	};
	bench->daemon->start();
	ends(ERR_OK, "", wifi_control_switch(&bench->link, &bench->why));
	LONGS_EQUAL(2, bench->daemon->count("PMKSA_FLUSH"));
}

TEST(wifi_control, a_network_not_in_the_air_is_out_of_range)
{
	bench->link.is_wired = false;
	lines two = { "CTRL-EVENT-SCAN-RESULTS ", "CTRL-EVENT-NETWORK-NOT-FOUND ", "CTRL-EVENT-SCAN-RESULTS ",
		      "CTRL-EVENT-NETWORK-NOT-FOUND " };
	bench->daemon->networks[0].ssid = "CONTOSO";
	bench->daemon->replies["SCAN_RESULTS"] = "bssid / frequency / signal level / flags / ssid\n"
						 "02:00:00:00:00:01\t2412\t-40\t[ESS]\tCONTOSO-GUEST\n";
	ends(ERR_AGAIN, "wifi.out_of_range", switched(two));
	STRCMP_CONTAINS("not in the air", bench->why.text);
	bench->daemon->stop();
	bench->daemon.reset();
	bench->daemon = std::make_unique<fake_supplicant>(bench->folder.path("ctrl/none0"));
	bench->daemon->networks[0].ssid = "CONTOSO";
	bench->daemon->replies["SCAN_RESULTS"] = "02:00:00:00:00:01\t2412\t-40\t[ESS]\tCONTOSO\n";
	ends(ERR_AGAIN, "wifi.out_of_range", switched(two));
	STRCMP_CONTAINS("security", bench->why.text);
}

TEST(wifi_control, an_interface_that_is_switched_off_is_out_of_range)
{
	bench->link.is_wired = false;
	bench->daemon->status = "wpa_state=INTERFACE_DISABLED\n";
	ends(ERR_AGAIN, "wifi.out_of_range", switched({}));
	bench->daemon->replies["REASSOCIATE"] = "FAIL\n";
	ends(ERR_AGAIN, "wifi.out_of_range", wifi_control_try(&bench->link, &bench->why));
}

TEST(wifi_control, a_network_that_was_given_a_rest_is_woken_before_a_try)
{
	bench->daemon->networks[0].flags = "[TEMP-DISABLED]";
	bench->be(world::accepts);
	ends(ERR_OK, "", wifi_control_try(&bench->link, &bench->why));
	LONGS_EQUAL(1, bench->daemon->count("ENABLE_NETWORK 0"));
	LONGS_EQUAL(0, bench->daemon->count("SELECT_NETWORK 0"));
}

TEST(wifi_control, a_pass_phrase_network_succeeds_by_its_connection)
{
	bench->link.is_wired = false;
	bench->link.is_open = true;
	bench->link.key = WIFI_KEY_FILE;
	bench->daemon->status = "id=0\nwpa_state=COMPLETED\nkey_mgmt=WPA2-PSK\n";
	ends(ERR_OK, "", switched({ "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed [id=0 id_str=signet-lan]" }));
	LONGS_EQUAL(ERR_OK, wifi_control_look(&bench->link, &state, &bench->why));
	CHECK(state.is_current && state.is_authorised);
	STRCMP_EQUAL("", state.session);
}

TEST(wifi_control, a_wrong_pass_phrase_is_denied)
{
	bench->link.is_wired = false;
	bench->link.is_open = true;
	ends(ERR_DENIED, "wifi.pass_phrase",
	     switched({ "Trying to associate with 02:00:00:00:00:01 (SSID='S' freq=2412 MHz)",
	                "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"S\" auth_failures=1 duration=10 reason=WRONG_KEY" }));
}

TEST(wifi_control, words_of_a_server_cannot_forge_lines)
{
	ends(ERR_UNTRUSTED, "wifi.server_certificate",
	     switched({ associated, started, refused_server(6, "/CN=a\x1b[31m' err='b", "said\x07so"), failure }));
	CHECK(std::string(bench->why.text).find('\x1b') == std::string::npos);
	CHECK(std::string(bench->why.text).find('\x07') == std::string::npos);
}

TEST(wifi_control, a_look_tells_of_no_authentication_and_of_no_network)
{
	bench->daemon->status = "id=0\nwpa_state=ASSOCIATED\nsuppPortStatus=Unauthorized\nEAP state=IDLE\n";
	bench->daemon->start();
	LONGS_EQUAL(ERR_OK, wifi_control_look(&bench->link, &state, &bench->why));
	CHECK(state.is_current && !state.is_authorised);
	bench->link.profile = "other";
	LONGS_EQUAL(ERR_OK, wifi_control_look(&bench->link, &state, &bench->why));
	CHECK(!state.is_current && !state.is_authorised);
	LONGS_EQUAL(0, bench->daemon->count("RECONFIGURE"));
}

TEST(wifi_control, arming_sets_certificate_and_key_and_cuts_nothing)
{
	bench->daemon->networks = { { 3, "", "", "" }, { 7, "signet-lan", "", "[CURRENT]" } };
	bench->daemon->start();
	ends(ERR_OK, "", wifi_control_arm(&bench->link, "/new/chain.pem", "/new/key.pem", &bench->why));
	LONGS_EQUAL(1, bench->daemon->count("SET_NETWORK 7 client_cert \"/new/chain.pem\""));
	LONGS_EQUAL(1, bench->daemon->count("SET_NETWORK 7 private_key \"/new/key.pem\""));
	ends(ERR_OK, "", wifi_control_arm(&bench->link, "/newer/chain.pem", nullptr, &bench->why));
	for (const std::string &c : bench->daemon->asked())
		CHECK_TEXT(c.find("REASS") != 0 && c.find("RECONF") != 0 && c.find("REAUTH") != 0, c.c_str());
}

TEST(wifi_control, a_certificate_whose_key_is_refused_is_put_back)
{
	bench->daemon->replies["SET_NETWORK 0 private_key \"/new/key.pem\""] = "FAIL\n";
	bench->daemon->start();
	ends(ERR_IO, "wifi.control", wifi_control_arm(&bench->link, "/new/chain.pem", "/new/key.pem", &bench->why));
	STRCMP_EQUAL("SET_NETWORK 0 client_cert \"/old/chain.pem\"", bench->daemon->asked().back().c_str());
}

TEST(wifi_control, a_path_that_could_end_its_quotes_is_refused)
{
	bench->daemon->start();
	LONGS_EQUAL(ERR_INVALID, wifi_control_arm(&bench->link, "/new/\"x\nREMOVE_NETWORK all", nullptr, &bench->why));
	LONGS_EQUAL(ERR_INVALID, wifi_control_arm(&bench->link, std::string(5000, 'a').c_str(), nullptr, &bench->why));
	STRCMP_EQUAL("GET_NETWORK 0 client_cert", bench->daemon->asked().back().c_str());
}

TEST(wifi_control, removing_takes_ours_out_however_often_it_is_there_and_no_other)
{
	bench->daemon->networks = { { 0, "", "a", "[CURRENT]" }, { 1, "signet-lan", "b", "" }, { 2, "signet-lan", "b", "" }, { 4, "signet-x", "c", "" } };
	bench->daemon->start();
	ends(ERR_OK, "", wifi_control_remove(&bench->link, &bench->why));
	ends(ERR_OK, "", wifi_control_remove(&bench->link, &bench->why));
	LONGS_EQUAL(1, bench->daemon->count("REMOVE_NETWORK 1"));
	LONGS_EQUAL(1, bench->daemon->count("REMOVE_NETWORK 2"));
	LONGS_EQUAL(0, bench->daemon->count("REMOVE_NETWORK 0") + bench->daemon->count("REMOVE_NETWORK 4"));
}

TEST(wifi_control, an_event_on_the_command_connection_is_not_taken_for_an_answer)
{
	bench->daemon->strays["STATUS"] = "<3>CTRL-EVENT-BSS-ADDED 1\n";
	bench->daemon->strays["PING"] = "IFNAME=none0 <3>CTRL-EVENT-BSS-ADDED 1\n";
	bench->daemon->start();
	LONGS_EQUAL_TEXT(ERR_OK, wifi_control_look(&bench->link, &state, &bench->why), bench->why.text);
	CHECK(state.is_authorised);
}

TEST(wifi_control, an_answer_larger_than_any_of_the_daemon_is_refused_not_cut)
{
	bench->daemon->replies["STATUS"] = bench->daemon->status + std::string(WPA_REPLY_MAX, 'x');
	bench->daemon->start();
	LONGS_EQUAL(ERR_TOO_BIG, wifi_control_look(&bench->link, &state, &bench->why));
}

TEST(wifi_control, no_socket_of_ours_is_left_behind)
{
	bench->switch_ends(world::accepts, ERR_OK, "", "");
	STRCMP_EQUAL("none0\n", bench->look_folder().c_str());
}

TEST(wifi_control, names_that_make_no_socket_are_invalid)
{
	bench->link.control = "relative";
	LONGS_EQUAL(ERR_INVALID, wifi_control_look(&bench->link, &state, &bench->why));
	std::string longest = "/" + std::string(200, 'a');
	bench->link.control = longest.c_str();
	LONGS_EQUAL(ERR_INVALID, wifi_control_look(&bench->link, &state, &bench->why));
	bench->link.control = "/tmp";
	bench->link.interface = "../x";
	LONGS_EQUAL(ERR_INVALID, wifi_control_look(&bench->link, &state, &bench->why));
}
