// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/stat.h>
#include "client/agent/generation.h"
#include "client/agent/revocation.h"
#include "client/agent/rollover.h"
#include "client/pki/revocation_lab.hpp"
#include "hal/web_server.hpp"

static const int64_t hour = 3600 * 1000LL;

// A device whose certificate names a server of the test, which serves l.der of the lab's folder.
TEST_GROUP(revocation)
{
	revocation_lab lab;
	WebServer server;
	struct pass pass;
	struct config config;
	struct apply_options options;
	struct scep_profile profile;
	struct revocation known;
	struct why why;
	char none[1], system[7], name_none[5];

	void setup() override
	{
		lab.open();
		server.open(lab.path("requests"));
		lab.write("requests", "");
		pass = {};
		config = {};
		options = {};
		pass.options = &options;
		profile = {};
		known = {};
		why = {};
		none[0] = '\0';
		strcpy(system, "system");
		strcpy(name_none, "none");
		config.root = none;
		pass.config = &config;
		snprintf(pass.store.state, sizeof pass.store.state, "%s", lab.path("state").c_str());
		snprintf(pass.store.run, sizeof pass.store.run, "%s", lab.path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		strcpy(profile.name, "p");
		profile.timeout_s = 60;
		profile.tls_trust = system;
		profile.proxy = name_none;
		profile.ca_sha256 = none;
		profile.after_revocation = scep_profile::AFTER_REVOCATION_STOP;
		pass.clock.is_trusted = true;
		pass.clock.now = std::time(nullptr);
		install("crlDistributionPoints=URI:" + server.url("/file/l.der"));
	}
	void teardown() override { server.close(); }

	// Generation 1, in use, with a certificate of these extensions.
	void install(const std::string &extensions, const std::string &anchor = "ca")
	{
		lab.write("dev.ext", extensions + "\n");
		lab.make_leaf("dev", "dev.ext", "-set_serial 0x" LEAF_SERIAL);
		struct generation_meta meta = {};
		LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", 1, &meta, &why));
		put("chain.pem", lab.read("dev.pem"));
		put("ca.pem", lab.read(anchor + ".pem"));
		put("cert.pem", lab.read("dev.pem"));
		LONGS_EQUAL(ERR_OK, generation_link(&pass.store, "p", "current", 1, &why));
	}
	void put(const char *name, const std::string &content)
	{
		LONGS_EQUAL_TEXT(ERR_OK, generation_write(&pass.store, "p", 1, name, bytes_of(content), &why), why.text);
	}
	void check() { LONGS_EQUAL_TEXT(ERR_OK, revocation_check(&pass, &profile, &why), why.text); }
	bool is_known() { return revocation_is_known(&pass.store, "p", 1, &known); }
	int64_t next() { return revocation_next_ms(&pass, &profile); }
	size_t asked()
	{
		std::string all = lab.read("requests");
		size_t n = 0;
		for (size_t at = 0; (at = all.find("\n=====\n", at)) != std::string::npos; at++)
			n++;
		return n;
	}
	std::string state() { return lab.run("find state -type f -exec stat -c '%n %i %z' {} + | sort"); }
	std::string history() { return lab.run("cat state/history"); }
	void tried(int64_t ms, bool is_answered)
	{
		lab.run("mkdir -p run/revocation");
		lab.write("run/revocation/p", std::to_string(ms) + (is_answered ? " 1\nx\n" : " 0\nx\n"));
	}
	// Seconds from now, as openssl ca wants it.
	std::string dates(int64_t from, int64_t until)
	{
		return lab.run("printf -- \"-crl_lastupdate %s -crl_nextupdate %s\" $(date -ud @" + std::to_string(pass.clock.now + from) +
		               " +%Y%m%d%H%M%SZ) $(date -ud @" + std::to_string(pass.clock.now + until) + " +%Y%m%d%H%M%SZ)");
	}
};

TEST(revocation, AGoodCertificateWritesNothingToTheStateFolder)
{
	lab.list("");
	std::string before = state();
	LONGLONGS_EQUAL(0, next());
	check();
	LONGS_EQUAL(1, asked());
	STRCMP_EQUAL(before.c_str(), state().c_str());
	CHECK_FALSE(is_known());
	CHECK_HAS(lab.read("run/revocation/p"), " 1\nnot revoked\n");
	CHECK(next() > clock_boot_ms() + 11 * hour && next() <= clock_boot_ms() + 36 * hour);
}

TEST(revocation, ARevokedOneIsKnownAndWrittenOnce)
{
	lab.list(lab.revoked("holdInstruction,holdInstructionReject"));
	check();
	CHECK_TRUE(is_known());
	STRCMP_EQUAL("4d5a0000000000000000000000000001", known.serial);
	LONGS_EQUAL(6, known.reason);
	LONGLONGS_EQUAL(1795359759, known.revoked_at);
	LONGS_EQUAL(0, known.request);
	CHECK_HAS(history(), " revoked p serial=4d5a0000000000000000000000000001 old_serial=- generation=1 certificate on hold\n");
	std::string before = state();
	check();
	LONGS_EQUAL(2, asked());
	STRCMP_EQUAL(before.c_str(), state().c_str());
	CHECK_FALSE(revocation_is_known(&pass.store, "p", 2, &known));
	CHECK_FALSE(revocation_is_known(&pass.store, "p", 0, &known));
}

TEST(revocation, TheIssuerMayBeARootThatWasAnnounced)
{
	static char old[] = "old";
	char *names[] = { old };
	struct certificate_set next = {};
	profile.trust = { names, 1 };
	profile.ca_rollover = scep_profile::ROLLOVER_ROOT;
	lab.make_ca("other", "keyUsage=critical,keyCertSign,cRLSign");
	lab.run("mkdir -p state/trust && cp other.pem state/trust/old.pem");
	put("ca.pem", lab.read("other.pem")); /* no more than the trust profiles: others read it */
	std::string ca = lab.read("ca.der");
	LONGS_EQUAL(ERR_OK, certificate_set_add(&next, bytes_of(ca)));
	LONGS_EQUAL_TEXT(ERR_OK, rollover_take(&pass, &profile, &next, &why), why.text);
	certificate_set_clear(&next);
	lab.list(lab.revoked("keyCompromise"));
	check();
	CHECK_TRUE(is_known());
}

TEST(revocation, AHoldIsLiftedOnlyByALaterList)
{
	lab.list(lab.revoked("holdInstruction,holdInstructionReject"), "", dates(-3600, 3600));
	check();
	CHECK_TRUE(is_known());
	lab.list("", "", dates(-7200, 3600)); // older, and still good: somebody plays it again
	check();
	CHECK_TRUE(is_known());
	lab.list("", "", dates(-3600, 3600));
	check();
	CHECK_TRUE(is_known());
	lab.list("", "", dates(-3599, 3600));
	check();
	CHECK_FALSE(is_known());
	CHECK_HAS(history(), " released p serial=");
	lab.list(lab.revoked("holdInstruction,holdInstructionReject"));
	check(); // and held again
	CHECK_TRUE(is_known());
}

TEST(revocation, AHoldThatBecomesMoreIsForGoodAndNotAskedAboutAgain)
{
	struct generation_meta meta = {};
	LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "p", 7, &meta, &why));
	put("../0007/message.der", "x"); // a request under way
	lab.list(lab.revoked("holdInstruction,holdInstructionReject"));
	check();
	CHECK_TRUE(is_known());
	LONGS_EQUAL(7, known.request);
	lab.run("rm -r state/scep/p/0007");
	lab.list(lab.revoked("keyCompromise"));
	check();
	CHECK_TRUE(is_known());
	LONGS_EQUAL(1, known.reason);
	LONGS_EQUAL(7, known.request); // as it was when it was learned
	LONGLONGS_EQUAL(INT64_MAX, next());
	lab.list("");
	check();
	LONGS_EQUAL(2, asked());
	CHECK_TRUE(is_known());
}

TEST(revocation, WhatCannotBeConcludedIsNotAsked)
{
	lab.list(lab.revoked(""));
	pass.clock.is_trusted = false;
	LONGLONGS_EQUAL(INT64_MAX, next());
	check();
	pass.clock.is_trusted = true;
	pass.clock.now += 31 * 86400; // expired: the list may have dropped it
	LONGLONGS_EQUAL(INT64_MAX, next());
	check();
	pass.clock.now -= 31 * 86400;
	LONGLONGS_EQUAL(0, next());
	install("crlDistributionPoints=URI:ldap:///CN=x");
	LONGLONGS_EQUAL(INT64_MAX, next());
	check();
	lab.run("rm state/scep/p/current");
	LONGLONGS_EQUAL(INT64_MAX, next());
	check();
	LONGS_EQUAL(0, asked());
	LONGS_EQUAL(0, lab.run("ls run").size());
}

TEST(revocation, AnExpiredHoldIsNotLifted)
{
	lab.list(lab.revoked("holdInstruction,holdInstructionReject"));
	check();
	lab.list("", "", dates(29 * 86400, 90 * 86400));
	pass.clock.now += 31 * 86400;
	check();
	LONGS_EQUAL(1, asked());
	CHECK_TRUE(is_known());
}

TEST(revocation, AnAnswerThatIsNotBelievedIsTriedAgainInSomeHours)
{
	std::string before = state();
	lab.write("l.der", "<html>");
	check();
	CHECK_HAS(lab.read("run/revocation/p"), " 0\n" + server.url("/file/l.der") + ": bytes that should be a revocation list");
	CHECK(next() >= clock_boot_ms() + 4 * hour - 60000 && next() <= clock_boot_ms() + 5 * hour);
	install("crlDistributionPoints=URI:" + server.url("/404"));
	before = state();
	check();
	CHECK_HAS(lab.read("run/revocation/p"), "/404: the server answers with HTTP status 404\n");
	lab.list(lab.revoked("")); // of the right key, but our chain does not know it
	lab.make_ca("twin", "keyUsage=critical,keyCertSign,cRLSign");
	install("crlDistributionPoints=URI:" + server.url("/file/l.der"), "twin");
	before = state();
	check();
	CHECK_HAS(lab.read("run/revocation/p"), "the issuer of the certificate is not in its chain");
	STRCMP_EQUAL(before.c_str(), state().c_str());
	LONGS_EQUAL(2, asked());
}

TEST(revocation, TheNextPlaceIsAskedWhenOneFails)
{
	install("crlDistributionPoints=URI:" + server.url("/404") + ",URI:" + server.url("/file/l.der"));
	lab.list(lab.revoked("superseded"));
	check();
	LONGS_EQUAL(2, asked());
	CHECK_TRUE(is_known());
}

TEST(revocation, AListOfSixteenMegabytesIsNoReplyOfHttp)
{
	lab.write("l.der", std::string(16 * 1024 * 1024, 'x'));
	check();
	CHECK_HAS(lab.read("run/revocation/p"), "do not parse");
	lab.write("l.der", std::string(16 * 1024 * 1024 + 1, 'x'));
	check();
	CHECK_HAS(lab.read("run/revocation/p"), "larger than 16777216 bytes");
}

TEST(revocation, OcspIsAskedByPost)
{
	install("authorityInfoAccess=OCSP;URI:" + server.url("/file/r.der"));
	lab.run("openssl ocsp -issuer ca.pem -serial 0x" LEAF_SERIAL " -no_nonce -reqout req.der");
	lab.write("index.txt", lab.revoked("keyCompromise"));
	lab.run("openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin req.der -respout r.der -ndays 1");
	check();
	CHECK_TRUE(is_known());
	LONGS_EQUAL(1, known.reason);
	std::string request = lab.read("requests");
	CHECK_HAS(request, "POST /file/r.der ");
	CHECK_HAS(request, "Content-Type: application/ocsp-request\r\n");
	CHECK_HAS(request, "\r\n\r\n" + lab.read("req.der"));
}

TEST(revocation, AnUnknownCertificateIsTriedAgainInSomeHours)
{
	install("authorityInfoAccess=OCSP;URI:" + server.url("/file/r.der"));
	lab.run("openssl ocsp -issuer ca.pem -serial 0x" LEAF_SERIAL " -no_nonce -reqout req.der");
	lab.run("openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin req.der -respout r.der -ndays 1");
	check();
	CHECK_FALSE(is_known());
	CHECK_HAS(lab.read("run/revocation/p"), " 0\nunknown to its CA\n");
}

TEST(revocation, OnceADayAtATimeOfItsOwn)
{
	int64_t now = clock_boot_ms();
	tried(now + 1000000, true); // of a boot before, in a run folder that outlived it
	LONGLONGS_EQUAL(0, next());
	int64_t first = 0;
	for (int64_t last = -100 * hour; last < now; last += 7 * hour) {
		tried(last, true);
		CHECK(next() >= last + 12 * hour && next() < last + 36 * hour);
		int64_t phase = (next() % (24 * hour) + 24 * hour) % (24 * hour);
		CHECK(first == 0 || phase == first);
		first = phase;
	}
	lab.run("openssl req -new -key leaf.key -subj /CN=another -out csr && openssl x509 -req -in csr -CA ca.pem -CAkey ca.key "
	        "-extfile dev.ext -out dev2.pem");
	put("cert.pem", lab.read("dev2.pem"));
	tried(now - hour, true);
	CHECK((next() % (24 * hour) + 24 * hour) % (24 * hour) != first);
}

TEST(revocation, TheFirstOfABootIsSpreadUnlessSomebodyStandsBesideIt)
{
	int64_t earliest = INT64_MAX, latest = 0;
	lab.list("");
	for (int i = 0; i < 8; i++) {
		lab.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out d.pem -days 2 -subj /CN=d" +
		        std::to_string(i) + " -addext crlDistributionPoints=URI:http://x.example/l");
		put("cert.pem", lab.read("d.pem"));
		options.is_scheduled = true;
		int64_t at = next();
		CHECK(at >= 0 && at < 600000);
		earliest = at < earliest ? at : earliest;
		latest = at > latest ? at : latest;
		LONGLONGS_EQUAL(at, next());
		pass.options = nullptr; /* who asks when to wake */
		LONGLONGS_EQUAL(at, next());
		pass.options = &options;
		options.is_scheduled = false;
		LONGLONGS_EQUAL(0, next());
	}
	CHECK(latest - earliest > 60000);
}

TEST(revocation, TheSentenceHasDateReasonAndTheNextStep)
{
	LONGS_EQUAL(ERR_OK, revocation_refused(&pass.store, &profile, 1, nullptr, &why));
	lab.list(lab.revoked("keyCompromise"));
	check();
	LONGS_EQUAL(ERR_DENIED, revocation_refused(&pass.store, &profile, 1, nullptr, &why));
	STRCMP_EQUAL("revoked.stop", why.code);
	STRCMP_EQUAL("p: the certificate (serial 4d5a0000000000000000000000000001) was revoked by its CA 2026-11-22T15:02:39Z (key "
	             "compromise); the device neither renews nor replaces it by itself",
	             why.text);
	STRCMP_EQUAL("signet enroll p --challenge-file FILE", why.next_step);
	struct why reason = {};
	why_set(&reason, ERR_NOT_FOUND, "challenge.missing", "p waits");
	profile.after_revocation = scep_profile::AFTER_REVOCATION_REENROLL;
	LONGS_EQUAL(ERR_DENIED, revocation_refused(&pass.store, &profile, 1, &reason, &why));
	CHECK_HAS(why.text, "(key compromise); p waits");
}

TEST(revocation, ADamagedFileIsWrittenAnew)
{
	static const char *const damaged[] = { "", "schema = 1\n", "schema = 2\nserial = 4d\nreason = 1\nrevoked_at = 1\nthis_update = 1\nrequest = 0\n",
		                               "schema = 1\nserial = \nreason = 1\nrevoked_at = 1\nthis_update = 1\nrequest = 0\n" };
	lab.list(lab.revoked("keyCompromise"));
	for (const char *one : damaged) {
		put("revoked", one);
		CHECK_FALSE(is_known());
		check();
		CHECK_TRUE(is_known());
	}
}
