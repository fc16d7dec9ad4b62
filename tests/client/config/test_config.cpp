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
	LONGS_EQUAL(scep_profile::AFTER_REVOCATION_STOP, s->after_revocation);
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
	LONGS_EQUAL(CLOCK_AUTO, lab.config.agent.clock);
	LONGS_EQUAL(agent_config::UNTRUSTED_SET_FLOOR, lab.config.agent.untrusted_clock);
	STRCMP_EQUAL("device:/dev/tpmrm0", lab.config.tpm.tcti);
	CHECK(lab.show().find("gateway_id = gw    ; default\n") != std::string::npos);
}

TEST(config, time_checks_may_be_disabled)
{
	loads(std::string(trust) + "[agent]\nuntrusted_clock = disable-time-checks\n");
	LONGS_EQUAL(agent_config::UNTRUSTED_DISABLE_TIME_CHECKS, lab.config.agent.untrusted_clock);
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
	    "new_key_on_renewal = no\nafter_expiry = wait\nafter_revocation = reenroll\nchallenge_once = no\ntls_trust = root\n"
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
	LONGS_EQUAL(scep_profile::AFTER_REVOCATION_REENROLL, s->after_revocation);
	STRCMP_EQUAL(("aabb" + std::string(60, '0')).c_str(), s->ra_sha256.items[0]);
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
