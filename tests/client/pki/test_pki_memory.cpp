/* SPDX-License-Identifier: MIT */
#include "client/pki/csr.h"
#include "client/pki/name.h"
#include "client/pki/pem.h"
#include "client/pki/software_key.h"
#include "client/pki/wolf_memory.h"
#include "fakes/no_memory.h"
#include "tests/client/pki/cms_lab.hpp"
#include "CppUTest/TestHarness.h"

/* Each allocation of a piece of work fails once: it says so, and leaves its result as it was. */
TEST_GROUP(pki_memory)
{
	cms_lab &lab = cms_lab::get();
	struct why why = {};
	struct buf out = {}, subject = {}, challenge = {}, csr = {};

	void setup() override
	{
		for (struct buf *b : {&out, &subject, &challenge, &csr})
			buf_init(b, 1 << 20);
		wolf_memory_watch();
	}
	void teardown() override
	{
		no_memory_in = 0;
		for (struct buf *b : {&out, &subject, &challenge, &csr})
			buf_clear(b);
	}
	void each(const std::function<enum err()> &work, unsigned step = 1)
	{
		no_memory_each(
		    [&] {
			    buf_clear(&out);
			    why = {};
			    return work();
		    },
		    [&](enum err e) {
			    CHECK_TEXT(e == ERR_OK || e == ERR_NO_MEMORY, why.text);
			    CHECK(e == ERR_OK || out.len == 0);
		    },
		    step);
	}
};

TEST(pki_memory, an_envelope)
{
	lab.write("plain.bin", std::string(100, 'p'));
	for (const char *options : {"-aes128 -recip device.pem", "-des3 -stream -indef -recip device.pem -keyopt rsa_padding_mode:oaep"}) {
		CHECK(lab.run(std::string("openssl cms -encrypt -binary -in plain.bin -out e.der -outform DER ") + options));
		std::string envelope = lab.read("e.der");
		each([&] {
			return cms_open_envelope(as_bytes(envelope), as_bytes(lab.device.der), &lab.device.key, {}, &out, &why);
		});
	}
}

TEST(pki_memory, a_request)
{
	struct cms_request request = {};
	std::string content(300, 'c');
	request.type = SCEP_PKCS_REQ;
	request.transaction_id = "0123ABCD";
	request.content = as_bytes(content);
	request.recipient_der = as_bytes(lab.ra.der);
	request.digest = KEY_SHA256;
	request.signer_der = as_bytes(lab.device.der);
	request.key = &lab.device.key;
	for (enum cms_cipher cipher : {CMS_AES128, CMS_AES256, CMS_DES3}) {
		request.cipher = cipher;
		each([&] { return cms_build_request(&request, &out, &why); });
	}
}

TEST(pki_memory, a_reply)
{
	struct certificate_set accepted = {};
	uint8_t nonce[SCEP_NONCE_LEN];
	certrep server;
	std::string message = server.build();
	memcpy(nonce, server.nonce.data(), sizeof nonce);
	LONGS_EQUAL(ERR_OK, certificate_set_add(&accepted, as_bytes(lab.ra.der)));
	each([&] {
		struct cms_reply reply = {};
		enum err e = cms_verify_reply(as_bytes(message), server.transaction_id.c_str(), nonce, &accepted, nullptr, {}, &reply, &why);
		cms_reply_clear(&reply);
		return e;
	});
	certificate_set_clear(&accepted);
}

TEST(pki_memory, a_pkcs10_request_and_a_signer_certificate)
{
	static const struct san sans[] = {{SAN_DNS, "gw.contoso.com"},
					  {SAN_UPN, "gw@contoso.com"},
					  {SAN_EMAIL, "gw@contoso.com"},
					  {SAN_IP, "192.0.2.1"},
					  {SAN_URI, "tag:contoso"}};
	static const char *const ekus[] = {"1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"};
	struct csr_content content = {};
	each([&] { return name_from_text("CN=gw-7,OU=\\C3\\A4,O=Contoso", &out, &why); });
	LONGS_EQUAL(ERR_OK, buf_add(&subject, out.data, out.len));
	LONGS_EQUAL(ERR_OK, buf_add_text(&challenge, "SECRET"));
	content.subject = buf_bytes(&subject);
	content.sans = sans;
	content.san_count = 5;
	content.key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT;
	content.ekus = ekus;
	content.eku_count = 2;
	content.template_name = "Device";
	content.challenge = &challenge;
	each([&] { return csr_build(&content, &lab.device.key, KEY_SHA256, &out, &why); });
	LONGS_EQUAL(ERR_OK, buf_add(&csr, out.data, out.len));
	struct bytes name, san, spki;
	LONGS_EQUAL(ERR_OK, csr_read(buf_bytes(&csr), &name, &san, &spki, &why));
	each([&] { return csr_verify_under(buf_bytes(&csr), spki, &why); });
	each([&] { return signer_certificate_build(content.subject, &lab.device.key, KEY_SHA256, &out, &why); });
	each([&] { return signer_certificate_build({nullptr, 0}, &lab.device.key, KEY_SHA256, &out, &why); });
}

TEST(pki_memory, a_software_key)
{
	std::string pem = lab.read("device.key");
	each([&] {
		struct device_key key = {};
		enum err e = software_key_load(as_bytes(pem), &key, &why);
		device_key_close(&key);
		return e;
	});
}

TEST(pki_memory, pem_text)
{
	std::string pem = lab.read("device.pem");
	each([&] {
		struct bytes text = as_bytes(pem);
		return pem_next(&text, "CERTIFICATE", &out);
	});
	each([&] { return certificate_to_pem(as_bytes(lab.device.der), &out); });
	each([&] {
		struct certificate_set set = {};
		enum err e = certificate_set_from_pem(as_bytes(pem), &set, &why);
		LONGS_EQUAL(e == ERR_OK ? 1 : 0, set.count);
		certificate_set_clear(&set);
		return e;
	});
}
