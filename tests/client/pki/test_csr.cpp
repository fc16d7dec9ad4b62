/* SPDX-License-Identifier: MIT */
#include "client/pki/csr.h"
#include <cstring>
#include <string>
#include <vector>
#include "client/pki/certificate.h"
#include "client/pki/name.h"
#include "client/pki/openssl_tool.hpp"
#include "client/pki/software_key.h"

// One key for the group: making it takes most of the time. Reachable until the end, so no leak.
static struct device_key shared_key;
static struct buf shared_pem;

TEST_GROUP(csr)
{
	openssl_tool openssl;
	struct buf subject;
	struct buf out;
	struct buf challenge;
	struct csr_content content;
	struct why why;

	void setup() override
	{
		why = {};
		if (shared_key.ops == nullptr) {
			buf_init(&shared_pem, 8192);
			LONGS_EQUAL(ERR_OK,
				    software_key_make(2048, &shared_pem, &shared_key, &why));
		}
		buf_init(&subject, 4096);
		buf_init(&out, CSR_MAX);
		buf_init(&challenge, 65536);
		content = {};
		name("CN=gw-7,O=Contoso");
	}
	void teardown() override
	{
		buf_clear(&subject);
		buf_clear(&out);
		buf_clear(&challenge);
	}
	void name(const char *text)
	{
		buf_clear(&subject);
		LONGS_EQUAL_TEXT(ERR_OK, name_from_text(text, &subject, &why), why.text);
		content.subject = buf_bytes(&subject);
	}
	enum err build(enum key_hash hash = KEY_SHA256)
	{
		buf_clear(&out);
		return csr_build(&content, &shared_key, hash, &out, &why);
	}
	std::string der() { return std::string(reinterpret_cast<char *>(out.data), out.len); }
	// What openssl says about the request, its self-signature checked.
	std::string judged()
	{
		LONGS_EQUAL_TEXT(ERR_OK, build(), why.text);
		openssl.write("r.csr", out);
		std::string text =
		    openssl.run("openssl req -in r.csr -inform DER -verify -text -noout "
				"-nameopt RFC2253,-esc_msb,utf8");
		CHECK_HAS(text, "verify OK");
		return text;
	}
	std::string parsed() { return openssl.run("openssl asn1parse -inform DER -in r.csr -i"); }
	void use_challenge(const std::string &text)
	{
		buf_clear(&challenge);
		LONGS_EQUAL(ERR_OK, buf_add(&challenge, text.data(), text.size()));
		content.challenge = &challenge;
	}
	void refuse_san(enum san_kind kind, const char *value, const char *word)
	{
		struct san san = {kind, value};
		content.sans = &san;
		content.san_count = 1;
		LONGS_EQUAL_TEXT(ERR_INVALID, build(), value);
		LONGS_EQUAL(0, out.len);
		CHECK_HAS(std::string(why.text), word);
	}
};

TEST(csr, FullRequestIsWhatOpensslReads)
{
	const struct san sans[] = {
	    {SAN_DNS, "gw-7.contoso.com"},
	    {SAN_EMAIL, "gw@contoso.com"},
	    {SAN_URI, "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104"},
	    {SAN_IP, "192.0.2.7"},
	    {SAN_IP, "2001:db8::7"},
	    {SAN_UPN, "gw-7@contoso.com"}};
	const char *const ekus[] = {"clientAuth", "1.3.6.1.4.1.311.20.2.2"};
	content.sans = sans;
	content.san_count = 6;
	content.ekus = ekus;
	content.eku_count = 2;
	content.key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT;
	content.template_name = "WLAN-Gerät";
	use_challenge("A1B2C3D4E5F60718");
	std::string text = judged();
	CHECK_HAS(text, "Version: 1 (0x0)");
	CHECK_HAS(text, "Subject: CN=gw-7,O=Contoso");
	CHECK_HAS(text, "Public-Key: (2048 bit)");
	CHECK_HAS(text, "sha256WithRSAEncryption");
	CHECK_HAS(text, "challengePassword        :A1B2C3D4E5F60718");
	CHECK_HAS(text, "X509v3 Key Usage: critical\n                    Digital Signature, Key "
			"Encipherment\n");
	CHECK_HAS(text, "X509v3 Extended Key Usage: \n                    TLS Web Client "
			"Authentication, Microsoft Smartcard Login");
	CHECK_HAS(text,
		  "X509v3 Subject Alternative Name: \n                    DNS:gw-7.contoso.com, "
		  "email:gw@contoso.com, "
		  "URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104, IP Address:192.0.2.7, "
		  "IP Address:2001:DB8:0:0:0:0:0:7, othername: UPN:");
	CHECK_HAS(text, "gw-7@contoso.com");
	text = parsed();
	CHECK_HAS(text, "PRINTABLESTRING   :A1B2C3D4E5F60718");
	/* the template: BMPString "WLAN-Gerät", worked out by hand from UTF-16 */
	CHECK_HAS(text, "[HEX DUMP]:1E140057004C0041004E002D0047006500720"
			"0E40074");
}

TEST(csr, AttributesAreSortedAsDerAsks)
{
	content.key_usage = KEY_USAGE_DIGITAL_SIGNATURE;
	use_challenge(
	    "a challenge that is much longer than the extensions, so it comes last in a SET OF");
	(void)judged();
	std::string text = parsed();
	CHECK(text.find("challengePassword") > text.find("Extension Request"));
	use_challenge("x");
	(void)judged();
	text = parsed();
	CHECK(text.find("challengePassword") < text.find("Extension Request"));
}

TEST(csr, BareRequestHasAnEmptyAttributeList)
{
	(void)judged();
	CHECK_HAS_NOT(parsed(), "Extension Request");
	CHECK_HAS(parsed(), "cons:   cont [ 0 ]"); /* RFC 2986 section 4.1: not OPTIONAL */
	struct bytes san = {nullptr, 7};
	LONGS_EQUAL(ERR_OK, csr_read(buf_bytes(&out), nullptr, &san, nullptr, &why));
	LONGS_EQUAL(0, san.len);
}

TEST(csr, SanIsCriticalWhenTheSubjectIsEmpty)
{
	const struct san sans[] = {{SAN_DNS, "gw"}};
	content.sans = sans;
	content.san_count = 1;
	CHECK_HAS(judged(), "X509v3 Subject Alternative Name: \n");
	name("");
	CHECK_HAS(judged(), "X509v3 Subject Alternative Name: critical\n");
}

TEST(csr, ChallengeOfIntuneLengthGoesThroughWhole)
{
	std::string text(16384, 'x');
	use_challenge(text);
	CHECK_HAS(judged(), "challengePassword        :" + text);
	use_challenge(text + "y");
	LONGS_EQUAL(ERR_INVALID, build());
}

TEST(csr, ChallengeBeyondPrintableIsUtf8)
{
	use_challenge("Grüße_1");
	(void)judged();
	CHECK_HAS(parsed(), "UTF8STRING        :Grüße_1");
	use_challenge("bad\xff");
	LONGS_EQUAL(ERR_INVALID, build());
	CHECK_HAS_NOT(std::string(why.text), "bad");
	use_challenge(std::string("nul\0x", 5));
	LONGS_EQUAL(ERR_INVALID, build());
}

TEST(csr, KeyUsageBitsAreMinimalDer)
{
	content.key_usage = KEY_USAGE_DIGITAL_SIGNATURE;
	CHECK_HAS(judged(), "Digital Signature\n");
	CHECK_HAS(parsed(), "[HEX DUMP]:03020780");
	content.key_usage = KEY_USAGE_DIGITAL_SIGNATURE | 1u << 8; /* decipherOnly */
	CHECK_HAS(judged(), "Digital Signature, Decipher Only");
	CHECK_HAS(parsed(), "[HEX DUMP]:0303078080");
}

TEST(csr, EachHashSignsAsOpensslVerifies)
{
	for (enum key_hash hash : {KEY_SHA1, KEY_SHA256, KEY_SHA384, KEY_SHA512}) {
		LONGS_EQUAL(ERR_OK, build(hash));
		openssl.write("r.csr", out);
		CHECK_HAS(openssl.run("openssl req -in r.csr -inform DER -verify -noout"),
			  "verify OK");
	}
}

TEST(csr, SansThatAreNotOfTheirKindAreRefusedByName)
{
	refuse_san(SAN_DNS, "", "dns:\"\"");
	refuse_san(SAN_DNS, "a..b", "dns:\"a..b\"");
	refuse_san(SAN_DNS, "bücher.example", "dns:");
	refuse_san(SAN_DNS, "a b", "dns:");
	refuse_san(SAN_DNS, "-a", "dns:");
	refuse_san(SAN_DNS, "a.", "dns:");
	refuse_san(SAN_DNS, "a.*.b", "dns:");
	refuse_san(SAN_DNS, std::string(64, 'a').c_str(), "dns:");
	refuse_san(SAN_IP, "192.0.2.256", "ip:\"192.0.2.256\"");
	refuse_san(SAN_IP, "192.0.2.1/24", "ip:");
	refuse_san(SAN_EMAIL, "nobody", "email:");
	refuse_san(SAN_EMAIL, "@x", "email:");
	refuse_san(SAN_EMAIL, "ü@x", "email:");
	refuse_san(SAN_URI, "nothing", "uri:");
	refuse_san(SAN_URI, "http:", "uri:");
	refuse_san(SAN_URI, "a:b c", "uri:");
	refuse_san(SAN_UPN, "nobody", "upn:");
	refuse_san(SAN_UPN, "a\xff@b", "upn:");
	refuse_san(SAN_URI, ("a:" + std::string(2000, 'b')).c_str(), "uri:");
}

TEST(csr, UnknownEkuAndLongTemplateAreRefused)
{
	const char *const ekus[] = {"clientAuth", "smart card"};
	content.ekus = ekus;
	content.eku_count = 2;
	LONGS_EQUAL(ERR_INVALID, build());
	CHECK_HAS(std::string(why.text), "\"smart card\"");
	content.eku_count = 0;
	std::string text(300, 't');
	content.template_name = text.c_str();
	LONGS_EQUAL(ERR_INVALID, build());
	content.template_name = "emoji \xf0\x9f\x98\x80";
	LONGS_EQUAL(ERR_INVALID, build());
}

TEST(csr, EkuWordsAreTheOidsOfRfc5280)
{
	STRCMP_EQUAL("1.3.6.1.5.5.7.3.2", eku_oid("clientAuth"));
	STRCMP_EQUAL("1.3.6.1.5.5.7.3.1", eku_oid("serverAuth"));
	STRCMP_EQUAL("1.3.6.1.5.5.7.3.4", eku_oid("emailProtection"));
	STRCMP_EQUAL("1.3.6.1.5.5.7.3.17", eku_oid("ipsecIKE"));
	STRCMP_EQUAL("1.2.3", eku_oid("1.2.3"));
	POINTERS_EQUAL(nullptr, eku_oid("clientauthx"));
	POINTERS_EQUAL(nullptr, eku_oid("1.2."));
	POINTERS_EQUAL(nullptr, eku_oid(""));
}

TEST(csr, RenewalTakesTheSanBytesOver)
{
	const struct san sans[] = {{SAN_DNS, "gw"}, {SAN_UPN, "gw@x"}};
	content.sans = sans;
	content.san_count = 2;
	LONGS_EQUAL(ERR_OK, build());
	std::string first = der();
	struct bytes san;
	struct bytes subject_read;
	LONGS_EQUAL(ERR_OK, csr_read(bytes_of(first), &subject_read, &san, nullptr, &why));
	CHECK(bytes_equal(subject_read, content.subject));
	std::string raw(reinterpret_cast<const char *>(san.data), san.len);
	content.san_count = 0;
	content.raw_san = bytes_of(raw);
	LONGS_EQUAL(ERR_OK, build());
	STRCMP_EQUAL(first.c_str(), der().c_str());
	LONGS_EQUAL(first.size(), out.len);
}

TEST(csr, VerifiesOnlyUnderItsOwnKey)
{
	use_challenge("secret");
	LONGS_EQUAL(ERR_OK, build());
	std::string request = der();
	struct bytes spki;
	struct public_key pub;
	LONGS_EQUAL(ERR_OK, csr_read(bytes_of(request), nullptr, nullptr, &spki, &why));
	LONGS_EQUAL(ERR_OK, certificate_rsa_key(spki, &pub));
	LONGS_EQUAL(256, pub.modulus_len);
	LONGS_EQUAL_TEXT(ERR_OK, csr_verify_under(bytes_of(request), spki, &why), why.text);
	std::string other(reinterpret_cast<const char *>(spki.data), spki.len);
	other[60] = static_cast<char>(other[60] ^ 1);
	LONGS_EQUAL(ERR_UNTRUSTED, csr_verify_under(bytes_of(request), bytes_of(other), &why));
	STRCMP_EQUAL("csr.other_key", why.code);
	std::string damaged = request;
	size_t at = damaged.find("secret");
	damaged[at] = 'S';
	std::string own(reinterpret_cast<const char *>(spki.data), spki.len);
	LONGS_EQUAL(ERR_UNTRUSTED, csr_verify_under(bytes_of(damaged), bytes_of(own), &why));
	STRCMP_EQUAL("certificate.signature", why.code);
}

TEST(csr, RequestsOfOpensslAreReadToo)
{
	openssl.write("k.pem", shared_pem);
	openssl.run("openssl req -new -key k.pem -subj /CN=x -addext subjectAltName=DNS:a -outform "
		    "DER -out r.csr");
	std::string request = openssl.read("r.csr");
	struct bytes san;
	struct bytes spki;
	LONGS_EQUAL(ERR_OK, csr_read(bytes_of(request), nullptr, &san, &spki, &why));
	LONGS_EQUAL(3, san.len);
	MEMCMP_EQUAL("\x82\x01"
		     "a",
		     san.data, 3);
	LONGS_EQUAL(ERR_OK, csr_verify_under(bytes_of(request), spki, &why));
	for (size_t len = 0; len < request.size(); len++)
		LONGS_EQUAL(ERR_INVALID, csr_read(bytes_of(request.substr(0, len)), nullptr, &san,
						  nullptr, &why));
	request += '\0';
	LONGS_EQUAL(ERR_INVALID, csr_read(bytes_of(request), nullptr, &san, nullptr, &why));
}

// Tags and lengths are what the parser goes by: each byte as another tag, one more and one less.
TEST(csr, ARequestThatWasChangedAnywhereIsRefusedOrNeverVerifies)
{
	const struct san san = {SAN_DNS, "gw.example"};
	const std::string oid("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 11); /* sha256WithRSAEncryption */
	struct bytes spki;
	content.sans = &san;
	content.san_count = 1;
	use_challenge("word");
	LONGS_EQUAL_TEXT(ERR_OK, build(), why.text);
	const std::string good = der();
	const size_t parameters = good.find(oid) + oid.size(); /* a NULL that nobody goes by, outside of what is signed */
	LONGS_EQUAL(ERR_OK, csr_read(bytes_of(good), nullptr, nullptr, &spki, &why));
	LONGS_EQUAL_TEXT(ERR_OK, csr_verify_under(bytes_of(good), spki, &why), why.text);
	size_t refused = 0;
	for (size_t i = 0; i < good.size(); i++)
		for (int by : {1, -1, 0x80}) {
			std::vector<uint8_t> bad(good.begin(), good.end()); /* ASan sees the end */
			bad[i] = static_cast<uint8_t>(bad[i] + by);
			enum err e = csr_verify_under({bad.data(), bad.size()}, spki, &why);
			CHECK_TEXT(e == ERR_INVALID || e == ERR_UNTRUSTED || (i - parameters) < 2, std::to_string(i).c_str());
			refused += e == ERR_INVALID ? 1 : 0;
		}
	CHECK(refused > 50);
}

TEST(csr, SpkiIsTheOneOpensslWrites)
{
	openssl.write("k.pem", shared_pem);
	openssl.run("openssl rsa -in k.pem -pubout -outform DER -out spki");
	struct public_key pub;
	LONGS_EQUAL(ERR_OK, device_key_public(&shared_key, &pub, &why));
	LONGS_EQUAL(ERR_OK, spki_build(&pub, &out));
	CHECK(openssl.read("spki") == der());
	pub.modulus_len = 0;
	LONGS_EQUAL(ERR_BUG, spki_build(&pub, &out));
}

TEST(csr, SignerCertificateIsAGoodSelfSignedOne)
{
	LONGS_EQUAL_TEXT(
	    ERR_OK, signer_certificate_build(content.subject, &shared_key, KEY_SHA256, &out, &why),
	    why.text);
	openssl.write("s.der", out);
	std::string text = openssl.run(
	    "openssl x509 -inform DER -in s.der -out s.pem && openssl x509 -in s.pem -text -noout "
	    "-nameopt RFC2253 && openssl verify -partial_chain -trusted s.pem s.pem");
	CHECK_HAS(text, "s.pem: OK");
	CHECK_HAS(text, "Version: 3 (0x2)");
	CHECK_HAS(text, "Issuer: CN=gw-7,O=Contoso");
	CHECK_HAS(text, "Subject: CN=gw-7,O=Contoso");
	CHECK_HAS(text, "Not Before: Jan  1 00:00:00 2020 GMT");
	CHECK_HAS(text, "Not After : Dec 31 23:59:59 2049 GMT");
	CHECK_HAS(
	    text,
	    "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n");
	struct certificate cert;
	LONGS_EQUAL(ERR_OK, certificate_parse(buf_bytes(&out), &cert, &why));
	LONGS_EQUAL(ERR_OK, certificate_verify_signature(&cert, &cert, &why));
	LONGS_EQUAL(16, cert.serial.len);
	CHECK(cert.serial.data[0] < 0x80);
}

TEST(csr, SignerOfAnEmptySubjectGetsARandomName)
{
	name("");
	LONGS_EQUAL(ERR_OK,
		    signer_certificate_build(content.subject, &shared_key, KEY_SHA256, &out, &why));
	openssl.write("s.der", out);
	std::string text =
	    openssl.run("openssl x509 -inform DER -in s.der -noout -subject -nameopt RFC2253");
	CHECK_HAS(text, "subject=CN=signet-");
	LONGS_EQUAL(strlen("subject=CN=signet-XXXXXXXX\n"), text.size());
}
