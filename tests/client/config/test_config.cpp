/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/config/config_lab.hpp"
#include "client/pki/certificate.h"

static const char *const trust = "[trust root]\ncertificate = /root.cer\n"; /* lines 1, 2 */
static const char *const scep =
    "[scep dev]\nurl = http://ca/scep\ntrust = root\nsubject = CN=x\n"; /* 3 to 6 */

TEST_GROUP(config)
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
	void loads_root()
	{
		enum err e = lab.load_root();
		STRCMP_EQUAL("", lab.why.text);
		LONGS_EQUAL(ERR_OK, e);
	}
};

static std::string sample_without_pkcs()
{
	std::string text = Lab::read(TEST_DATA "/config/sample.conf");
	size_t start = text.find("[pkcs mail]");
	size_t end = text.find("[wifi corp]");
	return text.substr(0, start) + text.substr(end);
}

/* ---- the sample ---- */

TEST(config, the_sample_is_refused_for_its_pkcs_section_alone)
{
	std::string path = TEST_DATA "/config/sample.conf";
	LONGS_EQUAL(ERR_UNSUPPORTED, config_load(path.c_str(), nullptr, &lab.config, &lab.why));
	STRCMP_EQUAL((path + ":119: [pkcs] profiles are not in this version").c_str(),
		     lab.why.text);
	STRCMP_EQUAL("config.version", lab.why.code);
	POINTERS_EQUAL(nullptr, lab.config.shown);
}

TEST(config, the_sample_without_pkcs_fills_the_profiles)
{
	loads(sample_without_pkcs());
	const struct config *c = &lab.config;
	LONGS_EQUAL(2, c->trust_count);
	LONGS_EQUAL(2, c->scep_count);
	LONGS_EQUAL(3, c->wifi_count);
	LONGS_EQUAL(2, c->vpn_count);
	STRCMP_EQUAL("", c->root);
	STRCMP_EQUAL("/var/lib/signet", c->agent.state_dir);
	UNSIGNED_LONGS_EQUAL(0x81000001, c->tpm.srk);
	STRCMP_EQUAL("", c->tpm.owner_auth_file);
	STRCMP_EQUAL("3f2b8a52-6f0e-4c55-9a3e-0c6f1d2e7b10", c->device.device_id);
	STRCMP_EQUAL("corp-issuing", c->trusts[1].name);
	LONGS_EQUAL(35, c->trusts[0].origin.line);
	const struct scep_profile *s = config_find_scep(c, "corp-device");
	LONGS_EQUAL(2, s->url.count);
	STRCMP_EQUAL("http://ndes2.corp.contoso.com/certsrv/mscep/mscep.dll", s->url.items[1]);
	LONGS_EQUAL(2, s->trust.count);
	LONGS_EQUAL(KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT, s->key_usage);
	LONGS_EQUAL(1, s->san_dns.count);
	LONGS_EQUAL(0, s->san_upn.count);
	STRCMP_EQUAL("CN={{DeviceName}},O=Contoso", s->subject);
	CHECK(!s->allow_sha1 && !s->allow_des && s->subject_exact && s->challenge_once);
	const struct wifi_profile *w = c->wifis;
	LONGS_EQUAL(SECURITY_WPA2_WPA3, w[0].security);
	STRCMP_EQUAL("corp", w[1].only_until);
	LONGS_EQUAL(0, w[1].priority);
	CHECK(w[2].is_wired && w[2].security == SECURITY_WIRED);
	STRCMP_EQUAL("", w[2].ssid);
	STRCMP_EQUAL("", w[2].psk_file);
	STRCMP_EQUAL("", w[2].only_until);
	CHECK(!c->vpns[0].is_on_demand && c->vpns[1].is_on_demand && c->vpns[1].is_user_tunnel);
	STRCMP_EQUAL("10.20.0.0/16", c->vpns[1].remote_network.items[0]);
}

TEST(config, a_short_profile_gets_the_sample_s_values)
{
	loads(std::string(trust) + scep +
	      "[vpn v]\ngateway = gw\ncertificate = dev\ntrust = root\nlocal_id = me\n");
	const struct scep_profile *s = &lab.config.sceps[0];
	LONGS_EQUAL(60, s->timeout_s);
	LONGS_EQUAL(2048, s->key_bits);
	LONGS_EQUAL(256, s->digest_bits);
	LONGS_EQUAL(CIPHER_AUTO, s->cipher);
	LONGS_EQUAL(KEY_STORAGE_TPM, s->key_storage);
	LONGS_EQUAL(RENEWAL_AUTO, s->renewal_message);
	LONGS_EQUAL(20, s->renewal_threshold_percent);
	LONGS_EQUAL(25, s->renewal_spread_percent);
	LONGS_EQUAL(60, s->retry_delay_s);
	LONGS_EQUAL(3600, s->retry_delay_max_s);
	LONGS_EQUAL(scep_profile::AFTER_EXPIRY_REENROLL, s->after_expiry);
	LONGS_EQUAL(KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT, s->key_usage);
	LONGS_EQUAL(1, s->extended_key_usage.count);
	STRCMP_EQUAL("clientAuth", s->extended_key_usage.items[0]);
	STRCMP_EQUAL("system", s->tls_trust);
	CHECK(s->challenge_once && s->subject_exact && s->new_key_on_renewal);
	const struct vpn_profile *v = &lab.config.vpns[0];
	STRCMP_EQUAL("gw", v->gateway_id);
	LONGS_EQUAL(2, v->ike.count);
	STRCMP_EQUAL("aes256gcm16-prfsha384-ecp384", v->ike.items[0]);
	STRCMP_EQUAL("aes256-sha256-ecp256", v->esp.items[1]);
	LONGS_EQUAL(0, v->remote_network.count);
	CHECK(v->virtual_ip);
	STRCMP_EQUAL("/etc/swanctl", v->directory);
	LONGS_EQUAL(10, lab.config.agent.expiry_warning_percent);
	STRCMP_EQUAL("device:/dev/tpmrm0", lab.config.tpm.tcti);
	CHECK(lab.show().find("gateway_id = gw    ; default\n") != std::string::npos);
}

TEST(config, words_numbers_and_lists_are_taken)
{
	loads(
	    std::string(trust) +
	    "[tpm]\nsrk = 0x810000FF\n[agent]\nclock = untrusted\nuntrusted_clock = "
	    "nothing\nlog_level = debug\n"
	    "[scep dev]\nurl = https://[::1]:8443/scep?x=1\ntrust = root\nsan_ip = 10.0.0.1\nkey = "
	    "rsa4096\n"
	    "key_storage = tpm-or-software\ndigest = sha512\ncipher = des3\nallow_legacy = "
	    "des\nkey_usage =\n"
	    "extended_key_usage = 1.3.6.1.5.5.7.3.17\nsubject_check = any\nrenewal_message = "
	    "pkcsreq\n"
	    "new_key_on_renewal = no\nafter_expiry = wait\nchallenge_once = no\ntls_trust = root\n"
	    "ra_sha256 = AA:bb" +
	    std::string(60, '0') + "\nretry_delay = 3600\n");
	const struct scep_profile *s = &lab.config.sceps[0];
	UNSIGNED_LONGS_EQUAL(0x810000ff, lab.config.tpm.srk);
	LONGS_EQUAL(CLOCK_UNTRUSTED, lab.config.agent.clock);
	LONGS_EQUAL(agent_config::UNTRUSTED_NOTHING, lab.config.agent.untrusted_clock);
	LONGS_EQUAL(LOG_DEBUG, lab.config.agent.log_level);
	LONGS_EQUAL(4096, s->key_bits);
	LONGS_EQUAL(KEY_STORAGE_TPM_OR_SOFTWARE, s->key_storage);
	LONGS_EQUAL(512, s->digest_bits);
	LONGS_EQUAL(CIPHER_DES3, s->cipher);
	CHECK(s->allow_des && !s->allow_sha1);
	LONGS_EQUAL(0, s->key_usage);
	LONGS_EQUAL(RENEWAL_19, s->renewal_message);
	CHECK(!s->subject_exact && !s->new_key_on_renewal && !s->challenge_once);
	LONGS_EQUAL(scep_profile::AFTER_EXPIRY_WAIT, s->after_expiry);
	STRCMP_EQUAL(("aabb" + std::string(60, '0')).c_str(), s->ra_sha256.items[0]);
}

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
     "[agent]: unknown key \"stat_dir\"; did you mean \"state_dir\"?", "signet.conf(5)"},
    {"[agent]\nssid = x\n", 2, "unknown key \"ssid\"", "signet.conf(5)"},
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
    {"[tpm]\nsrk = 81000001\n", 2, "no persistent TPM handle", "0x81000001"},
    {"[agent]\nexpiry_warning_percent = 101\n", 2, "no whole number from 0 to 100",
     "default is 10"},
    {"[agent]\nexpiry_warning_percent = -1\n", 2, "no whole number", "default is 10"},
    {"[agent]\nexpiry_warning_percent = 4294967297\n", 2, "no whole number", "default is 10"},
    {"[agent]\nexpiry_warning_percent = 1x\n", 2, "no whole number", "default is 10"},
    {"[agent]\nclock = on\n", 2, "not among the known words", "auto, trusted, untrusted"},
    {"[agent]\nfactory_dir = factory\n", 2, "no absolute path", "begin it with /"},
    {"[agent]\nlog_level = info ; x\n", 2, "would cut the value", "line of its own"},
};

TEST(config, bad_files_are_refused_with_line_thing_and_remedy)
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
};

TEST(config, bad_scep_profiles_are_refused_with_line_thing_and_remedy)
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

TEST(config, a_scep_profile_needs_url_trust_and_a_name_of_the_holder)
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
    {"[wired w]\ninterface = e\nssid = x\n", 3, "unknown key \"ssid\"", "[wired]"},
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

TEST(config, bad_networks_are_refused_with_line_thing_and_remedy)
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

TEST(config, bad_details_of_a_network_are_refused)
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

TEST(config, bad_vpn_profiles_are_refused_with_line_thing_and_remedy)
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

TEST(config, what_this_version_does_not_act_on_is_refused_by_name)
{
	static const char *const texts[][2] = {
	    {"[agent]\nhooks_dir = /etc/other\n",
	     ":2: [agent]: hooks_dir: \"/etc/other\" is not in this version"},
	    {"[agent]\nuntrusted_clock = disable-time-checks\n",
	     ":2: [agent]: untrusted_clock: \"disable-time-checks\""},
	    {"[pkcs mail]\n", ":1: [pkcs] profiles are not in this version"},
	    {"[scep d]\nurl = http://a\nafter_revocation = reenroll\n",
	     ":3: [scep d]: after_revocation: \"reenroll\""},
	    {"[scep d]\nurl = http://a\nca_rollover = root\n",
	     ":3: [scep d]: ca_rollover: \"root\""},
	    {"[scep d]\nurl = http://a\nca_rollover = no\n", ":3: [scep d]: ca_rollover: \"no\""},
	    {"[wired w]\ninterface = e\nkey_reference = provider\n",
	     ":3: [wired w]: key_reference: \"provider\""},
	    {"[wired w]\ninterface = e\nkey_reference = pkcs11\napply = next-reauth\n",
	     ":4: [wired w]: apply: \"next-reauth\""},
	};
	for (const auto &t : texts) {
		std::string text = t[0];
		if (text.find("[scep") == 0)
			text = "[scep d]\ntrust = root\n" + text.substr(9) + trust;
		else if (text.find("[wired") == 0)
			text = "[wired w]\nconfig = /w\n" + text.substr(10) + trust;
		LONGS_EQUAL_TEXT(ERR_UNSUPPORTED, lab.load(text), lab.why.text);
		std::string words = t[1];
		size_t colon = words.find(": ");
		if (text != t[0]) /* one line more in front */
			words = ":" + std::to_string(std::stoi(words.substr(1, colon - 1)) + 1) +
				words.substr(colon);
		CHECK_TEXT(lab.says(words), lab.why.text);
		CHECK_TEXT(lab.says("not in this version"), lab.why.text);
		CHECK(lab.why.next_step[0] != '\0');
	}
}

/* ---- limits ---- */

TEST(config, a_file_over_64_KiB_is_too_big)
{
	std::string text = "[agent]\n";
	while (text.size() < CONFIG_FILE_MAX - 100)
		text += "; filling filling filling filling filling filling filling\n";
	text += std::string(CONFIG_FILE_MAX - text.size() - 1, ';').substr(0, 100) + "\n";
	LONGS_EQUAL(CONFIG_FILE_MAX, text.size());
	loads(text);
	LONGS_EQUAL(ERR_TOO_BIG, lab.load(text + "\n"));
	CHECK(lab.says("more than 65536 bytes"));
}

TEST(config, lists_and_profiles_have_a_limit)
{
	std::string text = std::string(trust) + scep;
	for (int i = 1; i < CONFIG_LIST_MAX; i++)
		text += "url = http://ca" + std::to_string(i) + "/\n";
	loads(text);
	LONGS_EQUAL(ERR_TOO_BIG, lab.load(text + "url = http://last/\n"));
	CHECK(lab.says(":38: [scep dev]: more than 32 times url"));
	text = "";
	for (int i = 0; i < CONFIG_PROFILES_MAX; i++)
		text += "[trust t" + std::to_string(i) + "]\ncertificate = /x\n";
	loads(text);
	LONGS_EQUAL(256, lab.config.trust_count);
	LONGS_EQUAL(ERR_TOO_BIG, lab.load(text + "[trust more]\n"));
	CHECK(lab.says("more than 256 profiles"));
}

TEST(config, a_name_of_32_characters_is_good)
{
	loads("[trust 0aaaaaaaaabbbbbbbbbb_ccccccccc-d]\ncertificate = /x\n");
	CHECK(config_find_trust(&lab.config, "0aaaaaaaaabbbbbbbbbb_ccccccccc-d") != nullptr);
	POINTERS_EQUAL(nullptr, config_find_trust(&lab.config, "other"));
	POINTERS_EQUAL(nullptr, config_find_scep(&lab.config, "0aaaaaaaaabbbbbbbbbb_ccccccccc-d"));
}

/* ---- files, merging, masking, root ---- */

TEST(config, no_file_at_all_names_the_place_for_one)
{
	LONGS_EQUAL(ERR_NOT_FOUND, lab.load_root());
	STRCMP_EQUAL("config.none", lab.why.code);
	CHECK(lab.says(lab.folder + "/etc/signet/signet.conf"));
	CHECK(lab.advises("-c FILE"));
}

TEST(config, a_file_named_with_c_must_be_there)
{
	LONGS_EQUAL(ERR_NOT_FOUND,
		    config_load("/nowhere/signet.conf", nullptr, &lab.config, &lab.why));
	CHECK(lab.says("/nowhere/signet.conf"));
	LONGS_EQUAL(ERR_IO, config_load("/dev/zero", nullptr, &lab.config, &lab.why));
}

TEST(config, an_empty_file_is_a_configuration_of_defaults)
{
	lab.write("/etc/signet/signet.conf", "");
	loads_root();
	STRCMP_EQUAL(lab.folder.c_str(), lab.config.root);
	STRCMP_EQUAL("/var/lib/signet", lab.config.agent.state_dir);
}

TEST(config, a_later_file_replaces_scalars_and_whole_lists)
{
	lab.write(
	    "/usr/lib/signet/signet.conf",
	    std::string(trust) + scep +
		"url = http://second/\nsan_dns = a\nsan_dns = b\ntimeout = 30\nkey = rsa3072\n");
	lab.write("/etc/signet/signet.conf",
		  "[scep dev]\nurl = http://other/\nsan_dns =\ntimeout = 40\nkey =\n");
	loads_root();
	const struct scep_profile *s = &lab.config.sceps[0];
	LONGS_EQUAL(1, lab.config.scep_count);
	LONGS_EQUAL(1, s->url.count);
	STRCMP_EQUAL("http://other/", s->url.items[0]);
	LONGS_EQUAL(0, s->san_dns.count);
	LONGS_EQUAL(1, s->trust.count);
	LONGS_EQUAL(40, s->timeout_s);
	LONGS_EQUAL(2048, s->key_bits);
	STRCMP_EQUAL("CN=x", s->subject);
	STRCMP_EQUAL((lab.folder + "/usr/lib/signet/signet.conf").c_str(), s->origin.file);
}

TEST(config, a_required_list_that_a_later_file_empties_is_refused_there)
{
	lab.write("/usr/lib/signet/signet.conf", std::string(trust) + scep);
	lab.write("/etc/signet/signet.conf", "[scep dev]\n\nurl =\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	STRCMP_EQUAL(
	    (lab.folder + "/etc/signet/signet.conf:3: [scep dev]: url: is missing").c_str(),
	    lab.why.text);
}

static std::string named(const std::string &name) { return "[device]\nname = " + name + "\n"; }

TEST(config, files_are_read_in_order)
{
	lab.write("/usr/lib/signet/factory/a.conf", named("factory") + "serial = from-factory\n");
	lab.write("/usr/lib/signet/signet.conf", named("vendor"));
	loads_root();
	STRCMP_EQUAL("vendor", lab.config.device.name);
	STRCMP_EQUAL("from-factory", lab.config.device.serial);
	lab.write("/etc/signet/signet.conf", named("admin"));
	loads_root();
	STRCMP_EQUAL("admin", lab.config.device.name);
	lab.write("/usr/lib/signet/conf.d/50-x.conf", named("usr-50"));
	loads_root();
	STRCMP_EQUAL("usr-50", lab.config.device.name);
	lab.write("/etc/signet/conf.d/40-x.conf", named("etc-40"));
	loads_root();
	STRCMP_EQUAL("usr-50", lab.config.device.name); /* by file name, not by folder */
	lab.write("/run/signet/conf.d/60-x.conf", named("run-60"));
	loads_root();
	STRCMP_EQUAL("run-60", lab.config.device.name);
	lab.write("/etc/signet/conf.d/99-x.conf.bak", named("backup"));
	lab.write("/etc/signet/conf.d/.99-y.conf", named("hidden"));
	loads_root();
	STRCMP_EQUAL("run-60", lab.config.device.name);
}

TEST(config, a_drop_in_masks_the_same_name_in_a_lower_folder)
{
	lab.write("/usr/lib/signet/conf.d/50-x.conf", named("usr") + "serial = usr\n");
	lab.write("/run/signet/conf.d/50-x.conf", named("run") + "imei = run\n");
	loads_root();
	STRCMP_EQUAL("run", lab.config.device.name);
	STRCMP_EQUAL("", lab.config.device.serial);
	lab.write("/etc/signet/conf.d/50-x.conf", named("etc"));
	loads_root();
	STRCMP_EQUAL("etc", lab.config.device.name);
	STRCMP_EQUAL("", lab.config.device.imei);
	std::filesystem::remove(lab.folder + "/etc/signet/conf.d/50-x.conf");
	std::filesystem::create_symlink("/dev/null", lab.folder + "/etc/signet/conf.d/50-x.conf");
	lab.write("/etc/signet/signet.conf", "");
	loads_root();
	STRCMP_EQUAL("", lab.config.device.name);
}

TEST(config, a_masked_broken_file_does_no_harm)
{
	lab.write("/usr/lib/signet/conf.d/50-x.conf", "broken\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	CHECK(lab.says(lab.folder + "/usr/lib/signet/conf.d/50-x.conf:1: "));
	lab.why = {};
	lab.write("/etc/signet/conf.d/50-x.conf", "");
	loads_root();
}

TEST(config, the_factory_folder_can_be_moved_but_not_by_its_own_files)
{
	lab.write("/usr/lib/signet/factory/a.conf", named("wrong"));
	lab.write("/factory/b.conf", named("right") + "serial = 1\n");
	lab.write("/factory/c.conf", "[device]\nserial = 2\n");
	lab.write("/usr/lib/signet/signet.conf", "[agent]\nfactory_dir = /elsewhere\n");
	lab.write("/etc/signet/signet.conf", "[agent]\nfactory_dir = /factory\n");
	loads_root();
	STRCMP_EQUAL("right", lab.config.device.name);
	STRCMP_EQUAL("2", lab.config.device.serial);
	STRCMP_EQUAL("/factory", lab.config.agent.factory_dir);
	lab.write("/factory/c.conf", "[agent]\nfactory_dir = /x\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	CHECK(lab.says(lab.folder + "/factory/c.conf:2: [agent]: factory_dir"));
}

TEST(config, absolute_links_resolve_inside_the_root)
{
	lab.write("/data/signet/real.conf", named("inside"));
	std::filesystem::create_directories(lab.folder + "/etc");
	std::filesystem::create_symlink("/data/signet", lab.folder + "/etc/signet");
	std::filesystem::create_symlink("/data/signet/real.conf",
					lab.folder + "/data/signet/signet.conf");
	loads_root();
	STRCMP_EQUAL("inside", lab.config.device.name);
}

TEST(config, a_file_named_with_c_is_taken_below_the_root_and_replaces_all_others)
{
	lab.write("/etc/signet/signet.conf", named("admin"));
	lab.write("/usr/lib/signet/factory/a.conf", named("factory"));
	lab.write("/my.conf", "[device]\nserial = 1\n");
	LONGS_EQUAL(ERR_OK, config_load("/my.conf", lab.folder.c_str(), &lab.config, &lab.why));
	STRCMP_EQUAL("", lab.config.device.name);
	STRCMP_EQUAL("1", lab.config.device.serial);
}

TEST(config, names_are_unique_over_files_too)
{
	lab.write("/usr/lib/signet/signet.conf", trust);
	lab.write("/etc/signet/conf.d/a.conf", "[vpn root]\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	CHECK(lab.says(
	    "/etc/signet/conf.d/a.conf:1: [vpn root]: the name is taken by [trust root] (" +
	    lab.folder + "/usr/lib/signet/signet.conf:1)"));
}

/* ---- show ---- */

TEST(config, show_tells_each_value_s_origin)
{
	std::string vendor = lab.write("/usr/lib/signet/signet.conf",
				       std::string(trust) + scep + "san_dns = a\nsan_upn = u\n");
	std::string admin =
	    lab.write("/etc/signet/signet.conf",
		      "[agent]\nlog_level = debug\nclock =\n[scep dev]\nurl = http://b/\n"
		      "url = http://c/\nsan_upn =\n");
	loads_root();
	std::string shown = lab.show();
	for (const std::string &line :
	     {std::string("[agent]\nstate_dir = /var/lib/signet    ; default\n"),
	      "log_level = debug    ; " + admin + ":2\n",
	      std::string("clock = auto    ; default\n"),
	      std::string("\n\n[scep dev]\nurl = http://b/    ; ") + admin +
		  ":5\nurl = http://c/    ; " + admin + ":6\nca_identifier",
	      "trust = root    ; " + vendor + ":5\n", "san_dns = a    ; " + vendor + ":7\n",
	      "san_upn =     ; " + admin + ":7\n", std::string("san_email =     ; default\n"),
	      std::string("key_usage = digitalSignature    ; default\nkey_usage = keyEncipherment  "
			  "  ; default\n"),
	      std::string("\n[trust root]\ncertificate = /root.cer    ; ") + vendor + ":2\n",
	      std::string("\n[tpm]\n"), std::string("\n[device]\nname =     ; default\n")})
		CHECK_TEXT(shown.find(line) != std::string::npos,
			   (line + "\nnot in\n" + shown).c_str());
}

TEST(config, show_that_does_not_fit_leaves_the_buffer_alone)
{
	struct buf out;
	loads(std::string(trust) + scep);
	buf_init(&out, 100);
	LONGS_EQUAL(ERR_TOO_BIG, config_show(&lab.config, &out));
	LONGS_EQUAL(0, out.len);
	buf_clear(&out);
}

TEST(config, clearing_twice_or_nothing_is_fine)
{
	loads(sample_without_pkcs());
	config_clear(&lab.config);
	config_clear(&lab.config);
	config_clear(nullptr);
}
