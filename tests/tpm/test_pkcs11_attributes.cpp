/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_attributes.h"
#include <cstring>
#include "pkcs11_lab.hpp"

/* The attributes that consumers read, with values that openssl tells. */
TEST_GROUP_BASE(pkcs11_attributes, pkcs11_group)
{
	CK_OBJECT_HANDLE key = 0, pub_object = 0, cert = 0;
	void setup() override
	{
		pkcs11_group::setup();
		profile("dev", 1);
		start();
		key = key_of("dev");
		pub_object = find(CKO_PUBLIC_KEY)[0];
		cert = find(CKO_CERTIFICATE)[0];
	}
	void is_number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG expected)
	{
		std::string v = value(object, type);
		CK_ULONG number = 0;
		LONGS_EQUAL(sizeof number, v.size());
		memcpy(&number, v.data(), sizeof number);
		LONGS_EQUAL(expected, number);
	}
	void is_flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool expected)
	{
		CHECK_TEXT(value(object, type) == std::string(1, expected), std::to_string(type).c_str());
	}
	std::string from_hex(std::string hex)
	{
		std::string bytes;
		for (size_t i = 0; i + 1 < hex.size(); i += 2)
			bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
		return bytes;
	}
};

TEST(pkcs11_attributes, PrivateKey)
{
	is_number(key, CKA_CLASS, CKO_PRIVATE_KEY);
	is_number(key, CKA_KEY_TYPE, CKK_RSA);
	is_number(key, CKA_KEY_GEN_MECHANISM, CKM_RSA_PKCS_KEY_PAIR_GEN);
	CHECK(value(key, CKA_LABEL) == "dev");
	CHECK(value(key, CKA_ID) == "dev");
	for (auto type : {CKA_TOKEN, CKA_SIGN, CKA_DECRYPT, CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE,
			  CKA_LOCAL})
		is_flag(key, type, true);
	for (auto type : {CKA_PRIVATE, CKA_EXTRACTABLE, CKA_ALWAYS_AUTHENTICATE, CKA_MODIFIABLE, CKA_UNWRAP, CKA_DERIVE,
			  CKA_SIGN_RECOVER, CKA_COPYABLE, CKA_DESTROYABLE})
		is_flag(key, type, false);
}

TEST(pkcs11_attributes, NumbersOfTheKeyAreThoseOfItsCertificate)
{
	std::string said = lab.run("openssl x509 -in state/scep/dev/0001/cert.pem -noout -modulus");
	std::string modulus = from_hex(said.substr(said.find('=') + 1));
	LONGS_EQUAL(256, modulus.size());
	for (auto object : {key, pub_object}) {
		CHECK(value(object, CKA_MODULUS) == modulus);
		CHECK(value(object, CKA_PUBLIC_EXPONENT) == std::string("\x01\x00\x01", 3));
		CHECK(value(object, CKA_SUBJECT) == value(cert, CKA_SUBJECT));
	}
}

TEST(pkcs11_attributes, SecretPartsAreSensitive)
{
	for (auto type : {CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2,
			  CKA_COEFFICIENT})
		STRCMP_EQUAL("0x11", value(key, type).c_str()); // CKR_ATTRIBUTE_SENSITIVE
}

TEST(pkcs11_attributes, PublicKey)
{
	is_number(pub_object, CKA_CLASS, CKO_PUBLIC_KEY);
	is_number(pub_object, CKA_KEY_TYPE, CKK_RSA);
	is_number(pub_object, CKA_MODULUS_BITS, 2048);
	CHECK(value(pub_object, CKA_LABEL) == "dev");
	CHECK(value(pub_object, CKA_ID) == "dev");
	for (auto type : {CKA_VERIFY, CKA_ENCRYPT, CKA_WRAP, CKA_VERIFY_RECOVER, CKA_TRUSTED, CKA_PRIVATE})
		is_flag(pub_object, type, false);
	STRCMP_EQUAL("0x12", value(pub_object, CKA_PRIVATE_EXPONENT).c_str()); // CKR_ATTRIBUTE_TYPE_INVALID
}

TEST(pkcs11_attributes, Certificate)
{
	is_number(cert, CKA_CLASS, CKO_CERTIFICATE);
	is_number(cert, CKA_CERTIFICATE_TYPE, CKC_X_509);
	is_number(cert, CKA_CERTIFICATE_CATEGORY, 1);
	CHECK(value(cert, CKA_LABEL) == "dev");
	CHECK(value(cert, CKA_ID) == "dev");
	is_flag(cert, CKA_TRUSTED, false); // absent, strongSwan would take it for an anchor
	is_flag(cert, CKA_PRIVATE, false);
	is_flag(cert, CKA_TOKEN, true);
	lab.run("openssl x509 -in state/scep/dev/0001/cert.pem -outform DER -out der");
	std::string der = lab.read("der");
	CHECK(value(cert, CKA_VALUE) == der);
	std::string serial = lab.run("openssl x509 -in state/scep/dev/0001/cert.pem -noout -serial");
	serial = from_hex(serial.substr(serial.find('=') + 1));
	CHECK(value(cert, CKA_SERIAL_NUMBER).substr(2 + ((unsigned char)serial[0] > 0x7f)) == serial);
	CHECK_HAS(value(cert, CKA_ISSUER), "Lab CA");
	CHECK_HAS(value(cert, CKA_SUBJECT), "GW-7F31");
	CHECK(value(cert, CKA_ISSUER)[0] == 0x30);
	STRCMP_EQUAL("0x12", value(cert, CKA_MODULUS).c_str());
	STRCMP_EQUAL("0x12", value(key, CKA_VALUE).c_str());
}

TEST(pkcs11_attributes, LengthsFirstAndSmallRoomAndAllOfATemplate)
{
	char room[3] = {0};
	CK_ATTRIBUTE several[] = {{CKA_MODULUS, nullptr, 0},
				  {CKA_PRIME_1, room, 3},
				  {CKA_LABEL, room, 3},
				  {CKA_MODULUS, room, 3}};
	LONGS_EQUAL(CKR_BUFFER_TOO_SMALL, p11->C_GetAttributeValue(session, key, several, 4));
	LONGS_EQUAL(256, several[0].ulValueLen);
	LONGS_EQUAL(CK_UNAVAILABLE_INFORMATION, several[1].ulValueLen);
	LONGS_EQUAL(3, several[2].ulValueLen);
	LONGS_EQUAL(CK_UNAVAILABLE_INFORMATION, several[3].ulValueLen);
	MEMCMP_EQUAL("dev", room, 3);
	LONGS_EQUAL(CKR_OBJECT_HANDLE_INVALID, p11->C_GetAttributeValue(session, 0, several, 1));
	LONGS_EQUAL(CKR_SESSION_HANDLE_INVALID, p11->C_GetAttributeValue(session + 9, key, several, 1));
}
