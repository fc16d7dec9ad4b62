/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VPN_VPN_CONTROL_LAB_HPP
#define TESTS_VPN_VPN_CONTROL_LAB_HPP
#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/der.h"
#include "hal/log.h"
#include "test_folder.hpp"
#include "vpn/fake_charon.hpp"
#include "vpn/vpn_control.h"

inline struct bytes bytes_of(const std::string &text)
{
	return { reinterpret_cast<const uint8_t *>(text.data()), text.size() };
}

/* As much of a certificate as vpn_talk reads: subject, key, and the identity somewhere behind. */
inline std::string certificate(const std::string &serial, const std::string &key, const std::string &id,
                               const std::string &subject)
{
	auto wrap = [](char tag, const std::string &content) {
		return std::string(1, tag) + static_cast<char>(content.size()) + content;
	};
	std::string tbs = wrap('\xa0', wrap(2, "\x02")) + wrap(2, serial) + wrap(0x30, "") + wrap(0x30, "issuer") +
	                  wrap(0x30, "time") + wrap(0x30, subject) + wrap(0x30, "key:" + key) + wrap(4, id);
	return wrap(0x30, wrap(0x30, tbs));
}

inline void quiet(enum log_level, const char *)
{
}

/* A link to a charon of the tests; base of the groups that talk to it. */
struct vpn_control_lab : Utest
{
	test_folder folder{ "vpn" };
	std::unique_ptr<fake_charon> charon;
	struct vpn_link link;
	struct why why;
	std::string path, settings, trust, one, two, three, key_one, key_two, id_one, id_two;
	void setup() override
	{
		log_set_sink(quiet);
		path = folder.path("vici");
		charon.reset(new fake_charon(path));
		trust = certificate("t", "ca", "", "ca");
		one = certificate("1", "k1", "dev.example.test", "dev");
		two = certificate("2", "k2", "dev.example.test", "dev");
		three = certificate("3", "k2", "dev.example.test", "dev");
		key_one = "k1";
		key_two = "k2";
		id_one = fake_charon::id_of(key_one);
		id_two = fake_charon::id_of(key_two);
		settings = text("user.conf");
		why = {};
		use(one, key_one, "");
	}
	void teardown() override
	{
		charon.reset();
		log_set_sink(nullptr);
	}
	/* A golden file under the name and identity of the tests. */
	std::string text(const char *golden)
	{
		std::ifstream in(std::string(TEST_DATA "/vpn/") + golden, std::ios::binary);
		std::stringstream file;
		file << in.rdbuf();
		std::string all = file.str();
		for (const auto &change : { std::make_pair(std::string("signet-user"), std::string("signet-hq")),
		                            std::make_pair(std::string("\"C=DE, O=A \\\"B\\\" \\\\ {C} #1, CN=operator\""),
		                                           std::string("dev.example.test")),
		                            std::make_pair(std::string("gw-7f31.corp.contoso.com"), std::string("dev.example.test")) })
			for (size_t at = 0; (at = all.find(change.first, at)) != std::string::npos; at += change.second.size())
				all.replace(at, change.first.size(), change.second);
		return all;
	}
	void use(const std::string &cert, const std::string &key, const std::string &old)
	{
		link = {};
		link.control = path.c_str();
		link.profile = "hq";
		link.settings = bytes_of(settings);
		link.certificate = bytes_of(cert);
		link.trust = bytes_of(trust);
		link.key = bytes_of(key);
		link.key_id = key == key_two ? id_two.c_str() : id_one.c_str();
		link.old_key_id = old == key_two ? id_two.c_str() : old == key_one ? id_one.c_str() : "";
		link.timeout_s = 5;
	}
	void use_token(const std::string &on_it)
	{
		settings = text("device.conf");
		use(one, key_one, "");
		link.key = { nullptr, 0 };
		charon->token_key = on_it;
	}
	void is(enum err wanted, enum err got, const char *code)
	{
		settle();
		LONGS_EQUAL_TEXT(wanted, got, why.text);
		STRCMP_EQUAL(code, why.code);
		if (wanted != ERR_OK)
			CHECK(why.text[0] != '\0' && why.next_step[0] != '\0');
	}
	void settle()
	{
		if (charon)
			charon->settle();
	}
	void ok(enum err got)
	{
		settle();
		LONGS_EQUAL_TEXT(ERR_OK, got, why.text);
	}
	/* The tunnel is up, with `one`. */
	void up()
	{
		ok(vpn_control_switch(&link, &why));
		charon->asked.clear();
	}
	void one_is_up(unsigned id)
	{
		LONGS_EQUAL(1, charon->sas.size());
		LONGS_EQUAL(id, charon->sas[0].id);
		CHECK(charon->sas[0].has_child);
	}
};
#endif
