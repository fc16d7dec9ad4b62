/* SPDX-License-Identifier: MIT */
#include "client/pki/chain.h"
#include <ctime>
#include <string>
#include "client/pki/name.h"
#include "client/pki/openssl_tool.hpp"

TEST_GROUP(chain)
{
	openssl_tool openssl;
	struct certificate_set pool;
	struct certificate_set anchors;
	struct certificate_set path;
	struct why why;
	int64_t now;

	void setup() override
	{
		pool = {};
		anchors = {};
		path = {};
		why = {};
		now = std::time(nullptr) + 60;
	}
	void teardown() override
	{
		certificate_set_clear(&pool);
		certificate_set_clear(&anchors);
		certificate_set_clear(&path);
	}
	// A certificate by the openssl command: its file, its subject, its issuer ("" for itself),
	// extensions.
	void make(const std::string &file, const std::string &subject, const std::string &issuer,
		  const std::string &extensions, const std::string &more = "-days 30")
	{
		std::string by = issuer.empty() ? file : issuer;
		openssl.write("ext", extensions);
		openssl.run("[ -f " + file +
			    ".key ] || openssl ecparam -name prime256v1 -genkey -noout -out " +
			    file +
			    ".key\n"
			    "openssl req -new -utf8 -key " +
			    file + ".key -subj '" + subject + "' -out csr\n" +
			    (issuer.empty() ? "openssl x509 -req -in csr -signkey " + file + ".key"
					    : "openssl x509 -req -in csr -CA " + by +
						  ".pem -CAkey " + by + ".key -CAcreateserial") +
			    " -extfile ext -out " + file + ".pem " + more +
			    "\n"
			    "openssl x509 -in " +
			    file + ".pem -outform DER -out " + file + ".der");
	}
	void add(struct certificate_set * set, const std::string &file)
	{
		std::string der = openssl.read(file + ".der");
		LONGS_EQUAL(ERR_OK, certificate_set_add(set, bytes_of(der)));
	}
	enum err build(const std::string &leaf)
	{
		why = {};
		std::string der = openssl.read(leaf + ".der");
		return chain_build(bytes_of(der), &pool, &anchors, now, &path, &why);
	}
	enum err check_ca(const std::string &file)
	{
		why = {};
		std::string der = openssl.read(file + ".der");
		return chain_check_ca(bytes_of(der), &anchors, now, &why);
	}
	void refuse(const std::string &leaf, const char *code, const char *part)
	{
		LONGS_EQUAL_TEXT(ERR_UNTRUSTED, build(leaf), code);
		STRCMP_EQUAL_TEXT(code, why.code, why.text);
		CHECK_HAS(std::string(why.text), part);
		LONGS_EQUAL(0, path.count);
	}
	// What the openssl command says of the same chain, as a second judge.
	void openssl_agrees(bool is_good, const std::string &leaf, const std::string &root,
			    const std::string &between)
	{
		int status = 0;
		if (!between.empty())
			openssl.run("cat " + between + " >between.txt");
		std::string line = "openssl verify -x509_strict -CAfile " + root + ".pem " +
				   (between.empty() ? "" : "-untrusted between.txt ") + leaf +
				   ".pem";
		std::string said = openssl.run_status(line, &status);
		CHECK_HAS(said, is_good ? ": OK" : "verification failed");
		CHECK_TEXT((status == 0) == is_good, said.c_str());
	}
	void usual()
	{
		make("root", "/O=Contoso/CN=Root CA", "", ca);
		make("mid", "/O=Contoso/CN=Issuing CA 1", "root", ca);
		make("leaf", "/O=Contoso/CN=gw-7", "mid", leaf_ext);
		add(&anchors, "root");
	}
	const std::string ids = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
	const std::string ca =
	    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n" + ids;
	const std::string leaf_ext =
	    "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
	    "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:gw\n" +
	    ids;
};

TEST(chain, PathRunsThroughThePoolWhateverItsOrder)
{
	usual();
	make("stranger", "/CN=Stranger", "", ca);
	add(&pool, "stranger");
	add(&pool, "leaf");
	add(&pool, "root");
	add(&pool, "mid");
	LONGS_EQUAL_TEXT(ERR_OK, build("leaf"), why.text);
	LONGS_EQUAL(1, path.count);
	std::string mid = openssl.read("mid.der");
	CHECK(certificate_equal(buf_bytes(&path.der[0]), bytes_of(mid)));
	openssl_agrees(true, "leaf", "root", "mid.pem");
}

TEST(chain, MissingIssuerIsNamed)
{
	usual();
	refuse("leaf", "chain.missing_issuer", "issued by \"CN=Issuing CA 1,O=Contoso\"");
	CHECK_HAS(std::string(why.next_step), "Issuing CA 1");
	openssl_agrees(false, "leaf", "root", "");
}

TEST(chain, RootOfThePoolIsNotTrusted)
{
	make("evil", "/CN=Evil Root", "", ca);
	make("leaf", "/CN=gw", "evil", leaf_ext);
	make("root", "/CN=Root", "", ca);
	add(&anchors, "root");
	add(&pool, "evil");
	refuse("leaf", "chain.root", "\"CN=Evil Root\"");
}

TEST(chain, RootOfTheSameNameWithAnotherKeyIsNotTrusted)
{
	make("evil", "/CN=Root", "", "basicConstraints=critical,CA:TRUE\n");
	make("leaf", "/CN=gw", "evil", "basicConstraints=CA:FALSE\n");
	make("root", "/CN=Root", "", "basicConstraints=critical,CA:TRUE\n");
	add(&anchors, "root");
	add(&pool, "evil");
	refuse("leaf", "chain.signature", "does not verify under the key of \"CN=Root\"");
	openssl_agrees(false, "leaf", "root", "");
}

TEST(chain, SearchGoesBackFromADeadEnd)
{
	make("root", "/CN=Root", "", ca);
	make("old", "/CN=Old Root", "", ca);
	make("mid", "/CN=Mid", "old",
	     ca); /* the same CA certified by two roots: only one is ours */
	openssl.run("cp mid.der cross.der && cp mid.pem cross.pem");
	add(&pool, "cross");
	make("mid", "/CN=Mid", "root", ca);
	make("leaf", "/CN=gw", "mid", leaf_ext);
	add(&pool, "old");
	add(&pool, "mid");
	add(&anchors, "root");
	LONGS_EQUAL_TEXT(ERR_OK, build("leaf"), why.text);
	std::string mid = openssl.read("mid.der");
	CHECK(certificate_equal(buf_bytes(&path.der[0]), bytes_of(mid)));
}

TEST(chain, IntermediateInTheTrustProfileIsNoEndOfAPath)
{
	usual();
	certificate_set_clear(&anchors);
	add(&anchors, "mid");
	refuse("leaf", "chain.missing_issuer", "\"CN=Root CA,O=Contoso\"");
	add(&anchors, "root");
	LONGS_EQUAL_TEXT(ERR_OK, build("leaf"), why.text); /* but it serves as a link */
	LONGS_EQUAL(1, path.count);
}

TEST(chain, DatesAreCheckedOnEveryCertificate)
{
	usual();
	add(&pool, "mid");
	int64_t today = now;
	now = today + 31LL * 86400;
	refuse("leaf", "chain.expired", "\"CN=gw-7,O=Contoso\" expired on ");
	now = 1000000000;
	refuse("leaf", "chain.not_yet_valid", "the clock says 2001-09-09 01:46:40 UTC");
	now = today + 15LL * 86400;
	make("mid", "/O=Contoso/CN=Issuing CA 1", "root", ca, "-days 10");
	certificate_set_clear(&pool);
	add(&pool, "mid");
	refuse("leaf", "chain.expired", "\"CN=Issuing CA 1,O=Contoso\"");
	make("root", "/O=Contoso/CN=Root CA", "", ca, "-days 5");
	make("mid", "/O=Contoso/CN=Issuing CA 1", "root", ca);
	certificate_set_clear(&pool);
	certificate_set_clear(&anchors);
	add(&pool, "mid");
	add(&anchors, "root");
	refuse("leaf", "chain.expired", "\"CN=Root CA,O=Contoso\"");
}

TEST(chain, IssuerThatIsNoCaIsRefused)
{
	make("root", "/CN=Root", "", ca);
	make("device", "/CN=other device", "root", leaf_ext);
	make("leaf", "/CN=gw", "device", leaf_ext);
	add(&anchors, "root");
	add(&pool, "device");
	refuse("leaf", "chain.not_a_ca", "\"CN=other device\" is no CA");
	openssl_agrees(false, "leaf", "root", "device.pem");
}

TEST(chain, IssuerWithoutKeyCertSignIsRefused)
{
	make("root", "/CN=Root", "", ca);
	make("mid", "/CN=Mid", "root",
	     "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n" + ids);
	make("leaf", "/CN=gw", "mid", leaf_ext);
	add(&anchors, "root");
	add(&pool, "mid");
	refuse("leaf", "chain.key_usage", "keyCertSign");
	openssl_agrees(false, "leaf", "root", "mid.pem");
}

TEST(chain, PathLenCountsIntermediatesButNotSelfIssuedOnes)
{
	make("root", "/CN=Root", "",
	     "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign\n" + ids);
	make("a", "/CN=A", "root", ca);
	make("b", "/CN=B", "a", ca);
	make("one", "/CN=one", "a", leaf_ext);
	make("two", "/CN=two", "b", leaf_ext);
	add(&anchors, "root");
	add(&pool, "a");
	add(&pool, "b");
	LONGS_EQUAL_TEXT(ERR_OK, build("one"), why.text);
	certificate_set_clear(&path);
	refuse("two", "chain.path_len", "\"CN=Root\" allows 1 CA");
	openssl_agrees(false, "two", "root", "a.pem b.pem");
	make("a2", "/CN=A", "a", ca); /* A's new key, certified by its old one: self-issued */
	make("three", "/CN=three", "a2", leaf_ext);
	add(&pool, "a2");
	LONGS_EQUAL_TEXT(ERR_OK, build("three"), why.text);
	openssl_agrees(true, "three", "root", "a.pem a2.pem");
}

TEST(chain, UnknownCriticalExtensionsAreRefused)
{
	make("root", "/CN=Root", "", ca);
	make("mid", "/CN=Mid", "root", ca + "nameConstraints=critical,permitted;DNS:contoso.com\n");
	make("leaf", "/CN=gw", "mid", leaf_ext);
	add(&anchors, "root");
	add(&pool, "mid");
	refuse("leaf", "chain.critical_extension", "\"CN=Mid\" has a critical extension");
	make("odd", "/CN=odd", "root", leaf_ext + "1.2.3.4=critical,DER:0500\n");
	refuse("odd", "chain.critical_extension", "\"CN=odd\"");
	openssl_agrees(false, "odd", "root", "");
}

TEST(chain, DepthIsBoundedToEight)
{
	make("c0", "/CN=C0", "", ca);
	add(&anchors, "c0");
	for (int i = 1; i < 8; i++) {
		std::string file = "c" + std::to_string(i);
		make(file, "/CN=C" + std::to_string(i), "c" + std::to_string(i - 1), ca);
		add(&pool, file);
	}
	make("good", "/CN=good", "c6", leaf_ext); /* good, c6 ... c0: eight */
	LONGS_EQUAL_TEXT(ERR_OK, build("good"), why.text);
	LONGS_EQUAL(6, path.count);
	certificate_set_clear(&path);
	make("deep", "/CN=deep", "c7", leaf_ext);
	refuse("deep", "chain.too_deep", "more than 8");
}

TEST(chain, HostilePoolOfEqualNamesEndsQuickly)
{
	// eleven CAs of one name that all certify each other would make millions of paths
	const std::string bare = "basicConstraints=critical,CA:TRUE\n";
	make("k", "/CN=Twin", "", bare);
	for (int i = 0; i < 15; i++) {
		std::string file = "t" + std::to_string(i);
		openssl.run("cp k.key " + file + ".key");
		make(file, "/CN=Twin", "k", bare,
		     "-days 30 -set_serial " + std::to_string(100 + i));
		add(&pool, file);
	}
	make("leaf", "/CN=gw", "k", leaf_ext);
	make("root", "/CN=Root", "", bare);
	add(&anchors, "root");
	std::clock_t before = std::clock();
	LONGS_EQUAL(ERR_UNTRUSTED, build("leaf"));
	CHECK((std::clock() - before) / CLOCKS_PER_SEC < 5);
	CHECK(why.text[0] != '\0');
}

TEST(chain, NamesAreComparedByRfc5280)
{
	make("root", "/O=Contoso/CN=Root CA", "", "basicConstraints=critical,CA:TRUE\n");
	/* the same key under a name that differs in case and blanks: it issues, the anchor is the
	 * first */
	openssl.run("cp root.key twin.key");
	make("twin", "/O=CONTOSO/CN=root  ca", "", "basicConstraints=critical,CA:TRUE\n");
	make("leaf", "/CN=gw", "twin", "basicConstraints=CA:FALSE\n");
	add(&anchors, "root");
	LONGS_EQUAL_TEXT(ERR_OK, build("leaf"), why.text);
}

TEST(chain, TheRootItselfIsAPathOfOne)
{
	usual();
	LONGS_EQUAL_TEXT(ERR_OK, build("root"), why.text);
	LONGS_EQUAL(0, path.count);
	LONGS_EQUAL(ERR_OK, chain_build(buf_bytes(&anchors.der[0]), nullptr, &anchors, now, nullptr,
					nullptr));
}

TEST(chain, RsaAndSha384ChainsVerifyToo)
{
	openssl.run("openssl genrsa -out root.key 2048 2>/dev/null; openssl genrsa -out mid.key "
		    "3072 2>/dev/null");
	make("root", "/CN=R", "", ca, "-sha384 -days 30");
	make("mid", "/CN=M", "root", ca, "-sha512 -days 30");
	make("leaf", "/CN=gw", "mid", leaf_ext);
	add(&anchors, "root");
	add(&pool, "mid");
	LONGS_EQUAL_TEXT(ERR_OK, build("leaf"), why.text);
}

TEST(chain, Md5AnywhereBreaksThePath)
{
	openssl.run("openssl genrsa -out mid.key 2048 2>/dev/null; openssl genrsa -out root.key "
		    "2048 2>/dev/null");
	make("root", "/CN=R", "", ca);
	make("mid", "/CN=M", "root", ca, "-md5 -days 30");
	make("leaf", "/CN=gw", "mid", leaf_ext);
	add(&anchors, "root");
	add(&pool, "mid");
	refuse("leaf", "chain.signature", "1.2.840.113549.1.1.4");
}

TEST(chain, PathReplacesWhatTheCallerHadAndFailureLeavesItAlone)
{
	usual();
	add(&path, "leaf");
	LONGS_EQUAL(ERR_UNTRUSTED, build("leaf"));
	LONGS_EQUAL(1, path.count);
	add(&pool, "mid");
	LONGS_EQUAL(ERR_OK, build("leaf"));
	std::string mid = openssl.read("mid.der");
	LONGS_EQUAL(1, path.count);
	CHECK(certificate_equal(buf_bytes(&path.der[0]), bytes_of(mid)));
}

TEST(chain, InstallableAreRootsAndWhatInstalledOnesIssued)
{
	usual();
	certificate_set_clear(&anchors);
	LONGS_EQUAL_TEXT(ERR_OK, check_ca("root"), why.text);
	LONGS_EQUAL(ERR_UNTRUSTED, check_ca("mid"));
	STRCMP_EQUAL("chain.missing_issuer", why.code);
	CHECK_HAS(std::string(why.next_step), "Root CA");
	LONGS_EQUAL(ERR_UNTRUSTED, check_ca("leaf"));
	STRCMP_EQUAL("chain.not_a_ca", why.code);
	add(&anchors, "root");
	LONGS_EQUAL_TEXT(ERR_OK, check_ca("mid"), why.text);
	now += 40LL * 86400;
	LONGS_EQUAL(ERR_UNTRUSTED, check_ca("root"));
	STRCMP_EQUAL("chain.expired", why.code);
}

TEST(chain, InstallableRootNeedsAGoodSignatureAndKeyCertSign)
{
	make("root", "/CN=R", "", ca);
	std::string der = openssl.read("root.der");
	der[der.size() - 2] = static_cast<char>(der[der.size() - 2] ^ 1);
	LONGS_EQUAL(ERR_UNTRUSTED, chain_check_ca(bytes_of(der), nullptr, now, &why));
	LONGS_EQUAL(ERR_UNTRUSTED, chain_check_ca(bytes_of(der), &anchors, now, &why));
	make("bad", "/CN=B", "", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n");
	LONGS_EQUAL(ERR_UNTRUSTED, check_ca("bad"));
	STRCMP_EQUAL("chain.key_usage", why.code);
}

TEST(chain, BytesThatAreNoCertificateAreInvalid)
{
	std::string junk = "0123";
	LONGS_EQUAL(ERR_INVALID, chain_build(bytes_of(junk), &pool, &anchors, now, &path, &why));
	LONGS_EQUAL(ERR_OK,
		    certificate_set_add(
			&pool, bytes_of(junk))); /* a stranger in the pool does not matter */
	usual();
	add(&pool, "mid");
	LONGS_EQUAL_TEXT(ERR_OK, build("leaf"), why.text);
}
