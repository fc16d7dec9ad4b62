/* SPDX-License-Identifier: MIT */
#include "tpm/roca.h"

#define GENERATOR 65537u

/* The odd primes up to 167: all of them divide the primorial that the flawed library used, for keys
 * of any size. */
static const uint8_t primes[] = {3,   5,   7,	11,  13,  17,  19,  23,	 29,  31,  37,	41,  43,
				 47,  53,  59,	61,  67,  71,  73,  79,	 83,  89,  97,	101, 103,
				 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

static unsigned remainder_of(const uint8_t *modulus, size_t len, unsigned prime)
{
	unsigned r = 0;
	for (size_t i = 0; i < len; i++)
		r = (r * 256 + modulus[i]) % prime;
	return r;
}

static bool is_power(unsigned value, unsigned prime)
{
	unsigned power = 1;
	do {
		if (power == value)
			return true;
		power = power * (GENERATOR % prime) % prime;
	} while (power != 1);
	return false;
}

bool roca_is_vulnerable(const uint8_t *modulus, size_t len)
{
	for (size_t i = 0; i < sizeof primes; i++)
		if (!is_power(remainder_of(modulus, len, primes[i]), primes[i]))
			return false;
	return len > 0;
}
