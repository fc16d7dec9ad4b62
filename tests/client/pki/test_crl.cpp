/* SPDX-License-Identifier: MIT */
#include "client/pki/crl.h"
#include <cstring>
#include <vector>
#include "client/pki/revocation_lab.hpp"

struct own_entry {
	bool is_ours;
	const char *extension;
	bool is_critical;
	uint8_t reason;
};

TEST_GROUP(crl)
{
	revocation_lab lab;

	void setup() override { lab.open(); }

	std::string list(const std::string &index, const std::string &extensions = "", const std::string &more = "",
	                 const std::string &by = "ca")
	{
		return lab.list(index, extensions, more, by);
	}
	enum err check(const std::string &der)
	{
		lab.why = {};
		lab.answer = {};
		return crl_check(bytes_of(der), &lab.question, &lab.answer, &lab.why);
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
	// SEQUENCE { tbs, ecdsa-with-SHA256 or 384, signature by the CA } and perhaps something behind it
	std::string sign(const std::string &tbs, const std::string &digest = "sha256", bool has_more = false)
	{
		struct der_out out;
		struct buf der;
		lab.write("tbs", tbs);
		lab.run("openssl dgst -" + digest + " -sign ca.key -out tbs.sig tbs");
		std::string signature = lab.read("tbs.sig");
		der_out_init(&out, 65536);
		buf_init(&der, 65536);
		size_t outer = der_begin(&out);
		der_put_raw(&out, tbs.data(), tbs.size());
		algorithm(&out, digest == "sha384" ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.2");
		der_put_bits(&out, signature.data(), signature.size());
		if (has_more)
			der_put_null(&out);
		der_end(&out, outer, DER_SEQUENCE);
		LONGS_EQUAL(ERR_OK, der_finish(&out, &der));
		std::string made(reinterpret_cast<const char *>(der.data), der.len);
		buf_clear(&der);
		return made;
	}
	static void algorithm(struct der_out *out, const char *oid = "1.2.840.10045.4.3.2")
	{
		size_t algorithm = der_begin(out);
		der_put_oid(out, oid);
		der_end(out, algorithm, DER_SEQUENCE);
	}
	// What openssl does not write: a list without nextUpdate, critical extensions of entries, a serial listed twice.
	std::string own(bool has_next, const std::vector<own_entry> &entries, int version = 1)
	{
		return sign(own_tbs(has_next, entries, version));
	}
	std::string own_tbs(bool has_next, const std::vector<own_entry> &entries, int version = 1)
	{
		struct der_out out;
		struct buf der;
		der_out_init(&out, 65536);
		buf_init(&der, 65536);
		size_t tbs = der_begin(&out);
		if (version >= 0)
			der_put_small(&out, static_cast<uint32_t>(version));
		algorithm(&out);
		der_put_raw(&out, lab.cert.issuer.data, lab.cert.issuer.len);
		der_put_time(&out, lab.question.now - 60);
		if (has_next)
			der_put_time(&out, lab.question.now + 3600);
		size_t list = der_begin(&out);
		for (const own_entry &e : entries)
			put_entry(&out, e);
		der_end(&out, list, DER_SEQUENCE);
		der_end(&out, tbs, DER_SEQUENCE);
		LONGS_EQUAL(ERR_OK, der_finish(&out, &der));
		std::string made(reinterpret_cast<const char *>(der.data), der.len);
		buf_clear(&der);
		return made;
	}
	void put_entry(struct der_out *out, const own_entry &e)
	{
		const uint8_t value[] = { DER_ENUMERATED, 1, e.reason };
		size_t entry = der_begin(out);
		if (e.is_ours)
			der_put(out, DER_INTEGER, lab.cert.serial.data, lab.cert.serial.len);
		else
			der_put_small(out, 77);
		der_put_time(out, 1795359759);
		if (e.extension != nullptr) {
			size_t extensions = der_begin(out);
			size_t one = der_begin(out);
			der_put_oid(out, e.extension);
			if (e.is_critical)
				der_put_bool(out, true);
			der_put(out, DER_OCTET_STRING, value, sizeof value);
			der_end(out, one, DER_SEQUENCE);
			der_end(out, extensions, DER_SEQUENCE);
		}
		der_end(out, entry, DER_SEQUENCE);
	}
};

static const char other_entry[] = "R\t491231235959Z\t261101000000Z\t77\tunknown\t/CN=other\n";

TEST(crl, ACertificateThatIsNotListedIsGood)
{
	good(list(""));
	CHECK(lab.answer.this_update >= lab.question.now - 5 && lab.answer.this_update <= lab.question.now + 5);
	LONGLONGS_EQUAL(lab.answer.this_update + 7 * 86400, lab.answer.next_update);
	good(list(other_entry));
	good(own(true, { { false, nullptr, false, 0 } }));
	good(own(true, {}, -1)); // version 1, and a SEQUENCE without entries
}

TEST(crl, AListedOneIsRevokedWithItsReasonAndTime)
{
	revoked(list(other_entry + lab.revoked("")), REVOCATION_UNSPECIFIED);
	revoked(list(lab.revoked("keyCompromise") + other_entry), 1);
	revoked(list(lab.revoked("cessationOfOperation")), 5);
	STRCMP_EQUAL("key compromise", revocation_reason_text(1));
	STRCMP_EQUAL("privilege withdrawn", revocation_reason_text(9));
	STRCMP_EQUAL("reason given as a number", revocation_reason_text(7));
	STRCMP_EQUAL("reason given as a number", revocation_reason_text(200));
}

TEST(crl, AHeldOneIsRevokedAndOneTakenOffTheListIsNot)
{
	revoked(list(lab.revoked("holdInstruction,holdInstructionReject")), REVOCATION_HOLD);
	good(list(lab.revoked("removeFromCRL")));
	const own_entry revocation = { true, "2.5.29.21", false, 4 }, removal = { true, "2.5.29.21", false, 8 };
	revoked(own(true, { revocation, removal }), 4);
	revoked(own(true, { removal, revocation }), 4);
}

TEST(crl, OnlyAListOfNowIsBelieved)
{
	std::string der = list("");
	lab.question.now += 7 * 86400 - 60;
	good(der);
	lab.question.now += 120;
	untrusted(der, "revocation.dates", "out of date since");
	lab.question.now -= 7 * 86400 + 60 + 240; // the CA's clock is four minutes ahead
	good(der);
	lab.question.now -= 120;
	untrusted(der, "revocation.dates", "of the future");
	lab.question.now = std::time(nullptr);
	untrusted(own(false, {}), "revocation.dates", "nextUpdate");
}

TEST(crl, OnlyTheKeyThatSignedTheCertificateSignsItsList)
{
	lab.make_ca("twin", "keyUsage=critical,keyCertSign,cRLSign"); // the same name, another key
	untrusted(list(lab.revoked(""), "", "", "twin"), "revocation.signature", "does not verify");
	lab.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -out o.pem -subj /CN=o");
	untrusted(list("", "", "", "o"), "revocation.issuer", "another issuer");
	// The device's own certificate has the CA's signature, and signs no list.
	untrusted(list("", "", "", "leaf"), "revocation.issuer", "another issuer");
}

TEST(crl, AnIssuerWhoseKeyUsageForbidsItSignsNoList)
{
	std::string der = list("");
	lab.issuer.key_usage = KEY_USAGE_KEY_CERT_SIGN;
	untrusted(der, "revocation.key_usage", "cRLSign");
	lab.issuer.has_key_usage = false;
	good(der);
}

TEST(crl, ASha1SignatureIsBelievedOnlyWhenAllowed)
{
	std::string der = list(lab.revoked(""), "", "-md sha1");
	untrusted(der, "revocation.weak", "allow_legacy = sha1");
	lab.question.allow_sha1 = true;
	revoked(der, 0);
	lab.question.allow_sha1 = false;
	revoked(list(lab.revoked(""), "", "-md sha512"), 0);
}

TEST(crl, ADeltaListIsRefused)
{
	untrusted(list("", "2.5.29.27=critical,ASN1:INTEGER:1\n"), "revocation.scope", "delta");
	untrusted(list("", "2.5.29.27=ASN1:INTEGER:1\n"), "revocation.scope", "delta");
}

TEST(crl, AnUnknownCriticalExtensionForbidsTheListsUse)
{
	untrusted(list("", "1.2.3.4=critical,ASN1:NULL\n"), "revocation.scope", "critical extension");
	good(list("", "1.2.3.4=ASN1:NULL\nauthorityKeyIdentifier=keyid\n"));
	// in any entry, also in one that is not ours
	untrusted(own(true, { { false, "2.5.29.29", true, 0 } }), "revocation.scope", "an entry has a critical extension");
	good(own(true, { { false, "2.5.29.23", false, 0 } }));
	good(own(true, { { false, "2.5.29.21", true, 1 } })); // a reason may be critical, and is understood
}

TEST(crl, TheScopeMustHoldTheCertificateForEveryReason)
{
	static const char idp[] = "issuingDistributionPoint=critical,@p\n[p]\n";
	std::string start = idp;
	good(list("", start + "onlyuser=TRUE\n"));
	revoked(list(lab.revoked(""), start + "fullname=URI:http://crl.example/a.crl\nonlyuser=TRUE\n"), 0);
	good(list("", start + "fullname=URI:http://crl.example/b.crl,URI:http://crl.example/a.crl\n"));
	static const char *const others[] = { "fullname=URI:http://crl.example/b.crl\n", "relativename=r\n[r]\nCN=x\n",
		                              "onlyCA=TRUE\n",
		                              "onlyAA=TRUE\n",
		                              "onlysomereasons=keyCompromise\n",
		                              "indirectCRL=TRUE\n",
		                              "onlyuser=TRUE\nindirectCRL=TRUE\n" };
	for (const char *one : others)
		untrusted(list(lab.revoked(""), start + one), "revocation.scope", "issuingDistributionPoint");
}

TEST(crl, WhatTheIssuerSignedMustBeAListAllTheSame)
{
	good(sign(own_tbs(true, {})));
	refused(own(true, {}, 2), ERR_INVALID, "revocation.malformed", "its version");
	refused(sign(own_tbs(true, {}), "sha384"), ERR_INVALID, "revocation.malformed", "stands twice");
	refused(sign(own_tbs(true, {}), "sha256", true), ERR_INVALID, "revocation.malformed", "its signature");
}

TEST(crl, SerialsAreComparedAsNumbers)
{
	std::string plain(reinterpret_cast<const char *>(lab.cert.serial.data), lab.cert.serial.len);
	std::string padded = '\0' + plain;
	lab.cert.serial = bytes_of(padded);
	std::string own_list = own(true, { { true, nullptr, false, 0 } });
	lab.cert.serial = bytes_of(plain);
	revoked(own_list, 0);
	std::string der = list(lab.revoked(""));
	std::string serial = std::string(2, '\0') + std::string(reinterpret_cast<const char *>(lab.cert.serial.data),
	                                                        lab.cert.serial.len);
	lab.cert.serial = bytes_of(serial);
	revoked(der, 0);
	good(list(lab.revoked("", LEAF_SERIAL "00")));
	good(list(lab.revoked("", "5A0000000000000000000000000001")));
}

TEST(crl, AListThatIsCutAnywhereIsRefused)
{
	std::string der = list(other_entry + lab.revoked("keyCompromise"), "authorityKeyIdentifier=keyid\n");
	revoked(der, 1);
	for (size_t len = 0; len < der.size(); len++)
		refused(der.substr(0, len), ERR_INVALID, "revocation.malformed", "do not parse");
	refused(der + '\0', ERR_INVALID, "revocation.malformed", "do not parse");
}

TEST(crl, NoBitUnderTheSignatureCanBeChanged)
{
	std::string der = list(other_entry + lab.revoked("keyCompromise"), "authorityKeyIdentifier=keyid\n");
	for (size_t bit = 0; bit < der.size() * 8; bit++) {
		std::string changed = der;
		changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
		CHECK_TEXT(check(changed) != ERR_OK, ("bit " + std::to_string(bit)).c_str());
		LONGS_EQUAL(REVOCATION_UNKNOWN, lab.answer.verdict);
	}
}

TEST(crl, AHundredThousandEntriesAreRead)
{
	std::string index;
	char serial[33];
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(serial, sizeof serial, "5A%030X", i);
		index += lab.revoked("keyCompromise", serial);
	}
	good(list(index));
	revoked(list(index + lab.revoked("superseded")), 4);
}
