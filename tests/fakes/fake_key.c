/* SPDX-License-Identifier: MIT */
#include "fakes/fake_key.h"
#include <string.h>

/*
 * Hal only: each unit test program links the fakes, whatever folder it tests. So the few lines of
 * RSA are here. The key came out of "openssl genrsa 2048" for this file and protects nothing.
 */
#define WORDS (FAKE_KEY_LEN / 4)
#define EXPONENT 65537

static const uint32_t modulus[WORDS] = {
    /* most significant first */
    0xc17c1e53, 0xb4ab59ae, 0x95eb97f0, 0xd2ccf9d8, 0xbb405045, 0x9c05ddb7, 0x383df683, 0x284b458c,
    0xe91756b9, 0x90ca64a8, 0x0ba249f6, 0x341a650c, 0xc93588ba, 0x4e43d252, 0xd9987413, 0x0a0e9045,
    0x38ce6678, 0x92d7afbc, 0xaa4c04bf, 0x9ab9824f, 0xb9e58cda, 0x39d5acef, 0x1faafd07, 0xa4eca062,
    0x41fbd99a, 0x0ac15baa, 0xdf34b973, 0x4a82c7eb, 0xabf0b8a8, 0x686e145c, 0xe6ff51c2, 0x5af063a6,
    0x8163c4b0, 0x76b4c1ff, 0x536160e0, 0x7a867e3e, 0x008396cd, 0xc8a762ea, 0x83768859, 0xa33c4afb,
    0x8b8a9e8b, 0x4211c051, 0xe8c994f8, 0x571373c8, 0xb91cb4db, 0xc2ff942b, 0x99b01924, 0xefa8b8fb,
    0xc6cb354e, 0xf362b972, 0x9d084d38, 0xebed4427, 0x92e1bfe6, 0x63188c88, 0x95a06efb, 0xcd3acc10,
    0x80eb9ff2, 0xf07188c3, 0xfa2b63a2, 0x0917e436, 0x8ad2728a, 0xb0979c66, 0x810a8043, 0x51d53397,
};

static const uint32_t private_exponent[WORDS] = {
    0x0271cb00, 0x4bbc0e7a, 0x0232e3cc, 0x8b1d43da, 0xd522cee0, 0xd243d0b5, 0x4be49c84, 0xb3b19fc3,
    0x53fe937d, 0xecb261eb, 0x2d9a734c, 0xc503c05b, 0x14ffb426, 0x866e9ced, 0xa70a220d, 0x4b873b93,
    0x64505743, 0x16b7dae4, 0x8b52428d, 0x192b56d6, 0x23071f6c, 0x72669cb4, 0xb8b5b454, 0xb064bcf2,
    0x00db69b8, 0x648264e2, 0x17c7d6bf, 0xfa2504d9, 0x9966852e, 0xbb830886, 0xd3f44dd8, 0x22c5febc,
    0x4a2e8677, 0x8ba33f86, 0xfb68826c, 0x9a7b1a43, 0xb5cce609, 0xd323ed95, 0xbf98d783, 0xd67bff4a,
    0xbe91bbe0, 0xcf5009eb, 0xbe5c425b, 0x5af6df29, 0xccc6c62c, 0x94f7e5d7, 0x8509cbcc, 0xa8ebf24b,
    0x1e8262ab, 0x95f732ed, 0xc8b3aec9, 0x634383be, 0x5b9d2d98, 0xa5c72aa2, 0x192ef6a9, 0x7a75235e,
    0x782464dd, 0xf6efd06a, 0x3f9581da, 0xc56aa302, 0x23ee8af9, 0x1666fabf, 0xbd776472, 0x0f3173c1,
};

/* Numbers below are little-endian in words. */
struct number {
	uint32_t w[WORDS];
};

static struct number turned(const uint32_t big_endian[WORDS])
{
	struct number r;
	for (size_t i = 0; i < WORDS; i++)
		r.w[i] = big_endian[WORDS - 1 - i];
	return r;
}

static int is_below(const struct number *a, const struct number *b)
{
	for (size_t i = WORDS; i-- > 0;)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i];
	return 0;
}

static void subtract(struct number *a, const struct number *b)
{
	uint64_t borrow = 0;
	for (size_t i = 0; i < WORDS; i++) {
		uint64_t d = (uint64_t)a->w[i] - b->w[i] - borrow;
		a->w[i] = (uint32_t)d;
		borrow = d >> 63;
	}
}

/* 2a mod n */
static void twice(struct number *a, const struct number *n)
{
	uint32_t carry = 0;
	for (size_t i = 0; i < WORDS; i++) {
		uint32_t top = a->w[i] >> 31;
		a->w[i] = a->w[i] << 1 | carry;
		carry = top;
	}
	if (carry || !is_below(a, n))
		subtract(a, n);
}

/* Montgomery's product a b / 2^2048 mod n; `inverse` is -1/n mod 2^32. */
static struct number product(const struct number *a, const struct number *b, const struct number *n,
			     uint32_t inverse)
{
	uint32_t t[WORDS + 2] = {0};
	struct number r;
	for (size_t i = 0; i < WORDS; i++) {
		uint64_t carry = 0;
		for (size_t j = 0; j < WORDS; j++) {
			carry += (uint64_t)a->w[i] * b->w[j] + t[j];
			t[j] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += t[WORDS];
		t[WORDS] = (uint32_t)carry;
		t[WORDS + 1] = (uint32_t)(carry >> 32);
		uint32_t m = t[0] * inverse;
		carry = ((uint64_t)m * n->w[0] + t[0]) >> 32;
		for (size_t j = 1; j < WORDS; j++) {
			carry += (uint64_t)m * n->w[j] + t[j];
			t[j - 1] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += t[WORDS];
		t[WORDS - 1] = (uint32_t)carry;
		t[WORDS] = t[WORDS + 1] + (uint32_t)(carry >> 32);
	}
	memcpy(r.w, t, sizeof r.w);
	if (t[WORDS] != 0 || !is_below(&r, n))
		subtract(&r, n);
	return r;
}

/* RFC 8017 section 5.1.2: in^d mod n */
static void private_operation(const uint8_t in[FAKE_KEY_LEN], uint8_t out[FAKE_KEY_LEN])
{
	const struct number n = turned(modulus);
	const struct number d = turned(private_exponent);
	struct number x;
	struct number r = {{1}};
	uint32_t inverse = 1;
	for (int i = 0; i < 5; i++) /* Newton: 1/n mod 2^32 */
		inverse *= 2 - n.w[0] * inverse;
	inverse = 0 - inverse;
	for (size_t i = 0; i < WORDS; i++) {
		const uint8_t *p = in + FAKE_KEY_LEN - 4 * (i + 1);
		x.w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	}
	for (int i = 0; i < 32 * WORDS; i++) { /* to Montgomery's form: times 2^2048 */
		twice(&x, &n);
		twice(&r, &n);
	}
	for (size_t bit = 32 * WORDS; bit-- > 0;) {
		r = product(&r, &r, &n, inverse);
		if (d.w[bit / 32] >> (bit % 32) & 1)
			r = product(&r, &x, &n, inverse);
	}
	const struct number one = {{1}};
	r = product(&r, &one, &n, inverse);
	for (size_t i = 0; i < FAKE_KEY_LEN; i++)
		out[FAKE_KEY_LEN - 1 - i] = (uint8_t)(r.w[i / 4] >> (8 * (i % 4)));
}

static enum err fail(const struct fake_key *fake, struct why *why)
{
	return why_set(why, fake->failure, fake->failure_code ? fake->failure_code : "fake.failure",
		       "%s", fake->failure_text ? fake->failure_text : "the test wants a failure");
}

static enum err fake_public(void *self, struct public_key *out, struct why *why)
{
	(void)self;
	(void)why;
	memset(out, 0, sizeof *out);
	out->modulus_len = FAKE_KEY_LEN;
	out->exponent = EXPONENT;
	for (size_t i = 0; i < FAKE_KEY_LEN; i++)
		out->modulus[i] = (uint8_t)(modulus[i / 4] >> (24 - 8 * (i % 4)));
	return ERR_OK;
}

static enum err add_result(const uint8_t in[FAKE_KEY_LEN], struct buf *out, struct why *why)
{
	uint8_t result[FAKE_KEY_LEN];
	private_operation(in, result);
	enum err e = buf_add(out, result, sizeof result);
	return e == ERR_OK ? e : why_set(why, e, "fake.memory", "no room for the result");
}

/* RFC 8017 section 9.2; the heads differ in length, last byte of the OID and digest length only,
 * but for SHA-1. */
static enum err fake_sign(void *self, enum key_hash hash, struct bytes digest, struct buf *out,
			  struct why *why)
{
	static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				       0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
	uint8_t sha2[] = {0x30, 0x11, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
			  0x65, 0x03, 0x04, 0x02, 0x00, 0x05, 0x00, 0x04, 0x00};
	static const uint8_t last[] = {[KEY_SHA256] = 1, [KEY_SHA384] = 2, [KEY_SHA512] = 3};
	struct fake_key *fake = self;
	uint8_t block[FAKE_KEY_LEN];
	fake->sign_count++;
	fake->hash = hash;
	fake->digest_len = digest.len < FAKE_DIGEST_MAX ? digest.len : FAKE_DIGEST_MAX;
	memcpy(fake->digest, digest.data, fake->digest_len);
	if (fake->failure != ERR_OK)
		return fail(fake, why);
	sha2[1] = (uint8_t)(sha2[1] + digest.len);
	sha2[14] = last[hash];
	sha2[18] = (uint8_t)digest.len;
	const uint8_t *head = hash == KEY_SHA1 ? sha1 : sha2;
	size_t head_len = hash == KEY_SHA1 ? sizeof sha1 : sizeof sha2;
	size_t tail = head_len + digest.len;
	memset(block, 0xff, sizeof block);
	block[0] = 0;
	block[1] = 1;
	block[sizeof block - tail - 1] = 0;
	memcpy(block + sizeof block - tail, head, head_len);
	memcpy(block + sizeof block - digest.len, digest.data, digest.len);
	return add_result(block, out, why);
}

static enum err fake_decrypt(void *self, struct bytes cipher, struct buf *out, struct why *why)
{
	struct fake_key *fake = self;
	fake->decrypt_count++;
	if (fake->failure != ERR_OK)
		return fail(fake, why);
	if (cipher.len != FAKE_KEY_LEN)
		return why_set(why, ERR_BUG, "fake.length", "a block of %zu bytes", cipher.len);
	return add_result(cipher.data, out, why);
}

static void fake_close(void *self)
{
	struct fake_key *fake = self;
	fake->close_count++;
}

static const struct device_key_ops fake_ops = {
    .public_key = fake_public,
    .sign = fake_sign,
    .decrypt = fake_decrypt,
    .close = fake_close,
};

void fake_key_init(struct fake_key *fake) { memset(fake, 0, sizeof *fake); }

struct device_key fake_key_open(struct fake_key *fake)
{
	return (struct device_key){.ops = &fake_ops, .self = fake};
}
