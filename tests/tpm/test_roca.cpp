/* SPDX-License-Identifier: MIT */
#include "tpm/roca.h"
#include "tpm_lab.hpp"

TEST_GROUP(roca)
{
	tpm_lab lab;
	static std::string bytes(const std::string &hex)
	{
		std::string out;
		for (size_t i = 0; i + 1 < hex.size(); i += 2)
			out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
		return out;
	}
	bool is_vulnerable(const std::string &modulus)
	{
		struct bytes b = bytes_of(modulus);
		return roca_is_vulnerable(b.data, b.len);
	}
	std::string openssl_modulus(const char *bits)
	{
		std::string line =
		    lab.run(std::string("openssl genrsa ") + bits +
			    " 2>/dev/null | openssl rsa -modulus -noout 2>/dev/null");
		return bytes(line.substr(line.find('=') + 1, line.find('\n') - line.find('=') - 1));
	}
};

/* p = k M + 65537^a mod M as the flawed library made them, M the product of the primes up to 701 */
TEST(roca, PrimesOfTheFlawedLibrarysShapeAreFound)
{
	std::string out =
	    lab.run("/usr/bin/python3 -c '\n"
		    "import random\n"
		    "random.seed(15361)\n"
		    "def is_prime(n):\n"
		    "    return n > 1 and all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7, 11))\n"
		    "M = 1\n"
		    "for p in range(2, 702):\n"
		    "    if all(p % q for q in range(2, p)):\n"
		    "        M *= p\n"
		    "def flawed():\n"
		    "    while True:\n"
		    "        k = random.getrandbits(1024 - M.bit_length())\n"
		    "        p = k * M + pow(65537, random.getrandbits(200), M)\n"
		    "        if p.bit_length() == 1024 and is_prime(p):\n"
		    "            return p\n"
		    "print(\"%0512x\" % (flawed() * flawed()))\n"
		    "'");
	CHECK(is_vulnerable(bytes(out.substr(0, 512))));
}

TEST(roca, OpensslsModuliAreNot)
{
	for (int i = 0; i < 10; i++)
		CHECK(!is_vulnerable(openssl_modulus("1024")));
	CHECK(!is_vulnerable(openssl_modulus("2048")));
}

TEST(roca, OneModulusOfTheFlawedShapeBesideAnotherIsTold)
{
	/* 65537 itself is a power of 65537 modulo everything; one more is not */
	CHECK(is_vulnerable(std::string("\x01\x00\x01", 3)));
	CHECK(is_vulnerable(std::string("\x01", 1)));
	CHECK(!is_vulnerable(std::string("\x01\x00\x02", 3)));
	CHECK(!is_vulnerable(""));
}
