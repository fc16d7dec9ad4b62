/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_operation.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include "pkcs11_lab.hpp"

/* A key of a real TPM, used through the module and judged by openssl. */
TEST_GROUP_BASE(pkcs11_operation, pkcs11_group)
{
	CK_OBJECT_HANDLE key = 0;
	std::string out_text;
	void open_real()
	{
		put("dev", "0001", real_key());
		use("dev", "0001");
		start(lab.tpm());
		key = key_of("dev");
	}
	CK_RV decrypt(const std::string &options, const std::string &plain, CK_MECHANISM mechanism, std::string &clear)
	{
		lab.write("plain", plain);
		lab.run("openssl x509 -in state/scep/dev/0001/cert.pem -noout -pubkey -out key.pem; openssl pkeyutl "
			"-encrypt -pubin -inkey key.pem -in plain -out cipher " +
			options);
		return decrypt_cipher(lab.read("cipher"), mechanism, clear);
	}
	CK_RV decrypt_cipher(std::string cipher, CK_MECHANISM mechanism, std::string &clear)
	{
		unsigned char room[512];
		CK_ULONG len = sizeof room;
		LONGS_EQUAL(CKR_OK, p11->C_DecryptInit(session, &mechanism, key));
		CK_RV rv = p11->C_Decrypt(session, reinterpret_cast<unsigned char *>(&cipher[0]), cipher.size(), room,
					  &len);
		clear = rv == CKR_OK ? std::string(reinterpret_cast<char *>(room), len) : "";
		return rv;
	}
	void stop_tpm(int signal_number) { kill(std::atoi(lab.read("a/swtpm.pid").c_str()), signal_number); }
};

TEST(pkcs11_operation, Pkcs1SignaturesOfAnyInfo)
{
	open_real();
	LONGS_EQUAL(CKR_OK, sign_text(key, "text", out_text));
	verify("dev/0001", "text", out_text);
	// no DigestInfo at all, as MD5+SHA1 of old TLS: what is signed comes out of openssl again
	for (const std::string &bare : {std::string(36, 'x'), std::string(245, 'y'), std::string("z")}) {
		LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_PKCS, nullptr, 0}));
		LONGS_EQUAL(CKR_OK, sign(bare, out_text));
		lab.write("sig", out_text);
		lab.run("openssl pkeyutl -verifyrecover -pubin -inkey key.pem -in sig -out again");
		CHECK(lab.read("again") == bare);
	}
	LONGS_EQUAL(0, pkcs11_lines().size());
}

TEST(pkcs11_operation, PssSignaturesOfEveryHash)
{
	open_real();
	lab.run("openssl x509 -in state/scep/dev/0001/cert.pem -noout -pubkey -out key.pem");
	struct {
		const char *word;
		CK_RSA_PKCS_PSS_PARAMS p;
	} all[] = {{"sha1", {CKM_SHA_1, CKG_MGF1_SHA1, 20}},
		   {"sha256", {CKM_SHA256, CKG_MGF1_SHA256, 32}},
		   {"sha384", {CKM_SHA384, CKG_MGF1_SHA384, 48}},
		   {"sha512", {CKM_SHA512, CKG_MGF1_SHA512, 64}}};
	for (auto &one : all) {
		LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_PKCS_PSS, &one.p, sizeof one.p}));
		LONGS_EQUAL(CKR_OK, sign(digest(one.word, "text"), out_text));
		lab.write("sig", out_text);
		lab.run(std::string("openssl pkeyutl -verify -pubin -inkey key.pem -in digest -sigfile sig -pkeyopt digest:") +
			one.word + " -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:" + std::to_string(one.p.s_len));
	}
}

TEST(pkcs11_operation, RawSignatureOfAPaddedBlockAndOfAShortOne)
{
	open_real();
	lab.run("openssl x509 -in state/scep/dev/0001/cert.pem -noout -pubkey -out key.pem");
	for (const std::string &block : {std::string(1, '\0') + std::string(255, 'a'), std::string(100, 'b')}) {
		LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_X_509, nullptr, 0}));
		LONGS_EQUAL(CKR_OK, sign(block, out_text));
		lab.write("sig", out_text);
		lab.run("openssl pkeyutl -verifyrecover -pubin -inkey key.pem -in sig -out again -pkeyopt "
			"rsa_padding_mode:none");
		CHECK(lab.read("again") == std::string(256 - block.size(), '\0') + block);
	}
}

TEST(pkcs11_operation, DecryptsEachPadding)
{
	CK_RSA_PKCS_OAEP_PARAMS sha1 = {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};
	CK_RSA_PKCS_OAEP_PARAMS sha256 = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, nullptr, 0};
	open_real();
	LONGS_EQUAL(CKR_OK, decrypt("", "secret", {CKM_RSA_PKCS, nullptr, 0}, out_text));
	CHECK(out_text == "secret");
	LONGS_EQUAL(CKR_OK, decrypt("-pkeyopt rsa_padding_mode:oaep", "secret", {CKM_RSA_PKCS_OAEP, &sha1, sizeof sha1},
				    out_text));
	CHECK(out_text == "secret");
	LONGS_EQUAL(CKR_OK, decrypt("-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256", "secret",
				    {CKM_RSA_PKCS_OAEP, &sha256, sizeof sha256}, out_text));
	CHECK(out_text == "secret");
	const std::string block = std::string(200, '\0') + std::string(56, 'r');
	LONGS_EQUAL(CKR_OK,
		    decrypt("-pkeyopt rsa_padding_mode:none", block, {CKM_RSA_X_509, nullptr, 0}, out_text));
	CHECK(out_text == block);
	// of another padding: the caller's matter, no news
	LONGS_EQUAL(CKR_ENCRYPTED_DATA_INVALID,
		    decrypt("", "secret", {CKM_RSA_PKCS_OAEP, &sha1, sizeof sha1}, out_text));
	LONGS_EQUAL(CKR_ENCRYPTED_DATA_INVALID,
		    decrypt_cipher(std::string(256, '\1'), {CKM_RSA_PKCS, nullptr, 0}, out_text));
	LONGS_EQUAL(CKR_ENCRYPTED_DATA_INVALID,
		    decrypt_cipher(std::string(256, '\xff'), {CKM_RSA_X_509, nullptr, 0}, out_text));
	LONGS_EQUAL(CKR_ENCRYPTED_DATA_LEN_RANGE,
		    decrypt_cipher(std::string(255, '\1'), {CKM_RSA_PKCS, nullptr, 0}, out_text));
	LONGS_EQUAL(0, pkcs11_lines().size());
}

TEST(pkcs11_operation, ClearTextThatHasNoRoomCanBeAskedForAgain)
{
	unsigned char room[256];
	CK_ULONG len = 3;
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, nullptr, 0};
	open_real();
	LONGS_EQUAL(CKR_OK, decrypt("", "secret", mechanism, out_text));
	std::string cipher = lab.read("cipher");
	auto *c = reinterpret_cast<unsigned char *>(&cipher[0]);
	LONGS_EQUAL(CKR_OK, p11->C_DecryptInit(session, &mechanism, key));
	LONGS_EQUAL(CKR_OK, p11->C_Decrypt(session, c, cipher.size(), nullptr, &len));
	CHECK(len >= 6);
	len = 3;
	LONGS_EQUAL(CKR_BUFFER_TOO_SMALL, p11->C_Decrypt(session, c, cipher.size(), room, &len));
	LONGS_EQUAL(6, len);
	LONGS_EQUAL(CKR_OK, p11->C_Decrypt(session, c, cipher.size(), room, &len)); // exactly the room
	LONGS_EQUAL(6, len);
	MEMCMP_EQUAL("secret", room, 6);
	LONGS_EQUAL(CKR_OPERATION_NOT_INITIALIZED, p11->C_Decrypt(session, c, cipher.size(), room, &len));
}

TEST(pkcs11_operation, LengthFirstThenTheSignature)
{
	unsigned char data[] = "x";
	unsigned char room[256];
	CK_ULONG len = 0;
	open_real();
	LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_PKCS, nullptr, 0}));
	LONGS_EQUAL(CKR_OK, p11->C_Sign(session, data, 1, nullptr, &len));
	LONGS_EQUAL(256, len);
	len = 255;
	LONGS_EQUAL(CKR_BUFFER_TOO_SMALL, p11->C_Sign(session, data, 1, room, &len));
	LONGS_EQUAL(256, len);
	LONGS_EQUAL(CKR_OK, p11->C_Sign(session, data, 1, room, &len));
	LONGS_EQUAL(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, data, 1, room, &len));
}

TEST(pkcs11_operation, WrongUsesAreRefusedWithoutTheTpm)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	CK_MECHANISM pkcs = {CKM_RSA_PKCS, nullptr, 0};
	profile("dev", 1);
	start(); // there is no TPM at all
	key = key_of("dev");
	LONGS_EQUAL(CKR_KEY_HANDLE_INVALID, sign_init(0, pkcs));
	LONGS_EQUAL(CKR_KEY_TYPE_INCONSISTENT, sign_init(key + 1, pkcs));
	LONGS_EQUAL(CKR_MECHANISM_INVALID, sign_init(key, {CKM_SHA256_RSA_PKCS, nullptr, 0}));
	LONGS_EQUAL(CKR_ARGUMENTS_BAD, p11->C_SignInit(session, nullptr, key));
	LONGS_EQUAL(CKR_OPERATION_NOT_INITIALIZED, sign("x", out_text));
	LONGS_EQUAL(CKR_OK, sign_init(key, pkcs));
	LONGS_EQUAL(CKR_OPERATION_ACTIVE, sign_init(key, pkcs));
	LONGS_EQUAL(CKR_DATA_LEN_RANGE, sign(std::string(246, 'x'), out_text));
	LONGS_EQUAL(CKR_OPERATION_NOT_INITIALIZED, sign("x", out_text)); // an error ended it
	LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_PKCS_PSS, &pss, sizeof pss}));
	LONGS_EQUAL(CKR_DATA_LEN_RANGE, sign(std::string(33, 'x'), out_text));
	LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_X_509, nullptr, 0}));
	LONGS_EQUAL(CKR_DATA_LEN_RANGE, sign(std::string(257, 'x'), out_text));
	LONGS_EQUAL(CKR_OK, sign_init(key, {CKM_RSA_X_509, nullptr, 0}));
	LONGS_EQUAL(CKR_DATA_INVALID, sign(std::string(256, '\xff'), out_text));
	LONGS_EQUAL(CKR_OK, sign_init(key, pkcs));
	LONGS_EQUAL(CKR_FUNCTION_NOT_SUPPORTED, p11->C_SignUpdate(session, nullptr, 0));
	LONGS_EQUAL(CKR_OK, sign_init(key, pkcs)); // the part that is not supported ended it too
	LONGS_EQUAL(0, pkcs11_lines().size());
}

TEST(pkcs11_operation, OldKeyGoesOnSigningWhenItsFilesAreGone)
{
	open_real();
	std::string keep = lab.read("state/scep/dev/0001/cert.pem");
	put("dev", "0002", real_key());
	use("dev", "0002");
	lab.run("rm -r state/scep/dev/0001");
	auto fresh = key_of("dev");
	CHECK(fresh != key);
	LONGS_EQUAL(CKR_OK, sign_text(fresh, "new", out_text));
	verify("dev/0002", "new", out_text);
	LONGS_EQUAL(CKR_OK, sign_text(key, "old", out_text));
	lab.run("mkdir -p state/scep/dev/0001");
	lab.write("state/scep/dev/0001/cert.pem", keep);
	verify("dev/0001", "old", out_text);
}

TEST(pkcs11_operation, WithoutAPinItFailsAndMakesNone)
{
	open_real();
	lab.run("rm state/srk.tr");
	for (int i = 0; i < 2; i++)
		LONGS_EQUAL(CKR_DEVICE_ERROR, sign_text(key, "x", out_text));
	CHECK(!lab.has("state/srk.tr"));
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], "signet-pkcs11: ");
	CHECK_HAS(pkcs11_lines()[0], "/state/srk.tr: no storage key is pinned");
}

TEST(pkcs11_operation, ClearedTpmIsAnErrorAndNotGivenAnotherStorageKey)
{
	open_real();
	lab.tools("tpm2_clear -Q -c p");
	for (int i = 0; i < 2; i++)
		LONGS_EQUAL(CKR_DEVICE_ERROR, sign_text(key, "x", out_text));
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], "the storage key at 0x81000001 is gone");
	CHECK_HAS_NOT(lab.tools("tpm2_getcap handles-persistent"), "0x81000001");
}

TEST(pkcs11_operation, AbsentTpmIsToldOnceAndItsReturnNoticed)
{
	open_real();
	lab.run(TEST_LAB "/swtpm.sh stop " + lab.path("a"));
	for (int i = 0; i < 3; i++)
		LONGS_EQUAL(CKR_DEVICE_ERROR, sign_text(key, "x", out_text));
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], "signet-pkcs11: there is no TPM at ");
	lab.run(TEST_LAB "/swtpm.sh start " + lab.path("a"));
	LONGS_EQUAL(CKR_OK, sign_text(key, "x", out_text));
	verify("dev/0001", "x", out_text);
	lab.run(TEST_LAB "/swtpm.sh stop " + lab.path("a"));
	LONGS_EQUAL(CKR_DEVICE_ERROR, sign_text(key, "x", out_text));
	LONGS_EQUAL(2, pkcs11_lines().size()); // it was well in between
	lab.run(TEST_LAB "/swtpm.sh start " + lab.path("a"));
}

// Each wait has an end. What is asked too late must leave nothing: a TPM without a manager holds three keys.
TEST(pkcs11_operation, TpmThatStandsStillIsAnErrorAndWorksAgainAfterwards)
{
	open_real();
	stop_tpm(SIGSTOP);
	CK_RV first = sign_text(key, "x", out_text);
	CK_RV more[3];
	for (CK_RV &rv : more)
		rv = sign_text(key, "x", out_text);
	stop_tpm(SIGCONT);
	LONGS_EQUAL(CKR_DEVICE_ERROR, first);
	for (CK_RV rv : more)
		LONGS_EQUAL(CKR_DEVICE_ERROR, rv);
	for (int i = 0; i < 4; i++)
		LONGS_EQUAL(CKR_OK, sign_text(key, "x", out_text));
	verify("dev/0001", "x", out_text);
	CHECK(!pkcs11_lines().empty());
	CHECK_HAS(pkcs11_lines()[0], "did not answer in time");
}

TEST(pkcs11_operation, LockedOutTpmIsAnErrorAndWorksAgain)
{
	open_real();
	std::string plain = lab.tpm();
	LONGS_EQUAL(CKR_OK, p11->C_Finalize(nullptr));
	start(lab.relay("refuse=157:921")); // Load: TPM_RC_LOCKOUT
	key = key_of("dev");
	LONGS_EQUAL(CKR_DEVICE_ERROR, sign_text(key, "x", out_text));
	LONGS_EQUAL(1, pkcs11_lines().size());
	CHECK_HAS(pkcs11_lines()[0], "lockout");
	LONGS_EQUAL(CKR_OK, p11->C_Finalize(nullptr));
	start(plain);
	key = key_of("dev");
	LONGS_EQUAL(CKR_OK, sign_text(key, "x", out_text));
}

TEST(pkcs11_operation, SignatureIsThreeCommandsAndDecryptionHidesItsText)
{
	const std::string text = "the text that nobody on the bus may read";
	open_real();
	LONGS_EQUAL(CKR_OK, p11->C_Finalize(nullptr));
	start(lab.captured());
	key = key_of("dev");
	LONGS_EQUAL(CKR_OK, sign_text(key, "x", out_text));
	std::string counts = lab.counts();
	CHECK_HAS(counts, "Load 1");
	CHECK_HAS(counts, "FlushContext 1");
	CHECK_HAS(counts, "total 3");
	unlink(lab.path("capture").c_str());
	LONGS_EQUAL(CKR_OK, decrypt("", text, {CKM_RSA_PKCS, nullptr, 0}, out_text));
	CHECK(out_text == text);
	counts = lab.counts(hex_of(bytes_of(text)));
	CHECK_HAS(counts, "StartAuthSession 1");
	CHECK_HAS(counts, hex_of(bytes_of(text)) + " absent");
}

struct worker {
	pkcs11_group *group;
	CK_OBJECT_HANDLE key;
	unsigned failed;
};

static void *sign_sixteen(void *arg)
{
	auto *w = static_cast<worker *>(arg);
	CK_SESSION_HANDLE s = 0;
	unsigned char data[] = "x";
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, nullptr, 0};
	CK_FUNCTION_LIST *p11 = w->group->p11;
	w->failed += p11->C_OpenSession(1, CKF_SERIAL_SESSION, nullptr, nullptr, &s) != CKR_OK;
	for (int i = 0; i < 16; i++) {
		unsigned char out[256];
		CK_ULONG len = sizeof out;
		w->failed += p11->C_FindObjectsInit(s, nullptr, 0) != CKR_OK || p11->C_FindObjectsFinal(s) != CKR_OK ||
			     p11->C_SignInit(s, &mechanism, w->key) != CKR_OK ||
			     p11->C_Sign(s, data, 1, out, &len) != CKR_OK;
	}
	w->failed += p11->C_CloseSession(s) != CKR_OK;
	return nullptr;
}

TEST(pkcs11_operation, TwoProcessesWithFourThreadsEach)
{
	open_real();
	pid_t child = fork();
	worker workers[4];
	pthread_t threads[4];
	unsigned failed = 0;
	if (child == 0)
		failed += p11->C_Initialize(nullptr) != CKR_OK;
	for (int i = 0; i < 4; i++) {
		workers[i] = {this, key, 0};
		failed += pthread_create(&threads[i], nullptr, sign_sixteen, &workers[i]) != 0;
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], nullptr);
		failed += workers[i].failed;
	}
	if (child == 0)
		_exit(failed == 0 ? 0 : 1);
	int status = -1;
	waitpid(child, &status, 0);
	LONGS_EQUAL(0, failed);
	LONGS_EQUAL(0, status);
	LONGS_EQUAL(0, pkcs11_lines().size());
}

// While another thread signs: tests/e2e/test_pkcs11.py, since ASan's own locks do not survive such a fork.
TEST(pkcs11_operation, ChildOfAForkGoesOnAndMayInitialiseOnceMore)
{
	open_real();
	pid_t child = fork();
	if (child == 0) {
		std::string made;
		bool is_well = sign_init(key, {CKM_RSA_PKCS, nullptr, 0}) == CKR_OK && sign("x", made) == CKR_OK &&
			       p11->C_Initialize(nullptr) == CKR_OK &&
			       p11->C_Initialize(nullptr) == CKR_CRYPTOKI_ALREADY_INITIALIZED &&
			       p11->C_CloseSession(session) == CKR_SESSION_HANDLE_INVALID;
		_exit(is_well ? 0 : 1);
	}
	int status = -1;
	waitpid(child, &status, 0);
	LONGS_EQUAL(0, status);
	LONGS_EQUAL(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(nullptr)); // in the parent
	LONGS_EQUAL(CKR_OK, sign_text(key, "x", out_text));
}

TEST(pkcs11_operation, OperationsEndWithTheirSession)
{
	profile("dev", 1);
	start();
	LONGS_EQUAL(CKR_OK, sign_init(key_of("dev"), {CKM_RSA_PKCS, nullptr, 0}));
	LONGS_EQUAL(CKR_OK, p11->C_CloseSession(session));
	LONGS_EQUAL(CKR_SESSION_HANDLE_INVALID, sign("x", out_text));
}
