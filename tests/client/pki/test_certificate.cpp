/* SPDX-License-Identifier: MIT */
#include "client/pki/certificate.h"
#include <cstring>
#include <string>
#include <vector>
#include "client/pki/certificate_key_id.h"
#include "client/pki/openssl_tool.hpp"

TEST_GROUP(certificate)
{
	openssl_tool openssl;
	std::string kept;
	struct certificate cert;
	struct certificate_set set;
	struct buf out;
	struct why why;

	void setup() override
	{
		cert = {};
		set = {};
		why = {};
		buf_init(&out, 65536);
	}
	void teardown() override
	{
		certificate_set_clear(&set);
		buf_clear(&out);
	}
	// A self-signed certificate of openssl: key options and req options.
	std::string make(const std::string &key, const std::string &options,
			 const std::string &name = "c")
	{
		openssl.run("openssl req -x509 -newkey " + key + " -nodes -keyout " + name +
			    ".key -outform DER -out " + name + ".der " + options +
			    " 2>log || { cat log; false; }");
		return openssl.read(name + ".der");
	}
	void parse(const std::string &der)
	{
		kept = der; // cert borrows from it
		LONGS_EQUAL_TEXT(ERR_OK, certificate_parse(bytes_of(kept), &cert, &why), why.text);
	}
	static std::string text_of(struct bytes b)
	{
		return std::string(reinterpret_cast<const char *>(b.data), b.len);
	}
};

static const char ec[] = "ec -pkeyopt ec_paramgen_curve:P-256";

TEST(certificate, FieldsAreThoseThatOpensslWasAskedFor)
{
	std::string der = make(
	    ec, "-subj /O=Contoso/CN=gw -set_serial 0x0a1b2c -days 30 "
		"-addext basicConstraints=critical,CA:TRUE,pathlen:3 "
		"-addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature "
		"-addext "
		"extendedKeyUsage=clientAuth,1.3.6.1.4.1.311.20.2.1,1.3.6.1.4.1.311.21.8.8945314."
		"15480062.9257148.5763410.9157485.34.10000000.4020000 "
		"-addext subjectAltName=DNS:gw,IP:192.0.2.1 -addext "
		"certificatePolicies=critical,1.2.3.4");
	parse(der);
	STRCMP_EQUAL("\x0a\x1b\x2c", text_of(cert.serial).c_str());
	CHECK(cert.is_ca);
	LONGS_EQUAL(3, cert.path_len);
	CHECK(cert.has_key_usage);
	LONGS_EQUAL(KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN | KEY_USAGE_DIGITAL_SIGNATURE,
		    cert.key_usage);
	LONGS_EQUAL(3, cert.eku_count);
	CHECK(certificate_has_eku(&cert, OID_EKU_CLIENT_AUTH));
	CHECK(certificate_has_eku(&cert, OID_EKU_REQUEST_AGENT));
	CHECK(!certificate_has_eku(&cert, OID_EKU_CMC_RA));
	CHECK(!cert.has_unknown_critical);
	STRCMP_EQUAL("1.2.840.10045.4.3.2", cert.signature_oid);
	MEMCMP_EQUAL("\x82\x02gw\x87\x04\xc0\x00\x02\x01", cert.san.data, 10);
	LONGS_EQUAL(10, cert.san.len);
	LONGS_EQUAL(30 * 86400, cert.not_after - cert.not_before);
	std::string epoch = openssl.run(
	    "date -d \"$(openssl x509 -inform DER -in c.der -noout -enddate | cut -d= -f2)\" +%s");
	LONGS_EQUAL(std::atoll(epoch.c_str()), cert.not_after);
	CHECK(bytes_equal(cert.subject, cert.issuer));
	LONGS_EQUAL(ERR_OK, certificate_verify_signature(&cert, &cert, &why));
}

TEST(certificate, UnknownCriticalExtensionsAreFlagged)
{
	parse(make(ec, "-subj /CN=x -addext 1.2.3.4=critical,DER:0500"));
	CHECK(cert.has_unknown_critical);
	parse(make(ec, "-subj /CN=x -addext 1.2.3.4=DER:0500"));
	CHECK(!cert.has_unknown_critical);
	parse(make(ec, "-subj /CN=x -addext 'nameConstraints=critical,permitted;DNS:contoso.com'"));
	CHECK(cert.has_unknown_critical);
	parse(make(ec, "-subj /CN=x -addext policyConstraints=critical,requireExplicitPolicy:0"));
	CHECK(cert.has_unknown_critical);
}

TEST(certificate, DateBeyond2049IsGeneralizedTime)
{
	parse(make(ec, "-subj /CN=x -days 20000"));
	LONGS_EQUAL(20000LL * 86400, cert.not_after - cert.not_before);
}

TEST(certificate, SignaturesOfEveryKindVerifyAndDamagedOnesDoNot)
{
	static const char *const kinds[][2] = {
	    {"rsa:2048", "-sha1"},
	    {"rsa:2048", "-sha256"},
	    {"rsa:2048", "-sha384"},
	    {"rsa:2048", "-sha512"},
	    {"rsa:1024", "-sha256"},
	    {"rsa:4096", "-sha256"},
	    {ec, "-sha256"},
	    {ec, "-sha512"},
	    {ec, "-sha1"},
	    {"ec -pkeyopt ec_paramgen_curve:P-384", "-sha384"},
	    {"ec -pkeyopt ec_paramgen_curve:P-521", "-sha512"},
	};
	for (const auto &kind : kinds) {
		std::string der = make(kind[0], std::string("-subj /CN=x ") + kind[1]);
		parse(der);
		LONGS_EQUAL_TEXT(ERR_OK, certificate_verify_signature(&cert, &cert, &why),
				 (std::string(kind[0]) + kind[1]).c_str());
		der[der.size() - 3] = static_cast<char>(der[der.size() - 3] ^ 1);
		parse(der);
		LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_signature(&cert, &cert, &why));
	}
}

TEST(certificate, WeakAndForeignAlgorithmsNeverVerify)
{
	static const char *const kinds[][2] = {
	    {"rsa:2048", "-md5"},
	    {"rsa:512", "-sha256"},
	    {"rsa:2048", "-sha256 -sigopt rsa_padding_mode:pss"},
	    {"ed25519", ""},
	    {"ec -pkeyopt ec_paramgen_curve:secp256k1", "-sha256"},
	    {"rsa:2048 -pkeyopt rsa_keygen_bits:2048", "-sha224"},
	};
	for (const auto &kind : kinds) {
		parse(make(kind[0], std::string("-subj /CN=x ") + kind[1]));
		LONGS_EQUAL_TEXT(ERR_UNTRUSTED, certificate_verify_signature(&cert, &cert, &why),
				 kind[1]);
		CHECK(why.text[0] != '\0');
	}
}

TEST(certificate, AnotherKeyOfTheSameNameDoesNotVerify)
{
	struct certificate other;
	std::string a = make("rsa:2048", "-subj /CN=x", "a");
	std::string b = make("rsa:2048", "-subj /CN=x", "b");
	std::string c = make(ec, "-subj /CN=x", "e");
	LONGS_EQUAL(ERR_OK, certificate_parse(bytes_of(a), &cert, &why));
	LONGS_EQUAL(ERR_OK, certificate_parse(bytes_of(b), &other, &why));
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_signature(&cert, &other, &why));
	LONGS_EQUAL(ERR_OK, certificate_parse(bytes_of(c), &other, &why));
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_signature(&cert, &other, &why));
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_signature(&other, &cert, &why));
}

TEST(certificate, ForgedBlocksWithGarbageAfterTheDigestDoNotVerify)
{
	// e = 3 and a lax verifier is Bleichenbacher's forgery of 2006: here the key's owner makes
	// the same block
	make("rsa:2048", "-subj /CN=x");
	openssl.run("printf message >m && openssl dgst -sha256 -binary m >h && "
		    "{ printf '\\000\\001\\377\\377\\377\\377\\377\\377\\377\\377\\000'; "
		    "printf "
		    "'\\060\\061\\060\\015\\006\\011\\140\\206\\110\\001\\145\\003\\004\\002\\001\\"
		    "005\\000\\004\\040'; "
		    "cat h; head -c 194 /dev/zero; } >block && "
		    "openssl rsautl -sign -raw -inkey c.key -in block -out sig 2>/dev/null && "
		    "openssl dgst -sha256 -sign c.key -out good m");
	parse(openssl.read("c.der"));
	std::string message = "message";
	std::string der = openssl.read("c.der");
	parse(der);
	std::string sig = openssl.read("good");
	LONGS_EQUAL(ERR_OK, certificate_verify_message(cert.spki, "1.2.840.113549.1.1.11",
						       bytes_of(message), bytes_of(sig), &why));
	LONGS_EQUAL(ERR_UNTRUSTED,
		    certificate_verify_message(cert.spki, "1.2.840.113549.1.1.12",
					       bytes_of(message), bytes_of(sig), &why));
	LONGS_EQUAL(ERR_UNTRUSTED,
		    certificate_verify_message(cert.spki, "1.2.840.113549.1.1.11",
					       bytes_of(message), bytes_of(sig.substr(1)), &why));
	sig = openssl.read("sig");
	LONGS_EQUAL(256, sig.size());
	LONGS_EQUAL(ERR_UNTRUSTED,
		    certificate_verify_message(cert.spki, "1.2.840.113549.1.1.11",
					       bytes_of(message), bytes_of(sig), &why));
}

TEST(certificate, TruncationAtEveryByteIsInvalid)
{
	std::string der = make(ec, "-subj /O=Contoso/CN=gw -addext subjectAltName=DNS:gw -addext "
				   "extendedKeyUsage=clientAuth "
				   "-addext keyUsage=critical,digitalSignature");
	struct certificate untouched = {};
	for (size_t len = 0; len < der.size(); len++) {
		std::vector<uint8_t> exact(
		    der.begin(), der.begin() + static_cast<long>(len)); // ASan sees the end
		LONGS_EQUAL(ERR_INVALID, certificate_parse({exact.data(), len}, &cert, &why));
	}
	MEMCMP_EQUAL(&untouched, &cert, sizeof cert);
	der += '\0';
	LONGS_EQUAL(ERR_INVALID, certificate_parse(bytes_of(der), &cert, &why));
	CHECK_HAS(std::string(why.text), "what follows its end");
}

TEST(certificate, EveryFlippedByteParsesOrIsRefusedButNeverVerifies)
{
	std::string der = make(
	    ec, "-subj /CN=gw -addext subjectAltName=DNS:gw -addext extendedKeyUsage=clientAuth");
	std::string key = der;
	struct certificate issuer;
	LONGS_EQUAL(ERR_OK, certificate_parse(bytes_of(key), &issuer, &why));
	size_t parsed = 0;
	for (size_t i = 0; i < der.size(); i++)
		for (int bit : {0x01, 0x80}) {
			std::string bad = der;
			bad[i] = static_cast<char>(bad[i] ^ bit);
			std::vector<uint8_t> exact(bad.begin(), bad.end());
			enum err e = certificate_parse({exact.data(), exact.size()}, &cert, &why);
			CHECK(e == ERR_OK || e == ERR_INVALID);
			if (e != ERR_OK)
				continue;
			parsed++;
			LONGS_EQUAL(ERR_UNTRUSTED,
				    certificate_verify_signature(&cert, &issuer, &why));
		}
	CHECK(parsed > 100);
}

TEST(certificate, ExtensionsThatStandTwiceAreRefused)
{
	// two extensions of equal length: the second one's OID is rewritten to the first one's
	std::string der = make(ec, "-subj /CN=x -addext 1.2.3.4=DER:0500 -addext 1.2.3.5=DER:0500");
	parse(der);
	size_t at = der.find("\x06\x03\x2a\x03\x05", 0, 5);
	CHECK(at != std::string::npos);
	der[at + 4] = 4;
	LONGS_EQUAL(ERR_INVALID, certificate_parse(bytes_of(der), &cert, &why));
	CHECK_HAS(std::string(why.text), "its extensions");
}

TEST(certificate, SignatureAlgorithmInsideAndOutsideMustAgree)
{
	std::string der = make(ec, "-subj /CN=x -sha256");
	size_t at = der.rfind("\x2a\x86\x48\xce\x3d\x04\x03\x02"); /* the outer ecdsa-with-SHA256 */
	CHECK(at != std::string::npos);
	der[at + 7] = 3;
	LONGS_EQUAL(ERR_INVALID, certificate_parse(bytes_of(der), &cert, &why));
	CHECK_HAS(std::string(why.text), "its signature algorithm");
}

TEST(certificate, PemAndDerFilesAreRead)
{
	std::string der = make(ec, "-subj /CN=x");
	openssl.run("{ printf '\\357\\273\\277Bag Attributes\\r\\n'; openssl x509 -inform DER -in "
		    "c.der | sed 's/$/\\r/'; } >c.pem");
	std::string file = openssl.read("c.pem");
	LONGS_EQUAL_TEXT(ERR_OK, certificate_from_file(bytes_of(file), &out, &why), why.text);
	CHECK(text_of(buf_bytes(&out)) == der);
	buf_clear(&out);
	LONGS_EQUAL(ERR_OK, certificate_from_file(bytes_of(der), &out, &why));
	CHECK(certificate_equal(buf_bytes(&out), bytes_of(der)));
}

TEST(certificate, FilesWithoutACertificateAreRefused)
{
	std::string der = make(ec, "-subj /CN=x");
	for (const std::string &file :
	     {std::string(), std::string("hello"), openssl.read("c.key"), der.substr(1), der + "x",
	      std::string("-----BEGIN CERTIFICATE-----\nAAAA\n"),
	      std::string("-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n"),
	      std::string("-----BEGIN CERTIFICATE-----\nA=AA\n-----END CERTIFICATE-----\n"),
	      std::string("-----BEGIN CERTIFICATE-----\n====\n-----END CERTIFICATE-----\n"),
	      std::string("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")}) {
		why = {};
		LONGS_EQUAL(ERR_INVALID, certificate_from_file(bytes_of(file), &out, &why));
		CHECK(why.text[0] != '\0');
	}
	LONGS_EQUAL(0, out.len);
	std::string big = "-----BEGIN CERTIFICATE-----\n" + std::string(40000, 'A') +
			  "\n-----END CERTIFICATE-----\n";
	LONGS_EQUAL(ERR_TOO_BIG, certificate_from_file(bytes_of(big), &out, &why));
}

TEST(certificate, PemThatWeWriteIsThePemOfOpenssl)
{
	std::string der = make(ec, "-subj /CN=x");
	LONGS_EQUAL(ERR_OK, certificate_to_pem(bytes_of(der), &out));
	CHECK(openssl.run("openssl x509 -inform DER -in c.der") == text_of(buf_bytes(&out)));
}

TEST(certificate, SetTakesEveryBlockOnceAndIsUntouchedOnFailure)
{
	make(ec, "-subj /CN=a", "a");
	make(ec, "-subj /CN=b", "b");
	openssl.run("for i in a b a; do openssl x509 -inform DER -in $i.der -text; done >all.pem");
	std::string pem = openssl.read("all.pem");
	LONGS_EQUAL_TEXT(ERR_OK, certificate_set_from_pem(bytes_of(pem), &set, &why), why.text);
	LONGS_EQUAL(2, set.count);
	CHECK(text_of(buf_bytes(&set.der[1])) == openssl.read("b.der"));
	std::string c = make(ec, "-subj /CN=c", "c");
	pem = openssl.run("openssl x509 -inform DER -in c.der") +
	      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	LONGS_EQUAL(ERR_INVALID, certificate_set_from_pem(bytes_of(pem), &set, &why));
	LONGS_EQUAL(2, set.count);
	LONGS_EQUAL(ERR_INVALID, certificate_set_from_pem({nullptr, 0}, &set, &why));
}

TEST(certificate, SetIsBounded)
{
	for (size_t i = 0; i < CERTIFICATE_SET_MAX; i++) {
		uint8_t byte = static_cast<uint8_t>(i);
		LONGS_EQUAL(ERR_OK, certificate_set_add(&set, {&byte, 1}));
	}
	uint8_t last = 0xff;
	LONGS_EQUAL(ERR_TOO_BIG, certificate_set_add(&set, {&last, 1}));
	last = 3;
	LONGS_EQUAL(ERR_OK, certificate_set_add(&set, {&last, 1})); /* in already */
	LONGS_EQUAL(CERTIFICATE_SET_MAX, set.count);
	certificate_set_clear(&set);
	std::string big(CERTIFICATE_MAX + 1, 'x');
	LONGS_EQUAL(ERR_TOO_BIG, certificate_set_add(&set, bytes_of(big)));
	LONGS_EQUAL(0, set.count);
}

TEST(certificate, RsaKeyOfAnotherKindIsUnsupported)
{
	struct public_key pub;
	std::string der = make(ec, "-subj /CN=x");
	parse(der);
	LONGS_EQUAL(ERR_UNSUPPORTED, certificate_rsa_key(cert.spki, &pub));
	LONGS_EQUAL(ERR_INVALID, certificate_rsa_key({nullptr, 0}, &pub));
	der = make("rsa:2048", "-subj /CN=x");
	parse(der);
	LONGS_EQUAL(ERR_OK, certificate_rsa_key(cert.spki, &pub));
	LONGS_EQUAL(256, pub.modulus_len);
	LONGS_EQUAL(65537, pub.exponent);
}

namespace {
std::string tlv(uint8_t tag, const std::string &content)
{
	CHECK(content.size() < 128);
	return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}
std::string integer(const std::string &content) { return tlv(0x02, content); }
const std::string rsa_oid("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 11);
const std::string null_value("\x05\x00", 2);
std::string spki_of(const std::string &algorithm, const std::string &key)
{
	return tlv(0x30, tlv(0x30, algorithm) + tlv(0x03, std::string(1, '\0') + key));
}
std::string rsa_spki(const std::string &modulus, const std::string &exponent, const std::string &after = "")
{
	return spki_of(rsa_oid + null_value, tlv(0x30, integer(modulus) + integer(exponent) + after));
}
} // namespace

// RFC 5280 section 4.1.2.7 and RFC 8017 appendix A.1.1, each rule broken once.
TEST(certificate, public_keys_that_are_malformed_are_refused)
{
	const std::string modulus(64, '\x55'), three("\x03", 1);
	const std::string good = rsa_spki(modulus, three);
	struct public_key pub;
	LONGS_EQUAL(ERR_OK, certificate_rsa_key(bytes_of(good), &pub));
	LONGS_EQUAL(64, pub.modulus_len);
	const std::string key = tlv(0x30, integer(modulus) + integer(three));
	const std::string algorithm = tlv(0x30, rsa_oid + null_value), zero(1, '\0');
	const std::string bad[] = {
	    good + "x",
	    tlv(0x30, tlv(0x31, rsa_oid) + tlv(0x03, zero + key)),
	    tlv(0x30, algorithm + tlv(0x04, zero + key)),
	    tlv(0x30, algorithm + tlv(0x03, zero + key) + null_value),
	    tlv(0x30, algorithm + tlv(0x03, zero)),
	    tlv(0x30, algorithm + tlv(0x03, "\x01" + key)), /* a bit that is not used */
	    spki_of(null_value, key),
	    spki_of(rsa_oid + "\x05", key),
	    spki_of(rsa_oid + null_value + null_value, key),
	    spki_of(rsa_oid + null_value, "\x31" + key.substr(1)),
	    spki_of(rsa_oid + null_value, key + "x"),
	    spki_of(rsa_oid + null_value, tlv(0x30, tlv(0x04, modulus) + integer(three))),
	    spki_of(rsa_oid + null_value, tlv(0x30, integer(modulus) + tlv(0x04, three))),
	    rsa_spki(modulus, three, null_value),
	    rsa_spki(modulus, ""),
	    rsa_spki(modulus, "\x01"),
	    rsa_spki(modulus, "\x04"),
	    rsa_spki("", three),
	    rsa_spki("\xff" + modulus, three), /* negative */
	    rsa_spki(zero, three),
	    rsa_spki(zero + zero + modulus, three),
	};
	for (const std::string &spki : bad)
		LONGS_EQUAL_TEXT(ERR_INVALID, certificate_rsa_key(bytes_of(spki), &pub),
				 std::to_string(&spki - bad).c_str());
	const std::string wide = rsa_spki(modulus, "\x01\x02\x03\x04\x05");
	LONGS_EQUAL(ERR_UNSUPPORTED, certificate_rsa_key(bytes_of(wide), &pub));
	const std::string bare = spki_of(rsa_oid, key); /* no parameters: some write none */
	LONGS_EQUAL(ERR_OK, certificate_rsa_key(bytes_of(bare), &pub));
}

TEST(certificate, signatures_and_digests_of_a_wrong_length_do_not_verify)
{
	const char *const ecdsa = "1.2.840.10045.4.3.2";
	const uint8_t digest[32] = {};
	const std::string long_signature(1025, 'x');
	parse(make(ec, "-subj /CN=x"));
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_digest(cert.spki, ecdsa, {digest, 31}, cert.signature, &why));
	STRCMP_EQUAL("certificate.digest", why.code);
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_digest(cert.spki, ecdsa, {digest, 32}, bytes_of(long_signature), &why));
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_digest(cert.spki, "1.2.3", {digest, 32}, cert.signature, &why));
	STRCMP_EQUAL("certificate.algorithm", why.code);
	const std::string small = rsa_spki(std::string(64, '\x55'), "\x03");
	const std::string signature(64, '\x11');
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_digest(bytes_of(small), "1.2.840.113549.1.1.11", {digest, 32}, bytes_of(signature), &why));
	LONGS_EQUAL(ERR_UNTRUSTED, certificate_verify_digest(bytes_of(small), ecdsa, {digest, 32}, bytes_of(signature), &why));
	STRCMP_EQUAL("certificate.key", why.code);
}

// openssl's own subjectKeyIdentifier is the same hash (RFC 5280 section 4.2.1.2, method 1).
TEST(certificate, the_key_id_is_the_one_that_openssl_writes)
{
	char id[KEY_ID_CAP];
	parse(make("rsa:2048", "-subj /CN=x -addext subjectKeyIdentifier=hash"));
	LONGS_EQUAL(ERR_OK, certificate_key_id(&cert, id));
	std::string text = openssl.run("openssl x509 -inform DER -in c.der -noout -ext "
				       "subjectKeyIdentifier | tail -1 | tr -d ' :\n' | tr A-F a-f");
	STRCMP_EQUAL(text.c_str(), id);
}
