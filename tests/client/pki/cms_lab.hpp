/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_PKI_CMS_LAB_H
#define TESTS_CLIENT_PKI_CMS_LAB_H
/* A device, a registration authority and an attacker with keys and certificates, the `openssl`
 * command, and a CertRep writer with every knob that a wrong server can turn. */
#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>
#include "client/pki/cms.h"
#include "client/pki/cms_algorithm.h"
#include "client/pki/cms_attributes.h"
#include "client/pki/hash.h"
#include "client/pki/software_key.h"
#include "hal/der.h"
#include "CppUTest/TestHarness.h"
#include "CppUTest/MemoryLeakWarningPlugin.h"

inline struct bytes as_bytes(const std::string &s)
{
	return {reinterpret_cast<const uint8_t *>(s.data()), s.size()};
}

inline std::string as_string(struct bytes b)
{
	return std::string(reinterpret_cast<const char *>(b.data), b.len);
}

inline std::string read_file(const std::string &path)
{
	std::ifstream in(path, std::ios::binary);
	return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

inline std::string scep_data(const char *name)
{
	return read_file(std::string(TEST_DATA "/scep/") + name);
}

struct cms_party {
	struct device_key key = {};
	std::string der; /* self-signed certificate made by openssl */
};

struct cms_lab {
	std::string folder;
	cms_party device, ra, attacker;

	cms_lab()
	{
		char name[] = "/tmp/signet-cms-XXXXXX";
		if (mkdtemp(name) == nullptr)
			abort();
		folder = name;
		make(device, "device", "/CN=device 42/O=Contoso");
		make(ra, "ra", "/DC=org/DC=example/CN=RA");
		make(attacker, "attacker", "/DC=org/DC=example/CN=Attacker");
	}
	/* Made once, at first use; CppUTest must not count it as a leak of that test. */
	static cms_lab &get()
	{
		static cms_lab *lab;
		if (lab == nullptr) {
			MemoryLeakWarningPlugin::saveAndDisableNewDeleteOverloads();
			lab = new cms_lab;
			MemoryLeakWarningPlugin::restoreNewDeleteOverloads();
			atexit([] { (void)!system(("rm -rf " + get().folder).c_str()); });
		}
		return *lab;
	}
	/* Runs in the folder; true on exit 0. */
	bool run(const std::string &command) const
	{
		return system(("cd " + folder + " && { " + command + "; } >out.txt 2>err.txt")
				  .c_str()) == 0;
	}
	void write(const char *name, const std::string &content) const
	{
		std::ofstream out(folder + "/" + name, std::ios::binary);
		out.write(content.data(), static_cast<std::streamsize>(content.size()));
	}
	std::string read(const char *name) const { return read_file(folder + "/" + name); }

      private:
	void make(cms_party &party, const std::string &name, const std::string &subject) const
	{
		struct buf pem;
		struct why why = {};
		buf_init(&pem, 16384);
		if (software_key_make(2048, &pem, &party.key, &why) != ERR_OK)
			abort();
		write((name + ".key").c_str(), as_string(buf_bytes(&pem)));
		buf_clear(&pem);
		if (!run("openssl req -x509 -new -sha256 -days 30 -key " + name + ".key -subj '" +
			 subject + "' -out " + name + ".pem && openssl x509 -in " + name +
			 ".pem -outform DER -out " + name + ".der"))
			abort();
		party.der = read((name + ".der").c_str());
	}
};

/* One TLV. */
inline std::string tlv(uint8_t tag, const std::string &content)
{
	std::string out(1, static_cast<char>(tag));
	size_t n = content.size();
	if (n < 0x80) {
		out += static_cast<char>(n);
	} else if (n < 0x100) {
		out += static_cast<char>(0x81);
		out += static_cast<char>(n);
	} else {
		out += static_cast<char>(0x82);
		out += static_cast<char>(n >> 8);
		out += static_cast<char>(n & 0xff);
	}
	return out + content;
}

inline std::string oid(const char *dotted)
{
	struct der_out out;
	struct buf der;
	buf_init(&der, 256);
	der_out_init(&out, 256);
	der_put_oid(&out, dotted);
	if (der_finish(&out, &der) != ERR_OK)
		abort();
	std::string s = as_string(buf_bytes(&der));
	buf_clear(&der);
	der_out_clear(&out);
	return s;
}

inline std::string attribute(const char *type, const std::string &values)
{
	return tlv(DER_SEQUENCE, oid(type) + tlv(DER_SET, values));
}

inline std::string text(const std::string &characters)
{
	return tlv(DER_PRINTABLE_STRING, characters);
}

/* A CertRep as a server would send it; tests turn the knobs, then build(). */
struct certrep {
	enum key_hash hash = KEY_SHA256;
	std::string digest_oid = ""; /* "": that of hash */
	std::string digest_parameters = "";
	std::string listed_digest; /* in digestAlgorithms; "": that of the signer */
	std::string version = "\x01";
	std::string signature_oid = OID_RSA_ENCRYPTION;
	std::string message_type = "3", status = "0", transaction_id = "0123ABCD",
		    nonce = "0123456789abcdef";
	std::string content_type = oid(OID_DATA);
	std::string content = "an envelope";
	bool has_content = true, has_attributes = true, sort = true, sign_unsorted = false;
	bool old_digest_info = false;  /* DigestInfo without NULL */
	std::string digest_of_content; /* "": the right one */
	std::string more_attributes;
	std::vector<const char *> left_out;
	std::string certificates; /* embedded */
	std::string identifier;	  /* "": issuer and serial of the signer */
	int signers = 1;
	cms_party *signer = &cms_lab::get().ra;

	std::string digest(const std::string &of) const
	{
		uint8_t out[HASH_MAX];
		if (hash_digest(hash, as_bytes(of), out) != ERR_OK)
			abort();
		return std::string(reinterpret_cast<char *>(out), key_hash_len(hash));
	}
	std::string attributes() const
	{
		struct part {
			const char *type;
			std::string value;
		};
		std::string hashed = digest_of_content.empty() ? digest(has_content ? content : "")
							       : digest_of_content;
		const part parts[] = {
		    {OID_CONTENT_TYPE, content_type},
		    {OID_MESSAGE_DIGEST, tlv(DER_OCTET_STRING, hashed)},
		    {OID_MESSAGE_TYPE, text(message_type)},
		    {OID_PKI_STATUS, text(status)},
		    {OID_RECIPIENT_NONCE, tlv(DER_OCTET_STRING, nonce)},
		    {OID_TRANSACTION_ID, text(transaction_id)},
		};
		std::string all;
		for (const part &p : parts) {
			bool is_out = false;
			for (const char *type : left_out)
				is_out = is_out || strcmp(type, p.type) == 0;
			if (!is_out)
				all += attribute(p.type, p.value);
		}
		return all + more_attributes;
	}
	/* The elements of a SET OF in DER order, by the writer. */
	static std::string sorted(const std::string &elements)
	{
		struct der_out out;
		struct buf der;
		buf_init(&der, 65536);
		der_out_init(&out, 65536);
		size_t begin = der_begin(&out);
		der_put_raw(&out, elements.data(), elements.size());
		der_end_set_of(&out, begin);
		struct der_tlv set;
		if (der_finish(&out, &der) != ERR_OK)
			abort();
		struct bytes rest = buf_bytes(&der);
		if (der_expect(&rest, DER_SET, &set) != ERR_OK)
			abort();
		std::string s = as_string(set.content);
		buf_clear(&der);
		der_out_clear(&out);
		return s;
	}
	std::string sign(const std::string &message) const
	{
		cms_lab &lab = cms_lab::get();
		std::string hashed = digest(message);
		if (old_digest_info) {
			std::string info =
			    tlv(DER_SEQUENCE, tlv(DER_SEQUENCE, oid(cms_digest_oid(hash))) +
						  tlv(DER_OCTET_STRING, hashed));
			lab.write("info.bin", info);
			if (!lab.run(
				"openssl pkeyutl -sign -inkey ra.key -in info.bin -out info.sig"))
				abort();
			return lab.read("info.sig");
		}
		struct buf signature;
		buf_init(&signature, 1024);
		if (device_key_sign(&signer->key, hash, as_bytes(hashed), &signature, nullptr) !=
		    ERR_OK)
			abort();
		std::string s = as_string(buf_bytes(&signature));
		buf_clear(&signature);
		return s;
	}
	std::string build() const
	{
		struct certificate cert;
		if (certificate_parse(as_bytes(signer->der), &cert, nullptr) != ERR_OK)
			abort();
		std::string algorithm =
		    tlv(DER_SEQUENCE,
			oid(digest_oid.empty() ? cms_digest_oid(hash) : digest_oid.c_str()) +
			    digest_parameters);
		std::string listed = listed_digest.empty()
					 ? algorithm
					 : tlv(DER_SEQUENCE, oid(listed_digest.c_str()));
		std::string set = attributes();
		std::string in_order = sorted(set);
		std::string id = identifier;
		if (id.empty())
			id = tlv(DER_SEQUENCE,
				 as_string(cert.issuer) + tlv(DER_INTEGER, as_string(cert.serial)));
		std::string signed_bytes =
		    !has_attributes ? content : tlv(DER_SET, sign_unsorted ? set : in_order);
		std::string info =
		    tlv(DER_SEQUENCE,
			tlv(DER_INTEGER, version) + id + algorithm +
			    (has_attributes ? tlv(DER_CONTEXT_CONSTRUCTED(0), sort ? in_order : set)
					    : "") +
			    tlv(DER_SEQUENCE, oid(signature_oid.c_str()) + tlv(DER_NULL, "")) +
			    tlv(DER_OCTET_STRING, sign(signed_bytes)));
		std::string infos;
		for (int i = 0; i < signers; i++)
			infos += info;
		std::string inner = oid(OID_DATA);
		if (has_content)
			inner += tlv(DER_CONTEXT_CONSTRUCTED(0), tlv(DER_OCTET_STRING, content));
		std::string data =
		    tlv(DER_INTEGER, version) + tlv(DER_SET, listed) + tlv(DER_SEQUENCE, inner);
		if (!certificates.empty())
			data += tlv(DER_CONTEXT_CONSTRUCTED(0), certificates);
		data += tlv(DER_SET, infos);
		return tlv(DER_SEQUENCE, oid(OID_SIGNED_DATA) + tlv(DER_CONTEXT_CONSTRUCTED(0),
								    tlv(DER_SEQUENCE, data)));
	}
};
#endif
