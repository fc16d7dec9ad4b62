// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <string>
#include <vector>
#include "client/agent/metrics.h"
#include "test_folder.hpp"

// Prometheus' text exposition format 0.0.4, strictly: names, one HELP and one TYPE in front of a family's samples, a
// family's samples together, labels quoted and escaped, no sample twice, a line end at the end. Prints "NAME{labels} VALUE"
// with the labels' values as Python sees them.
static const char parser[] = R"PY(
import re, sys
text = open(sys.argv[1], newline='').read()
assert text.endswith('\n') and '\r' not in text
NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
helped, typed, done, seen, family = set(), {}, set(), set(), None
for line in text[:-1].split('\n'):
    m = re.fullmatch(r'# (HELP|TYPE) (%s) (.+)' % NAME, line)
    if m:
        kind, name, rest = m.groups()
        assert name not in done, name
        if kind == 'HELP':
            assert name not in helped, name
            helped.add(name)
        else:
            assert name not in typed and rest in ('counter', 'gauge'), line
            typed[name] = rest
        if family not in (None, name):
            done.add(family)
        family = name
        continue
    m = re.fullmatch(r'(%s)(?:\{(.*)\})? (-?[0-9]+)' % NAME, line)
    assert m, line
    name, labels, value = m.groups()
    assert name == family and name in helped and name in typed, line
    assert typed[name] != 'counter' or name.endswith('_total'), line
    pairs, at = [], 0
    while labels is not None and at < len(labels):
        one = re.compile(LABEL + '(,|$)').match(labels, at)
        assert one, line
        plain = re.sub(r'\\(.)', lambda x: '\n' if x.group(1) == 'n' else x.group(1), one.group(2))
        pairs.append((one.group(1), plain))
        at = one.end()
    assert len(dict(pairs)) == len(pairs), line
    assert (name, tuple(sorted(pairs))) not in seen, line
    seen.add((name, tuple(sorted(pairs))))
    print(name, *['%s=%r' % p for p in pairs], value)
)PY";

TEST_GROUP(metrics)
{
	test_folder *folder;
	struct store store;
	struct device_view view;
	std::vector<struct profile_view> profiles;
	std::vector<struct renewal_count> renewals;

	void setup() override
	{
		struct why why = {};
		folder = new test_folder("sgm");
		folder->write("parse.py", parser);
		store = {};
		snprintf(store.state, sizeof store.state, "%s", folder->path("state").c_str());
		snprintf(store.run, sizeof store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&store, &why));
		view = {};
		view.is_clock_trusted = true;
	}
	void teardown() override { delete folder; }

	struct profile_view &add(enum profile_kind kind, const char *name, enum profile_state state)
	{
		struct profile_view p = {};
		p.kind = kind;
		p.state = state;
		snprintf(p.name, sizeof p.name, "%s", name);
		profiles.push_back(p);
		renewals.push_back({});
		return profiles.back();
	}
	// The samples that the parser sees.
	std::string samples(const char *version = "0.1.0")
	{
		struct buf text;
		buf_init(&text, 1 << 20);
		view.profiles = profiles.data();
		view.profile_count = profiles.size();
		LONGS_EQUAL(ERR_OK, metrics_text(&view, version, renewals.data(), &text));
		folder->write("m.prom", std::string(reinterpret_cast<char *>(text.data), text.len));
		buf_clear(&text);
		return folder->run("python3 parse.py m.prom");
	}
};

TEST(metrics, NamesAndLabelsAreThoseOfTheInterface)
{
	struct profile_view &dev = add(KIND_SCEP, "dev", STATE_TRIAL);
	dev.has_certificate = true;
	dev.certificate.not_after = 1795273200;
	dev.certificate.asked_at = 1763737200;
	renewals[0] = { 3, 1 };
	add(KIND_WIRED, "lan", STATE_ERROR);
	view.tpm.has_lockout_counter = true;
	view.tpm.lockout_counter = 4294967295u;
	std::string want = "signet_build_info version='0.1.0' 1\n"
	                   "signet_certificate_not_after_seconds profile='dev' 1795273200\n";
	for (const char *state : { "installed", "trial", "pending", "waiting", "error", "absent" })
		want += std::string("signet_profile_state profile='dev' kind='scep' state='") + state + "' " +
		        (std::strcmp(state, "trial") == 0 ? "1\n" : "0\n");
	for (const char *state : { "installed", "trial", "pending", "waiting", "error", "absent" })
		want += std::string("signet_profile_state profile='lan' kind='wired' state='") + state + "' " +
		        (std::strcmp(state, "error") == 0 ? "1\n" : "0\n");
	want += "signet_renewals_total profile='dev' result='success' 3\n"
	        "signet_renewals_total profile='dev' result='failure' 1\n"
	        "signet_last_success_timestamp_seconds profile='dev' 1763737200\n"
	        "signet_clock_trusted 1\n"
	        "signet_tpm_lockout_counter 4294967295\n";
	STRCMP_EQUAL(want.c_str(), samples().c_str());
}

TEST(metrics, WhatIsNotKnownIsNotThere)
{
	add(KIND_SCEP, "dev", STATE_ABSENT);
	view.is_clock_trusted = false;
	std::string text = samples();
	CHECK(text.find("not_after") == std::string::npos);
	CHECK(text.find("last_success") == std::string::npos);
	CHECK(text.find("lockout") == std::string::npos);
	CHECK(text.find("signet_clock_trusted 0\n") != std::string::npos);
	CHECK(text.find("signet_renewals_total profile='dev' result='success' 0\n") != std::string::npos);
}

TEST(metrics, ALabelCannotEndItsQuotes)
{
	CHECK(samples("1\"\\\n} 2").find("signet_build_info version='1\"\\\\\\n} 2' 1\n") != std::string::npos);
}

TEST(metrics, EveryProfileOfTheLargestConfigurationFits)
{
	for (int i = 0; i < CONFIG_PROFILES_MAX; i++) {
		struct profile_view &p = add(KIND_SCEP, ("a23456789012345678901234567890-" + std::to_string(i % 10)).c_str(), STATE_INSTALLED);
		snprintf(p.name + 28, 5, "%04d", i);
		p.has_certificate = true;
		p.certificate.not_after = p.certificate.asked_at = INT64_MIN;
	}
	samples();
	metrics_write(&store, &view, "0.1.0");
	CHECK(folder->read("run/signet.prom").size() > 100000);
}

TEST(metrics, TheFileIsWrittenOnlyWhenItChanges)
{
	add(KIND_SCEP, "dev", STATE_INSTALLED);
	samples();
	metrics_write(&store, &view, "0.1.0");
	std::string first = folder->run("stat -c '%i %z %a' run/signet.prom");
	CHECK(first.find(" 644\n") != std::string::npos);
	metrics_write(&store, &view, "0.1.0");
	STRCMP_EQUAL(first.c_str(), folder->run("stat -c '%i %z %a' run/signet.prom").c_str());
	view.is_clock_trusted = false;
	metrics_write(&store, &view, "0.1.0");
	CHECK(first != folder->run("stat -c '%i %z %a' run/signet.prom"));
	STRCMP_EQUAL("signet.prom\n", folder->run("ls run").c_str());
}

TEST(metrics, RenewalsAreCountedByHowTheyEnded)
{
	add(KIND_SCEP, "dev", STATE_INSTALLED);
	add(KIND_SCEP, "other", STATE_INSTALLED);
	metrics_count_renewal(&store, "dev", true);
	metrics_count_renewal(&store, "dev", true);
	metrics_count_renewal(&store, "dev", false);
	samples();
	metrics_write(&store, &view, "0.1.0");
	STRCMP_EQUAL("signet_renewals_total profile='dev' result='success' 2\n"
	             "signet_renewals_total profile='dev' result='failure' 1\n"
	             "signet_renewals_total profile='other' result='success' 0\n"
	             "signet_renewals_total profile='other' result='failure' 0\n",
	             folder->run("python3 parse.py run/signet.prom | grep renewals").c_str());
	folder->run("echo rubbish >run/renewals/dev");
	metrics_count_renewal(&store, "dev", false);
	STRCMP_EQUAL("0 1\n", folder->read("run/renewals/dev").c_str());
}
