/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TPM_TPM_GROUP_HPP
#define TESTS_TPM_TPM_GROUP_HPP
#include <cstring>
#include "key_contract.hpp"
#include "tpm/key_file.h"

#define SRK_HANDLE 0x81000001u

/** A TPM of its own for each test, with the settings that open it. */
struct tpm_group : public key_contract {
	struct tpm *tpm = nullptr;
	struct buf blob;
	std::string tcti, pin = lab.path("srk.tr"), owner_auth;
	struct tpm_settings settings = {};

	tpm_group()
	{
		buf_init(&blob, KEY_FILE_MAX);
		settings.srk = SRK_HANDLE;
	}
	~tpm_group() override
	{
		close();
		buf_clear(&blob);
	}
	void close()
	{
		device_key_close(&key);
		tpm_close(&tpm);
	}
	void open(const std::string &with)
	{
		close();
		tcti = with;
		settings.tcti = tcti.c_str();
		settings.owner_auth_file = owner_auth.c_str();
		settings.pin_file = pin.c_str();
		why = {};
		CHECK_OK(tpm_open(&settings, &tpm, &why));
	}
	void make(const std::string &with)
	{
		open(with);
		buf_clear(&blob);
		CHECK_OK(tpm_make_key(tpm, 2048, &blob, &key, &why));
	}
	enum err load() { return tpm_load_key(tpm, buf_bytes(&blob), &key, &why); }
	enum err make_again() { return tpm_make_key(tpm, 2048, &blob, &key, &why); }
	/** Storage key made by tpm2-tools, `type` and attributes as they call them. */
	void make_storage_key(const std::string &type, const std::string &attributes,
			      const std::string &name = "a")
	{
		lab.tools("tpm2_createprimary -Q -C o -G " + type + " -c p.ctx -a '" + attributes +
			      "' && tpm2_evictcontrol -Q -C o -c p.ctx 0x81000001 && "
			      "tpm2_flushcontext -t",
			  name);
	}
};

#define STORAGE "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt"

#endif
