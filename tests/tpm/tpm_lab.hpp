/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TPM_TPM_LAB_HPP
#define TESTS_TPM_TPM_LAB_HPP
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include "CppUTest/TestHarness.h"
#include "hal/buf.h"
#include "hal/der.h"
#include "hal/log.h"
#include "test_folder.hpp"
#include "tpm/tpm.h"

inline struct bytes bytes_of(const std::string &s)
{
	return {reinterpret_cast<const uint8_t *>(s.data()), s.size()};
}
inline std::string text_of(struct bytes b)
{
	return std::string(reinterpret_cast<const char *>(b.data), b.len);
}
inline std::string hex_of(struct bytes b)
{
	std::string hex;
	for (size_t i = 0; i < b.len; i++) {
		char two[3];
		std::snprintf(two, sizeof two, "%02x", b.data[i]);
		hex += two;
	}
	return hex;
}

#define CHECK_HAS(text, part)                                                                      \
	CHECK_TEXT((text).find(part) != std::string::npos,                                         \
		   (std::string("no \"") + (part) + "\" in:\n" + (text)).c_str())
#define CHECK_HAS_NOT(text, part)                                                                  \
	CHECK_TEXT((text).find(part) == std::string::npos,                                         \
		   (std::string("\"") + (part) + "\" in:\n" + (text)).c_str())
/** A call that must fail, with this code and a sentence and a next step for the technician. */
#define CHECK_WHY(error, word, call)                                                               \
	do {                                                                                       \
		why = {};                                                                          \
		LONGS_EQUAL_TEXT(error, call, why.text);                                           \
		STRCMP_EQUAL_TEXT(word, why.code, why.text);                                       \
		CHECK_TEXT(why.text[0] != '\0' && why.next_step[0] != '\0', "no sentence");        \
	} while (0)
#define CHECK_OK(call) LONGS_EQUAL_TEXT(ERR_OK, call, why.text)

/** A folder, software TPMs in it, and the openssl and tpm2 commands as judges. */
class tpm_lab : public test_folder
{
      public:
	tpm_lab() : test_folder("sgt") { log_set_level(LOG_ERROR); }
	~tpm_lab()
	{
		int status = 0;
		for (const auto &one : tpms_)
			run_status(TEST_LAB "/swtpm.sh stop " + one.first, &status);
		unsetenv("TCTI_PCAP_FILE");
	}

	/** The TCTI of the TPM of this name, started when it is not there yet. */
	std::string tpm(const std::string &name = "a")
	{
		if (tpms_.find(path(name)) == tpms_.end()) {
			std::string out = run(TEST_LAB "/swtpm.sh start " + path(name));
			tpms_[path(name)] = out.substr(0, out.find('\n'));
		}
		return tpms_[path(name)];
	}
	/** The same TPM behind tpm_relay.py. */
	std::string relay(const std::string &rules, const std::string &name = "a")
	{
		tpm(name);
		return "cmd:" TEST_LAB "/tpm_relay.py " + path(name) + "/tpm.sock " + rules;
	}
	/** The same TPM with its bytes captured in the file `capture`. */
	std::string captured(const std::string &name = "a")
	{
		unlink(path("capture").c_str());
		setenv("TCTI_PCAP_FILE", path("capture").c_str(), 1);
		return "pcap:" + tpm(name);
	}
	/** What tpm_count.py says of the capture. */
	std::string counts(const std::string &bytes = "") const
	{
		return run(TEST_LAB "/tpm_count.py capture " + bytes);
	}
	/** tpm2 commands with the TPM `name`; ours must be closed, swtpm serves one. */
	std::string tools(const std::string &line, const std::string &name = "a")
	{
		/* a connection of ours that is still open would make it wait for ever */
		write("tools.sh", line);
		return run("TPM2TOOLS_TCTI=" + tpm(name) + " timeout 60 sh -e tools.sh");
	}
	bool has(const std::string &name) const
	{
		struct stat s;
		return stat(path(name).c_str(), &s) == 0;
	}
	/** pub.pem: SubjectPublicKeyInfo (RFC 3279 section 2.3.1) of the key. */
	void write_public(const struct public_key &pub) const
	{
		struct der_out der;
		struct buf out;
		const uint8_t e[4] = {static_cast<uint8_t>(pub.exponent >> 24),
				      static_cast<uint8_t>(pub.exponent >> 16),
				      static_cast<uint8_t>(pub.exponent >> 8),
				      static_cast<uint8_t>(pub.exponent)};
		buf_init(&out, 4096);
		der_out_init(&der, 4096);
		size_t rsa = der_begin(&der);
		der_put_unsigned(&der, pub.modulus, pub.modulus_len);
		der_put_unsigned(&der, e, sizeof e);
		der_end(&der, rsa, DER_SEQUENCE);
		LONGS_EQUAL(ERR_OK, der_finish(&der, &out));
		write("rsa.der", text_of(buf_bytes(&out)));
		buf_clear(&out);
		run("openssl rsa -RSAPublicKey_in -inform DER -in rsa.der -pubout -out pub.pem");
	}

      private:
	std::map<std::string, std::string> tpms_;
};

#endif
