/* SPDX-License-Identifier: MIT */
#include "client/pki/ocsp.h"
#include <cstring>
#include "client/pki/revocation_lab.hpp"
#include "client/pki/wolf_memory.h"
#include "fakes/no_memory.h"

TEST_GROUP(ocsp)
{
	revocation_lab lab;
	struct buf request;

	void setup() override
	{
		buf_init(&request, OCSP_REQUEST_MAX);
		lab.open();
		LONGS_EQUAL_TEXT(ERR_OK, ocsp_request_build(&lab.question, &request, &lab.why), lab.why.text);
		lab.write("req.der", request);
	}
	void teardown() override { buf_clear(&request); }

	// An answer of openssl's responder to our request: lines of its database, and who signs.
	std::string ask(const std::string &index, const std::string &by = "ca", const std::string &more = "-ndays 1",
	                const std::string &req = "req.der")
	{
		lab.write("index.txt", index);
		lab.run("openssl ocsp -index index.txt -CA ca.pem -rsigner " + by + ".pem -rkey " + by + ".key -reqin " + req +
		        " -respout r.der " + more + " 2>log || { cat log; exit 1; }");
		return lab.read("r.der");
	}
	enum err check(const std::string &der)
	{
		lab.why = {};
		lab.answer = {};
		return ocsp_check(bytes_of(der), &lab.question, &lab.answer, &lab.why);
	}
	void good(const std::string &der)
	{
		LONGS_EQUAL_TEXT(ERR_OK, check(der), lab.why.text);
		LONGS_EQUAL(REVOCATION_GOOD, lab.answer.verdict);
	}
	void revoked(const std::string &der, unsigned reason)
	{
		LONGS_EQUAL_TEXT(ERR_OK, check(der), lab.why.text);
		lab.check_revoked(reason);
	}
	void refused(const std::string &der, enum err wanted, const char *code, const char *words)
	{
		LONGS_EQUAL_TEXT(wanted, check(der), lab.why.text);
		STRCMP_EQUAL_TEXT(code, lab.why.code, lab.why.text);
		CHECK_HAS(lab.why.text, words);
		LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
	}
	void untrusted(const std::string &der, const char *code, const char *words)
	{
		refused(der, ERR_UNTRUSTED, code, words);
	}
	// A responder by the CA's hand, wrong in one thing or not at all.
	void responder(const std::string &extensions, const std::string &more = "")
	{
		lab.write("r.ext", extensions);
		lab.make_leaf("resp", "r.ext", more);
	}
};

static const char valid[] = "V\t491231235959Z\t\t" LEAF_SERIAL "\tunknown\t/CN=leaf\n";
static const char signing[] = "extendedKeyUsage=OCSPSigning\nkeyUsage=critical,digitalSignature\n";

TEST(ocsp, TheRequestIsWhatOpensslReads)
{
	std::string text = lab.run("openssl ocsp -reqin req.der -req_text");
	std::string own = lab.run("openssl ocsp -issuer ca.pem -serial 0x" LEAF_SERIAL " -no_nonce -reqout own.der -req_text");
	STRCMP_EQUAL(own.c_str(), text.c_str());
	CHECK_HAS(text, "Hash Algorithm: sha1");
	STRCMP_EQUAL(lab.read("own.der").c_str(), lab.read("req.der").c_str());
}

TEST(ocsp, TheIssuerItselfAnswers)
{
	good(ask(valid));
	LONGLONGS_EQUAL(lab.answer.this_update + 86400, lab.answer.next_update);
	good(ask(valid, "ca", "-ndays 1 -resp_key_id"));
	revoked(ask(lab.revoked("")), 0);
	revoked(ask(lab.revoked("keyCompromise"), "ca", "-ndays 1 -resp_no_certs"), 1);
	revoked(ask(lab.revoked("holdInstruction,holdInstructionReject")), REVOCATION_HOLD);
}

TEST(ocsp, AnUnknownCertificateIsNeitherGoodNorRevoked)
{
	LONGS_EQUAL_TEXT(ERR_OK, check(ask("")), lab.why.text);
	LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
	// RFC 6960 section 2.2: "revoked", held since 1970, is what a responder may say of one that it does not know
	std::string held = "R\t491231235959Z\t700101000000Z,holdInstruction,holdInstructionReject\t" LEAF_SERIAL
			   "\tunknown\t/CN=leaf\n";
	LONGS_EQUAL_TEXT(ERR_OK, check(ask(held)), lab.why.text);
	LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
}

TEST(ocsp, AResponderAppointedByTheIssuerAnswers)
{
	responder(signing);
	good(ask(valid, "resp"));
	revoked(ask(lab.revoked("superseded"), "resp", "-ndays 1 -resp_key_id"), 4);
	untrusted(ask(valid, "resp", "-ndays 1 -resp_no_certs"), "revocation.responder", "is not in it");
	responder("extendedKeyUsage=OCSPSigning\n");
	good(ask(valid, "resp"));
}

TEST(ocsp, NobodyElseAnswers)
{
	untrusted(ask(valid, "leaf"), "revocation.responder", "appointed"); // another device's certificate
	responder("extendedKeyUsage=clientAuth,anyExtendedKeyUsage\n");
	untrusted(ask(valid, "resp"), "revocation.responder", "appointed");
	responder("extendedKeyUsage=OCSPSigning\nkeyUsage=critical,keyEncipherment\n");
	untrusted(ask(valid, "resp"), "revocation.responder", "appointed");
	responder("extendedKeyUsage=OCSPSigning\n1.2.3.4=critical,ASN1:NULL\n");
	untrusted(ask(valid, "resp"), "revocation.responder", "appointed");
	lab.make_ca("twin", "extendedKeyUsage=OCSPSigning"); // the issuer's name, another key
	untrusted(ask(valid, "twin"), "revocation.signature", "does not verify");
	untrusted(ask(valid, "twin", "-ndays 1 -resp_key_id"), "revocation.signature", "does not verify");
	lab.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -out o.pem -subj /CN=o "
	        "-addext extendedKeyUsage=OCSPSigning");
	untrusted(ask(valid, "o"), "revocation.responder", "appointed");
}

TEST(ocsp, AResponderOfAnotherTimeDoesNotAnswer)
{
	responder(signing);
	std::string der = ask(valid, "resp", "-ndays 90");
	good(der);
	lab.question.now += 31 * 86400; // its certificate is over, the answer is not
	untrusted(der, "revocation.responder", "not valid now");
}

TEST(ocsp, OnlyAnAnswerOfNowIsBelieved)
{
	std::string der = ask(valid);
	lab.question.now += 86400 + 60;
	untrusted(der, "revocation.dates", "out of date since");
	lab.question.now -= 86400 + 60 + 240;
	good(der);
	lab.question.now -= 120;
	untrusted(der, "revocation.dates", "of the future");
	lab.question.now = std::time(nullptr);
	untrusted(ask(valid, "ca", ""), "revocation.dates", "nextUpdate");
}

TEST(ocsp, AnAnswerToSomebodyElseIsNone)
{
	lab.run("openssl ocsp -issuer ca.pem -serial 77 -no_nonce -reqout other.der");
	untrusted(ask(valid, "ca", "-ndays 1", "other.der"), "revocation.scope", "other certificates");
	lab.run("openssl ocsp -issuer ca.pem -serial 0x" LEAF_SERIAL " -reqout nonce.der");
	untrusted(ask(valid, "ca", "-ndays 1", "nonce.der"), "revocation.scope", "nonce");
	lab.run("openssl ocsp -sha256 -issuer ca.pem -serial 0x" LEAF_SERIAL " -no_nonce -reqout sha256.der");
	untrusted(ask(valid, "ca", "-ndays 1", "sha256.der"), "revocation.scope", "other certificates");
	// the same serial of another CA
	std::string der = ask(valid);
	std::string name = lab.cert_der;
	lab.make_ca("twin", "keyUsage=critical,keyCertSign,cRLSign");
	lab.ask_about("leaf", "twin");
	CHECK(check(der) == ERR_UNTRUSTED);
	// ours among others
	lab.ask_about("leaf", "ca");
	lab.run("openssl ocsp -issuer ca.pem -serial 77 -serial 0x" LEAF_SERIAL " -no_nonce -reqout two.der");
	revoked(ask(lab.revoked(""), "ca", "-ndays 1", "two.der"), 0);
}

TEST(ocsp, ASha1SignatureIsBelievedOnlyWhenAllowed)
{
	std::string der = ask(lab.revoked(""), "ca", "-ndays 1 -rmd sha1");
	untrusted(der, "revocation.weak", "allow_legacy = sha1");
	lab.question.allow_sha1 = true;
	revoked(der, 0);
	responder(signing, "-sha1");
	revoked(ask(lab.revoked(""), "resp"), 0);
	lab.question.allow_sha1 = false;
	untrusted(ask(lab.revoked(""), "resp"), "revocation.weak", "allow_legacy = sha1");
}

TEST(ocsp, AResponderThatCannotIsNamedSo)
{
	static const char unauthorized[] = { 0x30, 3, 0x0a, 1, 6 };
	static const char later[] = { 0x30, 3, 0x0a, 1, 3 };
	static const char unknown[] = { 0x30, 3, 0x0a, 1, 99 };
	refused(std::string(unauthorized, 5), ERR_UNREACHABLE, "revocation.responder", "(unauthorized)");
	refused(std::string(later, 5), ERR_UNREACHABLE, "revocation.responder", "(tryLater)");
	refused(std::string(unknown, 5), ERR_UNREACHABLE, "revocation.responder", "(unknown status)");
}

TEST(ocsp, AnAnswerThatIsCutAnywhereIsRefused)
{
	responder(signing);
	std::string der = ask(lab.revoked("keyCompromise"), "resp");
	revoked(der, 1);
	for (size_t len = 0; len < der.size(); len++)
		refused(der.substr(0, len), ERR_INVALID, "revocation.malformed", "do not parse");
	refused(der + '\0', ERR_INVALID, "revocation.malformed", "do not parse");
}

// By the issuer itself: in what a responder brings along, its certificate, there are bits that mean nothing to us.
TEST(ocsp, NoBitUnderTheSignatureCanBeChanged)
{
	std::string der = ask(lab.revoked("keyCompromise"), "ca", "-ndays 1 -resp_no_certs");
	revoked(der, 1);
	for (size_t bit = 0; bit < der.size() * 8; bit++) {
		std::string changed = der;
		changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
		CHECK_TEXT(check(changed) != ERR_OK, ("bit " + std::to_string(bit)).c_str());
		LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
	}
}

// What could not be checked for want of memory says nothing of the certificate.
TEST(ocsp, EachAllocationFailsOnce)
{
	std::string der = ask(valid);
	no_memory_each([&] { return check(der); },
	               [&](enum err e) {
		               CHECK_TEXT(e == ERR_OK || e == ERR_NO_MEMORY, lab.why.text);
		               CHECK(e != ERR_OK || lab.answer.verdict == REVOCATION_GOOD);
	               });
}
