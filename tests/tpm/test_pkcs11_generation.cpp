/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_generation.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include "hal/file.h"
#include "pkcs11_lab.hpp"

TEST_GROUP_BASE(pkcs11_generation, pkcs11_group)
{
	struct pkcs11_generation g = {};
	int scep = -1;
	pid_t flipper = 0;
	void setup() override
	{
		pkcs11_group::setup();
		scep = ::open((state + "/scep").c_str(), O_RDONLY | O_DIRECTORY);
	}
	void teardown() override
	{
		if (flipper > 0) {
			kill(flipper, SIGKILL);
			waitpid(flipper, nullptr, 0);
		}
		::close(scep);
		pkcs11_generation_clear(&g);
		pkcs11_group::teardown();
	}
	enum err read(const char *name = "dev")
	{
		pkcs11_generation_clear(&g);
		why = {};
		return pkcs11_generation_read(scep, name, &g, &why);
	}
	/** Is the certificate that was read for the key that was read? */
	bool is_pair()
	{
		const std::string cert = text_of(buf_bytes(&g.certificate));
		return cert.find(std::string(reinterpret_cast<char *>(g.pub.modulus), g.pub.modulus_len)) !=
		       std::string::npos;
	}
};

TEST(pkcs11_generation, NamesAreThoseOfProfiles)
{
	for (const char *good : {"a", "Dev_1-x", "0", "abcdefghijklmnopqrstuvwxyz012345"})
		CHECK_TEXT(pkcs11_is_profile_name(good), good);
	for (const char *bad : {"", ".", "..", "-a", "_a", "a.b", "a/b", "a b", "\xc3\xa4",
				"abcdefghijklmnopqrstuvwxyz0123456"})
		CHECK_TEXT(!pkcs11_is_profile_name(bad), bad);
}

TEST(pkcs11_generation, ReadsKeyAndCertificate)
{
	profile("dev", 1);
	CHECK_OK(read());
	STRCMP_EQUAL("dev", g.name);
	CHECK(text_of(buf_bytes(&g.key_blob)) == key_der(1));
	LONGS_EQUAL(256, g.pub.modulus_len);
	CHECK(is_pair());
	STRCMP_EQUAL("", why.code);
	LONGS_EQUAL(0x30, g.subject.data[0]);
}

TEST(pkcs11_generation, WithoutKeyDerThereIsNone)
{
	LONGS_EQUAL(ERR_NOT_FOUND, read());
	lab.run("mkdir -p state/scep/dev/0001");
	LONGS_EQUAL(ERR_NOT_FOUND, read()); // a request under way: no `current`
	use("dev", "0001");
	lab.run("touch state/scep/dev/0001/key.pem"); // a software key
	LONGS_EQUAL(ERR_NOT_FOUND, read());
	lab.run("ln -sfn 0009 state/scep/dev/current");
	LONGS_EQUAL(ERR_NOT_FOUND, read());
}

TEST(pkcs11_generation, DamagedKeyIsTold)
{
	profile("dev", 1);
	lab.write("state/scep/dev/0001/key.der", "damaged");
	LONGS_EQUAL(ERR_INVALID, read());
	CHECK_HAS(std::string(why.text), "scep/dev/key.der: ");
	lab.write("state/scep/dev/0001/key.der", std::string(9000, 'x'));
	LONGS_EQUAL(ERR_TOO_BIG, read());
	lab.run("cd state/scep/dev/0001; rm key.der; mkfifo key.der");
	LONGS_EQUAL(ERR_INVALID, read()); // and does not wait for a writer
	lab.run("cd state/scep/dev/0001; rm key.der; ln -s /etc/passwd key.der");
	LONGS_EQUAL(ERR_INVALID, read());
}

TEST(pkcs11_generation, DamagedCertificateLeavesTheKey)
{
	profile("dev", 1);
	for (const char *line : {"rm cert.pem", "echo damaged >cert.pem", "head -c 20000 /dev/zero >cert.pem",
				 "head -c 40000 /dev/zero >cert.pem"}) {
		lab.run(std::string("cd state/scep/dev/0001; ") + line);
		CHECK_OK(read());
		LONGS_EQUAL(256, g.pub.modulus_len);
		LONGS_EQUAL(0, g.certificate.len);
		CHECK_HAS(std::string(why.text), "scep/dev/cert.pem: ");
	}
}

TEST(pkcs11_generation, KeyAndCertificateAreOfOneGenerationWhileTheLinkMoves)
{
	const std::string link = state + "/scep/dev/current";
	const std::string fresh = state + "/scep/dev/new";
	unsigned mixed = 0;
	unsigned both[2] = {0, 0};
	profile("dev", 1);
	profile("dev", 2);
	flipper = fork();
	if (flipper == 0)
		for (unsigned i = 0;; i++)
			if (symlink(i % 2 ? "0001" : "0002", fresh.c_str()) != 0 ||
			    rename(fresh.c_str(), link.c_str()) != 0)
				_exit(1);
	for (int i = 0; i < 3000; i++) {
		CHECK_OK(read());
		mixed += !is_pair();
		both[text_of(buf_bytes(&g.key_blob)) == key_der(1)]++;
	}
	LONGS_EQUAL(0, mixed);
	CHECK(both[0] > 0 && both[1] > 0); // it did move
}

// As a renewal's end: the new one is in use, then the old key is wiped and its folder goes.
TEST(pkcs11_generation, GenerationThatIsWipedWhileItIsReadIsReadThroughTheMovedLink)
{
	profile("dev", 1);
	flipper = fork();
	if (flipper == 0) {
		const std::string folder = state + "/scep/dev/";
		for (unsigned i = 1;; i++) {
			const std::string next = folder + std::to_string(i + 10);
			const std::string last = folder + (i == 1 ? "0001" : std::to_string(i + 9));
			if (std::system(("cp -r " + last + " " + next + " && ln -s " + std::to_string(i + 10) + " " + folder +
				     "n && mv -T " + folder + "n " + folder + "current")
						.c_str()) != 0 ||
			    file_remove_folder(last.c_str(), nullptr) != ERR_OK)
				_exit(1);
		}
	}
	for (int i = 0; i < 20000; i++) {
		CHECK_OK(read());
		CHECK(is_pair());
	}
}
