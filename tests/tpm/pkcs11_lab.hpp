/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TPM_PKCS11_LAB_HPP
#define TESTS_TPM_PKCS11_LAB_HPP
#include <p11-kit/pkcs11.h>
#include <vector>
#include "tpm_group.hpp"

/** What the module wrote to its log. */
inline std::vector<std::string> &pkcs11_lines()
{
	static std::vector<std::string> lines;
	return lines;
}

/** The module by its function list, a state folder, and openssl as the judge. */
struct pkcs11_group : public tpm_group {
	CK_FUNCTION_LIST *p11 = nullptr;
	CK_SESSION_HANDLE session = 0;
	std::string state = lab.path("state");

	void setup() override
	{
		pkcs11_lines().clear();
		log_set_level(LOG_WARN);
		log_set_sink([](enum log_level, const char *line) { pkcs11_lines().push_back(line); });
		setenv("SIGNET_STATE", state.c_str(), 1);
		setenv("SIGNET_TCTI", ("swtpm:path=" + lab.path("none.sock")).c_str(), 1);
		lab.run("mkdir -p state/scep");
		LONGS_EQUAL(CKR_OK, C_GetFunctionList(&p11));
	}
	void teardown() override
	{
		close();
		p11->C_Finalize(nullptr);
		log_set_sink(nullptr);
		std::vector<std::string>().swap(pkcs11_lines());
		unsetenv("SIGNET_STATE");
		unsetenv("SIGNET_TCTI");
	}
	void start(const std::string &tcti_name = "")
	{
		if (!tcti_name.empty())
			setenv("SIGNET_TCTI", tcti_name.c_str(), 1);
		LONGS_EQUAL(CKR_OK, p11->C_Initialize(nullptr));
		session = open_session();
	}
	CK_SESSION_HANDLE open_session()
	{
		CK_SESSION_HANDLE s = 0;
		LONGS_EQUAL(CKR_OK,
			    p11->C_OpenSession(1, CKF_SERIAL_SESSION, nullptr, nullptr, &s));
		return s;
	}

	/** A key.der of a real TPM, made once; `number` gives it another modulus, for tests that do
	 * not sign. */
	static std::string key_der(unsigned char number)
	{
		static char real[KEY_FILE_MAX]; // not of the heap: it outlives the test
		static size_t len, at;
		if (len == 0) {
			tpm_group maker;
			maker.make(maker.lab.tpm());
			struct public_key p;
			struct why w = {};
			LONGS_EQUAL(ERR_OK, device_key_public(&maker.key, &p, &w));
			std::string made = text_of(buf_bytes(&maker.blob));
			at = made.find(std::string(reinterpret_cast<char *>(p.modulus), 64)) + 100;
			len = made.copy(real, sizeof real);
			log_set_level(LOG_WARN); // the maker's lab lowered it
		}
		std::string der(real, len);
		der[at] = static_cast<char>(number);
		return der;
	}
	struct public_key public_of(const std::string &der)
	{
		struct public_key p;
		CHECK_OK(tpm_key_file_public(bytes_of(der), &p, &why));
		return p;
	}
	/** Generation state/scep/NAME/GENERATION with a certificate of a lab CA for this key. */
	void put(const std::string &name, const std::string &generation, const std::string &der)
	{
		const std::string folder = "state/scep/" + name + "/" + generation;
		lab.run("mkdir -p " + folder);
		lab.write(folder + "/key.der", der);
		lab.write_public(public_of(der));
		lab.run("[ -e ca.key ] || openssl req -x509 -newkey rsa:2048 -nodes -subj '/O=Lab/CN=Lab CA' "
			"-keyout ca.key -out ca.pem -days 30; [ -e any.csr ] || openssl req -new -key ca.key -subj "
			"'/O=Contoso/CN=GW-7F31' -out any.csr");
		lab.run("openssl x509 -req -in any.csr -CA ca.pem -CAkey ca.key -days 30 -force_pubkey pub.pem -out " +
			folder + "/cert.pem");
	}
	/** One rename, as generation.c does it. */
	void use(const std::string &name, const std::string &generation)
	{
		const std::string folder = lab.path("state/scep/" + name);
		LONGS_EQUAL(0, symlink(generation.c_str(), (folder + "/new").c_str()));
		LONGS_EQUAL(0, rename((folder + "/new").c_str(), (folder + "/current").c_str()));
	}
	/** A profile with the key of this number in use. */
	void profile(const std::string &name, unsigned char number)
	{
		const std::string generation = "000" + std::to_string(number);
		put(name, generation, key_der(number));
		use(name, generation);
	}
	/** A key that signs, made in the TPM of this name; pinned in state/srk.tr. */
	std::string real_key(const std::string &tpm_name = "a")
	{
		pin = state + "/srk.tr";
		make(lab.tpm(tpm_name));
		close();
		return text_of(buf_bytes(&blob));
	}

	std::vector<CK_OBJECT_HANDLE> search(std::vector<CK_ATTRIBUTE> wanted)
	{
		std::vector<CK_OBJECT_HANDLE> all;
		CK_OBJECT_HANDLE some[2];
		CK_ULONG n = 2;
		LONGS_EQUAL(CKR_OK, p11->C_FindObjectsInit(session, wanted.data(), wanted.size()));
		while (n > 0) { // in portions
			LONGS_EQUAL(CKR_OK, p11->C_FindObjects(session, some, 2, &n));
			all.insert(all.end(), some, some + n);
		}
		LONGS_EQUAL(CKR_OK, p11->C_FindObjectsFinal(session));
		return all;
	}
	/** Handles of the objects of this class, of one profile or of all. */
	std::vector<CK_OBJECT_HANDLE> find(CK_OBJECT_CLASS class_, std::string name = "")
	{
		std::vector<CK_ATTRIBUTE> wanted = {{CKA_CLASS, &class_, sizeof class_}};
		if (!name.empty())
			wanted.push_back({CKA_LABEL, &name[0], name.size()});
		return search(wanted);
	}
	CK_OBJECT_HANDLE key_of(const std::string &name)
	{
		auto found = find(CKO_PRIVATE_KEY, name);
		LONGS_EQUAL(1, found.size());
		return found[0];
	}
	/** Value of an attribute, or "0x.." for what the call answered. */
	std::string value(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
	{
		char room[8192];
		CK_ATTRIBUTE a = {type, room, sizeof room};
		CK_RV rv = p11->C_GetAttributeValue(session, object, &a, 1);
		if (rv == CKR_OK)
			return std::string(room, a.ulValueLen);
		if (rv != CKR_OBJECT_HANDLE_INVALID)
			LONGS_EQUAL(CK_UNAVAILABLE_INFORMATION, a.ulValueLen);
		char code[24];
		std::snprintf(code, sizeof code, "0x%lx", rv);
		return code;
	}
	CK_RV sign_init(CK_OBJECT_HANDLE object, CK_MECHANISM mechanism)
	{
		return p11->C_SignInit(session, &mechanism, object);
	}
	CK_RV sign(std::string data, std::string &out_signature)
	{
		unsigned char room[512];
		CK_ULONG len = sizeof room;
		CK_RV rv = p11->C_Sign(session, reinterpret_cast<unsigned char *>(&data[0]), data.size(), room, &len);
		out_signature = rv == CKR_OK ? std::string(reinterpret_cast<char *>(room), len) : "";
		return rv;
	}
	/** RSASSA-PKCS1-v1_5 of the text's SHA-256, by CKM_RSA_PKCS. */
	CK_RV sign_text(CK_OBJECT_HANDLE object, const std::string &text, std::string &out_signature)
	{
		static const char head[] = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
		CK_RV rv = sign_init(object, {CKM_RSA_PKCS, nullptr, 0});
		return rv == CKR_OK ? sign(std::string(head, 19) + digest("sha256", text), out_signature) : rv;
	}
	/** openssl verifies such a signature with the certificate of a generation. */
	void verify(const std::string &generation, const std::string &text, const std::string &signature)
	{
		lab.write("text", text);
		lab.write("sig", signature);
		lab.run("openssl x509 -in state/scep/" + generation + "/cert.pem -noout -pubkey -out key.pem");
		CHECK_HAS(lab.run("openssl dgst -sha256 -verify key.pem -signature sig text"), "Verified OK");
	}
};

#endif
