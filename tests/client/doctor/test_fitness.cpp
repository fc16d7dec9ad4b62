// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/doctor/fitness.h"
#include "test_folder.hpp"

TEST_GROUP(fitness)
{
	test_folder folder{ "sgfit" };
	std::string der;
	struct certificate cert;

	/* By the openssl command: each extension as its x509v3_config(5) has it. */
	void make(const std::string &extensions)
	{
		folder.run("printf '[req]\\ndistinguished_name=d\\nx509_extensions=e\\n[d]\\n[e]\\nbasicConstraints=CA:FALSE\\n" +
		           extensions + "' >c; openssl ecparam -name prime256v1 -genkey -noout -out k; "
		           "openssl req -x509 -key k -config c -subj /O=Contoso/CN=gw -days 1 -outform DER -out d");
		der = folder.read("d");
		struct why why = {};
		LONGS_EQUAL_TEXT(ERR_OK, certificate_parse({ reinterpret_cast<const uint8_t *>(der.data()), der.size() }, &cert, &why),
		                 why.text);
	}
};

TEST(fitness, AbsentExtensionsForbidNothing)
{
	make("");
	CHECK_TRUE(fitness_can_sign(&cert));
	CHECK_TRUE(fitness_is_client(&cert));
	CHECK_TRUE(fitness_is_ike(&cert));
}

TEST(fitness, KeyUsage)
{
	make("keyUsage=keyEncipherment\\n");
	CHECK_FALSE(fitness_can_sign(&cert));
	make("keyUsage=digitalSignature\\n");
	CHECK_TRUE(fitness_can_sign(&cert));
}

TEST(fitness, ExtendedKeyUsage)
{
	const struct {
		const char *eku;
		bool client, ike;
	} cases[] = { { "clientAuth", true, true },           { "anyExtendedKeyUsage", true, true },
		      { "ipsecIKE", false, true },            { "1.3.6.1.5.5.8.2.2", false, true },
		      { "serverAuth,emailProtection", false, false } };
	for (const auto &one : cases) {
		make(std::string("extendedKeyUsage=") + one.eku + "\\n");
		LONGS_EQUAL_TEXT(one.client, fitness_is_client(&cert), one.eku);
		LONGS_EQUAL_TEXT(one.ike, fitness_is_ike(&cert), one.eku);
	}
}

TEST(fitness, NamesOfIke)
{
	make("subjectAltName=DNS:gw.corp.contoso.com,email:gw@contoso.com,IP:10.0.0.7\\n");
	for (const char *name : { "gw.corp.contoso.com", "gw@contoso.com", "10.0.0.7", "CN=gw,O=Contoso" })
		CHECK_TRUE_TEXT(fitness_has_name(&cert, name), name);
	for (const char *name : { "corp.contoso.com", "gw.corp.contoso.com.evil.example", "10.0.0.8", "CN=other,O=Contoso", "CN=" })
		CHECK_FALSE_TEXT(fitness_has_name(&cert, name), name);
}

TEST(fitness, TheFirstNameThatIsMissing)
{
	make("subjectAltName=DNS:a.example,URI:IntuneDeviceId://7\\n");
	const struct san wanted[] = { { SAN_URI, "IntuneDeviceId://7" }, { SAN_DNS, "a.example" }, { SAN_EMAIL, "a.example@x" } };
	POINTERS_EQUAL(nullptr, fitness_missing_name(&cert, wanted, 2));
	POINTERS_EQUAL(&wanted[2], fitness_missing_name(&cert, wanted, 3));
}
