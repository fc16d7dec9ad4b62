/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_mechanism.h"
#include "pkcs11_lab.hpp"

TEST_GROUP_BASE(pkcs11_mechanism, pkcs11_group)
{
	struct pkcs11_mechanism how = {};
	unsigned long pss(CK_MECHANISM_TYPE hash, unsigned long mgf, unsigned long salt)
	{
		CK_RSA_PKCS_PSS_PARAMS p = {hash, mgf, salt};
		return pkcs11_mechanism_read(CKM_RSA_PKCS_PSS, &p, sizeof p, false, &how);
	}
	unsigned long oaep(CK_MECHANISM_TYPE hash, unsigned long mgf, unsigned long label_len)
	{
		char label[] = "label";
		CK_RSA_PKCS_OAEP_PARAMS p = {hash, mgf, CKZ_DATA_SPECIFIED, label_len ? label : nullptr, label_len};
		return pkcs11_mechanism_read(CKM_RSA_PKCS_OAEP, &p, sizeof p, true, &how);
	}
};

TEST(pkcs11_mechanism, FourAreListedAndNoneWithAHash)
{
	CK_MECHANISM_TYPE list[8];
	CK_MECHANISM_INFO info;
	CK_ULONG n = 0;
	start();
	LONGS_EQUAL(CKR_OK, p11->C_GetMechanismList(1, nullptr, &n));
	LONGS_EQUAL(4, n);
	n = 3;
	LONGS_EQUAL(CKR_BUFFER_TOO_SMALL, p11->C_GetMechanismList(1, list, &n));
	LONGS_EQUAL(CKR_OK, p11->C_GetMechanismList(1, list, &n));
	const CK_MECHANISM_TYPE expected[] = {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_RSA_PKCS_PSS, CKM_RSA_PKCS_OAEP};
	const CK_FLAGS flags[] = {CKF_SIGN | CKF_DECRYPT, CKF_SIGN | CKF_DECRYPT, CKF_SIGN, CKF_DECRYPT};
	for (int i = 0; i < 4; i++) {
		LONGS_EQUAL(expected[i], list[i]);
		LONGS_EQUAL(CKR_OK, p11->C_GetMechanismInfo(1, list[i], &info));
		LONGS_EQUAL(CKF_HW | flags[i], info.flags);
		LONGS_EQUAL(2048, info.ulMinKeySize);
		LONGS_EQUAL(4096, info.ulMaxKeySize);
	}
	LONGS_EQUAL(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(1, CKM_SHA256_RSA_PKCS, &info));
	LONGS_EQUAL(CKR_SLOT_ID_INVALID, p11->C_GetMechanismInfo(0, CKM_RSA_PKCS, &info));
}

TEST(pkcs11_mechanism, PssIsWhatATpmDoesOrRefused)
{
	LONGS_EQUAL(CKR_OK, pss(CKM_SHA256, CKG_MGF1_SHA256, 32));
	LONGS_EQUAL(KEY_SHA256, how.hash);
	LONGS_EQUAL(CKR_OK, pss(CKM_SHA_1, CKG_MGF1_SHA1, 20));
	LONGS_EQUAL(CKR_OK, pss(CKM_SHA384, CKG_MGF1_SHA384, 48));
	LONGS_EQUAL(CKR_OK, pss(CKM_SHA512, CKG_MGF1_SHA512, 64));
	LONGS_EQUAL(KEY_SHA512, how.hash);
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, pss(CKM_SHA256, CKG_MGF1_SHA256, 20));
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, pss(CKM_SHA256, CKG_MGF1_SHA256, 222)); // the longest
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, pss(CKM_SHA256, CKG_MGF1_SHA256, 0));
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, pss(CKM_SHA256, CKG_MGF1_SHA1, 32));
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, pss(CKM_SHA224, CKG_MGF1_SHA224, 28));
	CK_RSA_PKCS_PSS_PARAMS p = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID,
		    pkcs11_mechanism_read(CKM_RSA_PKCS_PSS, &p, sizeof p - 1, false, &how));
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID,
		    pkcs11_mechanism_read(CKM_RSA_PKCS_PSS, nullptr, sizeof p, false, &how));
}

TEST(pkcs11_mechanism, OaepHasOneHashAndNoLabel)
{
	LONGS_EQUAL(CKR_OK, oaep(CKM_SHA_1, CKG_MGF1_SHA1, 0));
	LONGS_EQUAL(CKR_OK, oaep(CKM_SHA256, CKG_MGF1_SHA256, 0));
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, oaep(CKM_SHA256, CKG_MGF1_SHA1, 0));
	LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID, oaep(CKM_SHA256, CKG_MGF1_SHA256, 5));
}

TEST(pkcs11_mechanism, EachHasItsUses)
{
	char byte = 0;
	for (auto type : {CKM_RSA_PKCS, CKM_RSA_X_509})
		for (bool is_decryption : {false, true}) {
			LONGS_EQUAL(CKR_OK, pkcs11_mechanism_read(type, nullptr, 0, is_decryption, &how));
			LONGS_EQUAL(CKR_MECHANISM_PARAM_INVALID,
				    pkcs11_mechanism_read(type, &byte, 1, is_decryption, &how));
		}
	LONGS_EQUAL(CKR_MECHANISM_INVALID, pkcs11_mechanism_read(CKM_RSA_PKCS_PSS, nullptr, 0, true, &how));
	LONGS_EQUAL(CKR_MECHANISM_INVALID, pkcs11_mechanism_read(CKM_RSA_PKCS_OAEP, nullptr, 0, false, &how));
	LONGS_EQUAL(CKR_MECHANISM_INVALID, pkcs11_mechanism_read(CKM_SHA256_RSA_PKCS, nullptr, 0, false, &how));
	LONGS_EQUAL(CKR_MECHANISM_INVALID, pkcs11_mechanism_read(CKM_ECDSA, nullptr, 0, false, &how));
}
