// SPDX-License-Identifier: MIT
#ifndef TESTS_CLIENT_CA_LAB_HPP
#define TESTS_CLIENT_CA_LAB_HPP
#include <cstdlib>
#include <string>
#include "CppUTest/TestHarness.h"
#include "CppUTest/MemoryLeakWarningPlugin.h"
#include "client/pki/certificate.h"
#include "test_folder.hpp"

/**
 * CAs of one company and their successors, by the openssl command, made once; files NAME.pem, NAME.der:
 *   root, root2, stranger    self-signed
 *   a                        the issuing CA, below root; ra_a its registration authority, device a device
 *   b                        a with a new key: same subject, below root; ra_b
 *   c                        another subject, below root; ra_c
 *   d                        subject of a, below root2; ra_d
 *   x                        subject of a, below stranger; ra_x
 *   dept, y                  another department's CA below root; subject of a, below dept; ra_y
 *   leaf                     subject of a, below root, no CA; ra_leaf is issued by its key
 *   ra_short                 another registration authority of a, over after a day; ra_ca: one that is a CA as well
 *   alias                    the key of a by another name, below root; ra_alias
 *   lists                    subject of a, below root, a CA's key for lists alone
 *   e, f, ... m              nine more CAs below root; short: below root, over after a day
 */
struct ca_lab {
	test_folder folder{ "sgca" };

	static const ca_lab &get()
	{
		static ca_lab *lab;
		if (lab == nullptr) {
			MemoryLeakWarningPlugin::saveAndDisableNewDeleteOverloads();
			lab = new ca_lab;
			MemoryLeakWarningPlugin::restoreNewDeleteOverloads();
			atexit([] { delete lab; });
		}
		return *lab;
	}
	std::string der(const std::string &name) const { return folder.read(name + ".der"); }
	void add(struct certificate_set *set, const std::string &name) const
	{
		std::string bytes = der(name);
		LONGS_EQUAL(ERR_OK, certificate_set_add(set, view(bytes)));
	}
	static struct bytes view(const std::string &s) { return { reinterpret_cast<const uint8_t *>(s.data()), s.size() }; }
	std::string sha256(const std::string &name) const { return folder.run("sha256sum " + name + ".der").substr(0, 64); }

      private:
	ca_lab()
	{
		const std::string ca = "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n";
		const std::string ra = "keyUsage=critical,keyEncipherment\\nextendedKeyUsage=1.3.6.1.4.1.311.20.2.1\\n";
		const std::string device = "extendedKeyUsage=clientAuth\\n";
		make("root", "Root", "", ca);
		make("root2", "Root 2", "", ca);
		make("stranger", "Stranger", "", ca);
		make("a", "Issuing", "root", ca);
		make("b", "Issuing", "root", ca);
		make("c", "Issuing 2", "root", ca);
		make("d", "Issuing", "root2", ca);
		make("x", "Issuing", "stranger", ca);
		make("dept", "Department", "root", ca);
		make("y", "Issuing", "dept", ca);
		make("leaf", "Issuing", "root", device);
		make("lists", "Issuing", "root", "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,cRLSign\\n");
		for (const char *by : { "a", "b", "c", "d", "x", "y", "leaf" })
			make(std::string("ra_") + by, "RA", by, ra);
		make("ra_short", "RA", "a", ra, 1);
		make("ra_ca", "RA", "a", ca + ra.substr(ra.find("extended")));
		folder.run("cp a.key alias.key");
		make("alias", "Alias", "root", ca);
		make("ra_alias", "RA", "alias", ra);
		make("device", "Device", "a", device);
		for (char name = 'e'; name <= 'm'; name++)
			make(std::string(1, name), std::string("Further ") + name, "root", ca);
		make("short", "Short", "root", ca, 1);
	}
	void make(const std::string &name, const std::string &subject, const std::string &issuer, const std::string &extensions,
	          int days = 30) const
	{
		std::string by = issuer.empty() ? " -signkey " + name + ".key"
		                                : " -CA " + issuer + ".pem -CAkey " + issuer + ".key -CAcreateserial";
		folder.run("printf '" + extensions + "' >ext; [ -f " + name + ".key ] || openssl ecparam -name prime256v1 -genkey -noout -out " + name +
		           ".key; openssl req -new -key " + name + ".key -subj '/CN=" + subject +
		           "' -out csr && openssl x509 -req -in csr -days " + std::to_string(days) + by + " -extfile ext -out " +
		           name + ".pem && openssl x509 -in " + name + ".pem -outform DER -out " + name + ".der");
	}
};

#endif
