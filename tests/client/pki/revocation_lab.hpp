/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_PKI_REVOCATION_LAB_HPP
#define TESTS_CLIENT_PKI_REVOCATION_LAB_HPP
#include <ctime>
#include <string>
#include "client/pki/openssl_tool.hpp"
#include "client/pki/revocation_answer.h"

#define LEAF_SERIAL "4D5A0000000000000000000000000001"

/** A CA, a certificate of it and what the openssl command says of that one's revocation. */
class revocation_lab : public openssl_tool
{
      public:
	struct certificate cert = {}, issuer = {};
	struct revocation_question question = {};
	struct revocation_answer answer = {};
	struct why why = {};
	std::string cert_der, issuer_der;

	void open()
	{
		make_ca("ca", "keyUsage=critical,keyCertSign,cRLSign");
		write("leaf.ext", "basicConstraints=CA:FALSE\ncrlDistributionPoints=URI:ldap:///CN=x,URI:http://crl.example/a.crl\n"
		                  "authorityInfoAccess=OCSP;URI:http://ocsp.example/\n");
		make_leaf("leaf", "leaf.ext", "-set_serial 0x" LEAF_SERIAL);
		write("ca.conf", "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=7\n"
		                 "crlnumber=number\n");
		write("index.txt", "");
		write("number", "01\n");
		ask_about("leaf", "ca");
		question.now = std::time(nullptr);
	}
	void make_ca(const std::string &name, const std::string &usage) const
	{
		run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " + name +
		    ".pem -subj '/O=Contoso/CN=Issuing CA' -days 30 -addext " + usage + " && openssl x509 -in " + name +
		    ".pem -outform DER -out " + name + ".der");
	}
	void make_leaf(const std::string &name, const std::string &extensions, const std::string &more) const
	{
		run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -subj /CN=" +
		    name + " -out csr && openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -extfile " + extensions + " -out " +
		    name + ".pem -days 30 " + more + " && openssl x509 -in " + name + ".pem -outform DER -out " + name + ".der");
	}
	void ask_about(const std::string &leaf, const std::string &ca)
	{
		cert_der = read(leaf + ".der");
		issuer_der = read(ca + ".der");
		LONGS_EQUAL_TEXT(ERR_OK, certificate_parse(bytes_of(cert_der), &cert, &why), why.text);
		LONGS_EQUAL_TEXT(ERR_OK, certificate_parse(bytes_of(issuer_der), &issuer, &why), why.text);
		question.cert = &cert;
		question.issuer = &issuer;
	}
	/** A list of openssl: lines of its database, extensions of the list, and who signs. */
	std::string list(const std::string &index, const std::string &extensions = "", const std::string &more = "",
	                 const std::string &by = "ca") const
	{
		write("index.txt", index);
		std::string conf = read("ca.conf");
		write("list.conf", extensions.empty() ? conf : conf + "crl_extensions=x\n[x]\n" + extensions);
		run("openssl ca -config list.conf -gencrl -cert " + by + ".pem -keyfile " + by + ".key " + more +
		    " -out l.pem 2>log || { cat log; exit 1; }\nopenssl crl -in l.pem -outform DER -out l.der");
		return read("l.der");
	}
	/** A line of openssl's database: the certificate, revoked 2026-11-22T15:02:39Z; reason "" for none. */
	static std::string revoked(const std::string &reason, const std::string &serial = LEAF_SERIAL)
	{
		return "R\t491231235959Z\t261122150239Z" + (reason.empty() ? "" : "," + reason) + "\t" + serial +
		       "\tunknown\t/CN=leaf\n";
	}
	void check_revoked(unsigned reason)
	{
		LONGS_EQUAL(REVOCATION_REVOKED, answer.verdict);
		LONGS_EQUAL(reason, answer.reason);
		LONGLONGS_EQUAL(1795359759, answer.revoked_at); /* date -ud 2026-11-22T15:02:39Z +%s */
	}
};

#endif
