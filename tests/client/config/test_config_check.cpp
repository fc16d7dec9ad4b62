/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/config/config_lab.hpp"

static const char *const trust = "[trust root]\ncertificate = /root.cer\n"; /* lines 1, 2 */
static const char *const scep =
    "[scep dev]\nurl = http://ca/scep\ntrust = root\nsubject = CN=x\n"; /* 3 to 6 */

TEST_GROUP(config_check)
{
	Lab lab;

	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }

	void loads(const std::string &text)
	{
		enum err e = lab.load(text);
		STRCMP_EQUAL("", lab.why.text);
		LONGS_EQUAL(ERR_OK, e);
	}
};

/* ---- refusals: each with its line, the thing and a remedy ---- */

struct bad {
	const char *text;
	unsigned line;
	const char *words;
	const char *advice;
};

static const struct bad bad_files[] = {
    {"x = 1\n", 1, "\"x\" stands before the first section", "below its section"},
    {"[sceep x]\n", 1, "unknown section [sceep]; did you mean [scep]?", "scep NAME"},
    {"[]\n", 1, "unknown section []", "sections are"},
    {"[scep:dev]\n", 1, "unknown section [scep:dev]", "scep NAME"},
    {"[scep]\n", 1, "[scep] needs a profile name", "write [scep NAME]"},
    {"[tpm x]\n", 1, "this section has no name", "write [tpm]"},
    {"[scep a b]\n", 1, "[scep a b]: bad profile name", "1 to 32 letters"},
    {"[scep ../x]\n", 1, "bad profile name", "1 to 32 letters"},
    {"[scep -x]\n", 1, "bad profile name", "1 to 32 letters"},
    {"[trust aaaaaaaaaabbbbbbbbbbccccccccccddd]\n", 1, "bad profile name", "1 to 32 letters"},
    {"[trust a]\ncertificate = /x\n[scep a]\n", 3, "the name is taken by [trust a] (",
     "unique over all kinds"},
    {"[agent]\n\nstat_dir = /x\n", 3,
     "[agent]: unknown key \"stat_dir\"; did you mean \"state_dir\"?", "write state_dir ="},
    {"[agent]\nssid = x\n", 2, "unknown key \"ssid\"", "another section"},
    {"[agent]\nclock = auto\n[tpm]\n[agent]\nclock = auto\n", 5,
     "[agent]: clock is said already in line 2", "keep one"},
    {"[trust a]\ncertificate = /x\n[scep s]\nurl = http://a/b\nurl = http://a/b\n", 5,
     "url = http://a/b is said already in line 4", "keep one"},
    {"[trust a]\n", 1, "[trust a]: certificate: is missing", "add certificate = to [trust a]"},
    {"[trust a]\ncertificate = x.cer\n", 2, "\"x.cer\" is no absolute path", "begin it with /"},
    {"[trust a]\ncertificate = /x\nsha256 = 12\n", 3, "no SHA-256", "openssl x509"},
    {"[trust a]\ncertificate = /x\nsystem_store = maybe\n", 3, "neither yes nor no",
     "default is no"},
    {"[tpm]\nsrk = 0x80000001\n", 2, "no persistent TPM handle", "0x81000001"},
    {"[tpm]\nsrk = 0x8100000g\n", 2, "no persistent TPM handle", "0x81000001"},
    {"[tpm]\nsrk = 1x81000001\n", 2, "no persistent TPM handle", "0x81000001"},
    {"[tpm]\nsrk = 0081000001\n", 2, "no persistent TPM handle", "0x81000001"},
    {"[tpm]\nsrk = 81000001\n", 2, "no persistent TPM handle", "0x81000001"},
    {"[agent]\nexpiry_warning_percent = 101\n", 2, "no whole number from 0 to 100",
     "default is 10"},
    {"[agent]\nexpiry_warning_percent = -1\n", 2, "no whole number", "default is 10"},
    {"[agent]\nexpiry_warning_percent = 4294967297\n", 2, "no whole number", "default is 10"},
    {"[agent]\nexpiry_warning_percent = 0000000050\n", 2, "no whole number", "default is 10"},
    {"[agent]\nexpiry_warning_percent = 1x\n", 2, "no whole number", "default is 10"},
    {"[agent]\nclock = on\n", 2, "not among the known words", "auto, trusted, untrusted"},
    {"[agent]\nfactory_dir = factory\n", 2, "no absolute path", "begin it with /"},
    {"[agent]\nlog_level = info ; x\n", 2, "would cut the value", "line of its own"},
};

TEST(config_check, bad_files_are_refused_with_line_thing_and_remedy)
{
	for (const struct bad &b : bad_files) {
		LONGS_EQUAL_TEXT(ERR_INVALID, lab.load(b.text), b.text);
		std::string place = lab.folder + "/signet.conf:" + std::to_string(b.line) + ": ";
		STRNCMP_EQUAL_TEXT(place.c_str(), lab.why.text, place.size(), b.text);
		CHECK_TEXT(lab.says(b.words), lab.why.text);
		CHECK_TEXT(lab.advises(b.advice), lab.why.next_step);
		POINTERS_EQUAL(nullptr, lab.config.shown);
	}
}

/* On top of a good trust and scep profile (lines 1 to 6): `line` counts from there. */
static const struct bad bad_scep[] = {
    {"trust = rot\n", 1, "trust: there is no [trust rot]; did you mean \"root\"?",
     "add [trust rot]"},
    {"trust = root x\n", 1, "\"root x\" is no profile name", "repeats its key"},
    {"url = ftp://ca/x\n", 1, "no http:// or https:// URL", "http://HOST"},
    {"url = http:///x\n", 1, "names no host", "http://HOST"},
    {"url = http://u:p@ca/x\n", 1, "user or password", "http://HOST"},
    {"url = http://ca/a b\n", 1, "a URL cannot have", "http://HOST"},
    {"challenge_file = /a\nchallenge_command = /b\n", 2,
     "challenge_command: excludes challenge_file", "keep one"},
    {"challenge_url = http://a/\nchallenge_file = /a\n", 1,
     "challenge_url: excludes challenge_file", "keep one"},
    {"challenge_credentials_file = /a\n", 1, "with challenge_url only", "add challenge_url"},
    {"challenge_url = gopher://a/\n", 1, "no http:// or https:// URL", "http://HOST"},
    {"proxy = http://u:p@proxy:3128\n", 1, "holds no secrets", "environment"},
    {"challenge_command = get\n", 1, "no absolute path", "begin it with /"},
    {"tls_trust = sistem\n", 1, "there is no [trust sistem]", "name a profile"},
    {"timeout = 0\n", 1, "no whole number from 5 to 3600", "default is 60"},
    {"renewal_threshold_percent = 0\n", 1, "from 1 to 99", "default is 20"},
    {"renewal_threshold_percent = 100\n", 1, "from 1 to 99", "default is 20"},
    {"renewal_spread_percent = 101\n", 1, "from 0 to 100", "default is 25"},
    {"retry_delay = 7200\n", 1, "7200 is more than retry_delay_max = 3600", "doubles"},
    {"key = rsa1024\n", 1, "not among the known words", "rsa2048, rsa3072, rsa4096"},
    {"key = ecc256\n", 1, "not among the known words", "rsa2048"},
    {"key_usage = keyCertSign\n", 1, "not among the known words", "digitalSignature"},
    {"extended_key_usage = clientauth\n", 1, "no known word and no OID", "clientAuth"},
    {"extended_key_usage = 1..2\n", 1, "no known word and no OID", "clientAuth"},
    {"allow_legacy = md5\n", 1, "not among the known words", "sha1, des"},
    {"san_dns = {{Nam}}\n", 1, "unknown variable {{Nam}}", "variables"},
    {"san_dns = {{DeviceNme}}\n", 1, "did you mean {{DeviceName}}?", "variables"},
    {"san_uri = a{{IMEI\n", 1, "{{ without }}", "close it"},
    {"ra_sha256 = 0g\n", 1, "no SHA-256", "openssl"},
    {"ra_sha256 = 00:11\n", 1, "no SHA-256", "openssl"},
    {"ra_sha256 = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\n", 1, "no SHA-256", "openssl"},
};

TEST(config_check, bad_scep_profiles_are_refused_with_line_thing_and_remedy)
{
	for (const struct bad &b : bad_scep) {
		LONGS_EQUAL_TEXT(ERR_INVALID, lab.load(std::string(trust) + scep + b.text), b.text);
		std::string place =
		    lab.folder + "/signet.conf:" + std::to_string(b.line + 6) + ": [scep dev]: ";
		STRNCMP_EQUAL_TEXT(place.c_str(), lab.why.text, place.size(), lab.why.text);
		CHECK_TEXT(lab.says(b.words), lab.why.text);
		CHECK_TEXT(lab.advises(b.advice), lab.why.next_step);
	}
}

TEST(config_check, a_scep_profile_needs_url_trust_and_a_name_of_the_holder)
{
	LONGS_EQUAL(ERR_INVALID,
		    lab.load(std::string(trust) + "[scep d]\ntrust = root\nsubject = CN=x\n"));
	CHECK(lab.says(":3: [scep d]: url: is missing"));
	LONGS_EQUAL(ERR_INVALID,
		    lab.load(std::string(trust) + "[scep d]\nurl = http://a\nsubject = CN=x\n"));
	CHECK(lab.says(":3: [scep d]: trust: is missing"));
	LONGS_EQUAL(ERR_INVALID,
		    lab.load(std::string(trust) + "[scep d]\nurl = http://a\ntrust = root\n"));
	CHECK(lab.says(":3: [scep d]: subject: is missing"));
	LONGS_EQUAL(ERR_OK, lab.load(std::string(trust) +
				     "[scep d]\nurl = http://a\ntrust = root\nsan_dns = a.b\n"));
}

static const char *const eap =
    "certificate = dev\ntrust = root\nserver_name = radius\nidentity = me\n";
static const char *const wifi_head =
    "[wifi w]\ninterface = wlan0\nssid = S\nconfig = /w.conf\n"; /* 7 to 10 */

static const struct bad bad_networks[] = {
    {"[wired w]\nconfig = /w.conf\n", 1, "[wired w]: interface: is missing", "add interface"},
    {"[wifi w]\ninterface = wlan0\nconfig = /w.conf\n", 1, "[wifi w]: ssid: is missing",
     "add ssid"},
    {"[wired w]\ninterface = e\nconfig = /w\n", 1, "certificate: is missing", "add certificate"},
    {"[wired w]\ninterface = e\nconfig = /w\ncertificate = dev\n", 1, "trust: is missing",
     "add trust"},
    {"[wired w]\ninterface = e\nconfig = /w\ncertificate = dev\ntrust = root\n", 1,
     "server_name: is missing", "add server"},
    {"[wired w]\ninterface = e\nconfig = /w\ncertificate = dev\ntrust = root\nserver_name = r\n", 1,
     "identity: is missing", "add identity"},
    {"[wired w]\ninterface = e\nconfig = /w\ncertificate = root\ntrust = root\nserver_name = "
     "r\nidentity = i\n",
     4, "certificate: there is no [scep root]", "name a profile"},
    {"[wired w]\ninterface = e\nconfig = /w\ncertificate = dev\ntrust = dev\nserver_name = "
     "r\nidentity = i\n",
     5, "trust: there is no [trust dev]", "name a profile"},
    {"[wired w]\ninterface = e\nssid = x\n", 3, "unknown key \"ssid\"", "another section"},
    {"[wired w]\ninterface = sixteen-letters-\nconfig = /w\n", 2, "no name of a network interface",
     "ip link"},
    {"[wired w]\ninterface = ../x\nconfig = /w\n", 2, "no name of a network interface", "ip link"},
    {"[wifi w]\ninterface = w\nconfig = /w\nssid = 123456789012345678901234567890123\n", 4,
     "more than 32 bytes", "correct"},
    {"[wifi w]\ninterface = w\nconfig = /w\nssid = S\nsecurity = wpa2-psk\n", 1,
     "psk_file: is missing", "add psk_file"},
    {"[wifi w]\ninterface = w\nconfig = /w\nssid = S\nsecurity = wpa3-sae\npsk_file = /p\nidentity "
     "= x\n",
     7, "identity: has no use here", "take the line out"},
    {"[wifi w]\ninterface = w\nconfig = /w\nssid = S\nsecurity = wep\n", 5,
     "not among the known words", "wpa2-psk"},
};

TEST(config_check, bad_networks_are_refused_with_line_thing_and_remedy)
{
	for (const struct bad &b : bad_networks) {
		LONGS_EQUAL_TEXT(ERR_INVALID, lab.load(std::string(trust) + scep + b.text), b.text);
		std::string place =
		    lab.folder + "/signet.conf:" + std::to_string(b.line + 6) + ": [wi";
		STRNCMP_EQUAL_TEXT(place.c_str(), lab.why.text, place.size(), lab.why.text);
		CHECK_TEXT(lab.says(b.words), lab.why.text);
		CHECK_TEXT(lab.advises(b.advice), lab.why.next_step);
	}
}

/* Behind a good network with a certificate (lines 7 to 14). */
static const struct bad bad_details[] = {
    {"tls_min = 1.3\ntls_max = 1.2\n", 1, "tls_min: 1.3 is above tls_max = 1.2", "1.0, 1.1"},
    {"tls_max = 1.4\n", 1, "tls_max: \"1.4\" is no TLS version", "1.0, 1.1"},
    {"tls_min = TLS1.2\n", 1, "no TLS version", "1.0, 1.1"},
    {"psk_file = /p\n", 1, "psk_file: has no use here", "take the line out"},
    {"key_reference = file\n", 1, "key of [scep dev] is in the TPM", "pkcs11"},
    {"only_until = w\n", 1, "\"w\" is this network itself", "takes over"},
    {"only_until = ww\n", 1, "there is no [wifi ww]; did you mean \"w\"?", "add [wifi ww]"},
    {"only_until = dev\n", 1, "there is no [wifi dev]", "add [wifi dev]"},
    {"only_until = s\n[wifi s]\ninterface = w\nssid = T\nsecurity = wpa2-psk\npsk_file = "
     "/p\nconfig = /w.conf\n",
     1, "\"s\" is a network without certificate", "takes over"},
    {"[wifi s]\ninterface = w\nssid = T\nsecurity = wpa2-psk\npsk_file = /p\nconfig = "
     "/w.conf\ncontrol = /x\n",
     7, "shared with \"w\"", "the same control"},
    {"[wired s]\ninterface = e\ncertificate = dev\ntrust = root\nserver_name = r\nidentity = "
     "i\nconfig = /w.conf\n",
     7, "shared with \"w\"", "a file of their own"},
    {"priority = 1001\n", 1, "from 0 to 1000", "default is 10"},
    {"identity = x\n", 1, "identity is said already in line 14", "keep one"},
};

TEST(config_check, bad_details_of_a_network_are_refused)
{
	for (const struct bad &b : bad_details) {
		LONGS_EQUAL_TEXT(ERR_INVALID,
				 lab.load(std::string(trust) + scep + wifi_head + eap + b.text),
				 b.text);
		std::string place =
		    lab.folder + "/signet.conf:" + std::to_string(b.line + 14) + ": [wi";
		STRNCMP_EQUAL_TEXT(place.c_str(), lab.why.text, place.size(), lab.why.text);
		CHECK_TEXT(lab.says(b.words), lab.why.text);
		CHECK_TEXT(lab.advises(b.advice), lab.why.next_step);
	}
}

/* Behind a good vpn profile (lines 7 to 11). */
static const struct bad bad_vpns[] = {
    {"remote_network = 10.0.0.0/33\n", 1, "\"10.0.0.0/33\" is no network", "10.0.0.0/8"},
    {"remote_network = 10.0.0.0/8,10.1.0.0/8\n", 1, "is no network", "one a line"},
    {"remote_network = fd00::/129\n", 1, "is no network", "one a line"},
    {"remote_network = corp\n", 1, "is no network", "one a line"},
    {"ike = aes256-sha256,aes128\n", 1, "is no proposal", "one a line"},
    {"esp =\n", 1, "esp: has no proposal", "for the defaults"},
    {"revocation = yes\n", 1, "not among the known words", "relaxed, ifuri, strict"},
    {"start = boot\n", 1, "not among the known words", "always, on-demand"},
    {"directory = swanctl\n", 1, "no absolute path", "begin it with /"},
};

TEST(config_check, bad_vpn_profiles_are_refused_with_line_thing_and_remedy)
{
	std::string good =
	    std::string(trust) + scep +
	    "[vpn v]\ngateway = gw\ncertificate = dev\ntrust = root\nlocal_id = me\n";
	loads(
	    good +
	    "remote_network = 10.0.0.0/8\nremote_network = fd00::/8\nremote_network = 10.1.1.1\n");
	for (const struct bad &b : bad_vpns) {
		LONGS_EQUAL_TEXT(ERR_INVALID, lab.load(good + b.text), b.text);
		std::string place =
		    lab.folder + "/signet.conf:" + std::to_string(b.line + 11) + ": [vpn v]: ";
		STRNCMP_EQUAL_TEXT(place.c_str(), lab.why.text, place.size(), lab.why.text);
		CHECK_TEXT(lab.says(b.words), lab.why.text);
		CHECK_TEXT(lab.advises(b.advice), lab.why.next_step);
	}
}

TEST(config_check, what_this_version_does_not_act_on_is_refused_by_name)
{
	LONGS_EQUAL_TEXT(ERR_UNSUPPORTED, lab.load("[pkcs mail]\n"), lab.why.text);
	CHECK_TEXT(lab.says(":1: [pkcs] profiles are not in this version"), lab.why.text);
	CHECK(lab.why.next_step[0] != '\0');
}

TEST(config_check, every_word_of_ca_rollover_is_taken)
{
	static const struct {
		const char *line;
		int value;
	} words[] = {{"ca_rollover = intermediate\n", scep_profile::ROLLOVER_INTERMEDIATE},
		     {"ca_rollover = root\n", scep_profile::ROLLOVER_ROOT},
		     {"ca_rollover = no\n", scep_profile::ROLLOVER_NO},
		     {"", scep_profile::ROLLOVER_INTERMEDIATE}};
	for (const auto &w : words) {
		loads(std::string(trust) + scep + w.line);
		LONGS_EQUAL(w.value, lab.config.sceps[0].ca_rollover);
	}
	LONGS_EQUAL(ERR_INVALID, lab.load(std::string(trust) + scep + "ca_rollover = yes\n"));
	CHECK_TEXT(lab.advises("ca_rollover is one of intermediate, root, no"), lab.why.next_step);
}

TEST(config_check, key_reference_fits_where_the_key_is)
{
	std::string head = std::string(trust) + scep + "key_storage = ";
	std::string network = std::string("\n") + wifi_head + eap + "key_reference = ";
	loads(head + "software" + network + "file\n");
	loads(head + "software" + network + "\n");
	loads(head + "tpm-or-software" + network + "file\n");
	loads(head + "tpm-or-software" + network + "pkcs11\n");
	loads(head + "tpm" + network + "pkcs11\n");
	LONGS_EQUAL(ERR_INVALID, lab.load(head + "software" + network + "pkcs11\n"));
	CHECK_TEXT(
	    lab.says(
		":16: [wifi w]: key_reference: pkcs11, but the key of [scep dev] is a software"),
	    lab.why.text);
	CHECK(lab.advises("write key_reference = file"));
}
