/* SPDX-License-Identifier: MIT */
#include "tests/client/pki/cms_lab.hpp"
#include "CppUTest/TestHarness.h"

static int decrypts;

/* A device key that counts its private operations and fails on demand. */
struct counting_key {
	struct device_key inner;
	enum err failure;
	bool is_garbage; /* answers with a block that has no padding */
};

static enum err counting_public(void *self, struct public_key *out, struct why *why)
{
	return device_key_public(&static_cast<counting_key *>(self)->inner, out, why);
}

static enum err counting_sign(void *, enum key_hash, struct bytes, struct buf *, struct why *why)
{
	return why_set(why, ERR_BUG, "test", "not to be asked");
}

static enum err counting_decrypt(void *self, struct bytes cipher, struct buf *out, struct why *why)
{
	counting_key *key = static_cast<counting_key *>(self);
	decrypts++;
	if (key->failure != ERR_OK)
		return why_set(why, key->failure, "tpm.lockout", "the TPM is locked");
	if (key->is_garbage) {
		uint8_t block[256];
		memset(block, 0x55, sizeof(block));
		return buf_add(out, block, sizeof(block));
	}
	return device_key_decrypt(&key->inner, cipher, out, why);
}

static void counting_close(void *) {}

static const struct device_key_ops counting_ops = {counting_public, counting_sign, counting_decrypt,
						   counting_close};

TEST_GROUP(cms_envelope)
{
	cms_lab &lab = cms_lab::get();
	counting_key counter = {cms_lab::get().device.key, ERR_OK, false};
	struct device_key key = {&counting_ops, &counter};
	struct cms_floor floor = {};
	struct buf out = {};
	struct why why = {};
	std::string plain;

	void setup() override
	{
		buf_init(&out, 65536);
		decrypts = 0;
		plain = std::string("30 bytes of text, then a NUL:\0 and \r\n more", 43) +
			std::string(5000, 'z');
		lab.write("plain.bin", plain);
	}
	void teardown() override { buf_clear(&out); }
	/* `openssl cms -encrypt`; the options end in the recipient. */
	std::string encrypt(const std::string &options)
	{
		CHECK_TEXT(
		    lab.run("openssl cms -encrypt -binary -in plain.bin -out e.der -outform DER " +
			    options),
		    options.c_str());
		return lab.read("e.der");
	}
	enum err open(const std::string &envelope)
	{
		why = {};
		buf_cut(&out, 0);
		return cms_open_envelope(as_bytes(envelope), as_bytes(lab.device.der), &key, floor,
					 &out, &why);
	}
	void opens(const std::string &options)
	{
		decrypts = 0;
		LONGS_EQUAL_TEXT(ERR_OK, open(encrypt(options)), (options + why.text).c_str());
		CHECK_TEXT(as_string(buf_bytes(&out)) == plain, options.c_str());
		LONGS_EQUAL(1, decrypts);
	}
	void undecryptable(const std::string &envelope)
	{
		LONGS_EQUAL(ERR_INVALID, open(envelope));
		STRCMP_EQUAL("scep.envelope", why.code);
		STRCMP_EQUAL("the reply cannot be decrypted with the device's key", why.text);
		LONGS_EQUAL(0, out.len);
	}
};

TEST(cms_envelope, ciphers_key_wraps_and_encodings_of_openssl_open)
{
	for (const char *cipher : {"-aes128", "-aes256", "-des3"}) {
		for (const char *wrap : {"", "-keyopt rsa_padding_mode:oaep",
					 "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256",
					 "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 "
					 "-keyopt rsa_mgf1_md:sha1"}) {
			for (const char *form : {"", "-stream -indef", "-keyid"})
				opens(std::string(cipher) + " " + form + " -recip device.pem " +
				      wrap);
		}
	}
}

TEST(cms_envelope, every_length_modulo_a_block_opens)
{
	for (size_t len = 1; len <= 33; len++) {
		plain = std::string(len, 'q');
		lab.write("plain.bin", plain);
		opens("-aes128 -recip device.pem");
	}
}

TEST(cms_envelope, single_des_opens_only_where_the_profile_allows_it)
{
	std::string des = encrypt("-des -provider legacy -provider default -recip device.pem");
	LONGS_EQUAL(ERR_UNTRUSTED, open(des));
	STRCMP_EQUAL("scep.legacy_des", why.code);
	STRCMP_CONTAINS("allow_legacy = des", why.text);
	LONGS_EQUAL(0, decrypts);
	floor.allow_des = true;
	LONGS_EQUAL(ERR_OK, open(des));
	CHECK(as_string(buf_bytes(&out)) == plain);
}

TEST(cms_envelope, other_ciphers_are_refused_by_name_before_the_key_is_used)
{
	floor.allow_des = true;
	LONGS_EQUAL(ERR_UNTRUSTED,
		    open(encrypt("-rc2-128 -provider legacy -provider default -recip device.pem")));
	STRCMP_CONTAINS("RC2-CBC", why.text);
	LONGS_EQUAL(ERR_UNTRUSTED, open(encrypt("-aes192 -recip device.pem")));
	STRCMP_CONTAINS("AES-192-CBC", why.text);
	LONGS_EQUAL(ERR_UNTRUSTED,
		    open(encrypt("-aes-128-gcm -recip device.pem"))); /* AuthEnvelopedData */
	LONGS_EQUAL(0, decrypts);
}

TEST(cms_envelope, the_initialisation_vector_is_as_long_as_a_block)
{
	/* indefinite lengths around it: its own and that of its SEQUENCE are all there is to change */
	std::string good = encrypt("-aes128 -stream -indef -recip device.pem");
	const std::string oid("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02", 11);
	size_t at = good.find(std::string("\x30\x1d", 2) + oid + std::string("\x04\x10", 2));
	CHECK(at != std::string::npos);
	LONGS_EQUAL(ERR_OK, open(good));
	for (size_t len : {0u, 8u, 15u, 17u, 32u}) {
		std::string changed = good;
		changed.replace(at, 2 + 11 + 2 + 16,
				tlv(DER_SEQUENCE, oid + tlv(DER_OCTET_STRING, std::string(len, 'i'))));
		decrypts = 0;
		LONGS_EQUAL(ERR_INVALID, open(changed));
		STRCMP_EQUAL("scep.envelope", why.code);
		LONGS_EQUAL(0, decrypts);
	}
}

TEST(cms_envelope, a_key_wrapped_otherwise_is_refused_by_name_before_the_key_is_used)
{
	std::string envelope = encrypt("-aes128 -recip device.pem");
	size_t at = envelope.rfind(std::string("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13));
	CHECK(at != std::string::npos);
	envelope[at + 10] = '\x0a'; /* id-RSASSA-PSS, RFC 8017 appendix A.2.3 */
	LONGS_EQUAL(ERR_UNSUPPORTED, open(envelope));
	STRCMP_EQUAL("scep.algorithm", why.code);
	LONGS_EQUAL(0, decrypts);
}

TEST(cms_envelope, our_recipient_is_found_among_several)
{
	opens("-aes128 -recip ra.pem -recip device.pem -recip attacker.pem");
}

TEST(cms_envelope, an_envelope_for_another_certificate_is_refused_without_using_the_key)
{
	LONGS_EQUAL(ERR_UNTRUSTED, open(encrypt("-aes128 -recip ra.pem")));
	STRCMP_CONTAINS("another certificate", why.text);
	STRCMP_CONTAINS("CN=RA", why.text);
	/* same name and key, another serial */
	CHECK(lab.run("openssl req -x509 -new -key device.key -subj '/CN=device 42/O=Contoso' -out "
		      "twin.pem"));
	LONGS_EQUAL(ERR_UNTRUSTED, open(encrypt("-aes128 -recip twin.pem")));
	LONGS_EQUAL(0, decrypts);
}

TEST(cms_envelope, all_wrong_paddings_read_alike)
{
	std::string good = encrypt("-aes128 -recip device.pem");
	std::string changed =
	    good; /* CBC: a bit of the last block but one turns that bit of the padding */
	changed[changed.size() - 17] = static_cast<char>(changed[changed.size() - 17] ^ 0x40);
	undecryptable(changed);
	/* another message of the right size in place of the wrapped key */
	lab.write("short.bin", "abc");
	CHECK(
	    lab.run("openssl pkey -in device.key -pubout -out device.pub && "
		    "openssl pkeyutl -encrypt -pubin -inkey device.pub -in short.bin -out w.bin"));
	std::string wrapped = lab.read("w.bin");
	LONGS_EQUAL(256, wrapped.size());
	size_t at = good.find(std::string("\x04\x82\x01\x00", 4));
	CHECK(at != std::string::npos);
	std::string wrong_length = good;
	wrong_length.replace(at + 4, 256, wrapped);
	undecryptable(wrong_length);
	/* a block without any padding: the wrapped key is a number as good as random */
	std::string no_padding = good;
	no_padding[at + 4 + 100] = static_cast<char>(no_padding[at + 4 + 100] ^ 1);
	undecryptable(no_padding);
	std::string oaep = encrypt("-aes128 -recip device.pem -keyopt rsa_padding_mode:oaep");
	at = oaep.find(std::string("\x04\x82\x01\x00", 4));
	oaep[at + 4 + 100] = static_cast<char>(oaep[at + 4 + 100] ^ 1);
	undecryptable(oaep);
}

TEST(cms_envelope, every_byte_of_the_padding_counts)
{
	lab.write("plain.bin", std::string(32, 'q')); /* a whole block of padding follows */
	std::string good = encrypt("-aes128 -recip device.pem");
	for (size_t i = 0; i < 16; i++) {
		std::string changed = good;
		changed[changed.size() - 32 + i] =
		    static_cast<char>(changed[changed.size() - 32 + i] ^ 1);
		undecryptable(changed);
	}
}

/* A random key leaves a good padding behind once in 256 times: that must not pass for success. */
TEST(cms_envelope, a_key_without_padding_never_opens_anything_by_chance)
{
	lab.write("plain.bin", "q");
	std::string good = encrypt("-des3 -recip device.pem");
	counter.is_garbage = true;
	for (int i = 0; i < 3000; i++)
		undecryptable(good);
}

TEST(cms_envelope, a_failing_device_is_told_in_its_own_words)
{
	counter.failure = ERR_LOCKED_OUT;
	LONGS_EQUAL(ERR_LOCKED_OUT, open(encrypt("-aes128 -recip device.pem")));
	STRCMP_EQUAL("tpm.lockout", why.code);
	STRCMP_EQUAL("the TPM is locked", why.text);
	LONGS_EQUAL(1, decrypts);
}

TEST(cms_envelope, a_wrapped_key_of_another_size_never_reaches_the_device)
{
	CHECK(lab.run("openssl req -x509 -newkey rsa:1024 -nodes -keyout small.key -set_serial 5 "
		      "-subj /CN=small -out small.pem &&"
		      "openssl x509 -in small.pem -outform DER -out small.der"));
	std::string envelope = encrypt("-aes128 -recip small.pem");
	LONGS_EQUAL(ERR_INVALID,
		    cms_open_envelope(as_bytes(envelope), as_bytes(lab.read("small.der")), &key,
				      floor, &out, &why));
	STRCMP_CONTAINS("128 bytes", why.text);
	LONGS_EQUAL(0, decrypts);
}

TEST(cms_envelope, a_truncated_envelope_never_opens)
{
	std::string good = encrypt("-aes128 -recip device.pem");
	for (size_t len = 0; len < good.size(); len += 3) {
		std::string cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(len));
		LONGS_EQUAL(ERR_INVALID, open(cut));
	}
	LONGS_EQUAL(0, decrypts);
}
