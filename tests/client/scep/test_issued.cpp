// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <ctime>
#include <string>
#include "client/pki/name.h"
#include "client/pki/software_key.h"
#include "client/scep/issued.h"
#include "test_folder.hpp"

// A request of ours, and certificates for it made by the openssl command: right ones, and each wrong in one thing.
TEST_GROUP(issued)
{
	test_folder *folder;
	struct device_key key;
	struct buf pem, csr, record_der, subject;
	struct request_record record;
	struct certificate_set anchors, answer;
	struct scep_server server;
	struct issued out;
	struct why why;

	void setup() override
	{
		folder = new test_folder("sgi");
		key = {};
		anchors = answer = {};
		server = {};
		out = {};
		why = {};
		buf_init(&pem, 8192);
		buf_init(&csr, CSR_MAX);
		buf_init(&record_der, REQUEST_RECORD_MAX);
		buf_init(&subject, 1024);
		folder->run("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30 "
		            "-addext keyUsage=critical,keyCertSign && "
		            "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -subj /CN=CA -days 30 "
		            "-addext keyUsage=critical,keyCertSign");
		make_request();
		add(&anchors, "ca.pem");
		server.anchors = &anchors;
		server.now = std::time(nullptr);
		server.is_clock_trusted = true;
	}
	void teardown() override
	{
		issued_clear(&out);
		certificate_set_clear(&anchors);
		certificate_set_clear(&answer);
		device_key_close(&key);
		buf_clear(&pem);
		buf_clear(&csr);
		buf_clear(&record_der);
		buf_clear(&subject);
		delete folder;
	}
	void make_request()
	{
		static const struct san san = { SAN_DNS, "gw.corp.example" };
		static const char *const eku[] = { OID_EKU_CLIENT_AUTH };
		struct csr_content content = {};
		LONGS_EQUAL_TEXT(ERR_OK, software_key_make(2048, &pem, &key, &why), why.text);
		LONGS_EQUAL(ERR_OK, name_from_text("CN=gw,O=Contoso", &subject, &why));
		content.subject = buf_bytes(&subject);
		content.sans = &san;
		content.san_count = 1;
		content.ekus = eku;
		content.eku_count = 1;
		LONGS_EQUAL_TEXT(ERR_OK, csr_build(&content, &key, KEY_SHA256, &csr, &why), why.text);
		LONGS_EQUAL_TEXT(ERR_OK, request_record_make(buf_bytes(&csr), eku, 1, &record_der, &why), why.text);
		LONGS_EQUAL_TEXT(ERR_OK, request_record_read(buf_bytes(&record_der), &record, &why), why.text);
		folder->write("r.der", std::string(reinterpret_cast<const char *>(csr.data), csr.len));
		folder->run("openssl req -inform DER -in r.der -out r.pem");
	}
	void add(struct certificate_set *set, const std::string &name)
	{
		struct buf der;
		std::string text = folder->read(name);
		buf_init(&der, CERTIFICATE_MAX);
		LONGS_EQUAL(ERR_OK, certificate_from_file(bytes{ reinterpret_cast<const uint8_t *>(text.data()), text.size() },
		                                          &der, &why));
		LONGS_EQUAL(ERR_OK, certificate_set_add(set, buf_bytes(&der)));
		buf_clear(&der);
	}
	/** Issue with these options of `openssl x509 -req` and add it to the answer. */
	void issue(const std::string &name, const std::string &how = "-CA ca.pem -CAkey ca.key -copy_extensions copyall",
	           const std::string &days = "-days 10")
	{
		folder->run("openssl x509 -req -in r.pem -out " + name + " " + days + " " + how);
		add(&answer, name);
	}
	enum err judge(bool exact = true, struct bytes old = { nullptr, 0 })
	{
		return issued_judge(&server, &record, exact, old, &answer, &out, &why);
	}
	void refused(const char *code, enum err e)
	{
		LONGS_EQUAL_TEXT(ERR_UNTRUSTED, e, why.text);
		STRCMP_EQUAL_TEXT(code, why.code, why.text);
		LONGS_EQUAL(0, out.leaf.len);
	}
};

TEST(issued, TheCertificateForOurKeyIsTakenWhereverItStands)
{
	add(&answer, "other.pem");
	add(&answer, "ca.pem");
	issue("c.pem");
	LONGS_EQUAL_TEXT(ERR_OK, judge(), why.text);
	CHECK(certificate_equal(buf_bytes(&out.leaf), buf_bytes(&answer.der[2])));
}

TEST(issued, NoCertificateForOurKeyIsRefused)
{
	add(&answer, "ca.pem");
	refused("scep.issued_key", judge());
}

TEST(issued, AnIssuerOfTheSameNameIsNotOurIssuer)
{
	issue("c.pem", "-CA other.pem -CAkey other.key -copy_extensions copyall");
	add(&answer, "other.pem");
	LONGS_EQUAL(ERR_UNTRUSTED, judge());
	LONGS_EQUAL(0, out.leaf.len);
}

TEST(issued, ASignatureThatIsNotOfOurKeyIsNoProof)
{
	issue("c.pem");
	uint8_t changed[512];
	memcpy(changed, record.signature.data, record.signature.len);
	changed[100] ^= 1;
	record.signature.data = changed;
	refused("scep.issued_proof", judge());
}

TEST(issued, ExpiredAndNotYetValidAreToldApart)
{
	issue("c.pem");
	server.now += 11 * 86400;
	refused("scep.issued_expired", judge());
	server.now -= 12 * 86400;
	refused("scep.issued_not_yet", judge());
	server.now += 86400 - 200; // a CA that is 200 s ahead
	LONGS_EQUAL_TEXT(ERR_OK, judge(), why.text);
}

TEST(issued, AnUntrustedClockIn1970RefusesNothingAsNotYetValid)
{
	issue("c.pem");
	server.now = 0;
	server.is_clock_trusted = false;
	LONGS_EQUAL_TEXT(ERR_OK, judge(), why.text);
}

TEST(issued, AnUntrustedClockIn2099ConcludesNothingAboveItsFloor)
{
	issue("c.pem");
	int64_t today = server.now;
	server.now = 4102358400; // 2099-12-31
	server.time_floor = today;
	refused("scep.issued_expired", judge());
	server.is_clock_trusted = false;
	LONGS_EQUAL_TEXT(ERR_OK, judge(), why.text);
	issued_clear(&out);
	server.time_floor = today + 11 * 86400; // it is over, whatever the clock says
	refused("scep.issued_expired", judge());
}

TEST(issued, MissingUsageAndNamesAreRefusedUnlessTheProfileAllowsRewriting)
{
	folder->write("no_eku", "subjectAltName=DNS:gw.corp.example\n");
	folder->write("no_san", "extendedKeyUsage=clientAuth\n");
	issue("a.pem", "-CA ca.pem -CAkey ca.key -extfile no_eku");
	refused("scep.issued_eku", judge());
	certificate_set_clear(&answer);
	issue("b.pem", "-CA ca.pem -CAkey ca.key -extfile no_san");
	refused("scep.issued_san", judge());
	LONGS_EQUAL_TEXT(ERR_OK, judge(false), why.text);
	issued_clear(&out);
	certificate_set_clear(&answer);
	issue("c.pem", "-CA ca.pem -CAkey ca.key -copy_extensions copyall -set_serial 5");
	buf_cut(&subject, 0);
	LONGS_EQUAL(ERR_OK, name_from_text("CN=somebody else,O=Contoso", &subject, &why));
	record.subject = buf_bytes(&subject);
	refused("scep.issued_subject", judge());
}

TEST(issued, ACaCertificateIsRefused)
{
	folder->write("ca", "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=clientAuth\nsubjectAltName=DNS:gw.corp.example\n");
	issue("c.pem", "-CA ca.pem -CAkey ca.key -extfile ca");
	refused("scep.issued_ca", judge());
}

TEST(issued, TheOldCertificateAgainIsNoRenewal)
{
	issue("c.pem");
	refused("scep.issued_same", judge(true, buf_bytes(&answer.der[0])));
}

TEST(issued, TheOldCertificateAgainIsSaidToBeThatForANewKeyToo)
{
	add(&answer, "other.pem");
	refused("scep.issued_same", judge(true, buf_bytes(&answer.der[0])));
	refused("scep.issued_key", judge());
}

TEST(issued, ADamagedRecordIsRefusedAtEveryCut)
{
	for (size_t len = 0; len < record_der.len; len++)
		LONGS_EQUAL(ERR_INVALID, request_record_read(bytes{ record_der.data, len }, &record, &why));
}
