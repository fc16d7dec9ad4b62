// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <map>
#include <string>
#include <vector>
#include "client/agent/scep_resolve.h"

static char nothing[] = "";

// Which servers a job names, and in which order: a profile without trust profiles, of a device named in the subject.
TEST_GROUP(scep_resolve)
{
	struct pass pass;
	struct config config;
	struct scep_profile profile;
	std::vector<std::string> urls;
	char *items[3];
	std::string subject, san, page;
	char *sans[1];
	struct why why;

	void setup() override
	{
		config = {};
		pass = {};
		pass.config = &config;
		profile = {};
		strcpy(profile.name, "p");
		profile.template_name = profile.ca_identifier = profile.proxy = nothing;
		profile.tls_trust = profile.ca_sha256 = nothing;
		static char system[] = "system";
		profile.tls_trust = system;
		urls = { "http://ndes1.example/scep", "http://ndes2.example:8080/scep", "http://[fd00::1]:8080/scep" };
		subject = "CN=device";
	}

	std::vector<std::string> order(enum scep_intent intent)
	{
		std::vector<std::string> out;
		struct scep_resolved resolved;
		for (size_t i = 0; i < urls.size(); i++)
			items[i] = &urls[i][0];
		profile.url = { items, urls.size() };
		profile.subject = &subject[0];
		sans[0] = &san[0];
		profile.san_uri = { sans, san.empty() ? 0u : 1u };
		profile.challenge_url = &page[0];
		LONGS_EQUAL_TEXT(ERR_OK, scep_resolve(&pass, &profile, intent, &resolved, &why), why.text);
		for (size_t i = 0; i < resolved.job.server.url_count; i++)
			out.push_back(resolved.job.server.urls[i]);
		scep_resolved_clear(&resolved);
		return out;
	}
	std::map<std::string, int> firsts(bool in_san)
	{
		std::map<std::string, int> count;
		for (int i = 0; i < 300; i++) {
			(in_san ? san : subject) = (in_san ? "urn:device:" : "CN=device-") + std::to_string(i);
			count[order(SCEP_POLL)[0]]++;
		}
		return count;
	}
};

TEST(scep_resolve, OneUrlIsTheUrl)
{
	urls.resize(1);
	CHECK_TRUE(order(SCEP_ENROLL) == urls);
	page = "http://elsewhere.example/mscep_admin/";
	CHECK_TRUE(order(SCEP_ENROLL) == urls);
}

TEST(scep_resolve, ADeviceKeepsItsOrderForEveryIntent)
{
	auto first = order(SCEP_ENROLL);
	LONGS_EQUAL(3, first.size());
	CHECK_TRUE(order(SCEP_RESEND) == first && order(SCEP_POLL) == first);
}

// 300 throws of a fair three-sided die: 100 each with a standard deviation of 8.2, and five of those.
TEST(scep_resolve, EveryUrlIsTheFirstOfAThirdOfTheDevicesBySubjectOrBySan)
{
	for (bool in_san : { false, true }) {
		auto count = firsts(in_san);
		for (const std::string &url : urls)
			CHECK_TRUE_TEXT(count[url] > 59 && count[url] < 141, url.c_str());
	}
}

// NDES keeps its one-time challenges in memory: another server does not know them.
TEST(scep_resolve, AChallengeOfAPageGoesToTheServersOnItsHostOnly)
{
	for (int i = 0; i < 20; i++) {
		subject = "CN=device-" + std::to_string(i);
		page = "https://NDES2.example/certsrv/mscep_admin/";
		CHECK_TRUE(order(SCEP_ENROLL) == std::vector<std::string>{ urls[1] });
		page = "http://[fd00::1]/certsrv/mscep_admin/";
		CHECK_TRUE(order(SCEP_ENROLL) == std::vector<std::string>{ urls[2] });
		page = "http://ndes1.example";
		CHECK_TRUE(order(SCEP_ENROLL) == std::vector<std::string>{ urls[0] });
		LONGS_EQUAL(3, order(SCEP_POLL).size());
	}
}

TEST(scep_resolve, APageOnAHostOfItsOwnLeavesAllServers)
{
	for (const char *host : { "ndes", "ndes1.example.org", "[fd00::2]" }) {
		page = std::string("http://") + host + "/page";
		LONGS_EQUAL(3, order(SCEP_ENROLL).size());
	}
}
